"""Stopping criteria on what the estimator predicts."""

import numbers
from itertools import pairwise

import numpy as np

from skally.functional.uncertainty import normalized_entropy
from skally.pool.checks import check_proba, checking
from skally.pool.unwrapping import is_regression, without_learner
from skally.stopping.agreement import agreement
from skally.stopping.base import StoppingCriterion, as_finite, level
from skally.utils.chunks import by_parts
from skally.utils.validation import check_number, num_samples


class StabilizingPredictions(StoppingCriterion):
    """Stop when the models of successive rounds predict the same.

    The agreement of two models is Cohen's kappa of their predictions for the stop set: one minus
    the ratio of the share of rows that they predict differently to the share expected by chance.
    Reached when the mean of the last ``patience`` agreements, each between a round and the one
    before, is at least ``threshold``.

    For regressors the agreement is Lin's concordance: one minus the ratio of the mean squared
    change of the predictions to that expected by chance. It equals kappa with quadratic weights.
    To stop by it is our own idea.

    Two models that predict one and the same class for all rows have an agreement of 0, because it
    cannot be distinguished from chance.

    Parameters
    ----------
    threshold : float, at most 1, default=0.99
        A smaller one stops earlier.
    patience : int, at least 1, default=3
        Agreements to average over.

    References
    ----------
    Bloodgood, Vijay-Shanker, "A Method for Stopping Active Learning Based on Stabilizing
    Predictions and the Need for User-Adjustable Stopping", CoNLL 2009. For numbers: Lin, "A
    Concordance Correlation Coefficient to Evaluate Reproducibility", Biometrics 45, 1989.

    Examples
    --------
    >>> from skally.stopping import StabilizingPredictions
    >>> rounds = [["cat", "cat", "dog"], ["cat", "dog", "dog"], ["cat", "dog", "dog"]]
    >>> StabilizingPredictions(patience=1).is_reached(rounds)
    True
    >>> StabilizingPredictions(patience=2).is_reached(rounds)
    False
    """

    needs = ("estimator", "X_stop")

    def __init__(self, *, threshold=0.99, patience=3):
        self.threshold = threshold
        self.patience = patience

    def check_parameters(self):
        check_number("threshold", self.threshold, numbers.Real, -1, 1)
        check_number("patience", self.patience, numbers.Integral, 1)

    def measure(self, state):
        if num_samples(state.X_stop) == 0:
            raise ValueError("X_stop has 0 rows, must have at least 1.")
        predicted = np.asarray(without_learner(state.estimator).predict(state.X_stop))
        if not is_regression(state.estimator):
            return [str(label) for label in predicted.tolist()]  # whatever their type, for JSON
        if not np.isfinite(predicted).all():
            raise ValueError("predictions of X_stop are not all finite, must be.")
        return predicted.astype(np.float64).tolist()

    def decide(self, observations):
        last = observations[-self.patience - 1 :]
        if len(last) <= self.patience:
            return False
        return np.mean([agreement(a, b) for a, b in pairwise(last)]) >= self.threshold


class OverallUncertainty(StoppingCriterion):
    """Stop when the estimator is certain about the rows left in the pool.

    The uncertainty of a row is the entropy of its class probabilities divided by the logarithm of
    the number of classes. It lies between 0 and 1, whatever the number of classes. Reached when its
    mean over the pool is at most ``threshold``. An empty pool has an uncertainty of 0.

    Overconfident probabilities stop too early: check their calibration first.

    Parameters
    ----------
    threshold : float, from 0 to 1, default=0.01
    quantile : float, from 0 to 1, or None, default=None
        None means the mean. 1 means the largest uncertainty: the rule is then that of maximum
        uncertainty, or maximum confidence.

    References
    ----------
    Zhu, Wang, Hovy, "Multi-Criteria-Based Strategy to Stop Active Learning for Data Annotation",
    COLING 2008, overall uncertainty. For ``quantile=1``: Zhu, Hovy, "Active Learning for Word Sense
    Disambiguation with Methods for Addressing the Class Imbalance Problem", EMNLP 2007.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skally.stopping import OverallUncertainty, RoundState
    >>> model = GaussianNB().fit([[-2.0], [0.0], [0.0], [2.0]], ["a", "a", "b", "b"])
    >>> criterion = OverallUncertainty()
    >>> unsure = criterion.observe(RoundState(model, X_pool=[[0.5], [0.4]]))
    >>> sure = criterion.observe(RoundState(model, X_pool=[[-9.0], [9.0]]))
    >>> criterion.is_reached([unsure]), criterion.is_reached([unsure, sure])
    (False, True)
    """

    needs = ("estimator", "X_pool")

    def __init__(self, *, threshold=0.01, quantile=None):
        self.threshold = threshold
        self.quantile = quantile

    def check_parameters(self):
        check_number("threshold", self.threshold, numbers.Real, 0, 1)
        if self.quantile is not None:
            check_number("quantile", self.quantile, numbers.Real, 0, 1)

    def measure(self, state):
        model = without_learner(state.estimator)
        if is_regression(model) or not hasattr(model, "predict_proba"):
            raise ValueError(
                f"{type(model).__name__} has no predict_proba, which {self.name} needs."
            )
        if num_samples(state.X_pool) == 0:
            return 0.0

        def uncertainty_of(proba, start):
            return normalized_entropy(check_proba(proba, state.estimator, start))

        uncertainty = by_parts(
            checking(uncertainty_of, model.predict_proba, "X_pool"), state.X_pool
        )
        return as_finite("uncertainty of X_pool", level(uncertainty, self.quantile))

    def decide(self, observations):
        return as_finite("uncertainty of X_pool", observations[-1]) <= self.threshold
