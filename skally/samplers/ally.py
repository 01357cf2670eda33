"""ALLY: the sampler that predicts the dual variables of the pool."""

import numbers

import numpy as np

from skally.functional.clustering import best_per_cluster, kmeans
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
    n_clusters : int or None, default=None
        Clusters of the pool's embedding. None means as many as are queried. Unused for
        ``diversity="kmeans++"``.
    regressor : scikit-learn regressor or None, default=None
        Learns the duals from the embedding. None means :class:`skally.DualRegressor`.
    max_dual : float or None, default=None
        Cap on the duals that the regressor learns from. The largest duals often belong to wrong
        labels; a cap keeps the sampler from choosing more rows like them.
    diversity : "kmeans" or "kmeans++", default="kmeans"
        How the batch is made diverse. "kmeans" is the paper's way. "kmeans++" draws rows one by
        one, by the squared distance of (embedding times predicted dual) to the rows drawn before.
    random_state : None, int or RandomState, default=None

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


def check_max_dual(max_dual):
    """Raise unless it is None or more than 0."""
    if max_dual is not None and not max_dual > 0:
        raise ValueError(f"max_dual == {max_dual!r}, must be None or > 0.")
