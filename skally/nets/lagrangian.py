"""The dual vector: one multiplier per sample, moved by projected ascent.

The Lagrangian of "A Lagrangian Duality Approach to Active Learning" (Elenter, NaderiAlizadeh,
Ribeiro, NeurIPS 2022), as a mean over samples and never a sum, so that a mini batch estimates it
without bias and nothing depends on the batch size::

    L(theta, lam) = mean_i [ l_i + lam_i (l'_i - eps_i) ]
"""

import math

import numpy as np
import torch
from torch import nn

from skally.nets.criteria import extras_of, per_sample


class Lagrangian(nn.Module):
    """Loss of the primal step, and keeper of the dual variables.

    It takes the place of the criterion in a skorch net. The duals are part of its state, so every
    checkpoint that holds the criterion holds the duals of the same moment.

    Parameters
    ----------
    criterion, constraint_criterion : callable
        (y_pred, y_true) -> one value per sample, l and l'. None for the second means l.
    dual_max : float
        Upper bound of the duals.
    dual_decay : float
        Cost of a dual, (dual_decay / 2) lam^2, which makes a constraint give way.
    penalty : float
        rho of the augmented Lagrangian, 0 for the plain one.
    """

    state_names = ("dual", "loss", "slack")

    def __init__(
        self,
        criterion,
        constraint_criterion=None,
        *,
        dual_max=np.inf,
        dual_decay=0.0,
        penalty=0.0,
    ):
        super().__init__()
        self.criterion = criterion
        self.constraint_criterion = constraint_criterion
        self.dual_max = dual_max
        self.dual_decay = dual_decay
        self.penalty = penalty
        both = (criterion, constraint_criterion)
        self.extras = [() if each is None else extras_of(each) for each in both]
        self.share = self.last = self.one_for_all = None
        self.unsettled = []
        for name in ("epsilon", *self.state_names):
            self.register_buffer(name, torch.zeros(0), persistent=False)

    def begin(self, epsilon, dual_init):
        """Start value of every dual, for the data of one fit.

        Parameters
        ----------
        epsilon : array of shape (n,)
        dual_init : float
        """
        device = self.epsilon.device
        self.epsilon = torch.as_tensor(epsilon, dtype=torch.float32, device=device)
        self.one_for_all = self.epsilon[:1] if (self.epsilon == self.epsilon[:1]).all() else None
        self.share = self.last = None
        self.unsettled = []
        self.dual = torch.full_like(self.epsilon, dual_init)
        self.loss = torch.full_like(self.epsilon, torch.nan)
        self.slack = torch.full_like(self.epsilon, torch.nan)

    def sample_losses(self, batch):
        """Losses l and l' of a batch, each of shape (b,)."""
        loss = per_sample(self.criterion, batch, "criterion", self.extras[0])
        if self.constraint_criterion is None:
            return loss, loss
        name = "constraint_criterion"
        return loss, per_sample(self.constraint_criterion, batch, name, self.extras[1])

    def forward(self, batch, rows, scale=1.0):
        """Mean (augmented) Lagrangian of a batch, divided by ``scale``.

        Rows that are drawn more often than others count for less, by their ``share``.
        """
        loss, constraint = self.sample_losses(batch)
        self.last = loss.detach(), constraint.detach()
        slack, dual = constraint - self.tolerance(rows), self.dual.index_select(0, rows)
        if self.penalty == 0:
            value = torch.addcmul(loss, dual, slack)
        else:
            ahead = self.next_dual(dual, slack.detach())
            cost = self.dual_decay * ahead.square() + (ahead - dual).square() / self.penalty
            value = torch.addcmul(loss, ahead, slack) - cost / 2
        if self.share is not None:
            value = value / self.share.index_select(0, rows)
        return value.mean() if scale == 1 else value.mean() / scale

    def tolerance(self, rows):
        """epsilon of some rows, shape (b,), or (1,) where it is one number for all."""
        return self.epsilon.index_select(0, rows) if self.one_for_all is None else self.one_for_all

    def next_dual(self, dual, slack):
        """Proximal step on a dual: the weight of its constraint in the augmented Lagrangian.

        It is the largest value of mu s - (decay / 2) mu^2 - (mu - lam)^2 / (2 rho) over the mu that
        a dual may have; without relaxations, relu(lam + rho s).
        """
        ahead = (dual + self.penalty * slack) / (1 + self.penalty * self.dual_decay)
        return ahead.clamp(0, self.dual_max)

    def lagrangian(self, batch, rows):
        """l_i + lam_i (l'_i - eps_i) of each sample of a batch, shape (b,)."""
        loss, constraint = self.sample_losses(batch)
        return loss + self.dual[rows] * (constraint - self.tolerance(rows))

    @torch.no_grad()
    def observe(self, batch, rows):
        """Keep the losses and slacks of a batch, the measurement for the dual step."""
        self.settle()
        self._keep(rows.to(self.dual.device), *self.sample_losses(batch))

    def keep_last(self, rows):
        """As :meth:`observe`, of the batch whose Lagrangian was the last, by and by.

        Returns
        -------
        slack : tensor of shape (b,)
        """
        loss, constraint = self.last
        self.last = None
        self.unsettled.append((rows, loss, constraint))
        return constraint.float() - self.tolerance(rows)

    def settle(self):
        """Write what :meth:`keep_last` has put aside to ``loss`` and ``slack``."""
        if self.unsettled:
            kept = [torch.cat(parts) for parts in zip(*self.unsettled, strict=True)]
            self.unsettled = []
            self._keep(*kept)

    def _keep(self, rows, loss, constraint):
        self.loss.index_copy_(0, rows, loss.float())
        self.slack.index_copy_(0, rows, constraint.float() - self.tolerance(rows))

    @torch.no_grad()
    def ascend(self, rows, dual_lr, rise=np.inf, slack=None):
        """Algorithm 1, the dual step: lam_i <- max(0, lam_i + dual_lr * s_i) for some rows.

        Parameters
        ----------
        rows : int tensor of shape (b,)
        dual_lr : float
        rise : float
            Largest slack that a step goes by. A dual falls by ``dual_lr * eps`` at most; one that
            may rise no faster is not long above its value after weights that were far off.
        slack : tensor of shape (b,), or None
            None means the slacks that were kept.

        Raises
        ------
        ValueError
            If a dual would not be a finite number. The duals are then as before.
        """
        rows = torch.as_tensor(rows, device=self.dual.device)
        dual = self.dual.index_select(0, rows)
        step = slack = self.slack.index_select(0, rows) if slack is None else slack
        if self.dual_decay > 0:
            step = step - self.dual_decay * dual
        if rise < np.inf:
            step = step.clamp(max=rise)
        ahead = torch.add(dual, step, alpha=dual_lr)
        if not math.isfinite(ahead.sum().item()):  # one sum is cheaper than n comparisons
            i = int(ahead.nan_to_num(nan=np.inf, posinf=np.inf).argmax())
            raise ValueError(
                f"Training has diverged: the constraint loss of row {rows[i].item()} is "
                f"{(slack[i] + self.epsilon[rows[i]]).item()} and its dual variable "
                f"{dual[i].item():.3g}. Use a smaller lr or dual_lr, or scale the data."
            )
        self.dual.index_copy_(0, rows, ahead.clamp_(0, self.dual_max))

    def get_extra_state(self):
        """The part of a checkpoint that belongs to the data."""
        self.settle()
        return {name: getattr(self, name) for name in self.state_names}

    def set_extra_state(self, state):
        """Take a checkpoint's duals if they are of as many rows; new data keep their own."""
        if len(state["dual"]) == len(self.dual):
            for name in self.state_names:
                setattr(self, name, state[name].to(self.epsilon.device).clone())


def automatic_dual_lr(epsilon, n_parameters):
    """Dual step that converges to the true multipliers of models linear in their parameters.

    Dual ascent is stable below 2 / sigma_max of (1/n) J H^-1 J^T, J the Jacobian of the active
    constraints, H the Hessian of L. For squared loss and a linear model that is about
    n / (eps p) with p parameters. With a penalty as large as the step, any step is stable; a larger
    one needs fewer dual steps and makes the primal problem harder. Of 0.5, 1, 2 and 4 times that,
    1 is right for most of the problems of tests/benchmarks/dual_error.py: 0.5 is slow where active
    constraints are nearly dependent, 2 overshoots where weights have a long way to go.

    Parameters
    ----------
    epsilon : array of shape (n,)
    n_parameters : int

    Returns
    -------
    dual_lr : float
    """
    n, typical = len(epsilon), float(np.median(epsilon))
    if typical <= 0:
        raise ValueError(
            f"median(epsilon) == {typical}, must be > 0 with dual_lr='auto'; give a float."
        )
    return n / (typical * min(n_parameters, n))
