"""Which k rows together: plain functions on arrays."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skally.linalg import factored_norms, factored_squared_distance, squared_distance
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
    Z = Z - Z.mean(axis=0)  # shorter rows, fewer digits lost in their products
    norms = np.einsum("ij,ij->i", Z, Z)
    chosen = [int(np.argmax(gap if np.isfinite(gap).all() else norms))]
    while len(chosen) < k:
        gap = np.minimum(gap, squared_distance(Z, norms, chosen[-1]))  # (n,) to nearest centre
        gap[chosen] = -1.0  # behind every other row, duplicates too
        chosen.append(int(np.argmax(gap)))
    return np.array(chosen)


def kmeans_labels(Z, n_clusters, rng):
    """Cluster of each row, by Lloyd's algorithm from random rows.

    With a cluster for each query, choosing the start by k-means++ would cost more than all
    iterations from random rows.

    Parameters
    ----------
    Z : array of shape (n, d)
    n_clusters : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    labels : int array of shape (n,)
    """
    kmeans = KMeans(n_clusters, init="random", n_init=1, max_iter=30, random_state=draw_seed(rng))
    with warnings.catch_warnings():  # fewer distinct rows than clusters: callers allow for it
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(Z).labels_


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
    order = top_k(utility, len(utility), rng)
    by_cluster = np.argsort(labels[order], kind="stable")  # best first within each cluster
    size = np.unique(labels, return_counts=True)[1]
    starts = np.repeat(np.cumsum(size) - size, size)
    turn = np.empty(len(order), dtype=int)
    turn[by_cluster] = np.arange(len(order)) - starts  # (n,) rank of a row in its own cluster
    return order[np.argsort(turn, kind="stable")[:k]]


def draw(weight, rng):
    """One position, with probability in proportion to its weight.

    Parameters
    ----------
    weight : array of shape (n,), not negative, not all zero
    rng : numpy.random.RandomState

    Returns
    -------
    position : int
    """
    bounds = np.cumsum(weight, dtype=np.float64)
    return int(np.searchsorted(bounds[:-1], rng.random_sample() * bounds[-1], side="right"))


def kmeans_plusplus(q, h, k, rng):
    """Rows q_i (x) h_i drawn by their squared distance to those already drawn, the longest first.

    Parameters
    ----------
    q : array of shape (n, C)
    h : array of shape (n, d)
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,)

    References
    ----------
    Arthur, Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007.
    """
    norms = factored_norms(q, h)
    chosen, gap = [int(np.argmax(norms))], np.inf
    rest = np.ones(len(h))
    while len(chosen) < k:
        rest[chosen[-1]] = 0.0
        gap = np.minimum(gap, factored_squared_distance(q, h, norms, chosen[-1]))
        weight = gap * rest  # (n,) squared distance to the nearest chosen row
        chosen.append(draw(weight if weight.any() else rest, rng))
    return np.array(chosen)


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
    Z = Z - Z.mean(axis=0)  # shorter rows, fewer digits lost in their products
    norms = np.einsum("ij,ij->i", Z, Z)
    label, gap = label.copy(), gap * weight
    first_new = label.max() + 1
    chosen = []
    while len(chosen) < k:
        heaviest = np.argmax(np.bincount(label, weights=gap))
        score = np.where(label == heaviest, gap, -1.0)
        score[chosen] = -2.0  # behind every other row, duplicates too
        chosen.append(int(np.argmax(score)))
        to_new = squared_distance(Z, norms, chosen[-1]) * weight
        label[to_new < gap] = first_new + len(chosen) - 1
        gap = np.minimum(gap, to_new)
    return np.array(chosen)
