"""What members of a net say of the rows that are withheld from them, and what follows from it."""

import numpy as np
import torch
from torch import nn

from skally.nets.criteria import kind_of
from skally.nets.lagrangian import mean_over, together, usable
from skally.nets.mixing import (
    best_temperature,
    class_weights,
    regression_weights,
    spread_factor,
    unbiased_variance,
)
from skally.nets.watching import watched


class HeldOut:
    """Predictions and losses of each row by the members that do not train on it.

    Parameters
    ----------
    withheld : bool tensor of shape (n, K)
        Which row is withheld from which member.

    Attributes
    ----------
    loss : array of shape (n,)
        Loss l of the mean of those members; NaN for rows that are withheld from none.
    means : array of shape (n, G, m), or None
        Mean prediction of those of each kind of members, for outputs of shape (n, m).
    variance : array of shape (n, m), or None
        Of their predictions.
    targets : array of shape (n, ...), or None
        As the loss sees them.
    """

    def __init__(self, withheld):
        self.withheld = withheld
        self.loss = np.full(len(withheld), np.nan, dtype=np.float32)
        self.means = self.variance = self.targets = None

    @property
    def is_any(self):
        """Whether any row is withheld from any member."""
        return bool(self.withheld.any())

    def observe(self, batch, rows, criterion):
        """Keep what a batch of members apart says.

        Parameters
        ----------
        batch : Batch
        rows : int tensor of shape (b,)
        criterion : Lagrangian
        """
        rows = rows.to(self.withheld.device)
        withheld = self.withheld.index_select(0, rows)
        if criterion.extras[0]:
            loss = mean_over(criterion.sample_losses(batch)[0], withheld)
        else:
            loss = criterion.sample_losses(together(batch, usable(withheld)))[0]
        some, rows = withheld.any(dim=1).cpu().numpy(), rows.cpu().numpy()
        self.loss[rows] = np.where(some, loss.cpu().numpy(), np.nan)
        if batch.y_pred.dim() != 3 or not isinstance(batch.y_true, torch.Tensor):
            return
        outputs = batch.module.to_mean(batch.y_pred)
        self._keep("targets", rows, batch.y_true)
        self._keep("means", rows, means_of_kinds(outputs, withheld, batch.module.sizes))
        if batch.module.mean_of == "outputs":
            several = withheld if self.gives_variance else torch.ones_like(withheld)
            variance = unbiased_variance(
                outputs.transpose(0, 1).cpu().numpy(),
                batch.module.weights.cpu().numpy(),
                several.cpu().numpy(),
            )
            self._keep("variance", rows, variance)

    @property
    def gives_variance(self):
        """Whether each withheld row is withheld from two members or more."""
        n_members = self.withheld.sum(dim=1)
        return bool((n_members[n_members > 0] > 1).all())

    def _keep(self, name, rows, values):
        values = values.cpu().numpy() if isinstance(values, torch.Tensor) else values
        if getattr(self, name) is None:
            shape = (len(self.withheld), *values.shape[1:])
            setattr(self, name, np.full(shape, -1 if values.dtype.kind == "i" else np.nan,
                                        dtype=values.dtype))  # fmt: skip
        getattr(self, name)[rows] = values

    def score(self, module, rows):
        """Mean held-out loss of some rows, that of classes with logits at their best temperature.

        Parameters
        ----------
        module : Members
        rows : int array

        Returns
        -------
        loss : float, NaN where no row is withheld
        """
        rows = rows[np.isfinite(self.loss[rows])]
        if len(rows) == 0:
            return np.nan
        if not self.are_classes(module):
            return float(self.loss[rows].mean())
        log_p = log_probabilities(self.means[rows].mean(axis=1), module)
        targets = self.targets[rows].reshape(-1).astype(int)
        return log_loss(log_p / best_temperature(log_p, targets), targets)

    def are_classes(self, module):
        """Whether the targets are classes, one a row, and outputs logits of them."""
        if self.means is None or module.mean_of == "outputs":
            return False
        n_columns = self.means.shape[2]
        is_index = self.targets.dtype.kind == "i" or np.isin(self.targets, (0, 1)).all()
        if module.mean_of == "sigmoid":
            return n_columns == 1 and is_index and self.targets.size == len(self.targets)
        return self.targets.dtype.kind == "i" and self.targets.ndim == 1

    @torch.no_grad()
    def mix(self, module, criterion, rows):
        """Set weights, constant, temperature and spread of members by what they say.

        Parameters
        ----------
        module : Members
        criterion : loss, an instance or a function
        rows : int array, those that are trained on
        """
        rows = rows[np.isfinite(self.loss[rows])]
        if len(rows) == 0 or self.means is None:
            return
        means, targets = self.means[rows], self.targets[rows]
        if self.are_classes(module):
            targets = targets.reshape(-1).astype(int)
            proba = with_both(means)
            weights, share = class_weights(proba, targets)
            constant = priors(targets, proba.shape[2])
            mean = (1 - share) * np.einsum("ngc,g->nc", proba, weights) + share * constant
            log_p = np.log(np.clip(mean, 1e-12, None))
            module.temperature.fill_(best_temperature(log_p, targets))
            constant = constant if means.shape[2] > 1 else constant[1:]
        elif issubclass_of(criterion, nn.MSELoss) and module.mean_of == "outputs":
            targets = targets.reshape(len(targets), -1)
            weights, share = regression_weights(means, targets)
            constant = targets.mean(axis=0)
            mean = (1 - share) * np.einsum("ngm,g->nm", means, weights) + share * constant
            module.spread_factor.fill_(
                spread_factor((mean - targets) ** 2, self.variance[rows])
            )
        else:
            return
        of_members = [w / size for w, size in zip(weights, module.sizes, strict=True)]
        module.weights.copy_(torch.as_tensor(np.repeat(of_members, module.sizes)))
        module.constant = torch.as_tensor(constant).to(module.weights)
        module.constant_weight.fill_(share)


