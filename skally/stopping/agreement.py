"""How far two sets of predictions of the same rows agree beyond chance."""

import numpy as np
from sklearn.metrics import cohen_kappa_score


def cohen_kappa(a, b):
    """Cohen's kappa, as scikit-learn's, of labels of any type, and of one label alone.

    Parameters
    ----------
    a, b : arrays of shape (n,)
        Labels of any one type.

    Returns
    -------
    kappa : float, at most 1
        0 where only one label occurs: nothing is to be told from chance then.
    """
    labels, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    if len(labels) == 1:
        return 0.0
    return float(cohen_kappa_score(*codes.reshape(2, -1)))


def concordance(a, b):
    """Lin's concordance: one minus the mean squared difference, over that expected by chance.

    By chance means: the numbers of one side are paired with those of the other at random. On whole
    numbers this is Cohen's kappa with quadratic weights.

    Parameters
    ----------
    a, b : arrays of shape (n, m)

    Returns
    -------
    concordance : float, at most 1
        Mean over the m columns; a column in which only one number occurs counts as 0.

    References
    ----------
    Lin, "A Concordance Correlation Coefficient to Evaluate Reproducibility", Biometrics 45, 1989.
    """
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    by_chance = a.var(axis=0) + b.var(axis=0) + (mean_a - mean_b) ** 2  # (m,)
    varies = np.any(a != a[:1], axis=0) | np.any(b != a[:1], axis=0)  # variance may round to > 0
    gap = np.mean((a - b) ** 2, axis=0)
    ratio = np.divide(gap, by_chance, out=np.ones_like(gap), where=varies & (by_chance > 0))
    return float(np.mean(1 - ratio))
