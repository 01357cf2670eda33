"""The Lagrangian of a batch, computed from its losses, dual variables and tolerances.

It is that of "A Lagrangian Duality Approach to Active Learning" (Elenter, NaderiAlizadeh, Ribeiro,
NeurIPS 2022), as a mean over samples and never a sum, so that a mini batch estimates it without
bias and nothing depends on the batch size::

    L(theta, lam) = mean_i [ l_i + lam_i (l'_i - eps_i) ]

Of several members, l_i is the mean loss of those that train on row i. The duals may see another
loss, that of the members which do not: the proxy Lagrangian of Cotter, Jiang, Gupta, Wang,
Narayan, You, Sridharan, "Optimization with Non-Differentiable Constraints with Applications to
Fairness, Recall, Churn, and Other Goals", JMLR 20 (2019), Section 4.
"""

from copy import copy

import torch
from torch import nn

from skally.nets.criteria import Batch, extras_of, per_sample
from skally.nets.members import OneMember, weighted


class Lagrangian(nn.Module):
    """Criterion of a skorch net that is trained under constraints.

    Parameters
    ----------
    criterion, constraint_criterion : callable
        (y_pred, y_true) -> one value per sample, l and l'. None for the second means l.
    multipliers : Multipliers

    Attributes
    ----------
    penalty : float
        rho of the augmented Lagrangian, 0 for the plain one.
    keeps_last : bool
        Whether to keep the next, for duals that move after each batch.
    last : tuple of tensors
        Losses l and l' of the last batch whose Lagrangian was computed, as the duals see them, each
        of shape (b,).
    withheld : bool tensor of shape (n, K), or None
        Of several members: which row is withheld from which.
    sees_withheld : bool
        Whether the duals see the losses of the members from which a row is withheld.
    label_smoothing : float
        Share of each label that all classes have alike in the l that the weights minimise, of a
        cross entropy without smoothing of its own. Losses that are measured have none.
    """

    def __init__(self, criterion, constraint_criterion, multipliers):
        super().__init__()
        self.criterion = criterion
        self.constraint_criterion = constraint_criterion
        self.multipliers = multipliers
        both = (criterion, constraint_criterion)
        self.extras = [() if each is None else extras_of(each) for each in both]
        self.penalty, self.keeps_last, self.last = 0.0, True, None
        self.withheld, self.sees_withheld = None, False
        self.label_smoothing = 0.0

    def sample_losses(self, batch):
        """Losses l and l' of a batch, each of shape (b,), or (b, K) of members apart."""
        loss = losses(self.criterion, batch, "criterion", self.extras[0])
        if self.constraint_criterion is None:
            return loss, loss
        name = "constraint_criterion"
        return loss, losses(self.constraint_criterion, batch, name, self.extras[1])

    @property
    def smooths(self):
        """Whether the l that the weights minimise is another than the one that is measured."""
        own = getattr(self.criterion, "label_smoothing", None)
        return self.label_smoothing > 0 and own == 0

    def learned_losses(self, batch):
        """Losses l and l' of a batch that the weights see, of the shapes of those measured."""
        if not self.smooths:
            return self.sample_losses(batch)
        smooth = copy(self.criterion)
        smooth.label_smoothing = self.label_smoothing
        loss = losses(smooth, batch, "criterion", self.extras[0])
        if batch.is_apart and self.sees_withheld and self.constraint_criterion is None:
            return loss, loss  # or duals would undo the smoothing: they see another loss
        return loss, self.sample_losses(batch)[1]

    def observed_losses(self, batch, rows):
        """Losses l and l' of a batch as the duals see them, each of shape (b,)."""
        if not batch.is_apart:
            return self.sample_losses(batch)
        if self.sees_withheld:
            return self.withheld_losses(batch, rows)
        learned = ~self.withheld_of(rows)
        return tuple(mean_over(each, learned) for each in self.sample_losses(batch))

    def withheld_losses(self, batch, rows):
        """Losses l and l' by the members from which a row is withheld, each of shape (b,)."""
        withheld = self.withheld_of(rows)
        if not self.compares_means:
            return tuple(mean_over(each, withheld) for each in self.sample_losses(batch))
        return self.sample_losses(together(batch, usable(withheld)))

    @property
    def compares_means(self):
        """Whether withheld losses are those of the members' mean: a criterion may ask for each."""
        return not any(self.extras)

    def withheld_of(self, rows):
        """Lines of ``withheld`` for some rows, (b, K)."""
        return self.withheld.index_select(0, rows.to(self.withheld.device))

    def forward(self, batch, rows):
        """(Augmented) Lagrangian of each sample of a batch, whose row numbers are given: (b,)."""
        loss, slack, dual = self._terms(batch, rows)
        if self.penalty == 0:
            return lagrangian(loss, slack, dual)
        bounds = self.multipliers.dual_max, self.multipliers.dual_decay
        return augmented_lagrangian(loss, slack, dual, self.penalty, *bounds)

    def without_penalty(self, batch, rows):
        """Plain Lagrangian of each sample of a batch, shape (b,), whatever the penalty."""
        return lagrangian(*self._terms(batch, rows))

    def _terms(self, batch, rows):
        loss, constraint = self.learned_losses(batch)
        if self.keeps_last:
            with torch.no_grad():
                is_known = not (batch.is_apart or self.smooths)
                last = (loss, constraint) if is_known else self.observed_losses(batch, rows)
            self.last = tuple(each.detach() for each in last)
        if batch.is_apart:
            learned = ~self.withheld_of(rows)
            is_same = constraint is loss
            loss = mean_over(loss, learned)
            constraint = loss if is_same else mean_over(constraint, learned)
        dual = self.multipliers.dual.index_select(0, rows)
        return loss, constraint - self.multipliers.tolerance(rows), dual