def issubclass_of(criterion, kind):
    """Whether a criterion, an instance or function, is of a class."""
    return issubclass(kind_of(criterion), kind)


def means_of_kinds(outputs, chosen, sizes):
    """Mean over the chosen members of each kind, (b, K, m) to (b, G, m); NaN where none is."""
    chosen = chosen.to(outputs.dtype).unsqueeze(2)
    parts = zip((outputs * chosen).split(sizes, dim=1), chosen.split(sizes, dim=1), strict=True)
    return torch.stack([part.sum(dim=1) / share.sum(dim=1) for part, share in parts], dim=1)


def with_both(proba):
    """Probabilities of both classes, (n, G, 2), from those of the second; others as they are."""
    return np.concatenate([1 - proba, proba], axis=2) if proba.shape[2] == 1 else proba


def log_probabilities(mean, module):
    """Logarithms of mean probabilities (n, C), of both classes for a single output."""
    return np.log(np.clip(with_both(mean[:, None])[:, 0], 1e-12, None))


def log_loss(logits, targets):
    """Mean negative logarithm of the probability of each row's class."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(targets)), targets]).mean())


def priors(targets, n_classes):
    """Share of each class, smoothed by one row each."""
    counts = np.bincount(targets, minlength=n_classes) + 1.0
    return counts / counts.sum()


def each_output(net, X):
    """What each member of a net gives, in evaluation mode.

    Parameters
    ----------
    net : fitted skorch net with members
    X : anything that the net predicts

    Returns
    -------
    outputs : tensor of shape (n, K, ...)
    """
    chunks = []
    with watched([net.module_.each], before=lambda _layer, inputs: chunks.append(inputs[0])):
        for output in net.forward_iter(X):
            n_rows = len(output[0] if isinstance(output, tuple) else output)
            chunks[-1] = chunks[-1][:n_rows].cpu()  # the net may have filled up a batch
    return torch.cat(chunks)


def spread(net, X):
    """Standard deviation of targets around a net's predictions, in the units of the loss.

    Parameters
    ----------
    net : fitted skorch net with members
    X : n rows that the net predicts

    Returns
    -------
    std : array of shape (n, m)
    """
    outputs = each_output(net, X).flatten(2).transpose(0, 1).double().numpy()
    weights = net.module_.weights.cpu().double().numpy()
    everyone = np.ones((outputs.shape[1], len(weights)), dtype=bool)
    variance = unbiased_variance(outputs, weights, everyone)
    return net.module_.spread_factor.item() * np.sqrt(variance)
