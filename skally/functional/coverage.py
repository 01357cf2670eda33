"""Which rows represent the rows around them: balls that cover a set, and typical rows."""

import numpy as np
from sklearn.preprocessing import normalize

from skally.functional.clustering import in_turns
from skally.functional.distances import (
    count_similar,
    distance_tiles,
    mean_neighbor_distance,
)


def unit_rows(Z):
    """Rows of Z divided by their length, (n, d); rows of zeros stay."""
    return normalize(Z) if len(Z) else Z  # scikit-learn refuses an array without rows


def pure_radius(Z, labels, purity, rng, n_rows=1000):
    """Largest radius at which balls around most rows contain rows of one label only.

    A ball is pure as long as its radius is below the distance to the nearest row of another label,
    so the radius is a quantile of these distances. They are computed for a random sample of rows.

    Parameters
    ----------
    Z : array of shape (n, d)
    labels : int array of shape (n,)
    purity : float in [0, 1]
        Share of the balls that must be pure.
    rng : numpy.random.RandomState
    n_rows : int
        Size of the random sample.

    Returns
    -------
    radius : float, infinite if all labels are the same
    """
    drawn = rng.permutation(len(Z))[:n_rows]
    to_other = np.full(len(drawn), np.inf)  # (n_rows,) squared distance to the nearest other label
    for rows, columns, squared in distance_tiles(Z[drawn], Z):
        squared[labels[drawn[rows]][:, None] == labels[columns]] = np.inf
        to_other[rows] = np.minimum(to_other[rows], squared.min(axis=1))
    n_impure = int(round((1 - purity) * len(drawn), 9))
    # Slightly below the distance of a pair, so that rounding does not decide whether the ball
    # around one of them contains the other.
    return 0.999 * float(np.sqrt(np.sort(to_other)[min(n_impure, len(drawn) - 1)]))


def greedy_cover(Z, targets, radius, k, rng):
    """Greedy cover: each pick has the most targets in its ball that no earlier ball has covered.

    No graph of neighbours is kept, for it would be dense where the radius is large. Instead each
    target is compared with all rows of Z once more when it is covered, so that all picks together
    cost at most as much as counting the targets of every ball at the start.

    Parameters
    ----------
    Z : array of shape (n, d), rows of length one
    targets : int array of shape (m,)
        Positions in Z of the rows to cover.
    radius : float
    k : int, at most n
    rng : numpy.random.RandomState
        Breaks ties.

    Returns
    -------
    chosen : int array of shape (at most k,), fewer if these cover all targets
    """
    least, chosen = 1 - radius**2 / 2, []  # the inner product of unit rows at that distance
    T, covered = Z[targets], np.zeros(len(targets), dtype=bool)
    degree = count_similar(Z, T, least) + rng.random_sample(len(Z))
    while len(chosen) < k and not covered.all():
        chosen.append(int(np.argmax(degree)))
        near = T @ Z[chosen[-1]] >= least
        degree -= count_similar(Z, T[near & ~covered], least)
        degree[chosen] = -1
        covered |= near
    return np.array(chosen, dtype=int)


def rank_clusters(labels, n_labeled, least=5):
    """Order in which rows are picked from clusters: fewest labelled rows first, then most rows.

    Parameters
    ----------
    labels : int array of shape (n,), from 0
        Cluster of each unlabelled row.
    n_labeled : int array of shape (n_clusters,)
        Labelled rows of each cluster.
    least : int
        Clusters of fewer unlabelled rows come last.

    Returns
    -------
    rank : int array of shape (n_clusters,), 0 for the first
    """
    size = np.bincount(labels, minlength=len(n_labeled))
    return np.argsort(np.lexsort((-size, n_labeled, size < least)))  # the inverse of that order


def most_typical(Z, labels, rank, k, n_neighbors):
    """Rows in the densest part of their cluster, one from each cluster in turn.

    A row is typical if its mean distance to the nearest rows of its cluster is small.

    Parameters
    ----------
    Z : array of shape (n, d)
    labels : int array of shape (n,), from 0
    rank : int array of shape (n_clusters,), the order of the clusters
    k : int, at most n
    n_neighbors : int

    Returns
    -------
    chosen : int array of shape (k,)
    """
    distance = neighbor_distances(Z, labels, np.argsort(rank)[:k], n_neighbors)
    return in_turns(np.lexsort((distance, rank[labels])), labels)[:k]


def neighbor_distances(Z, labels, clusters, n_neighbors):
    """Mean distance to the nearest rows of the same cluster, (n,).

    It is computed for rows of the given clusters only, and infinite for the others.
    """
    distance = np.full(len(Z), np.inf)
    for cluster in clusters:
        rows = np.flatnonzero(labels == cluster)
        distance[rows] = mean_neighbor_distance(Z[rows], n_neighbors)
    return distance
