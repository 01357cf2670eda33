"""skorch nets that Ctrl-C stops, and that take numbers of any precision."""

from collections.abc import Mapping

import torch
from skorch import NeuralNet, NeuralNetRegressor
from skorch.utils import to_tensor

from skally.utils.interrupts import recorded_interrupts


class TrainingStopped(KeyboardInterrupt):
    """A callback ends the training. Any skorch net then keeps what was learned."""


class Unswallowed(BaseException):
    """Carries a Ctrl-C past the place where skorch takes every KeyboardInterrupt for an end."""


class StrictNet(NeuralNet):
    """skorch net whose training Ctrl-C stops with an exception, whoever has called ``fit``.

    skorch's own returns from ``fit`` as if the training were complete, and cross-validation, a
    search or a learning curve would take the half-trained net for a trained one. A callback may
    still end the training with KeyboardInterrupt, as skorch's EarlyStopping does.
    """

    def notify(self, method_name, **cb_kwargs):
        """As skorch's; a callback's KeyboardInterrupt is marked as one."""
        try:
            super().notify(method_name, **cb_kwargs)
        except TrainingStopped:
            raise
        except KeyboardInterrupt as interrupt:
            raise TrainingStopped from interrupt

    def fit_loop(self, *args, **kwargs):
        """As skorch's, but only a callback's KeyboardInterrupt is left for skorch to swallow."""
        with recorded_interrupts() as pressed:
            try:
                return super().fit_loop(*args, **kwargs)
            except KeyboardInterrupt as stopped:
                is_marked = isinstance(stopped, TrainingStopped)
                interrupt = stopped.__cause__ if is_marked else stopped
                if is_marked and not any(interrupt is each for each in pressed):
                    raise
                raise Unswallowed from interrupt

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """As skorch's, but Ctrl-C is raised."""
        try:
            return super().partial_fit(X, y, classes, **fit_params)
        except Unswallowed as carrier:
            raise carrier.__cause__ from None

    def infer(self, x, **fit_params):
        """As skorch's, of numbers in the precision of the weights."""
        x = in_precision(to_tensor(x, device=self.device), weights_dtype(self.module_))
        try:
            return super().infer(x, **fit_params)
        except RuntimeError as error:
            if "shapes cannot be multiplied" not in str(error) or not hasattr(x, "shape"):
                raise
            raise ValueError(
                f"module {type(self.module_).__name__} cannot take X with rows of shape "
                f"{tuple(x.shape[1:])}: its layers are for another number of features ({error})."
            ) from error


class StrictRegressor(StrictNet, NeuralNetRegressor):
    """Net that is a part of another estimator."""


def weights_dtype(module):
    """Precision of a module's weights; torch's default where it has none."""
    kinds = (p.dtype for p in module.parameters() if p.is_floating_point())
    return next(kinds, torch.get_default_dtype())


def in_precision(X, dtype):
    """Input of a module, its floating point numbers in some precision."""
    if isinstance(X, torch.Tensor):
        return X.to(dtype) if X.is_floating_point() and X.dtype != dtype else X
    if isinstance(X, Mapping):
        return {name: in_precision(each, dtype) for name, each in X.items()}
    if type(X) in (list, tuple):
        return type(X)(in_precision(each, dtype) for each in X)
    return X
