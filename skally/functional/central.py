"""Rows that leave all others near to one of them."""

import numpy as np

from skally.functional.distances import squared_distance_to_mean, squared_norms
from skally.functional.selection import draw

N_TRIALS = 32  # rows drawn for each pick


def central_rows(Z, nearest_squared, k, weight, rng):
    """Greedy k-means++ from the centres that are there: rows that leave all others near to one.

    Each pick is, of several rows drawn with probability proportional to their squared distance to
    the nearest centre, the one that as a centre leaves the smallest sum of these distances. Once
    no row has a distance above zero, those left are taken from the farthest of the first centres.
    (``sklearn.cluster.kmeans_plusplus`` does the same without centres to begin with.)

    Parameters
    ----------
    Z : array of shape (n, d)
    nearest_squared : array of shape (n,)
        Squared distance of each row to the nearest of the centres.
    k : int, at most n
    weight : float or array of shape (n,), not negative
        Factor of each row's squared distances.
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,)

    References
    ----------
    Arthur, Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007, section 6.
    """
    unit = squared_distance_to_mean(Z).mean() or 1.0
    Z = np.asarray((Z - Z.mean(axis=0)) / np.sqrt(unit), dtype=np.float32)
    norms = squared_norms(Z)
    # A row (-2 z, 1, |z|^2) times these columns is the weighted squared distance of each row to z.
    columns = np.vstack([Z.T, norms, np.ones_like(norms)]) * np.float32(weight)
    weighted = np.float32(nearest_squared / unit * weight)
    chosen = []
    while len(chosen) < k and weighted.any():
        drawn = draw(weighted, rng, N_TRIALS)
        of_drawn = np.column_stack([-2 * Z[drawn], np.ones_like(norms[drawn]), norms[drawn]])
        left = np.minimum(of_drawn @ columns, weighted)  # (N_TRIALS, n)
        best = np.argmin(left.sum(axis=1))
        chosen.append(drawn[best])
        weighted = np.maximum(left[best], 0.0)
        weighted[chosen[-1]] = 0.0  # whatever rounding leaves
    farthest = np.argsort(-nearest_squared, kind="stable")
    others = farthest[~np.isin(farthest, chosen)]
    return np.concatenate([chosen, others[: k - len(chosen)]]).astype(int)
