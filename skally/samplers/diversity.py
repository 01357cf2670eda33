"""Samplers that cover the pool."""

import numbers

import numpy as np

from skally.functional.clustering import in_turns, kmeans
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

    Needs no fitted estimator: without one the columns of X are the features.

    Parameters
    ----------
    random_state : None, int or RandomState
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
        gap = pool.labeled_distance
        return gap if np.isfinite(gap).all() else squared_distance_to_mean(pool.features)

    def select(self, pool, utility, k, rng):
        return k_center(pool.features, pool.labeled_distance, k)


class KMeansSampler(BaseSampler):
    """Row nearest to each of k cluster centres of the pool.

    No row is worth more than another by itself, so that its ablation is random sampling. Composed
    with another utility it takes the best row of each cluster. Needs no fitted estimator: without
    one the columns of X are the features.

    Parameters
    ----------
    random_state : None, int or RandomState

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
        centers, labels = kmeans([pool.features], k, rng)
        gap = squared_distance_to_nearest(pool.features, centers)
        return in_turns(np.lexsort((gap, -utility)), labels)[:k]


class TypiClustSampler(BaseSampler):
    """Most typical row of each cluster that has no labels yet: for the first, small batches.

    Pool and labelled samples fall into as many clusters as there are labelled and queried samples.
    Those with the fewest labels come first, among them the largest, and each gives its row of the
    least mean distance to its neighbours. Needs no fitted estimator: without one the columns of X
    are the features.

    Parameters
    ----------
    n_neighbors : int
        Neighbours in the same cluster that say how typical a row is.
    max_clusters : int
    random_state : None, int or RandomState

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
        return 1 / (1 + distance) - rank[labels]  # from (0, 1]: never before an earlier cluster

    def select(self, pool, utility, k, rng):
        labels, rank = self._cluster(pool, k, rng)
        return most_typical(pool.features, labels, rank, k, self.n_neighbors)

    def _cluster(self, pool, k, rng):
        """Cluster of each row of the pool, and the place of each cluster in the order."""
        for name in ("n_neighbors", "max_clusters"):
            check_number(name, getattr(self, name), numbers.Integral, 1)
        Z, known = pool.features, pool.labeled_features
        n_clusters = min(len(known) + k, self.max_clusters, len(known) + len(Z))
        _, labels = kmeans([known, Z], n_clusters, rng)
        n_labeled = np.bincount(labels[: len(known)], minlength=n_clusters)
        return labels[len(known) :], rank_clusters(labels[len(known) :], n_labeled)


class ProbCoverSampler(BaseSampler):
    """Rows whose balls cover most of the pool that no ball of a labelled sample covers.

    Features are scaled to length one. Once the whole pool is covered, the rows farthest from what
    was chosen follow. Needs no fitted estimator: without one the columns of X are the features.

    Parameters
    ----------
    delta : float or None
        Radius of the balls. None means the largest at which 95 % of the balls hold rows of one
        cluster only, among ``n_classes`` clusters.
    n_classes : int or None
        None means the number of classes that the estimator knows, 10 where it knows none.
    n_targets : int
        Rows that are to be covered, drawn at random from a larger pool. Time grows with their
        number times that of the pool; memory does not depend on it.
    random_state : None, int or RandomState

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
        centers = np.concatenate([unit_rows(pool.labeled_features), Z[chosen]])
        gap = squared_distance_to_nearest(Z, centers)
        gap[chosen] = -1
        return np.concatenate([chosen, farthest_first((Z,), gap, k - len(chosen))])

    def _radius(self, pool, Z, rng):
        if self.delta is not None:
            if not 0 < self.delta < np.inf:
                raise ValueError(f"delta == {self.delta!r}, must be None or a finite number > 0.")
            return self.delta
        known = 10 if pool.n_classes is None else pool.n_classes
        n_classes = known if self.n_classes is None else self.n_classes
        check_number("n_classes", n_classes, numbers.Integral, 1)
        _, labels = kmeans([Z], min(n_classes, len(Z)), rng, init="k-means++")
        return min(pure_radius(Z, labels, 0.95, rng), 2.0)  # no unit rows are farther apart

    def _uncovered(self, pool, Z, radius, rng):
        """Rows to cover that are outside the balls of the labelled samples and have a direction."""
        check_number("n_targets", self.n_targets, numbers.Integral, 1)
        targets = np.sort(rng.permutation(len(Z))[: self.n_targets])
        gap = squared_distance_to_nearest(Z[targets], unit_rows(pool.labeled_features))
        return targets[(gap > radius**2) & Z[targets].any(axis=1)]
