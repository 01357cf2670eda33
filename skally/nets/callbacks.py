"""skorch callbacks for constrained training."""

import math
from copy import deepcopy

import numpy as np
import torch
from skorch.callbacks import Callback, EarlyStopping, LRScheduler, PrintLog

from skally.nets.kkt import optimality
from skally.nets.strict import TrainingStopped


class CosineDecay(Callback):
    """Lower the learning rate along half a cosine to zero, in each fit from its start value.

    Weights that settle at the end of training give duals and test errors that vary less with the
    seed. The constrained nets have it unless they are given another schedule; this is for other
    nets of skorch.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from skally.callbacks import CosineDecay
    >>> from skorch import NeuralNetRegressor
    >>> from skorch.callbacks import Callback
    >>> class ShowRate(Callback):
    ...     def on_epoch_end(self, net, **kwargs):
    ...         print(round(net.optimizer_.param_groups[0]["lr"], 3))
    >>> X = np.zeros((8, 1), dtype=np.float32)
    >>> net = NeuralNetRegressor(
    ...     torch.nn.Linear(1, 1), lr=0.1, max_epochs=3, callbacks=[CosineDecay(), ShowRate()],
    ...     train_split=None, verbose=0,
    ... ).fit(X, X)
    0.1
    0.075
    0.025
    """

    def on_train_begin(self, net, **kwargs):
        """Remember the start value.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net in training.
        **kwargs : dict
            What skorch passes to every callback.
        """
        self.start_ = [group["lr"] for group in net.optimizer_.param_groups]
        self.epoch_ = 0

    def on_epoch_begin(self, net, **kwargs):
        """Set the rate of this epoch.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net in training.
        **kwargs : dict
            What skorch passes to every callback.
        """
        self._scale(net, (1 + math.cos(math.pi * self.epoch_ / net.max_epochs)) / 2)
        self.epoch_ += 1

    def on_train_end(self, net, **kwargs):
        """Restore the start value, for training that goes on later.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net in training.
        **kwargs : dict
            What skorch passes to every callback.
        """
        self._scale(net, 1)

    def _scale(self, net, factor):
        for group, start in zip(net.optimizer_.param_groups, self.start_, strict=True):
            group["lr"] = start * factor


def is_schedule(callback):
    """Whether a callback in any of skorch's forms is a learning rate schedule."""
    callback = callback[1] if isinstance(callback, tuple) else callback
    return issubclass(callback if isinstance(callback, type) else type(callback), LRScheduler)


class BestDuals(Callback):
    """Bring back the duals of the epoch whose weights skorch's EarlyStopping brings back.

    It has to be the last of a net's callbacks, to see what the others have decided.
    """

    def on_train_begin(self, net, **kwargs):
        """Forget the training before."""
        net.best_ = None

    def on_epoch_end(self, net, **kwargs):
        """Keep the duals of an epoch that is the best so far."""
        epoch = net.history[-1, "epoch"]
        if epoch == best_epoch(net):
            net.best_ = epoch, deepcopy(net.criterion_.state_dict())

    def on_train_end(self, net, **kwargs):
        """Bring them back unless the best epoch was the last."""
        epoch, state = net.best_ or (None, None)
        net.best_ = None  # a pickle would hold it on its device
        if epoch is not None and best_epoch(net) == epoch != net.history[-1, "epoch"]:
            net.criterion_.load_state_dict(state)


