"""Distances and products by chunks and factors: no array of n x L or n x C x d floats is built."""

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


def nearest(Z, centers):
    """Nearest centre of every row of Z, and its squared distance.

    Parameters
    ----------
    Z : array of shape (n, d)
    centers : array of shape (m, d), m >= 1

    Returns
    -------
    label : int array of shape (n,)
    gap : array of shape (n,)
    """
    return pairwise_distances_argmin_min(Z, centers, metric="sqeuclidean")


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
    return nearest(Z, centers)[1]


def factored_norms(q, h):
    """Squared length of every row q_i (x) h_i.

    Parameters
    ----------
    q : array of shape (n, C)
    h : array of shape (n, d)

    Returns
    -------
    norms : array of shape (n,)
    """
    return np.einsum("ij,ij->i", q, q) * np.einsum("ij,ij->i", h, h)


def factored_squared_distance(q, h, norms, c):
    """Squared distance of every row q_i (x) h_i to one row, in O(n (C + d)).

    Parameters
    ----------
    q : array of shape (n, C)
    h : array of shape (n, d)
    norms : array of shape (n,), as by :func:`factored_norms`
    c : int, the row

    Returns
    -------
    gap : array of shape (n,), not negative
    """
    return np.maximum(norms - 2 * (q @ q[c]) * (h @ h[c]) + norms[c], 0)
