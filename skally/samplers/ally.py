"""ALLY: samplers that predict the dual variables of the pool."""

import numbers

import numpy as np

from skally.functional.clustering import best_per_cluster, kmeans, largest_cluster
from skally.functional.selection import kmeans_plusplus
from skally.nets.heads import DualRegressor
from skally.pool.duals import duals_to_learn
from skally.samplers.head import HeadSampler


class ALLYSampler(HeadSampler):
    """Largest predicted dual in each cluster of the embedding.

    Where the duals of the training samples are all zero, as with a large ``epsilon``, or all alike,
    nothing can be predicted from them, and a warning says so.

    Parameters
    ----------
    n_clusters : int or None
        Clusters of the pool's embedding. None means as many as are queried. Unused for
        ``diversity="kmeans++"``.
    regressor : scikit-learn regressor or None
        Learns the duals from the embedding. None means :class:`skally.DualRegressor`.
    max_dual : float or None
        Cap on the duals that the regressor learns from. The largest duals often belong to wrong
        labels; a cap keeps the sampler from choosing more rows like them.
    diversity : "kmeans" or "kmeans++"
        How the batch is made diverse. "kmeans" is the paper's way. "kmeans++" draws rows one by
        one, by the squared distance of (embedding times predicted dual) to the rows drawn before.
    random_state : None, int or RandomState

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, Algorithm 2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ALLYSampler, ConstrainedNetRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0).fit(X[:100], y[:100])
    >>> ALLYSampler(random_state=0).query(net, X[100:], n_instances=5).shape
    (5,)
    """

    def __init__(
        self,
        n_clusters=None,
        regressor=None,
        max_dual=None,
        *,
        diversity="kmeans",
        random_state=None,
    ):
        super().__init__(random_state=random_state)
        self.n_clusters = n_clusters
        self.regressor = regressor
        self.max_dual = max_dual
        self.diversity = diversity

    def head(self):
        return DualRegressor() if self.regressor is None else self.regressor

    def training_data(self, pool):
        self._check_parameters()
        return duals_to_learn(pool, self.max_dual)

    def select(self, pool, utility, k, rng):
        self._check_parameters()
        if self.diversity == "kmeans++":
            return kmeans_plusplus(np.maximum(utility, 0.0)[:, None], pool.embedding, k, rng)
        n_clusters = min(k if self.n_clusters is None else self.n_clusters, len(pool))
        _, labels = kmeans([pool.embedding], n_clusters, rng)
        return best_per_cluster(utility, labels, k, rng)

    def _check_parameters(self):
        k = self.n_clusters
        if k is not None and (not isinstance(k, numbers.Integral) or k < 1):
            raise ValueError(f"n_clusters == {k!r}, must be None or an integer >= 1.")
        if self.diversity not in ("kmeans", "kmeans++"):
            raise ValueError(f"diversity == {self.diversity!r}, must be 'kmeans' or 'kmeans++'.")
        check_max_dual(self.max_dual)


class DualLCMDSampler(HeadSampler):
    """Rows of large predicted dual, far from all labelled ones, where many such rows are.

    The same as :class:`skally.LCMDSampler` on the embedding, but each row's squared distances are
    multiplied by its predicted dual plus the mean predicted dual of the pool. The utility is the
    predicted dual. A warning says where the duals are all alike, as for :class:`ALLYSampler`.

    Parameters
    ----------
    regressor : scikit-learn regressor or None
        Learns the duals from the embedding. None means :class:`skally.DualRegressor`.
    max_dual : float or None
        Cap on the duals that the regressor learns from.
    random_state : None, int or RandomState

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, for the duals.

    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023, for largest cluster, maximum distance. Weighting one
    by the other is ours.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ConstrainedNetRegressor, DualLCMDSampler
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0).fit(X[:100], y[:100])
    >>> DualLCMDSampler(random_state=0).query(net, X[100:], n_instances=5).shape
    (5,)
    """

    def __init__(self, regressor=None, max_dual=None, *, random_state=None):
        super().__init__(random_state=random_state)
        self.regressor = regressor
        self.max_dual = max_dual

    def head(self):
        return DualRegressor() if self.regressor is None else self.regressor

    def training_data(self, pool):
        check_max_dual(self.max_dual)
        return duals_to_learn(pool, self.max_dual)

    def select(self, pool, utility, k, rng):
        check_max_dual(self.max_dual)
        dual = np.maximum(utility, 0.0)
        weight = dual + dual.mean() if dual.any() else 1.0
        return largest_cluster(pool.embedding, *pool.nearest_labeled, k, weight)


def check_max_dual(max_dual):
    """Raise unless it is None or more than 0."""
    if max_dual is not None and not max_dual > 0:
        raise ValueError(f"max_dual == {max_dual!r}, must be None or > 0.")
