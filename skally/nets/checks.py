"""Checks of skorch's parameters, before anything is trained."""

import inspect
import numbers
import reprlib

import torch
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, EpochScoring, LRScheduler
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import SequentialSampler

from skally.utils.validation import check_number


def check_training_parameters(estimator):
    """Raise ValueError for skorch parameters that no training can use.

    Parameters
    ----------
    estimator : ConstrainedNetClassifier or ConstrainedNetRegressor
    """
    check_number("max_epochs", estimator.max_epochs, numbers.Integral, 1)
    if estimator.batch_size != -1:
        check_number("batch_size", estimator.batch_size, numbers.Integral, 1)
    if not isinstance(estimator.lr, torch.Tensor):
        check_number("lr", estimator.lr, numbers.Real, 0)
    split, nonlinearity = estimator.train_split, estimator.predict_nonlinearity
    for name, value, is_right, right in (
        ("module", estimator.module, callable(estimator.module), "a torch.nn.Module"),
        ("criterion", estimator.criterion, callable(estimator.criterion), "a loss"),
        ("optimizer", estimator.optimizer, callable(estimator.optimizer),
         "a class such as torch.optim.Adam"),
        ("train_split", split, not split or callable(split),
         "None, skorch.dataset.ValidSplit(...) or skorch.helper.predefined_split(...)"),
        ("predict_nonlinearity", nonlinearity, nonlinearity in (None, "auto")
         or callable(nonlinearity), "'auto', None or a function of the module's output"),
    ):  # fmt: skip
        if not is_right or (name == "train_split" and split is True):
            raise ValueError(f"{name} == {reprlib.repr(value)}, must be {right}.")
    check_callbacks(estimator.callbacks)
    check_device(estimator.device)


def check_callbacks(callbacks):
    """Raise ValueError unless they are a list of skorch's callbacks, or what else skorch takes."""
    if callbacks is None or (isinstance(callbacks, str) and callbacks == "disable"):
        return
    right = "a list of skorch callbacks or of (name, callback) pairs"
    if not isinstance(callbacks, list | tuple):
        raise ValueError(f"callbacks == {callbacks!r}, must be {right}.")
    for each in callbacks:
        callback = each[1] if isinstance(each, tuple) and len(each) == 2 else each
        kind = callback if isinstance(callback, type) else type(callback)
        if callback is not None and not issubclass(kind, Callback):
            hint = "; wrap torch's schedules: skorch.callbacks.LRScheduler('StepLR', step_size=9)"
            is_schedule = issubclass(kind, torch.optim.lr_scheduler.LRScheduler)
            raise ValueError(
                f"callbacks has {each!r}, must be {right}{hint if is_schedule else ''}."
            )


def check_device(device):
    """Raise ValueError for a device that torch does not know or this machine does not have."""
    try:
        kind = "cpu" if device is None else torch.device(device).type
    except RuntimeError:
        raise ValueError(
            f"device == {device!r}, must be a device of torch such as 'cpu' or 'cuda'."
        ) from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device == {device!r}, but torch finds no such device: use 'cpu'.")


def usable_fit_params(module, fit_params):
    """Further arguments of ``fit``, which the module's forward must take.

    Raises
    ------
    ValueError
        For sample weights.
    TypeError
        For others that nothing takes.
    """
    fit_params = {k: v for k, v in fit_params.items() if (k, v is None) != ("sample_weight", True)}
    forward = getattr(module, "forward", None)
    if not fit_params or forward is None:  # a function that makes a module
        return fit_params
    accepted = inspect.signature(forward).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    unknown = [k for k in fit_params if k not in (*accepted, "groups", "epochs")]
    if "sample_weight" in unknown:
        raise ValueError(
            "sample_weight must be None: these nets take no sample weights. To ask for more of "
            "some samples, give them a smaller tolerance: fit(X, y, epsilon=eps), of shape (n,)."
        )
    if unknown and not takes_all:
        raise TypeError(
            f"fit() got an unexpected keyword argument {unknown[0]!r}, which the module's forward "
            "does not take either."
        )
    return fit_params


def check_monitors(callbacks):
    """Raise ValueError if a callback watches validation data where there are none.

    Parameters
    ----------
    callbacks : list of (name, callback), skorch's ``callbacks_``
    """
    missing = {"valid_loss"}
    missing |= {
        each.name_ for _, each in callbacks if isinstance(each, EpochScoring) and not each.on_train
    }
    for name, callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if isinstance(callback, LRScheduler):
            policy = callback.policy
            if policy not in ("ReduceLROnPlateau", ReduceLROnPlateau):
                continue
        elif not isinstance(callback, EarlyStopping | Checkpoint):
            continue
        if isinstance(monitor, str) and monitor.removesuffix("_best") in missing:
            raise ValueError(
                f"callbacks: {name} has monitor == {monitor!r}, but there are no validation data. "
                "Give train_split, such as skorch.dataset.ValidSplit(5) or "
                "skorch.helper.predefined_split(data), or monitor 'train_loss'."
            )


def check_callback_parameters(names, params):
    """Raise ValueError for parameters of callbacks that are not there.

    Parameters
    ----------
    names : sequence of str, those of the callbacks
    params : dict of parameters of the net
    """
    for key, value in params.items():
        parts = key.split("__")
        is_callbacks = parts[0] == "callbacks" and len(parts) > 1 and value is not None
        if is_callbacks and parts[1] not in names:
            raise ValueError(f"{key}: there is no callback {parts[1]!r}, only {sorted(names)}.")


def check_arguments(cls, kwargs, prefix):
    """Raise TypeError for arguments that a class does not take, with those that it takes."""
    if not kwargs:
        return
    try:
        accepted = inspect.signature(cls).parameters
    except ValueError:  # a builtin without a signature
        return
    unknown = [name for name in kwargs if name not in accepted]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in accepted.values()):
        raise TypeError(
            f"{prefix}__{unknown[0]}: {cls.__name__} got an unexpected keyword argument "
            f"{unknown[0]!r}; it takes {sorted(accepted)}."
        )


def check_evaluation(iterator):
    """Raise ValueError unless a loader gives all rows, in their order."""
    for name in ("drop_last", "shuffle"):
        if getattr(iterator, name, False):
            raise ValueError(
                f"iterator_valid__{name} == True, must be False: every row is measured and "
                "predicted, in its own place."
            )
    samplers = {"sampler", "batch_sampler"} & set(getattr(iterator, "kwargs", ()))
    sampler = getattr(iterator, "sampler", None)
    if samplers or not (sampler is None or isinstance(sampler, SequentialSampler)):
        raise ValueError("iterator_valid must give every row, in its own place, without a sampler.")