def losses(criterion, batch, name, extras):
    """Loss of each sample, (b,), or of each sample and member, (b, K)."""
    of_batch = member_losses if batch.is_apart else per_sample
    return of_batch(criterion, batch, name, extras)


def member_losses(criterion, batch, name, extras):
    """Loss of each sample and member of a batch of members apart, shape (b, K)."""
    (b, k), y_true = batch.y_pred.shape[:2], batch.y_true
    if extras or not isinstance(y_true, torch.Tensor):
        each = [
            Batch(part[0], y_true, batch.X, OneMember(batch.module, i), part)
            for i, part in enumerate(zip(*(out.unbind(1) for out in batch.outputs), strict=True))
        ]
        return torch.stack([per_sample(criterion, one, name, extras) for one in each], dim=1)
    repeated = y_true.unsqueeze(1).expand(b, k, *y_true.shape[1:]).flatten(0, 1)
    flat = Batch(batch.y_pred.flatten(0, 1), repeated)
    return per_sample(criterion, flat, name, extras).reshape(b, k)


def together(batch, weights):
    """A batch of members apart as one of their mean, by weights of shape (b, K)."""
    module = batch.module
    first, *others = batch.outputs
    shares = module.weights * weights
    shares = shares / shares.sum(dim=1, keepdim=True)
    outputs = (module.mean(first, weights), *(weighted(other, shares) for other in others))
    return Batch(outputs[0], batch.y_true, batch.X, module, outputs)


def usable(chosen):
    """A mask of members, (b, K), with all of them where none is chosen."""
    return chosen | ~chosen.any(dim=1, keepdim=True)


def mean_over(losses, chosen):
    """Mean of losses over the chosen members, (b, K) to (b,); over all where none is."""
    shares = usable(chosen).to(losses.dtype)
    return (losses * shares).sum(dim=1) / shares.sum(dim=1)


def lagrangian(loss, slack, dual):
    """l_i + lam_i s_i of each sample, with the slack s_i = l'_i - eps_i; tensors of shape (b,)."""
    return torch.addcmul(loss, dual, slack)


def augmented_lagrangian(loss, slack, dual, penalty, dual_max, dual_decay):
    """Lagrangian with the best weight of each constraint near its dual, at a cost for the way.

    The largest value over mu in [0, dual_max] of
    l_i + mu s_i - (dual_decay / 2) mu^2 - (mu - lam_i)^2 / (2 penalty); tensors of shape (b,).
    """
    mu = proximal_dual(dual, slack.detach(), penalty, dual_max, dual_decay)
    cost = dual_decay * mu.square() + (mu - dual).square() / penalty
    return torch.addcmul(loss, mu, slack) - cost / 2


def proximal_dual(dual, slack, penalty, dual_max, dual_decay):
    """The mu of :func:`augmented_lagrangian`; without relaxations relu(lam_i + penalty s_i)."""
    return ((dual + penalty * slack) / (1 + penalty * dual_decay)).clamp(0, dual_max)
