"""Clusters, and which k rows to take from them: plain functions on arrays."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skally.functional.distances import (
    nearest,
    squared_distance,
    squared_distance_to_mean,
    take_from,
)
from skally.functional.selection import top_k
from skally.utils.random import draw_seed

# Rows that Lloyd's algorithm looks at, for each cluster and at least.
ROWS_PER_CLUSTER, LEAST_ROWS = 256, 20_000


def kmeans(parts, n_clusters, rng, init="random"):
    """Clusters by Lloyd's algorithm.

    With a cluster for each query, choosing the start by k-means++ would cost more than all
    iterations from random rows, of which ten are enough to keep queries apart. Of many rows a
    random part is looked at: in ``tests/benchmarks/kmeans.py`` that costs less than 1 % of inertia.

    Parameters
    ----------
    parts : sequence of arrays of shape (n_i, d), n rows together
        They are clustered as one.
    n_clusters : int, at most n
    rng : numpy.random.RandomState
    init : "random" or "k-means++"
        The latter for few clusters, where it is cheap and a bad start would show.

    Returns
    -------
    centers : array of shape (n_clusters, d)
    labels : int array of shape (n,)
    """
    n, n_drawn = sum(map(len, parts)), max(ROWS_PER_CLUSTER * n_clusters, LEAST_ROWS)
    rows = None if n <= n_drawn else np.sort(rng.permutation(n)[:n_drawn])
    model = KMeans(
        n_clusters,
        init=init,
        n_init=1,
        max_iter=10,
        copy_x=rows is None,  # rows that are drawn are a copy
        random_state=draw_seed(rng),
    )
    with warnings.catch_warnings():  # fewer distinct rows than clusters: callers allow for it
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(take_from(parts, rows))
    if rows is None:
        return model.cluster_centers_, model.labels_
    labels = [nearest(part, model.cluster_centers_)[0] for part in parts if len(part)]
    return model.cluster_centers_, np.concatenate(labels)


def best_per_cluster(utility, labels, k, rng):
    """Rows of largest utility, in equal shares from each cluster.

    Rows are taken in rounds: the best of every cluster, then the second best of every cluster,
    and so on. In the last round the clusters whose candidate has the larger utility win. A cluster
    that runs short leaves its share to the others.

    Parameters
    ----------
    utility : array of shape (n,)
    labels : int array of shape (n,)
    k : int, at most n
    rng : numpy.random.RandomState
        Breaks ties.

    Returns
    -------
    chosen : int array of shape (k,), largest utility first within each round
    """
    return in_turns(top_k(utility, len(utility), rng), labels)[:k]


def in_turns(order, labels):
    """Rows in an order in which clusters take turns: their first rows, their second rows, ...

    Parameters
    ----------
    order : int array of shape (n,)
        Rows in the order that holds within each cluster and within each round.
    labels : int array of shape (n,), the cluster of each row

    Returns
    -------
    order : int array of shape (n,)
    """
    by_cluster = np.argsort(labels[order], kind="stable")
    size = np.unique(labels, return_counts=True)[1]
    starts = np.repeat(np.cumsum(size) - size, size)
    turn = np.empty(len(order), dtype=int)
    turn[by_cluster] = np.arange(len(order)) - starts  # (n,) rank of a row in its own cluster
    return order[np.argsort(turn, kind="stable")]


def largest_cluster(Z, label, gap, k, weight=1.0):
    """Each pick is the row farthest from the centre of the heaviest cluster, and a new centre.

    A cluster weighs the sum of its rows' squared distances to its centre.

    Parameters
    ----------
    Z : array of shape (n, d)
    label : int array of shape (n,)
        Nearest centre of each row.
    gap : array of shape (n,)
        Squared distance to it.
    k : int, at most n
    weight : float or array of shape (n,), not negative
        Factor of each row's squared distances.

    Returns
    -------
    chosen : int array of shape (k,)

    References
    ----------
    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023, section 4.3.8.
    """
    around_mean = Z, Z.mean(axis=0), squared_distance_to_mean(Z)
    label, gap = label.copy(), gap * weight
    first_new = label.max() + 1
    chosen = []
    while len(chosen) < k:
        heaviest = np.argmax(np.bincount(label, weights=gap))
        score = np.where(label == heaviest, gap, -1.0)
        score[chosen] = -2.0  # behind every other row, duplicates too
        chosen.append(int(np.argmax(score)))
        to_new = squared_distance(*around_mean, chosen[-1]) * weight
        label[to_new < gap] = first_new + len(chosen) - 1
        gap = np.minimum(gap, to_new)
    return np.array(chosen)
