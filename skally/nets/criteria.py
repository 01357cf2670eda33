"""Losses, one value per sample: torch's, a user's own, and some that torch lacks.

A criterion is called with the net's output and the target. One that wants more takes arguments of
these names as well: ``X``, the batch's input; ``module``, the net; ``outputs``, all that the module
returned, where that is a tuple of which the first is the prediction.
"""

import inspect
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from skally.nets.checks import check_arguments

EXTRAS = ("X", "module", "outputs")

# torch's losses of a single output, which is the second of two classes or not.
OF_TWO_CLASSES = (nn.BCELoss, nn.BCEWithLogitsLoss)


@dataclass(frozen=True)
class Batch:
    """What a criterion may look at.

    Parameters
    ----------
    y_pred : tensor of shape (b, ...)
    y_true : tensor of shape (b, ...)
    X : tensor of shape (b, ...), or what else the module takes; None if unknown
    module : nn.Module or None
    outputs : tuple of tensors, all that the module returned
        With a member axis second, as y_pred has then, where the module gives members apart.
    is_apart : bool
        Whether it does.
    """

    y_pred: Any
    y_true: Any
    X: Any = None
    module: Any = None
    outputs: tuple = ()
    is_apart: bool = False


def per_sample(criterion, batch, name, extras=None):
    """Loss of each sample of a batch, a mean over outputs, shape (b,).

    Parameters
    ----------
    criterion : callable
    batch : Batch
    name : str
        Its parameter name, for errors.
    extras : sequence of str, or None
        What :func:`extras_of` returns, so that a training loop need not call it for every batch.
        None calls it.

    Raises
    ------
    ValueError
        If the criterion does not give one value for each sample.
    """
    y_pred, y_true = batch.y_pred, batch.y_true
    if isinstance(criterion, nn.NLLLoss):  # skorch's convention: the module gives probabilities
        y_pred = torch.log(y_pred + torch.finfo(y_pred.dtype).eps)
    extras = extras_of(criterion) if extras is None else extras
    shape = tuple(y_true.shape) if isinstance(y_true, torch.Tensor) else None
    try:
        if isinstance(criterion, OF_TWO_CLASSES) or y_true.is_floating_point():
            if y_true.dtype != y_pred.dtype or y_true.shape != y_pred.shape:
                y_true = y_true.to(y_pred.dtype).reshape(y_pred.shape)
        loss = criterion(y_pred, y_true, **{extra: getattr(batch, extra) for extra in extras})
    except torch.cuda.OutOfMemoryError:
        raise
    except (RuntimeError, IndexError, TypeError) as error:
        raise ValueError(
            f"{name} == {name_of(criterion)} does not fit outputs of shape {tuple(y_pred.shape)} "
            f"and targets of shape {shape}: {error}"
        ) from error
    if loss.dim() == 0 or len(loss) != len(y_pred):
        raise ValueError(
            f"{name} must give one value per sample: for a batch of {len(y_pred)} it gave shape "
            f"{tuple(loss.shape)}. Use reduction='none'."
        )
    if loss.numel() == len(loss):
        return loss.reshape(-1)
    return loss.flatten(1).mean(dim=1)


def extras_of(criterion):
    """Names of the further arguments that a criterion takes."""
    function = criterion.forward if isinstance(criterion, nn.Module) else criterion
    try:
        accepted = inspect.signature(function).parameters
    except ValueError:  # a builtin without a signature
        return []
    return [name for name in EXTRAS if name in accepted]


def kind_of(criterion):
    """Class of a criterion given as a class or an instance."""
    return criterion if isinstance(criterion, type) else type(criterion)


def name_of(criterion):
    """Name of a criterion, for errors."""
    kind = kind_of(criterion)
    return kind.__name__ if issubclass(kind, nn.Module) else getattr(criterion, "__name__", kind)


def build_criterion(criterion, kwargs, name):
    """Criterion that gives one value per sample.

    Parameters
    ----------
    criterion : nn.Module class or instance, or a function
    kwargs : dict
        For the constructor of a class.
    name : str
        Its parameter name, for errors.

    Raises
    ------
    ValueError
        If a reduction other than "none" is asked for.
    """
    if isinstance(criterion, type):
        if "reduction" in inspect.signature(criterion).parameters:
            kwargs = {"reduction": "none", **kwargs}
        check_arguments(criterion, kwargs, name)
        criterion = criterion(**kwargs)
    else:
        criterion = deepcopy(criterion)  # an instance is a parameter, which fit must not change
    reduction = getattr(criterion, "reduction", "none")
    if reduction != "none":
        raise ValueError(f"{name}__reduction == {reduction!r}, must be 'none'.")
    return criterion


