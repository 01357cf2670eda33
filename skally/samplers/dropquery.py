"""DropQuery: rows whose class depends on single inputs, spread over the pool."""

import numbers

import numpy as np

from skally.functional.clustering import nearest_to_centers
from skally.pool.masking import label_changes
from skally.samplers.base import BaseSampler
from skally.utils.validation import check_number


class DropQuerySampler(BaseSampler):
    """Rows whose predicted class changes when inputs are dropped, one from each of k clusters.

    The utility of a row is the share of the masks, which set inputs to zero at random, under which
    its class is another one. Candidates are the rows where that is more than half. The k-means
    centres of their embedding are taken as the batch, each by the candidate nearest to it. If there
    are fewer candidates than are queried, rows whose class changes less often are added. Inputs are
    what the last step of a pipeline sees, and must be numbers; the method is meant for features of
    a pretrained net, classified by a linear model.

    Parameters
    ----------
    rate : float, at least 0 and less than 1, default=0.75
        Probability with which an input is dropped; the others are divided by 1 - rate.
    n_masks : int, default=3
    random_state : None, int or RandomState, default=None

    References
    ----------
    Gupte, Aklilu, Nirschl, Yeung-Levy, "Revisiting Active Learning in the Era of Vision Foundation
    Models", TMLR 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import DropQuerySampler
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X[:100] / 16, y[:100])
    >>> DropQuerySampler(random_state=0).query(model, X[100:] / 16, n_instances=5).shape
    (5,)
    """

    def __init__(self, rate=0.75, n_masks=3, *, random_state=None):
        super().__init__(random_state=random_state)
        self.rate = rate
        self.n_masks = n_masks

    def utility(self, pool, rng):
        check_number("n_masks", self.n_masks, numbers.Integral, 1)
        check_number("rate", self.rate, numbers.Real, 0)
        if not self.rate < 1:
            raise ValueError(f"rate == {self.rate!r}, must be < 1.")
        return label_changes(pool, self.rate, self.n_masks, rng)

    def select(self, pool, utility, k, rng):
        rows = candidates(utility, k)
        equal = np.zeros(len(rows))
        return rows[nearest_to_centers(pool.embedding[rows], equal, k, rng)]


def candidates(utility, k):
    """Rows of utility above 1/2; where fewer than k are, those of the k largest utilities."""
    least = np.sort(utility)[-k]
    return np.flatnonzero(utility > 0.5 if least > 0.5 else utility >= least)
