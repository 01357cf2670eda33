"""Distances and products by chunks and factors: no array of n x L or n x C x d floats is built."""

from functools import reduce

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min


def blocks(n, size=1024):
    """Slices of at most ``size`` rows, n rows together."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def take_from(parts, rows):
    """Rows of several arrays, numbered as if they were one; None means all.

    Parameters
    ----------
    parts : sequence of arrays of shape (n_i, d)
    rows : ascending int array of shape (m,), or None

    Returns
    -------
    Z : array of shape (m, d), the array itself for all rows of a single one
    """
    if rows is None:
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    stops = np.cumsum([len(part) for part in parts])
    split = np.split(rows, np.searchsorted(rows, stops[:-1]))
    starts = stops - [len(part) for part in parts]
    return np.concatenate([Z[i - start] for Z, i, start in zip(parts, split, starts, strict=True)])


def squared_distance(Z, origin, norms, c):
    """Squared distance of every row of Z to one row.

    Parameters
    ----------
    Z : array of shape (n, d)
    origin : array of shape (d,)
        The nearer to the rows, the fewer digits are lost. Z itself is not shifted, nor copied.
    norms : array of shape (n,), squared distances of Z's rows to the origin
    c : int, the row

    Returns
    -------
    gap : array of shape (n,), not negative
    """
    step = Z[c] - origin
    return np.maximum(norms - 2 * (Z @ step - origin @ step) + norms[c], 0)


def squared_norms(Z):
    """Squared length of each row of Z, (n,)."""
    return np.einsum("ij,ij->i", Z, Z)


def squared_distances(A, B):
    """Squared distance of every row of A to every row of B.

    Parameters
    ----------
    A : array of shape (n, d)
    B : array of shape (m, d), at least one row

    Returns
    -------
    gap : array of shape (n, m), not negative
    """
    origin = B.mean(axis=0)  # shorter rows, fewer digits lost in their products
    A, B = A - origin, B - origin
    left = np.column_stack([A, squared_norms(A), np.ones(len(A), A.dtype)])
    right = np.column_stack([-2 * B, np.ones(len(B), B.dtype), squared_norms(B)])
    gap = left @ right.T  # the norms within the product: no second and third pass over the result
    return np.maximum(gap, 0, out=gap)


def distance_tiles(A, B):
    """Squared distances of every row of A to every row of B, a tile at a time.

    Parameters
    ----------
    A : array of shape (n, d)
    B : array of shape (m, d)

    Yields
    ------
    rows, columns : slices
    gap : array of shape (n_rows, n_columns), not negative
    """
    for rows in blocks(len(A)):
        for columns in blocks(len(B)):
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
    return smallest_product((Z,), (centers,))


def smallest_product(spaces, centers):
    """Product of the squared distances to one centre in several spaces, for the best centre.

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
    for tiles in zip(*map(distance_tiles, spaces, centers), strict=True):
        rows = tiles[0][0]
        product = reduce(np.multiply, [gap for _, _, gap in tiles])
        smallest[rows] = np.minimum(smallest[rows], product.min(axis=1))
    return smallest


def squared_distance_to_mean(Z):
    """Squared distance of every row of Z to their mean, (n,)."""
    return squared_distance_to_nearest(Z, Z.mean(axis=0, keepdims=True))


def count_similar(Z, targets, least):
    """Number of targets whose inner product with a row is large enough.

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
    for columns in blocks(len(targets)):
        for rows in blocks(len(Z)):
            count[rows] += np.count_nonzero(Z[rows] @ targets[columns].T >= least, axis=1)
    return count


def mean_neighbor_distance(Z, n_neighbors):
    """Mean distance of each row to the rows nearest to it, itself not counted.

    Parameters
    ----------
    Z : array of shape (n, d)
    n_neighbors : int
        All other rows where there are fewer.

    Returns
    -------
    distance : array of shape (n,), zero if there is no other row
    """
    n_neighbors = max(0, min(n_neighbors, len(Z) - 1))
    nearest = np.full((len(Z), n_neighbors), np.inf, dtype=Z.dtype)
    for rows, columns, gap in distance_tiles(Z, Z) if n_neighbors else ():
        if rows == columns:
            np.fill_diagonal(gap, np.inf)
        known = np.hstack([nearest[rows], gap])
        nearest[rows] = np.partition(known, n_neighbors - 1, axis=1)[:, :n_neighbors]
    return np.sqrt(nearest).sum(axis=1) / max(1, n_neighbors)


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
