"""The Lagrangian of a batch, computed from its losses, dual variables and tolerances.

It is that of "A Lagrangian Duality Approach to Active Learning" (Elenter, NaderiAlizadeh, Ribeiro,
NeurIPS 2022), as a mean over samples and never a sum, so that a mini batch estimates it without
bias and nothing depends on the batch size::

    L(theta, lam) = mean_i [ l_i + lam_i (l'_i - eps_i) ]
"""

import torch
from torch import nn

from skally.nets.criteria import extras_of, per_sample


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
    last : tuple of tensors
        Losses l and l' of the last batch whose Lagrangian was computed, each of shape (b,).
    """

    def __init__(self, criterion, constraint_criterion, multipliers):
        super().__init__()
        self.criterion = criterion
        self.constraint_criterion = constraint_criterion
        self.multipliers = multipliers
        both = (criterion, constraint_criterion)
        self.extras = [() if each is None else extras_of(each) for each in both]
        self.penalty, self.last = 0.0, None

    def sample_losses(self, batch):
        """Losses l and l' of a batch, each of shape (b,)."""
        loss = per_sample(self.criterion, batch, "criterion", self.extras[0])
        if self.constraint_criterion is None:
            return loss, loss
        name = "constraint_criterion"
        return loss, per_sample(self.constraint_criterion, batch, name, self.extras[1])

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
        loss, constraint = self.sample_losses(batch)
        self.last = loss.detach(), constraint.detach()
        dual = self.multipliers.dual.index_select(0, rows)
        return loss, constraint - self.multipliers.tolerance(rows), dual


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
