"""Samplers that spread their rows over the pool: k-center, k-means, typicality, coverage."""

import numbers

import numpy as np

from skally.functional.clustering import kmeans, nearest_to_centers
from skally.functional.coverage import (
    greedy_cover,
    most_typical,
    neighbor_distances,
    pure_radius,
    rank_clusters,
    unit_rows,
)
from skally.functional.distances import (
    count_similar,
    squared_distance_to_mean,
    squared_distance_to_nearest,
)
from skally.functional.selection import farthest_first, k_center
from skally.samplers.base import BaseSampler
from skally.utils.validation import check_number


class CoreSetSampler(BaseSampler):
    """Rows that leave no row of the pool far from a labelled one: greedy k-center.

    Each pick is the row farthest from all labelled rows and earlier picks. Needs no fitted
    estimator: without one the columns of X are the features.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        Unused: the picks are deterministic.

    References
    ----------
    Sener, Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    ICLR 2018, Algorithm 1.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skally import CoreSetSampler
    >>> X, y = [[0.0], [1.0]], [0.0, 1.0]
    >>> model = LinearRegression().fit(X, y)
    >>> CoreSetSampler().query(model, [[0.5], [9.0], [4.0]], n_instances=2, X=X)
    array([1, 2])
    """

    uses_utility = False

    def utility(self, pool, rng):
        to_labeled = pool.squared_distance_to_labeled
        return to_labeled if len(pool.labeled.features) else squared_distance_to_mean(pool.features)

    def select(self, pool, utility, k, rng):
        return k_center(pool.features, pool.squared_distance_to_labeled, k)


class KMeansSampler(BaseSampler):
    """Row nearest to each of k cluster centres of the pool.

    The utilities are all equal, so that the same sampler without its selection is random sampling.
    Composed with another utility it takes the row of largest utility from each cluster. Needs no
    fitted estimator: without one the columns of X are the features.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None

    References
    ----------
    Zhdanov, "Diverse Mini-Batch Active Learning", arXiv 1901.05954, 2019, without weights.

    Examples
    --------
    >>> from skally import KMeansSampler
    >>> X_pool = [[0.0], [0.1], [0.2], [8.0], [9.0], [10.0]]
    >>> sorted(KMeansSampler(random_state=0).query(None, X_pool, n_instances=2).tolist())
    [1, 4]
    """

    def select(self, pool, utility, k, rng):
        return nearest_to_centers(pool.features, utility, k, rng)


class TypiClustSampler(BaseSampler):
    """Most typical row of each cluster without labels: for the first, small batches.

    The pool and the labelled samples are clustered together, into as many clusters as there are
    labelled and queried samples. Clusters are taken in the order of the fewest labels and, among
    these, of the largest size. From each comes the row whose mean distance to its nearest
    neighbours is the least. Needs no fitted estimator: without one the columns of X are the
    features.

    Parameters
    ----------
    n_neighbors : int, default=20
        Number of neighbours, in the same cluster, whose mean distance is taken.
    max_clusters : int, default=500
        Largest number of clusters.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Hacohen, Dekel, Weinshall, "Active Learning on a Budget: Opposite Strategies Suit High and Low
    Budgets", ICML 2022, Algorithm 1.

    Examples
    --------
    >>> from skally import TypiClustSampler
    >>> X_pool = [[0.0], [0.1], [0.2], [8.0], [9.0], [10.0]]
    >>> sorted(TypiClustSampler(random_state=0).query(None, X_pool, n_instances=2).tolist())
    [1, 4]
    """

    uses_utility = False

    def __init__(self, n_neighbors=20, max_clusters=500, *, random_state=None):
        super().__init__(random_state=random_state)
        self.n_neighbors = n_neighbors
        self.max_clusters = max_clusters

    def utility(self, pool, rng):
        labels, rank = self._cluster(pool, 1, rng)
        distance = neighbor_distances(pool.features, labels, range(len(rank)), self.n_neighbors)
        # at most 1, and more than 0: rows of an earlier cluster come first
        typicality = 1 / (1 + distance)
        return typicality - rank[labels]

    def select(self, pool, utility, k, rng):
        labels, rank = self._cluster(pool, k, rng)
        return most_typical(pool.features, labels, rank, k, self.n_neighbors)

    def _cluster(self, pool, k, rng):
        """Cluster of each row of the pool (n_pool,), and rank of each cluster (n_clusters,)."""
        for name in ("n_neighbors", "max_clusters"):
            check_number(name, getattr(self, name), numbers.Integral, 1)
        Z, Z_labeled = pool.features, pool.labeled.features
        n_labeled = len(Z_labeled)
        n_clusters = min(n_labeled + k, self.max_clusters, n_labeled + len(Z))
        _, labels = kmeans([Z_labeled, Z], n_clusters, rng)
        per_cluster = np.bincount(labels[:n_labeled], minlength=n_clusters)
        return labels[n_labeled:], rank_clusters(labels[n_labeled:], per_cluster)


