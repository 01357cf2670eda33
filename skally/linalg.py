"""Distances by chunks: no array of n x L floats is ever built."""

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min


def squared_distance(Z, norms, c):
    """Squared distance of every row of Z to one row.

    Parameters
    ----------
    Z : array of shape (n, d)
    norms : array of shape (n,), squared lengths of Z's rows
    c : int, the row

    Returns
    -------
    gap : array of shape (n,), not negative
    """
    return np.maximum(norms - 2 * (Z @ Z[c]) + norms[c], 0)


def squared_distance_to_nearest(Z, centers):
    """Squared distance of every row of Z to the nearest centre.

    Parameters
    ----------
    Z : array of shape (n, d)
    centers : array of shape (m, d)
        With m == 0 every distance is infinite.

    Returns
    -------
    gap : array of shape (n,)
    """
    if len(centers) == 0:
        return np.full(len(Z), np.inf)
    return pairwise_distances_argmin_min(Z, centers, metric="sqeuclidean")[1]