class PinballLoss(nn.Module):
    """Loss whose expected value is smallest at a quantile of the target.

    Parameters
    ----------
    quantile : float, between 0 and 1, default=0.5

    References
    ----------
    Koenker, Bassett, "Regression Quantiles", Econometrica 46 (1978), eq. 2.1.

    Examples
    --------
    >>> import torch
    >>> from skally.criteria import PinballLoss
    >>> PinballLoss(0.9)(torch.zeros(2, 1), torch.tensor([[1.0], [-1.0]])).flatten()
    tensor([0.9000, 0.1000])
    """

    def __init__(self, quantile=0.5):
        super().__init__()
        if not 0 < quantile < 1:
            raise ValueError(f"quantile == {quantile!r}, must be between 0 and 1.")
        self.quantile = quantile

    def forward(self, y_pred, y_true):
        """Pinball loss of each output.

        Parameters
        ----------
        y_pred : tensor of shape (b, ...)
            Outputs of the net.
        y_true : tensor of shape (b, ...)

        Returns
        -------
        loss : tensor of the shape of y_pred
        """
        residual = y_true - y_pred
        return torch.maximum(self.quantile * residual, (self.quantile - 1) * residual)


class ConsistencyLoss(nn.Module):
    """Squared change of the output under noise in the input; it needs no label.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the Gaussian noise, in the units of X.

    References
    ----------
    Sajjadi, Javanmardi, Tasdizen, "Regularization With Stochastic Transformations and
    Perturbations for Deep Semi-Supervised Learning", NeurIPS 2016, eq. 1.

    Examples
    --------
    >>> import torch
    >>> from skally.criteria import ConsistencyLoss
    >>> module, X = torch.nn.Linear(3, 2), torch.zeros(5, 3)
    >>> ConsistencyLoss(scale=0.0)(module(X), None, X=X, module=module)
    tensor([0., 0., 0., 0., 0.], grad_fn=<MeanBackward1>)
    """

    def __init__(self, scale=0.1):
        super().__init__()
        self.scale = scale

    def forward(self, y_pred, y_true, X, module):
        """Mean squared change over the outputs.

        Parameters
        ----------
        y_pred : tensor of shape (b, ...)
            Outputs of the net.
        y_true : tensor or None
            Not used.
        X : tensor of shape (b, ...)
            Inputs of the net.
        module : nn.Module
            The net.

        Returns
        -------
        loss : tensor of shape (b,)
        """
        y_near = module(X + self.scale * torch.randn_like(X))
        y_near = y_near[0] if isinstance(y_near, tuple) else y_near
        return (y_near - y_pred).square().flatten(1).mean(dim=1)


class ReconstructionLoss(nn.Module):
    """Squared error of the input's reconstruction by a second head of the module, without labels.

    The module returns a tuple: the prediction, then the reconstruction, of X's shape.

    References
    ----------
    Le, Patterson, White, "Supervised autoencoders: Improving generalization performance with
    unsupervised regularizers", NeurIPS 2018, eq. 1.

    Examples
    --------
    >>> import torch
    >>> from skally.criteria import ReconstructionLoss
    >>> X = torch.ones(2, 3)
    >>> ReconstructionLoss()(torch.zeros(2, 1), None, X=X, outputs=(torch.zeros(2, 1), X - 1))
    tensor([1., 1.])
    """

    def forward(self, y_pred, y_true, X, outputs):
        """Mean squared error over the features.

        Parameters
        ----------
        y_pred : tensor of shape (b, ...)
            Not used, as y_true.
        y_true : tensor or None
        X : tensor of shape (b, ...)
            Inputs of the net.
        outputs : tuple of tensors
            All that the module returned; the second is compared with X.

        Returns
        -------
        loss : tensor of shape (b,)
        """
        if len(outputs) < 2:
            raise ValueError("ReconstructionLoss needs a module that returns (y_pred, X_again).")
        return (outputs[1] - X).square().flatten(1).mean(dim=1)
