"""What members of a net say of the rows that are withheld from them, and what follows from it."""

import numpy as np
import torch
from scipy.special import log_softmax
from torch import nn

from skally.nets.criteria import kind_of
from skally.nets.members import SMALLEST
from skally.nets.mixing import (
    best_temperature,
    class_shares,
    class_weights,
    label_shares,
    label_weights,
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
    keeps_variance : bool
        Whether to keep the next.
    variance : array of shape (n, m), or None
        Of the predictions of those members; of all, if each row is withheld from one only.
    targets : array of shape (n, ...), or None
        As the loss sees them.
    """

    def __init__(self, withheld):
        self.withheld = withheld
        self.loss = np.full(len(withheld), np.nan, dtype=np.float32)
        self.means = self.variance = self.targets = None
        self.keeps_variance = False

    def observe(self, batch, rows, loss):
        """Keep what a batch of members apart says.

        Parameters
        ----------
        batch : Batch
            Outputs of members that train on a row count only where ``keeps_variance``.
        rows : int tensor of shape (b,)
        loss : tensor of shape (b,)
            By the members from which a row is withheld.
        """
        rows = rows.to(self.withheld.device)
        withheld = self.withheld.index_select(0, rows)
        some, rows = withheld.any(dim=1).cpu().numpy(), rows.cpu().numpy()
        self.loss[rows] = np.where(some, loss.cpu().numpy(), np.nan)
        if batch.y_pred.dim() != 3 or not isinstance(batch.y_true, torch.Tensor):
            return
        outputs = batch.module.to_mean(batch.y_pred)
        self._keep("targets", rows, batch.y_true)
        self._keep("means", rows, means_of_kinds(outputs, withheld, batch.module.sizes))
        if self.keeps_variance and batch.module.mean_of == "outputs":
            chosen = withheld.cpu().numpy()
            chosen = chosen if (chosen.sum(axis=1) > 1).all() else np.ones_like(chosen)
            weights = batch.module.weights.cpu().numpy()
            variance = unbiased_variance(outputs.transpose(0, 1).cpu().numpy(), weights, chosen)
            self._keep("variance", rows, variance)

    def _keep(self, name, rows, values):
        values = values.cpu().numpy() if isinstance(values, torch.Tensor) else values
        if getattr(self, name) is None:
            shape = (len(self.withheld), *values.shape[1:])
            setattr(self, name, np.full(shape, -1 if values.dtype.kind == "i" else np.nan,
                                        dtype=values.dtype))  # fmt: skip
        getattr(self, name)[rows] = values

    def replace(self, new, rows):
        """Put a function of what is known of some rows, as tensors, in its place.

        Parameters
        ----------
        new : function of a tensor of shape (m, ...) to one of the same shape
        rows : int tensor of shape (m,)
        """
        device, rows = self.withheld.device, rows.cpu().numpy()
        for name in ("loss", "targets", "means"):
            known = getattr(self, name)
            if known is not None:
                known[rows] = new(torch.as_tensor(known[rows], device=device)).cpu().numpy()

    def score(self, module, rows):
        """Mean held-out loss of some rows; log loss of classes at the best temperature.

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
        if not self._are_classes(module.mean_of):
            return float(self.loss[rows].mean())
        mean = self.means[rows].mean(axis=1)
        return temperature_and_loss(module.mean_of, mean, self.targets[rows])[1]

    def _are_classes(self, mean_of):
        """Whether the targets are classes or labels, and the outputs logits of them."""
        if self.means is None:
            return False
        if mean_of == "softmax":
            return self.targets.dtype.kind == "i" and self.targets.ndim == 1
        n_labels = self.targets[0].size
        are_labels = np.isin(self.targets, (0, 1)).all() and self.means.shape[2] == n_labels
        return mean_of == "sigmoid" and bool(are_labels)

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
        is_squared = module.mean_of == "outputs" and issubclass(kind_of(criterion), nn.MSELoss)
        are_classes = self._are_classes(module.mean_of)
        if len(rows) == 0 or self.means is None or not (is_squared or are_classes):
            return
        means, targets = self.means[rows], self.targets[rows]
        if are_classes and module.mean_of == "softmax":
            weights, share = class_weights(means, targets)
            constant = class_shares(targets, means.shape[2])
        else:
            targets = targets.reshape(len(targets), -1)
            find = label_weights if are_classes else regression_weights
            weights, share = find(means, targets)
            constant = label_shares(targets) if are_classes else targets.mean(axis=0)
        mean = (1 - share) * np.einsum("ngm,g->nm", means, weights) + share * constant
        if are_classes:
            module.temperature.fill_(temperature_and_loss(module.mean_of, mean, targets)[0])
        else:
            squares = (mean - targets) ** 2
            module.spread_factor.fill_(spread_factor(squares, self.variance[rows]))
        of_members = [w / size for w, size in zip(weights, module.sizes, strict=True)]
        module.weights.copy_(torch.as_tensor(np.repeat(of_members, module.sizes)))
        module.constant = torch.as_tensor(constant).to(module.weights)
        module.constant_weight.fill_(share)


def means_of_kinds(outputs, chosen, sizes):
    """Mean over the chosen members of each kind, (b, K, m) to (b, G, m); NaN where none is."""
    chosen = chosen.to(outputs.dtype).unsqueeze(2)
    parts = zip((outputs * chosen).split(sizes, dim=1), chosen.split(sizes, dim=1), strict=True)
    return torch.stack([part.sum(dim=1) / share.sum(dim=1) for part, share in parts], dim=1)


def temperature_and_loss(mean_of, proba, targets):
    """Best temperature of mean probabilities, and the log loss that is left.

    Parameters
    ----------
    mean_of : "softmax" or "sigmoid"
    proba : array of shape (n, C) of classes, or (n, L) of labels
    targets : array of shape (n,), or (n, L) of 0 and 1

    Returns
    -------
    temperature, loss : float
    """
    logits = np.log(np.clip(proba, SMALLEST, None))
    if mean_of == "sigmoid":  # two classes for each label
        logits = (logits - np.log(np.clip(1 - proba, SMALLEST, None))).reshape(-1, 1)
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    targets = targets.reshape(-1).astype(int)
    temperature = best_temperature(logits, targets)
    log_proba = log_softmax(logits / temperature, axis=1)[np.arange(len(targets)), targets]
    return temperature, -float(log_proba.mean())


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

    As for the rows withheld, by which its factor was found, it is that of members which were
    trained on the same rows, averaged over folds; of all, if those are single members.

    Parameters
    ----------
    net : fitted skorch net with members
    X : n rows that the net predicts

    Returns
    -------
    std : array of shape (n, m)
    """
    outputs = each_output(net, X).flatten(2).transpose(0, 1).double().numpy()
    module, (n_members, n, _) = net.module_, outputs.shape
    weights, folds = module.weights.cpu().double().numpy(), module.folds.cpu().numpy()
    chosen = [folds == fold for fold in np.unique(folds)]
    chosen = chosen if min(c.sum() for c in chosen) > 1 else [np.ones(n_members, dtype=bool)]
    parts = [unbiased_variance(outputs, weights, np.tile(c, (n, 1))) for c in chosen]
    return module.spread_factor.item() * np.sqrt(np.mean(parts, axis=0))
