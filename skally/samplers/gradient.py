"""Samplers that look at what a label would do to the last layer's weights: BADGE, BAIT."""

import numbers

import numpy as np

from skally.functional.distances import factored_norms
from skally.functional.fisher import (
    candidates,
    fisher_greedy,
    information,
    softmax_factor,
    trace_change,
)
from skally.functional.selection import kmeans_plusplus
from skally.pool.checks import check_any_labeled
from skally.samplers.base import BaseSampler
from skally.utils.validation import check_number


class BADGESampler(BaseSampler):
    """Rows whose labels would move the last layer far, and in different directions.

    If the predicted class were the label, the gradient of the loss with respect to the last layer's
    weights would be q (x) h: q is the onehot vector of the predicted class minus the probabilities,
    h the embedding. Rows are drawn by k-means++ on these gradients, the longest first. The bias is
    left out, as in the authors' code. A pick costs O(n_pool (C + d)).

    Needs ``predict_proba``. There is no form for regression: at a regressor's own prediction the
    gradient is zero. A committee counts as one net that has its members' embeddings side by side.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None

    References
    ----------
    Ash, Zhang, Krishnamurthy, Langford, Agarwal, "Deep Batch Active Learning by Diverse, Uncertain
    Gradient Lower Bounds", ICLR 2020, Algorithm 1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import BADGESampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> BADGESampler(random_state=0).query(model, [[-3.0], [0.7], [0.6], [-0.5]], n_instances=2)
    array([0, 3])
    """

    uses_utility = False

    def utility(self, pool, rng):
        return np.sqrt(factored_norms(*self._factors(pool)))

    def select(self, pool, utility, k, rng):
        return kmeans_plusplus(*self._factors(pool), k, rng)

    def _factors(self, pool):
        if pool.is_regression:
            raise ValueError(
                "BADGESampler needs a classifier: at a regressor's own prediction the gradient is "
                "zero. BAITSampler and LCMDSampler take regressors."
            )
        proba, h = pool.proba_and_embedding
        return np.eye(proba.shape[1], dtype=proba.dtype)[proba.argmax(axis=1)] - proba, h


class BAITSampler(BaseSampler):
    """Rows that reduce the expected error of the last layer most: Fisher information.

    F is the mean Fisher information of the pool and the labelled samples, M the inverse of its sum
    over labelled and picked rows. The batch makes the trace of M F small: 2 k rows are added one by
    one, then k of them are removed one by one. The information of a row is
    (diag(p) - p p^T) (x) h h^T for a classifier and h h^T for a regressor, with probabilities p and
    embedding h. The bias is left out.

    Time is O(n_pool (C d)^2) once and O(n_pool C^2 (C + d)) for each pick, memory
    O(n_pool (C^2 + d) + (C d)^2); for regression, C is 1. Where the labelled samples carry next to
    no information, the first part is computed again once rounding has taken most of its digits.

    Parameters
    ----------
    regularization : float, at least 1e-6, default=1.0
        M starts from the information of that many average rows, spread equally over all directions.
    pick_weight : float, at least 1e-6, or None, default=None
        Weight of a picked row's information, relative to that of a labelled row. None means the
        number of rows that are queried, as in the authors' code.
    random_state : None, int or RandomState, default=None
        Unused: the picks are deterministic.

    References
    ----------
    Ash, Goel, Krishnamurthy, Kakade, "Gone Fishing: Neural Active Learning with Fisher
    Embeddings", NeurIPS 2021, Algorithm 1.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skally import BAITSampler
    >>> X, y = [[1.0, 0.0], [2.0, 0.0]], [0.0, 1.0]
    >>> model = LinearRegression().fit(X, y)
    >>> BAITSampler().query(model, [[2.0, 0.1], [0.0, 2.0], [1.0, 0.0]], X=X)
    array([1])
    """

    uses_utility = False

    def __init__(self, *, regularization=1.0, pick_weight=None, random_state=None):
        super().__init__(random_state=random_state)
        self.regularization = regularization
        self.pick_weight = pick_weight

    def utility(self, pool, rng):
        rows = self._candidates(pool)
        return trace_change(rows.U, rows.V)

    def select(self, pool, utility, k, rng):
        weight = k if self.pick_weight is None else self.pick_weight
        check_number("pick_weight", weight, numbers.Real, 1e-6)
        return fisher_greedy(self._candidates(pool), k, weight)

    def _candidates(self, pool):
        check_number("regularization", self.regularization, numbers.Real, 1e-6)
        return pool.cached(
            ("candidates", self.regularization),
            lambda: fisher_candidates(pool, self.regularization),
        )


def fisher_candidates(pool, regularization):
    """Rows to choose from, with the information of the labelled samples and the mean of all."""
    (A, h), (A_labeled, h_labeled) = last_layer_factors(pool)
    known = information(A_labeled, h_labeled)
    F = (information(A, h) + known) / (len(h) + len(h_labeled))
    average = np.trace(F) / len(F)
    prior = regularization * (average if average > 0 else 1.0)
    return candidates(A, h, known + prior * np.eye(len(F)), F)


def last_layer_factors(pool):
    """Factors (A, h) of the last layer's Fisher information, of pool and labelled samples."""
    check_any_labeled(pool.labeled.embedding)
    if pool.is_regression:
        h, h_labeled = pool.embedding, pool.labeled.embedding
        A, A_labeled = np.ones((len(h), 1, 1)), np.ones((len(h_labeled), 1, 1))
    else:
        proba, h = pool.proba_and_embedding
        h_labeled = pool.labeled.embedding
        A, A_labeled = softmax_factor(proba), softmax_factor(pool.labeled.proba)
    return (A, h), (A_labeled, h_labeled)
