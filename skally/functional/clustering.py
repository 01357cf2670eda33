"""K-means for large pools, and rules that choose k rows from clusters."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skally.functional.distances import (
    nearest,
    squared_distance,
    squared_distance_to_mean,
    squared_distance_to_nearest,
    take_from,
)
from skally.functional.selection import top_k
from skally.utils.locks import warnings_ignored
from skally.utils.random import draw_seed

# Lloyd's algorithm runs on a random sample of so many rows for each cluster, and of no fewer than
# so many in all.
ROWS_PER_CLUSTER, LEAST_ROWS = 256, 20_000


def kmeans(parts, n_clusters, rng, init="random"):
    """Clusters by ten iterations of Lloyd's algorithm, on a random sample if there are many rows.

    Samplers ask for as many clusters as rows are queried. With so many, seeding by k-means++ would
    take longer than all iterations from random rows, and ten iterations are enough for clusters
    that only keep the queried rows apart. The sample costs less than 1 % of inertia
    (``tests/benchmarks/kmeans.py``).

    Parameters
    ----------
    parts : sequence of arrays of shape (n_i, d), n rows in all
        Clustered as if they were stacked.
    n_clusters : int, at most n
    rng : numpy.random.RandomState
    init : "random" or "k-means++"
        The latter is for few clusters, where it is cheap and a bad start would matter.

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
        copy_x=rows is None,  # a sample is a copy already
        random_state=draw_seed(rng),
    )
    with warnings_ignored(category=ConvergenceWarning):  # callers accept fewer distinct rows
        model.fit(take_from(parts, rows))
    if rows is None:
        return model.cluster_centers_, model.labels_
    labels = [nearest(part, model.cluster_centers_)[0] for part in parts if len(part)]
    return model.cluster_centers_, np.concatenate(labels)


def best_per_cluster(utility, labels, k, rng):
    """Rows of largest utility, in equal shares from each cluster.

    Rows are taken in rounds: the best of every cluster, then the second best of every cluster,
    and so on. Within a round, rows of larger utility come first, which decides where the last round
    ends. A cluster that has no rows left is skipped.

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
    """Reorder rows so that clusters take turns: first the first row of each, then the second.

    Parameters
    ----------
    order : int array of shape (n,)
        Rows in the order that is kept within each cluster and within each round.
    labels : int array of shape (n,), the cluster of each row

    Returns
    -------
    order : int array of shape (n,)
    """
    by_cluster = np.argsort(labels[order], kind="stable")
    size = np.unique(labels, return_counts=True)[1]
    starts = np.repeat(np.cumsum(size) - size, size)
    turn = np.empty(len(order), dtype=int)
    turn[by_cluster] = np.arange(len(order)) - starts  # (n,) rank of each row in its own cluster
    return order[np.argsort(turn, kind="stable")]


def as_weight(utility, power, offset=0.0):
    """Factors of squared distances from utilities: (u + offset * mean u) to a power.

    Parameters
    ----------
    utility : array of shape (n,)
        Negative ones count as zero. The units do not matter: they are divided by the largest.
    power, offset : float, not negative

    Returns
    -------
    weight : array of shape (n,), not negative
        Zero where the utility is minus infinity. All others are 1 if no utility is more than zero.
    """
    taken, worth = utility > -np.inf, np.maximum(utility, 0.0)
    if not worth.any():
        return taken.astype(float)
    worth = worth / worth.max()
    return np.where(taken, (worth + offset * worth.mean()) ** power, 0.0)


def geometric_mean(utilities):
    """Geometric mean of several utilities, (n,), each divided by its largest.

    Parameters
    ----------
    utilities : list of arrays of shape (n,)
        Negative values count as zero. One without a value above zero is left out. A row of minus
        infinity in any of them keeps it.
    """
    logs, lost = [], np.zeros(len(utilities[0]), dtype=bool)
    for utility in utilities:
        lost |= utility == -np.inf
        worth = np.maximum(utility, 0.0)
        if worth.any():
            with np.errstate(divide="ignore"):
                logs.append(np.log(worth / worth.max(), dtype=np.float64))
    mean = np.exp(np.mean(logs, axis=0)) if logs else np.zeros(len(lost))
    return np.where(lost, -np.inf, mean)


def nearest_to_centers(Z, utility, k, rng):
    """Rows nearest to the centres of k clusters, one from each in turn.

    Parameters
    ----------
    Z : array of shape (n, d)
    utility : array of shape (n,)
        Within a cluster rows of larger utility come first, and the nearest of equal ones.
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,)
    """
    centers, labels = kmeans([Z], k, rng)
    to_center = squared_distance_to_nearest(Z, centers)
    return in_turns(np.lexsort((to_center, -utility)), labels)[:k]


def largest_cluster(Z, label, nearest_squared, k, weight=1.0):
    """Largest cluster maximum distance: each pick is the farthest row of the largest cluster.

    The size of a cluster is the sum of its rows' squared distances to its centre. Each pick becomes
    the centre of a new cluster, which takes over the rows that are nearer to it.

    Parameters
    ----------
    Z : array of shape (n, d)
    label : int array of shape (n,)
        Nearest centre of each row.
    nearest_squared : array of shape (n,)
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
    label, weighted = label.copy(), nearest_squared * weight
    first_new = label.max() + 1
    chosen = []
    while len(chosen) < k:
        largest = np.argmax(np.bincount(label, weights=weighted))
        score = np.where(label == largest, weighted, -1.0)
        score[chosen] = -2.0  # behind every other row, duplicates too
        pick = int(np.argmax(score))
        chosen.append(pick)
        to_new = squared_distance(*around_mean, pick) * weight
        label[to_new < weighted] = first_new + len(chosen) - 1
        weighted = np.minimum(weighted, to_new)
    return np.array(chosen)