class BestEpoch(Callback):
    """Keep the weights and duals of the epoch with the smallest held-out loss, of members.

    Small noisy data stop early, without a validation set: each row is withheld from some members.

    Parameters
    ----------
    patience : int
        Training stops after so many epochs without a better one.
    """

    def __init__(self, patience=20):
        self.patience = patience

    def on_train_begin(self, net, **kwargs):
        """Forget the training before."""
        self.best_epoch_, self.loss_, self.states_ = None, np.inf, None

    def on_epoch_end(self, net, **kwargs):
        """Keep what is better; stop as skorch's own callbacks do, by an exception."""
        epoch, loss = (net.history[-1, name] for name in ("epoch", "held_out_loss"))
        if loss < self.loss_:
            self.best_epoch_, self.loss_ = epoch, loss
            self.states_ = [copy_of_state(part) for part in (net.module_, net.criterion_)]
        elif self.best_epoch_ is not None and epoch - self.best_epoch_ >= self.patience:
            raise TrainingStopped

    def on_train_end(self, net, **kwargs):
        """Bring them back."""
        if self.states_ is not None and self.best_epoch_ != net.history[-1, "epoch"]:
            net.module_.load_state_dict(self.states_[0])
            net.criterion_.load_state_dict(self.states_[1])
        self.states_ = None  # a pickle would hold them


def copy_of_state(module):
    """A module's ``state_dict`` that stays as it is; faster than ``deepcopy``."""
    state = module.state_dict()
    return {k: v.clone() if isinstance(v, torch.Tensor) else deepcopy(v) for k, v in state.items()}


def stops(callback):
    """Whether a callback in any of skorch's forms decides when to stop."""
    callback = callback[1] if isinstance(callback, tuple) else callback
    return issubclass(callback if isinstance(callback, type) else type(callback), EarlyStopping)


def best_epoch(net):
    """Epoch whose weights EarlyStopping or BestEpoch will bring back, or None."""
    for _, callback in reversed(net.callbacks_):
        if isinstance(callback, BestEpoch) or (
            isinstance(callback, EarlyStopping) and callback.load_best
        ):
            return callback.best_epoch_
    return None


class QuietLog(PrintLog):
    """skorch's log, which only composes its lines if they are printed."""

    def on_epoch_end(self, net, **kwargs):
        """Print the line of an epoch."""
        if net.verbose:
            super().on_epoch_end(net, **kwargs)


class KKTStopping(Callback):
    """Stop when the duals have converged: the conditions of Karush, Kuhn and Tucker are met.

    Parameters
    ----------
    tol : float, default=0.001
        Training stops when the largest violation is at most ``tol`` times the median epsilon, the
        largest product of dual and slack at most that times the largest dual, and the gradient of
        the Lagrangian at most ``tol`` times (1 + the mean dual) times the gradient at the start.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from skally import ConstrainedNetRegressor
    >>> from skally.callbacks import KKTStopping
    >>> from skally.modules import MLP
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(
    ...     MLP, n_members=1, module__hidden_layer_sizes=(), epsilon=6.0, dual_lr="auto",
    ...     batch_size=-1, lr=0.05, max_epochs=2000, callbacks=[KKTStopping(tol=1e-2)],
    ...     random_state=0,
    ... ).fit(scale(X), y)
    >>> len(net.history) < 2000
    True
    """

    def __init__(self, tol=1e-3):
        self.tol = tol

    def on_train_begin(self, net, **kwargs):
        """Forget the training before.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net in training.
        **kwargs : dict
            What skorch passes to every callback.
        """
        self.start_ = None

    def on_epoch_begin(self, net, **kwargs):
        """Keep the length of the gradient before the first step.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net in training.
        **kwargs : dict
            What skorch passes to every callback.
        """
        if self.start_ is None:
            self.start_ = optimality(net)["stationarity"]

    def on_epoch_end(self, net, **kwargs):
        """Stop as skorch's own callbacks do, by an exception that the net catches.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net in training.
        **kwargs : dict
            What skorch passes to every callback.
        """
        dual, allowed = net.history[-1, "dual_max"], self.tol * float(np.median(net.epsilon))
        if net.history[-1, "max_violation"] > allowed:
            return
        kkt, weight = optimality(net), 1 + net.history[-1, "dual_mean"]
        if kkt["complementarity"] <= allowed * max(1.0, dual):
            if kkt["stationarity"] <= self.tol * self.start_ * weight:
                raise TrainingStopped
