"""Samplers that cover the pool."""

from skally.samplers.base import BaseSampler
from skally.selection import k_center


class CoreSetSampler(BaseSampler):
    """Rows that leave no row of the pool far from a labelled one: greedy k-center.

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

    def utility(self, pool, rng):
        return pool.labeled_distance

    def select(self, pool, utility, k, rng):
        return k_center(pool.embedding, pool.labeled_distance, k)
