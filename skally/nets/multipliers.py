"""Dual variables of the training rows: values, ascent, and what a checkpoint has of them."""

import math

import numpy as np
import torch
from torch import nn


class Multipliers(nn.Module):
    """One dual variable per training row, moved by projected gradient ascent.

    A module, so that the state of whatever holds it includes the duals: a checkpoint of a skorch
    net's criterion has the duals of the same moment as its weights.

    Attributes
    ----------
    dual, slack, loss : tensors of shape (n,)
        Dual variables; slack l' - epsilon and loss l of each row when it was last observed.
    epsilon : tensor of shape (n,)
    dual_max : float
        Upper bound of the duals.
    dual_decay : float
        Cost of a dual, (dual_decay / 2) lam^2, so that a constraint may be violated at a price.
    """

    state_names = ("dual", "loss", "slack")

    def __init__(self):
        super().__init__()
        for name in ("epsilon", "common_epsilon", *self.state_names):
            self.register_buffer(name, torch.zeros(0), persistent=False)

    def begin(self, epsilon, dual_init=0.0, *, dual_max=np.inf, dual_decay=0.0):
        """Start value of every dual, for the data of one fit.

        Parameters
        ----------
        epsilon : array of shape (n,)
        dual_init, dual_max, dual_decay : float
        """
        self.dual_max, self.dual_decay = dual_max, dual_decay
        self.epsilon = torch.as_tensor(epsilon, dtype=torch.float32, device=self.epsilon.device)
        is_common = (self.epsilon == self.epsilon[:1]).all()
        self.common_epsilon = self.epsilon[:1] if is_common else None
        self.dual = torch.full_like(self.epsilon, dual_init)
        self.loss = torch.full_like(self.epsilon, torch.nan)
        self.slack = torch.full_like(self.epsilon, torch.nan)

    def tolerance(self, rows):
        """epsilon of some rows, shape (b,), or (1,) where all rows have the same."""
        if self.common_epsilon is None:
            return self.epsilon.index_select(0, rows)
        return self.common_epsilon

    def observe(self, rows, loss, constraint):
        """Keep detached losses l and l' of some rows, the measurement for their dual step."""
        rows = rows.to(self.dual.device)
        self.loss.index_copy_(0, rows, loss.float())
        self.slack.index_copy_(0, rows, constraint.float() - self.tolerance(rows))

    @torch.no_grad()
    def follow(self, factor, rows):
        """Let the common tolerance be a multiple of the mean constraint loss of observed rows."""
        value = factor * (self.slack[rows] + self.epsilon[rows]).mean()
        self.slack += self.epsilon - value
        self.epsilon = torch.full_like(self.epsilon, value)
        self.common_epsilon = self.epsilon[:1]

    @torch.no_grad()
    def ascend(self, rows, dual_lr, rise=np.inf):
        """Algorithm 1, the dual step: lam_i <- max(0, lam_i + dual_lr * s_i) for some rows.

        Parameters
        ----------
        rows : int tensor of shape (b,)
        dual_lr : float
        rise : float
            Largest slack that enters the step. A dual falls by at most ``dual_lr * epsilon`` a
            step. If it may not rise faster either, it does not stay too high for long after a time
            in which the weights were far from where they end.

        Raises
        ------
        ValueError
            If a dual would not be a finite number. The duals are then as before.
        """
        rows = torch.as_tensor(rows, device=self.dual.device)
        dual, slack = self.dual.index_select(0, rows), self.slack.index_select(0, rows)
        step = slack if self.dual_decay == 0 else slack - self.dual_decay * dual
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
        """What belongs to the training data, for a checkpoint."""
        return {name: getattr(self, name) for name in self.state_names}

    def set_extra_state(self, state):
        """Take a checkpoint's duals if they are of as many rows; new data keep their own."""
        if len(state["dual"]) == len(self.dual):
            for name in self.state_names:
                setattr(self, name, state[name].to(self.epsilon.device).clone())
