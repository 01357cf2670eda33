"""Policies of the dual step: how long it is, how large the penalty, which rows are drawn."""

from dataclasses import dataclass

import numpy as np

# Primal steps before a dual step of the automatic policy. On small convex problems Adam does not
# find the multipliers with 5 and does with 10; more make each dual step dearer.
PRIMAL_STEPS = 10

# Largest slack that enters such a step, as a share of epsilon. While the weights are far from where
# they end, slacks are large, and the duals would rise far too high before the weights arrive.
RISE = 0.1

# The agreement of the rows' gradients, from 0 at a minimum to 1 far from it, above which no such
# step is made: the weights are still on their way, and slacks on the way say nothing of the duals.
SETTLED = 0.1

# Smallest median epsilon for which duals of single precision can be had.
SMALLEST_EPSILON = 1e-20

# How much such a step and its penalty grow over a training. A larger one finds the duals of nearly
# dependent constraints in fewer steps, once the weights have arrived.
GROWTH = 10


@dataclass(frozen=True)
class FixedStep:
    """The same dual step and penalty throughout.

    Parameters
    ----------
    dual_lr, penalty : float
    """

    dual_lr: float
    penalty: float
    primal_steps = 1  # at least so many between dual steps
    rise = np.inf
    largest_agreement = None  # whatever the weights are doing

    def penalty_at(self, progress):
        """Penalty after a share of the epochs."""
        return self.penalty

    def dual_lr_at(self, progress, lr_left):
        """Dual step after a share of the epochs, with a share of the primal learning rate left."""
        return self.dual_lr

    def weights(self, dual):
        """How often each row is drawn for training batches, relative to the others; None: alike."""
        return None


@dataclass(frozen=True)
class AutomaticStep:
    """The step of ``dual_lr="auto"``: it grows with time and falls with the learning rate.

    Parameters
    ----------
    dual_lr, penalty : float
        At the start.
    rise : float
        Largest slack that enters a step.
    growth : float
        What step and penalty are multiplied by over a training.
    """

    dual_lr: float
    penalty: float
    rise: float
    growth: float
    primal_steps = PRIMAL_STEPS
    largest_agreement = SETTLED

    def penalty_at(self, progress):
        """As in :class:`FixedStep`."""
        return self.penalty * self.growth**progress

    def dual_lr_at(self, progress, lr_left):
        """As in :class:`FixedStep`: weights that hardly move any more cannot follow the duals."""
        return self.dual_lr * self.growth**progress * lr_left

    def weights(self, dual):
        """1 + lam_i, the weight of a row in the Lagrangian.

        If all rows were drawn alike, the few with large duals would be missing from most batches,
        and the gradients of the others would be lost in the noise that this makes.
        """
        return 1 + dual


def dual_step(params, epsilon, n_parameters):
    """Policy that the parameters of a dual training ask for.

    Parameters
    ----------
    params : DualParameters
    epsilon : array of shape (n,)
    n_parameters : int
        Number of weights that are trained.

    Returns
    -------
    policy : FixedStep or AutomaticStep
    """
    if params.dual_lr != "auto":
        return FixedStep(params.dual_lr, params.penalty or 0.0)
    dual_lr = params.penalty or automatic_dual_lr(epsilon, n_parameters)
    if params.dual_decay > 0:
        dual_lr = min(dual_lr, 0.5 / params.dual_decay)
    penalty = dual_lr if params.penalty is None else params.penalty
    if params.dual_update == "batch":
        return FixedStep(dual_lr, penalty)
    grows = params.penalty is None and params.dual_decay == 0
    rise = RISE * float(np.median(epsilon))
    return AutomaticStep(dual_lr, penalty, rise, growth=GROWTH if grows else 1.0)


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
    if not typical >= SMALLEST_EPSILON:
        raise ValueError(
            f"median(epsilon) == {typical}, must be >= {SMALLEST_EPSILON} with dual_lr='auto'; "
            "give a float."
        )
    return n / (typical * min(n_parameters, n))
