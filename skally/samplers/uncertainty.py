"""Samplers that look at one row at a time."""

from skally.samplers.base import BaseSampler
from skally.scores import entropy


class RandomSampler(BaseSampler):
    """Rows drawn uniformly, the baseline of every comparison.

    Parameters
    ----------
    random_state : None, int or RandomState

    Examples
    --------
    >>> import numpy as np
    >>> from skally import RandomSampler
    >>> RandomSampler(random_state=0).query(None, np.zeros((5, 2)), n_instances=2)
    array([4, 3])
    """


class EntropySampler(BaseSampler):
    """Rows whose class the estimator is least sure of, by Shannon entropy.

    Parameters
    ----------
    random_state : None, int or RandomState
        Breaks ties.

    References
    ----------
    Settles, "Active Learning Literature Survey", University of Wisconsin-Madison, 2009, 3.1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import EntropySampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> EntropySampler().query(model, [[-3.0], [0.5], [4.0]])
    array([1])
    """

    def utility(self, pool, rng):
        return entropy(pool.proba)
