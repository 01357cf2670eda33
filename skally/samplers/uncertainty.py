"""Samplers that value each row by itself: random, by predicted probabilities, by disagreement."""

import numbers

import numpy as np

from skally.functional.uncertainty import (
    entropy,
    least_confidence,
    margin,
    mean_and_variance,
    mutual_information,
    variance,
)
from skally.samplers.base import BaseSampler
from skally.utils.validation import check_number


class RandomSampler(BaseSampler):
    """Rows drawn uniformly: the baseline of every comparison.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None

    Examples
    --------
    >>> import numpy as np
    >>> from skally import RandomSampler
    >>> RandomSampler(random_state=0).query(None, np.zeros((5, 2)), n_instances=2)
    array([4, 3])
    """

    def utility(self, pool, rng):
        return np.zeros(len(pool))


class EntropySampler(BaseSampler):
    """Rows whose class the estimator is least sure of: largest Shannon entropy.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
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


class LeastConfidentSampler(BaseSampler):
    """Rows whose most probable class has the smallest probability.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        Breaks ties.

    References
    ----------
    Settles, "Active Learning Literature Survey", University of Wisconsin-Madison, 2009, 3.1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import LeastConfidentSampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> LeastConfidentSampler().query(model, [[-3.0], [0.5], [4.0]])
    array([1])
    """

    def utility(self, pool, rng):
        return least_confidence(pool.proba)


class MarginSampler(BaseSampler):
    """Rows whose two most probable classes are closest in probability.

    The utility is one minus the difference of their probabilities.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        Breaks ties.

    References
    ----------
    Settles, "Active Learning Literature Survey", University of Wisconsin-Madison, 2009, 3.1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import MarginSampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> MarginSampler().query(model, [[-3.0], [0.5], [4.0]])
    array([1])
    """

    def utility(self, pool, rng):
        return 1 - margin(pool.proba)


class BALDSampler(BaseSampler):
    """Rows on which models disagree: largest mutual information of label and model.

    The models are the members of a committee or of scikit-learn's forests, bagging or voting, or
    they are one net under several draws of its dropout. Layers other than dropout, batch
    normalisation too, stay in eval mode; dropout that is not a layer of the module stays off. For
    regressors the utility is that of :class:`skally.SpreadSampler`, the variance of the
    predictions, which orders rows as mutual information does if the noise is normal and the same
    everywhere.

    Parameters
    ----------
    n_draws : int, default=20
        Draws of dropout, at least two. A committee or ensemble has one for each member instead.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Houlsby, Huszar, Ghahramani, Lengyel, "Bayesian Active Learning for Classification and
    Preference Learning", arXiv 1112.5745, 2011. Gal, Islam, Ghahramani, "Deep Bayesian Active
    Learning with Image Data", ICML 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skally import BALDSampler
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RandomForestClassifier(random_state=0).fit(X[::10], y[::10])
    >>> BALDSampler(random_state=0).query(model, X, n_instances=3).shape
    (3,)
    """

    def __init__(self, n_draws=20, *, random_state=None):
        super().__init__(random_state=random_state)
        self.n_draws = n_draws

    def utility(self, pool, rng):
        measure = variance if pool.is_regression else mutual_information
        return measure(model_draws(self, pool, rng))


class SpreadSampler(BaseSampler):
    """Rows whose predictions differ most from model to model: largest variance.

    The models are those of :class:`skally.BALDSampler`: the members of an ensemble or a committee,
    trees among them, or one net under several draws of its dropout. The variance is that of the
    predicted numbers, summed over targets, or of the predicted probabilities, summed over classes.

    Rows of large variance are often neighbours, so that a batch of them teaches little: see
    :class:`skally.WeightedLCMDSampler` for batches.

    Parameters
    ----------
    n_draws : int, default=20
        Draws of dropout, at least two. A committee or ensemble has one for each member instead.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Seung, Opper, Sompolinsky, "Query by Committee", COLT 1992; for numbers, Krogh, Vedelsby,
    "Neural Network Ensembles, Cross Validation, and Active Learning", NIPS 1994.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from skally import SpreadSampler
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ExtraTreesRegressor(20, random_state=0).fit(X[:100], y[:100])
    >>> SpreadSampler().query(model, X[100:], n_instances=3).shape
    (3,)
    """

    def __init__(self, n_draws=20, *, random_state=None):
        super().__init__(random_state=random_state)
        self.n_draws = n_draws

    def utility(self, pool, rng):
        return mean_and_spread(self, pool, rng)[1]


def mean_and_spread(sampler, pool, rng):
    """Mean of the models' predictions, (n_pool, m), and their variance summed over m, (n_pool,)."""
    return pool.cached(
        ("mean_and_spread", sampler.n_draws),
        lambda: mean_and_variance(model_draws(sampler, pool, rng)),
    )


def model_draws(sampler, pool, rng):
    """Predictions of one model after another, each (n_pool, m)."""
    check_number("n_draws", sampler.n_draws, numbers.Integral, 2)
    return pool.draws(sampler.n_draws, rng)