class ProbCoverSampler(BaseSampler):
    """Rows with the most uncovered rows around them: probability coverage.

    A row covers the ball of radius ``delta`` around it, and labelled samples cover theirs. Each
    pick is the row whose ball has the most rows that nothing covers yet. Features are scaled to
    length one. Once the whole pool is covered, the rows farthest from all labelled and chosen ones
    follow. Needs no fitted estimator: without one the columns of X are the features.

    Parameters
    ----------
    delta : float or None, default=None
        Radius of the balls. None means the largest radius at which 95 % of the balls hold rows of
        a single cluster, among ``n_classes`` clusters.
    n_classes : int or None, default=None
        None means the number of classes that the estimator knows, 10 where it knows none.
    n_targets : int, default=20000
        Number of rows that are to be covered, drawn at random from a larger pool. Time is
        proportional to it times the size of the pool; memory does not depend on it.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Yehuda, Dekel, Hacohen, Weinshall, "Active Learning Through a Covering Lens", NeurIPS 2022,
    Algorithm 1 and Section 3.3.

    Examples
    --------
    >>> from skally import ProbCoverSampler
    >>> X_pool = [[0.0, 1.0], [0.1, 1.0], [0.2, 1.0], [1.0, 0.0], [1.0, 0.1]]
    >>> ProbCoverSampler(delta=0.15, random_state=0).query(None, X_pool, n_instances=2)
    array([1, 3])
    """

    uses_utility = False

    def __init__(self, delta=None, n_classes=None, n_targets=20_000, *, random_state=None):
        super().__init__(random_state=random_state)
        self.delta = delta
        self.n_classes = n_classes
        self.n_targets = n_targets

    def utility(self, pool, rng):
        Z = unit_rows(pool.features)
        radius = self._radius(pool, Z, rng)
        targets = self._uncovered(pool, Z, radius, rng)
        return count_similar(Z, Z[targets], 1 - radius**2 / 2).astype(float)

    def select(self, pool, utility, k, rng):
        Z = unit_rows(pool.features)
        radius = self._radius(pool, Z, rng)
        chosen = greedy_cover(Z, self._uncovered(pool, Z, radius, rng), radius, k, rng)
        if len(chosen) == k:
            return chosen
        centers = np.concatenate([unit_rows(pool.labeled.features), Z[chosen]])
        to_nearest = squared_distance_to_nearest(Z, centers)
        to_nearest[chosen] = -1  # behind every other row
        return np.concatenate([chosen, farthest_first((Z,), to_nearest, k - len(chosen))])

    def _radius(self, pool, Z, rng):
        if self.delta is not None:
            if not 0 < self.delta < np.inf:
                raise ValueError(f"delta == {self.delta!r}, must be None or a finite number > 0.")
            return self.delta
        known = 10 if pool.n_classes is None else pool.n_classes
        n_classes = known if self.n_classes is None else self.n_classes
        check_number("n_classes", n_classes, numbers.Integral, 1)
        _, labels = kmeans([Z], min(n_classes, len(Z)), rng, init="k-means++")
        # no two rows of length one are farther apart than 2
        return min(pure_radius(Z, labels, 0.95, rng), 2.0)

    def _uncovered(self, pool, Z, radius, rng):
        """Positions of the rows that are to be covered and that no labelled sample covers.

        Rows of zeros, which cannot be scaled to length one, are left out.
        """
        check_number("n_targets", self.n_targets, numbers.Integral, 1)
        targets = np.sort(rng.permutation(len(Z))[: self.n_targets])
        to_labeled = squared_distance_to_nearest(Z[targets], unit_rows(pool.labeled.features))
        return targets[(to_labeled > radius**2) & Z[targets].any(axis=1)]
