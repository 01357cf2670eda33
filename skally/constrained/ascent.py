"""Dual ascent where each primal step is a fit of the whole estimator with sample weights."""

import numpy as np
import torch

from skally.nets.dual_step import automatic_dual_lr
from skally.nets.epsilon import RULE
from skally.nets.kkt import SMALL, STRONG_DUAL
from skally.nets.multipliers import Multipliers


def dual_ascent(training, losses_of, tolerance, params, n_updates):
    """Duals of all rows, and what was measured at their weights.

    Parameters
    ----------
    training : skally.constrained.training.Training
    losses_of : function of outputs (n, m) to the loss of each row (n,)
    tolerance : array of shape (n,), or None
        None means 1.2 times the mean loss of rows withheld from fits without constraints.
    params : skally.nets.parameters.DualParameters
    n_updates : int

    Returns
    -------
    multipliers : skally.nets.multipliers.Multipliers
    measured : skally.constrained.training.Measured
    history : list of dict
        One for the fit without duals, and one for each update.
    """
    multipliers, n = Multipliers(), len(training.y)
    rows = torch.arange(n)
    bounds = {"dual_max": np.inf if params.dual_max is None else params.dual_max}
    bounds["dual_decay"] = params.dual_decay
    multipliers.begin(np.ones(n) if tolerance is None else tolerance, **bounds)
    measured = training.measure(np.zeros(n))
    multipliers.observe(rows, *both_losses(losses_of, measured))
    if tolerance is None:
        multipliers.follow(RULE, torch.as_tensor(withheld_rows(measured)))
    history = [state_of(multipliers)]
    for _ in range(n_updates):
        before = multipliers.dual.clone()
        multipliers.ascend(rows, dual_lr_of(params, multipliers.epsilon.numpy()))
        if training.is_weighted:
            if torch.equal(before, multipliers.dual):  # nor would anything else change
                break
            measured = training.measure(multipliers.dual.numpy())
            multipliers.observe(rows, *both_losses(losses_of, measured))
        history.append(state_of(multipliers))
    return multipliers, measured, history


def automatic_tolerance(training, losses_of):
    """1.2 times the mean loss of rows withheld from fits without constraints, (n,)."""
    measured = training.measure(np.zeros(len(training.y)))
    loss = losses_of(measured.outputs)[withheld_rows(measured)]
    return np.full(len(training.y), RULE * loss.mean())


def withheld_rows(measured):
    """Which rows were withheld; all where none was."""
    return measured.is_withheld | ~measured.is_withheld.any()


def both_losses(losses_of, measured):
    """Losses l and l' of each row, which are the same, as tensors."""
    loss = torch.as_tensor(np.asarray(losses_of(measured.outputs), dtype=np.float64))
    return loss, loss


def dual_lr_of(params, epsilon):
    """Step of the dual ascent.

    That of ``"auto"`` is stable for squared errors of a linear model whatever its number of
    parameters, since it takes as many of them as rows.
    """
    if params.dual_lr != "auto":
        return params.dual_lr
    dual_lr = automatic_dual_lr(epsilon, n_parameters=len(epsilon))
    return min(dual_lr, 0.5 / params.dual_decay) if params.dual_decay > 0 else dual_lr


def state_of(multipliers):
    """What the history keeps of a round."""
    dual, slack = multipliers.dual.numpy(), multipliers.slack.numpy()
    return {
        "objective": float(multipliers.loss.mean()),
        "lagrangian": float((multipliers.loss + multipliers.dual * multipliers.slack).mean()),
        "max_violation": max(float(slack.max()), 0.0),
        "dual_mean": float(dual.mean()),
        "dual_max": float(dual.max()),
        "fraction_active": float((dual > 0).mean()),
    }


def convergence_message(multipliers, params, n_updates):
    """Text of the ConvergenceWarning where duals of training losses have not converged, or None.

    Constraints that are relaxed need not hold.
    """
    if params.dual_max is not None or params.dual_decay > 0 or n_updates == 0:
        return None
    typical = float(multipliers.epsilon.median())
    dual, slack = multipliers.dual.numpy(), multipliers.slack.numpy()
    reached, product = max(float(slack.max()), 0.0), float(np.abs(dual * slack).max())
    is_off = product > SMALL * typical * max(float(dual.max()), STRONG_DUAL)
    if reached <= SMALL * typical and not is_off:
        return None
    return (
        f"The dual variables have not converged after {n_updates} updates: with epsilon == "
        f"{typical:.3g}, the largest violation is {reached:.3g} and the largest product of dual "
        f"and slack {product:.3g}. Try a larger n_dual_updates or dual_lr, or a larger epsilon, if "
        "it cannot be met."
    )
