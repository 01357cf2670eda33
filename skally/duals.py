"""The dual vector: one multiplier per sample, moved by projected ascent.

The Lagrangian of "A Lagrangian Duality Approach to Active Learning" (Elenter, NaderiAlizadeh,
Ribeiro, NeurIPS 2022), as a mean over samples and never a sum, so that a mini batch estimates it
without bias and nothing depends on the batch size::

    L(theta, lam) = mean_i [ l_i + lam_i (l'_i - eps_i) ]
"""

import inspect
from copy import deepcopy

import numpy as np
import torch
from torch import nn


class Lagrangian(nn.Module):
    """Loss of the primal step, and keeper of the dual variables.

    It takes the place of the criterion in a skorch net. The duals are part of its state, so every
    checkpoint that holds the criterion holds the duals of the same moment.

    Parameters
    ----------
    criterion, constraint_criterion : callable
        (y_pred, y_true) -> one value per sample, l and l'. None for the second means l.
    """

    state_names = ("dual", "loss", "slack")

    def __init__(self, criterion, constraint_criterion=None):
        super().__init__()
        self.criterion = criterion
        self.constraint_criterion = constraint_criterion
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
        self.dual = torch.full_like(self.epsilon, dual_init)
        self.loss = torch.full_like(self.epsilon, torch.nan)
        self.slack = torch.full_like(self.epsilon, torch.nan)

    def sample_losses(self, y_pred, y_true):
        """Losses l and l' of a batch, each of shape (b,)."""
        loss = per_sample(self.criterion, y_pred, y_true, "criterion")
        if self.constraint_criterion is None:
            return loss, loss
        constraint = per_sample(self.constraint_criterion, y_pred, y_true, "constraint_criterion")
        return loss, constraint

    def forward(self, y_pred, y_true, rows):
        """Mean Lagrangian of a batch, divided by 1 + mean dual.

        The curvature in theta grows with 1 + lam. The division leaves the saddle point where it is
        and keeps one primal learning rate right for all dual vectors.
        """
        return self.lagrangian(y_pred, y_true, rows).mean() / (1 + self.dual.mean())

    def lagrangian(self, y_pred, y_true, rows):
        """l_i + lam_i (l'_i - eps_i) of each sample of a batch, shape (b,)."""
        loss, constraint = self.sample_losses(y_pred, y_true)
        return loss + self.dual[rows] * (constraint - self.epsilon[rows])

    @torch.no_grad()
    def observe(self, y_pred, y_true, rows):
        """Keep the losses and slacks of a batch, the measurement for the dual step."""
        loss, constraint = self.sample_losses(y_pred, y_true)
        self.loss[rows] = loss.float()
        self.slack[rows] = constraint.float() - self.epsilon[rows]

    @torch.no_grad()
    def ascend(self, rows, dual_lr):
        """Algorithm 1, the dual step: lam_i <- max(0, lam_i + dual_lr * s_i) for some rows."""
        self.dual[rows] = torch.relu(self.dual[rows] + dual_lr * self.slack[rows])

    def get_extra_state(self):
        """The part of a checkpoint that belongs to the data."""
        return {name: getattr(self, name) for name in self.state_names}

    def set_extra_state(self, state):
        """Take a checkpoint's duals if they are of as many rows; new data keep their own."""
        if len(state["dual"]) == len(self.dual):
            for name in self.state_names:
                setattr(self, name, state[name].to(self.epsilon.device).clone())


def per_sample(criterion, y_pred, y_true, name):
    """Loss of each sample of a batch, a mean over outputs, shape (b,)."""
    if isinstance(criterion, nn.NLLLoss):  # skorch's convention: the module gives probabilities
        y_pred = torch.log(y_pred + torch.finfo(y_pred.dtype).eps)
    if isinstance(criterion, nn.BCEWithLogitsLoss) or y_true.is_floating_point():
        y_true = y_true.to(y_pred.dtype).reshape(y_pred.shape)
    loss = criterion(y_pred, y_true)
    if loss.dim() == 0 or len(loss) != len(y_pred):
        raise ValueError(
            f"{name} must give one value per sample: for a batch of {len(y_pred)} it gave shape "
            f"{tuple(loss.shape)}. Use reduction='none'."
        )
    return loss.flatten(1).mean(dim=1) if loss.dim() > 1 else loss


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
        criterion = criterion(**kwargs)
    else:
        criterion = deepcopy(criterion)  # an instance is a parameter, which fit must not change
    reduction = getattr(criterion, "reduction", "none")
    if reduction != "none":
        raise ValueError(f"{name}__reduction == {reduction!r}, must be 'none'.")
    return criterion


def automatic_dual_lr(epsilon, n_parameters):
    """Dual step that converges to the true multipliers of models linear in their parameters.

    Dual ascent is stable below 2 / sigma_max of (1/n) J H^-1 J^T, J the Jacobian of the active
    constraints, H the Hessian of L. For squared loss and a linear model that is about
    n / (eps p) with p parameters.

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
    return 0.25 * n / (typical * min(n_parameters, n))
