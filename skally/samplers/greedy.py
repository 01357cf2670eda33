"""Greedy sampling for regression: far from the labelled samples in inputs, targets or both."""

import numpy as np

from skally.functional.distances import (
    smallest_product,
    squared_distance_to_mean,
    squared_distance_to_nearest,
)
from skally.functional.selection import farthest_first
from skally.pool.checks import as_columns, check_features, check_same_length
from skally.samplers.base import BaseSampler, utility_of


class GreedyInputSampler(BaseSampler):
    """Rows whose inputs are farthest from all labelled ones, GSx.

    Each pick has the largest distance to its nearest labelled row or earlier pick. Without labelled
    samples the row nearest to the mean comes first. Distances are measured on what the last step
    of a fitted pipeline sees, so that a scaler in the pipeline makes columns comparable. Needs no
    fitted estimator.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        Unused: the picks are deterministic.

    References
    ----------
    Wu, Lin, Huang, "Active Learning for Regression Using Greedy Sampling", Information Sciences
    474, 2019, Algorithm 1.

    Examples
    --------
    >>> from skally import GreedyInputSampler
    >>> GreedyInputSampler().query(None, [[0.0], [9.0], [4.0], [5.0]], n_instances=3)
    array([2, 1, 0])
    """

    uses_utility = False

    def utility(self, pool, rng):
        if len(pool.labeled.inputs) == 0:
            return -squared_distance_to_mean(pool.inputs)
        return squared_distance_to_nearest(pool.inputs, pool.labeled.inputs)

    def select(self, pool, utility, k, rng):
        to_labeled = squared_distance_to_nearest(pool.inputs, pool.labeled.inputs)
        first = None
        if len(pool.labeled.inputs) == 0:
            first = int(np.argmin(squared_distance_to_mean(pool.inputs)))
        return farthest_first((pool.inputs,), to_labeled, k, first)


class GreedyTargetSampler(BaseSampler):
    """Rows whose predicted targets are farthest from all labels, GSy, for regression.

    Within a batch, a picked row counts as labelled, with its prediction as the label.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        Unused: the picks are deterministic.

    References
    ----------
    Wu, Lin, Huang, "Active Learning for Regression Using Greedy Sampling", Information Sciences
    474, 2019, Algorithm 2.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skally import GreedyTargetSampler
    >>> X, y = [[0.0], [1.0]], [0.0, 2.0]
    >>> model = LinearRegression().fit(X, y)
    >>> GreedyTargetSampler().query(model, [[0.5], [9.0], [4.0]], n_instances=2, X=X, y=y)
    array([1, 2])
    """

    uses_utility = False

    def utility(self, pool, rng):
        return squared_distance_to_nearest(pool.prediction, known_targets(pool))

    def select(self, pool, utility, k, rng):
        return farthest_first((pool.prediction,), utility_of(self, pool, rng), k)


class ImprovedGreedySampler(BaseSampler):
    """Rows far from all labelled ones in inputs and targets at once, iGS, for regression.

    The distance to a labelled sample is the product of the distances that
    :class:`GreedyInputSampler` and :class:`GreedyTargetSampler` measure.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        Unused: the picks are deterministic.

    References
    ----------
    Wu, Lin, Huang, "Active Learning for Regression Using Greedy Sampling", Information Sciences
    474, 2019, Algorithm 3.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skally import ImprovedGreedySampler
    >>> X, y = [[0.0], [1.0]], [0.0, 2.0]
    >>> model = LinearRegression().fit(X, y)
    >>> ImprovedGreedySampler().query(model, [[0.5], [9.0], [4.0]], n_instances=2, X=X, y=y)
    array([1, 2])
    """

    uses_utility = False

    def utility(self, pool, rng):
        X, y = pool.labeled.inputs, known_targets(pool)
        check_same_length(X, y)
        labeled = (X, y)
        return smallest_product((pool.inputs, pool.prediction), labeled)

    def select(self, pool, utility, k, rng):
        return farthest_first((pool.inputs, pool.prediction), utility_of(self, pool, rng), k)


def known_targets(pool):
    """Labels as floats, one column for each prediction, (n_labeled, m)."""
    y = as_columns(pool.labeled.target, pool.prediction.shape[1])
    if len(y) == 0:
        raise ValueError("y has 0 labels, must have at least 1, which this sampler needs.")
    return check_features(y, "y")
