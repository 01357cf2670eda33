"""Agreement beyond chance of two sets of predictions for the same rows."""

import numpy as np
from sklearn.metrics import cohen_kappa_score


def agreement(a, b):
    """Agreement of two lists of predictions: Cohen's kappa of strings, concordance of numbers.

    Parameters
    ----------
    a, b : lists of n strings, of n numbers or of n lists of m numbers

    Returns
    -------
    agreement : float, at most 1

    Raises
    ------
    ValueError
        If they are not of the same length.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(
            f"X_stop had {len(a)} rows and then {len(b)}, must be the same in all rounds."
        )
    if a.dtype.kind == "U":
        return cohen_kappa(a, b)
    return concordance(a.reshape(len(a), -1), b.reshape(len(b), -1))


def cohen_kappa(a, b):
    """Cohen's kappa, defined for a single label too.

    Parameters
    ----------
    a, b : arrays of strings of shape (n,)

    Returns
    -------
    kappa : float, at most 1
        0 if a single label occurs, where scikit-learn's is undefined: agreement cannot be
        distinguished from chance then.
    """
    if len(np.unique([a, b])) == 1:
        return 0.0
    return float(cohen_kappa_score(a, b))


def concordance(a, b):
    """Lin's concordance: one minus the ratio of the mean squared difference to that by chance.

    The latter is expected if the numbers of one side are paired with those of the other at random.
    For integers this is Cohen's kappa with quadratic weights.

    Parameters
    ----------
    a, b : arrays of shape (n, m)

    Returns
    -------
    concordance : float, at most 1
        Mean over the m columns. A column in which a single number occurs counts as 0.

    References
    ----------
    Lin, "A Concordance Correlation Coefficient to Evaluate Reproducibility", Biometrics 45, 1989.
    """
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    by_chance = a.var(axis=0) + b.var(axis=0) + (mean_a - mean_b) ** 2  # (m,)
    squared = np.mean((a - b) ** 2, axis=0)
    # The variance of equal numbers can be positive by rounding, so they are compared themselves.
    varies = np.any(a != a[:1], axis=0) | np.any(b != a[:1], axis=0)
    ratio = np.divide(squared, by_chance, out=np.ones_like(squared), where=varies & (by_chance > 0))
    return float(np.mean(1 - ratio))
