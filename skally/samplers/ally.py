"""The sampler that dual variables are for."""

import numbers

import numpy as np

from skally.dual_regression import DualRegressor
from skally.samplers.base import BaseSampler
from skally.seeding import fresh
from skally.selection import best_per_cluster, kmeans_labels


class ALLYSampler(BaseSampler):
    """Largest predicted dual in each cluster of the embedding.

    Parameters
    ----------
    n_clusters : int or None
        Clusters of the pool's embedding. None means as many as are queried.
    regressor : scikit-learn regressor or None
        Learns the duals from the embedding. None means :class:`skally.DualRegressor`.
    max_dual : float or None
        Cap on the duals that the regressor learns from. The largest duals of all are often wrong
        labels: a cap keeps a noisy pool from being asked for more of them.
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

    def __init__(self, n_clusters=None, regressor=None, max_dual=None, *, random_state=None):
        super().__init__(random_state=random_state)
        self.n_clusters = n_clusters
        self.regressor = regressor
        self.max_dual = max_dual

    def utility(self, pool, rng):
        self._check_parameters()
        return np.mean([self._predict_duals(member, rng) for member in pool.members], axis=0)

    def select(self, pool, utility, k, rng):
        self._check_parameters()
        n_clusters = min(k if self.n_clusters is None else self.n_clusters, len(pool))
        labels = kmeans_labels(pool.embedding, n_clusters, rng)
        return best_per_cluster(utility, labels, k, rng)

    def _predict_duals(self, pool, rng):
        duals, Z = pool.dual_variables, pool.embedding  # both checked before any training
        regressor = fresh(DualRegressor() if self.regressor is None else self.regressor, rng)
        return regressor.fit(pool.train_embedding, np.minimum(duals, self._cap)).predict(Z)

    @property
    def _cap(self):
        return np.inf if self.max_dual is None else self.max_dual

    def _check_parameters(self):
        k = self.n_clusters
        if k is not None and (not isinstance(k, numbers.Integral) or k < 1):
            raise ValueError(f"n_clusters == {k!r}, must be None or an integer >= 1.")
        if not self._cap > 0:
            raise ValueError(f"max_dual == {self.max_dual!r}, must be None or > 0.")
