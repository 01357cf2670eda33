"""What to tell a user whose constraints do not hold at the end of training."""

import numpy as np

# Shares of epsilon, of the largest dual, and of an earlier violation.
SMALL = 0.05
STRONG_DUAL = 1.0


def complaint(course, complementarity, epsilon, *, n_dual_updates, automatic):
    """Message for a ConvergenceWarning, or None if there is nothing to complain of.

    Parameters
    ----------
    course : list of dict
        The history's lines for this training, one an epoch.
    complementarity : float
        Largest absolute product of dual and slack at the end.
    epsilon : array of shape (n,)
    n_dual_updates : int
    automatic : bool
        Whether converged duals were asked for, by ``dual_lr="auto"``.

    Returns
    -------
    message : str or None
    """
    typical, reached, n_epochs = float(np.median(epsilon)), course[-1]["max_violation"], len(course)
    if reached > SMALL * typical and n_dual_updates >= 20 and cannot_hold(course):
        return (
            f"The constraints cannot all hold: with epsilon == {typical:.3g}, the largest loss "
            f"still exceeds its tolerance by {reached:.3g} after {n_epochs} epochs, "
            "hardly less than before, while the dual variables keep rising. Try epsilon == "
            f"{typical + reached:.3g} or more, a larger net, or constraints that give way "
            "(dual_max or dual_decay)."
        )
    slow = complementarity > SMALL * typical * max(STRONG_DUAL, course[-1]["dual_max"])
    if automatic and (reached > SMALL * typical or slow):
        return (
            f"The dual variables have not converged after {n_epochs} epochs: with epsilon == "
            f"{typical:.3g}, the largest violation is {reached:.3g} and the largest product of "
            f"dual and slack {complementarity:.3g}. Try a larger max_epochs or lr."
        )
    return None


def cannot_hold(course):
    """Whether duals are strong and keep rising, while the largest violation no longer falls.

    Weak duals say nothing: constraints that hardly weigh are not enforced.
    """
    quarter = len(course) // 4
    if quarter == 0 or course[-1]["dual_max"] < STRONG_DUAL:
        return False
    violation = [epoch["max_violation"] for epoch in course]
    stuck = min(violation[-quarter:]) > 0.9 * min(violation[quarter : 2 * quarter])
    return stuck and course[-1]["dual_mean"] > (1 + SMALL) * course[2 * quarter]["dual_mean"]
