"""The dual variables that a regressor learns from, and a warning where they say nothing."""

import warnings

import numpy as np


def duals_to_learn(samples, max_dual=None):
    """What a regressor of dual variables is fitted on.

    Parameters
    ----------
    samples : skally.pool.samples.Samples
        Seen through one constrained net, not through a committee.
    max_dual : float or None
        Cap on the duals.

    Returns
    -------
    Z : array of shape (n, d)
        Embedding of the rows that the net was trained on.
    duals : array of shape (n,)

    Warns
    -----
    UserWarning
        If all duals are alike, and so nothing can be learned from them.
    """
    duals = samples.dual_variables
    capped = duals if max_dual is None else np.minimum(duals, max_dual)
    warn_if_alike(duals, capped, samples.net.epsilon_)
    return samples.train_embedding, capped


def warn_if_alike(duals, capped, epsilon):
    """Warn if all duals, capped, are the same but for rounding."""
    if len(duals) < 2 or np.ptp(capped) > 1e-6 * np.abs(capped).max():
        return
    if np.ptp(duals) > 1e-6 * np.abs(duals).max():
        cause = f"max_dual == {capped[0]:.4g} is below every one of them: choose a larger one."
    else:
        of_epsilon = f"epsilon == {np.median(epsilon):.4g}"
        if np.ndim(epsilon):
            of_epsilon = f"epsilon, with a median of {np.median(epsilon):.4g},"
        side = "small" if duals.any() else "large"
        cause = (
            f"{of_epsilon} may be too {side} for the losses: choose another one, or let "
            'epsilon="auto" find it.'
        )
    warnings.warn(
        f"All {len(duals)} dual variables of the training samples are {capped[0]:.4g}, and "
        f"{np.mean(duals > 0):.0%} of the constraints are active. Duals predicted from these say "
        f"nothing about the pool. {cause}",
        UserWarning,
        stacklevel=2,
    )
