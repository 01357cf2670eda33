"""Which k rows together: plain functions on arrays."""

import warnings
from functools import reduce

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skally.linalg import (
    smallest_product,
    squared_distance,
    squared_distance_to_mean,
    squared_norms,
)
from skally.seeding import draw_seed


def top_k(utility, k, rng):
    """Positions of the k largest values, largest first, ties in random order.

    Parameters
    ----------
    utility : array of shape (n,)
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,)
    """
    return np.lexsort((rng.random_sample(len(utility)), -np.asarray(utility)))[:k]


def gumbel_top_k(log_weights, k, rng):
    """Positions of k rows drawn without replacement in proportion to their weights.

    Parameters
    ----------
    log_weights : array of shape (n,)
        Rows of weight zero, minus infinity, are drawn uniformly once no other is left.
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,), in the order drawn

    References
    ----------
    Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them", ICML 2019, 2.3.
    """
    return top_k(log_weights + rng.gumbel(size=len(log_weights)), k, rng)


def k_center(Z, gap, k):
    """Greedy k-center: each pick is the row farthest from all centres and earlier picks.

    Parameters
    ----------
    Z : array of shape (n, d)
    gap : array of shape (n,)
        Squared distance of each row to the nearest centre. Infinite where there is no centre: the
        first pick is then the row farthest from the mean of Z.
    k : int, at most n

    Returns
    -------
    chosen : int array of shape (k,)
    """
    first = None if np.isfinite(gap).all() else int(np.argmax(squared_distance_to_mean(Z)))
    return farthest_first((Z,), gap, k, first)


def farthest_first(spaces, gap, k, first=None):
    """Each pick is the row of largest gap; then no gap exceeds the distance to that pick.

    Gaps only shrink, so for most picks it is enough to look at a front, the rows whose gaps were
    the largest. Once its largest is below that of the others, all gaps are brought up to date by
    one matrix product. The picks are those of the plain algorithm.

    Parameters
    ----------
    spaces : sequence of arrays of shape (n, d), each with its own d
        A distance is the product of the squared distances in each of them.
    gap : array of shape (n,)
        Distance to the nearest centre.
    k : int, at most n
    first : int or None
        The first pick. None means the row of largest gap.

    Returns
    -------
    chosen : int array of shape (k,)
    """
    n, chosen = len(gap), [] if first is None else [first]
    n_rest, new = n - min(n, max(512, n // 32)), chosen
    while len(chosen) < k:
        if new:
            gap = np.minimum(gap, smallest_product(spaces, [Z[new] for Z in spaces]))
            gap[chosen] = -1  # behind every other row, duplicates too
        order = np.argpartition(gap, n_rest) if n_rest else np.arange(n)
        front = np.sort(order[n_rest:])
        beyond = gap[order[:n_rest]].max(initial=-1)
        new = climb([Z[front] for Z in spaces], gap[front], k - len(chosen), beyond)
        new = front[new].tolist()
        chosen += new
    return np.array(chosen)


def climb(spaces, gap, k, beyond):
    """Up to k picks of :func:`farthest_first` among few rows, while none beyond them has more."""
    spaces = [Z - Z.mean(axis=0) for Z in spaces]
    norms, chosen = [squared_norms(Z) for Z in spaces], []
    while len(chosen) < k:
        c = int(np.argmax(gap))
        if gap[c] < max(beyond, 0):  # negative once all of them are chosen
            break
        chosen.append(c)
        steps = [squared_distance(Z, norm, c) for Z, norm in zip(spaces, norms, strict=True)]
        gap = np.minimum(gap, reduce(np.multiply, steps))
        gap[chosen] = -1
    return chosen


def kmeans(Z, n_clusters, rng):
    """Clusters by Lloyd's algorithm from random rows.

    With a cluster for each query, choosing the start by k-means++ would cost more than all
    iterations from random rows. After ten of them the inertia is within 0.1 % of its end on normal
    mixtures of 20,000 rows and 100 or 1,000 clusters; mini batches end 1 to 4 % above.

    Parameters
    ----------
    Z : array of shape (n, d)
    n_clusters : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    kmeans : fitted sklearn.cluster.KMeans
    """
    model = KMeans(n_clusters, init="random", n_init=1, max_iter=10, random_state=draw_seed(rng))
    with warnings.catch_warnings():  # fewer distinct rows than clusters: callers allow for it
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(Z)


def kmeans_labels(Z, n_clusters, rng):
    """Cluster of each row by :func:`kmeans`, int array of shape (n,)."""
    return kmeans(Z, n_clusters, rng).labels_


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
