"""Distances between rows, computed in chunks or from factors to keep memory at O(n)."""

from functools import reduce
from itertools import product

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches

TILE = 1024  # rows and columns of a block of distances


def take_from(parts, rows):
    """Rows of several arrays, numbered as if the arrays were stacked; None means all rows.

    Parameters
    ----------
    parts : sequence of arrays of shape (n_i, d)
    rows : ascending int array of shape (m,), or None

    Returns
    -------
    Z : array of shape (m, d)
        Not a copy where all rows of a single array are asked for.
    """
    if rows is None:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    stops = np.cumsum([len(part) for part in parts])
    split = np.split(rows, np.searchsorted(rows, stops[:-1]))
    starts = stops - [len(part) for part in parts]
    return np.concatenate([Z[i - start] for Z, i, start in zip(parts, split, starts, strict=True)])


def squared_distance(Z, origin, norms, c):
    """Squared distance of every row of Z to row c, by one matrix-vector product.

    Parameters
    ----------
    Z : array of shape (n, d)
        It is neither shifted nor copied.
    origin : array of shape (d,)
        Distances are differences of squared lengths measured from here. The closer it is to the
        rows, the smaller the rounding error.
    norms : array of shape (n,), squared distances of Z's rows to the origin
    c : int, position of a row of Z

    Returns
    -------
    squared : array of shape (n,), not negative
    """
    step = Z[c] - origin
    return np.maximum(norms - 2 * (Z @ step - origin @ step) + norms[c], 0)


def squared_norms(Z):
    """Squared length of each row of Z, (n,)."""
    return np.einsum("ij,ij->i", Z, Z)


def squared_distances(A, B):
    """Squared distance of every row of A to every row of B.

    In single precision this takes half the time of scikit-learn's ``euclidean_distances``, which
    computes in double precision and converts back, and a fifth of that of SciPy's ``cdist``.

    Parameters
    ----------
    A : array of shape (n, d)
    B : array of shape (m, d), at least one row

    Returns
    -------
    squared : array of shape (n, m), not negative
    """
    origin = B.mean(axis=0)  # shorter rows, smaller rounding errors of their products
    A, B = A - origin, B - origin
    left = np.column_stack([A, squared_norms(A), np.ones(len(A), A.dtype)])
    right = np.column_stack([-2 * B, np.ones(len(B), B.dtype), squared_norms(B)])
    squared = left @ right.T  # one product adds the norms too and saves two passes over the result
    return np.maximum(squared, 0, out=squared)


def tiles(n, m):
    """Pairs of slices, of rows and of columns, that divide an n x m array into tiles."""
    if n and m:  # gen_batches refuses 0
        yield from product(gen_batches(n, TILE), gen_batches(m, TILE))


def distance_tiles(A, B):
    """Squared distances of every row of A to every row of B, one tile after another.

    Parameters
    ----------
    A : array of shape (n, d)
    B : array of shape (m, d)

    Yields
    ------
    rows, columns : slices
    squared : array of shape (n_rows, n_columns), not negative
    """
    for rows, columns in tiles(len(A), len(B)):
        yield rows, columns, squared_distances(A[rows], B[columns])


def nearest(Z, centers):
    """Nearest centre of every row of Z, and its squared distance.

    Parameters
    ----------
    Z : array of shape (n, d)
    centers : array of shape (m, d), m >= 1

    Returns
    -------
    label : int array of shape (n,)
    nearest_squared : array of shape (n,)
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
    nearest_squared : array of shape (n,)
    """
    return smallest_product((Z,), (centers,))


def smallest_product(spaces, centers):
    """Smallest, over all centres, product of the squared distances to a centre in several spaces.

    Parameters
    ----------
    spaces : sequence of arrays of shape (n, d), each with its own d
    centers : sequence of arrays of shape (m, d)
        With m == 0 every product is infinite.

    Returns
    -------
    product : array of shape (n,)
    """
    smallest = np.full(len(spaces[0]), np.inf, dtype=np.result_type(*spaces))
    for of_spaces in zip(*map(distance_tiles, spaces, centers), strict=True):
        rows = of_spaces[0][0]
        multiplied = reduce(np.multiply, [squared for _, _, squared in of_spaces])
        smallest[rows] = np.minimum(smallest[rows], multiplied.min(axis=1))
    return smallest


def squared_distance_to_mean(Z):
    """Squared distance of every row of Z to their mean, (n,)."""
    return squared_distance_to_nearest(Z, Z.mean(axis=0, keepdims=True))


def count_similar(Z, targets, least):
    """Number of targets whose inner product with each row is at least ``least``.

    Parameters
    ----------
    Z : array of shape (n, d)
    targets : array of shape (m, d)
    least : float

    Returns
    -------
    count : int array of shape (n,)
    """
    count = np.zeros(len(Z), dtype=int)
    for rows, columns in tiles(len(Z), len(targets)):
        count[rows] += np.count_nonzero(Z[rows] @ targets[columns].T >= least, axis=1)
    return count


def mean_neighbor_distance(Z, n_neighbors):
    """Mean distance of each row to the rows nearest to it, itself not counted.

    Parameters
    ----------
    Z : array of shape (n, d)
    n_neighbors : int, at least 1
        All other rows where there are fewer.

    Returns
    -------
    distance : array of shape (n,), zero if there is no other row
    """
    if len(Z) < 2:
        return np.zeros(len(Z))
    neighbors = NearestNeighbors(n_neighbors=min(n_neighbors, len(Z) - 1), algorithm="brute")
    return neighbors.fit(Z).kneighbors()[0].mean(axis=1)


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
    return squared_norms(q) * squared_norms(h)


def factored_squared_distance(q, h, norms, c):
    """Squared distance of every row q_i (x) h_i to row c, in O(n (C + d)).

    Parameters
    ----------
    q : array of shape (n, C)
    h : array of shape (n, d)
    norms : array of shape (n,), as by :func:`factored_norms`
    c : int, position of a row

    Returns
    -------
    squared : array of shape (n,), not negative
    """
    return np.maximum(norms - 2 * (q @ q[c]) * (h @ h[c]) + norms[c], 0)
