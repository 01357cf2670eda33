"""Rows that stand for the rows around them: plain functions on arrays."""

import numpy as np

from skally.functional.clustering import in_turns
from skally.functional.distances import (
    count_similar,
    distance_tiles,
    mean_neighbor_distance,
    squared_norms,
)


def unit_rows(Z):
    """Rows of Z divided by their length, (n, d); rows of zeros stay."""
    length = np.sqrt(squared_norms(Z))[:, None]
    return Z / np.where(length > 0, length, 1)


def pure_radius(Z, labels, purity, rng, n_rows=1000):
    """Largest radius at which balls around most rows hold rows of one label only.

    A ball is pure as long as its radius is below the distance to the nearest row of another label.
    So the radius sought is one of these distances, here of some rows drawn at random.

    Parameters
    ----------
    Z : array of shape (n, d)
    labels : int array of shape (n,)
    purity : float in [0, 1], share of the balls
    rng : numpy.random.RandomState
    n_rows : int, the number drawn

    Returns
    -------
    radius : float, infinite if all labels are the same
    """
    drawn = rng.permutation(len(Z))[:n_rows]
    enemy = np.full(len(drawn), np.inf)  # (n_rows,) squared distance to the nearest other label
    for rows, columns, gap in distance_tiles(Z[drawn], Z):
        gap[labels[drawn[rows]][:, None] == labels[columns]] = np.inf
        enemy[rows] = np.minimum(enemy[rows], gap.min(axis=1))
    # A little less than the distance of a pair, so that no rounding decides on which side it is.
    n_impure = int(round((1 - purity) * len(drawn), 9))
    return 0.999 * float(np.sqrt(np.sort(enemy)[min(n_impure, len(drawn) - 1)]))


def greedy_cover(Z, targets, radius, k, rng):
    """Each pick has the most targets in its ball that no ball before it has covered.

    No graph of neighbours is kept, which would be dense for a large radius: a target takes one
    product with Z when it is covered, so that all picks together cost at most what the first
    counts cost.

    Parameters
    ----------
    Z : array of shape (n, d), rows of length one
    targets : int array of shape (m,)
        The rows of Z to cover.
    radius : float
    k : int, at most n
    rng : numpy.random.RandomState
        Breaks ties.

    Returns
    -------
    chosen : int array of at most k rows, fewer once all targets are covered
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
    """Order in which clusters are asked for a row: fewest labelled rows, then most rows.

    Parameters
    ----------
    labels : int array of shape (n,), from 0
        Cluster of each unlabelled row.
    n_labeled : int array of shape (n_clusters,)
        Labelled rows of each cluster.
    least : int
        Smaller clusters come last.

    Returns
    -------
    rank : int array of shape (n_clusters,), 0 for the first
    """
    size = np.bincount(labels, minlength=len(n_labeled))
    order = np.lexsort((-size, n_labeled, size < least))
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    return rank


def most_typical(Z, labels, rank, k, n_neighbors):
    """Rows nearest to their neighbours in the same cluster, while clusters take turns.

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
    """Mean distance to the nearest rows of the same cluster, (n,); infinite in other clusters."""
    distance = np.full(len(Z), np.inf)
    for cluster in clusters:
        rows = np.flatnonzero(labels == cluster)
        distance[rows] = mean_neighbor_distance(Z[rows], n_neighbors)
    return distance
