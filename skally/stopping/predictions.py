"""Criteria that look at what the estimator predicts."""

import numbers
from itertools import pairwise

import numpy as np

from skally.functional.uncertainty import entropy
from skally.pool.unwrapping import is_regression, without_learner
from skally.stopping.agreement import cohen_kappa, concordance
from skally.stopping.base import StoppingCriterion, as_finite, check_between, level
from skally.utils.chunks import by_parts
from skally.utils.validation import check_number, num_samples


class StabilizingPredictions(StoppingCriterion):
    """Stop when the models of successive rounds predict the same.

    The agreement of two models is Cohen's kappa of their predictions of the stop set: one minus
    the share of rows that they predict differently, over the share expected by chance. Reached
    when the mean of the last ``patience`` agreements, each of a round with the one before, is at
    least ``threshold``.

    For regressors the agreement is Lin's concordance: one minus the mean squared change of the
    predictions, over that expected by chance. That is kappa with quadratic weights, and to stop by
    it is our own.

    Two models that both predict one and the same class for all rows have an agreement of 0, for it
    cannot be told from chance.

    Parameters
    ----------
    threshold : float, at most 1
        Less stops earlier.
    patience : int, at least 1
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
        check_between("threshold", self.threshold, -1, 1)
        check_number("patience", self.patience, numbers.Integral, 1)

    def measure(self, state):
        """Predictions of the stop set: labels as strings, or numbers as floats."""
        if num_samples(state.X_stop) == 0:
            raise ValueError("X_stop has 0 rows, must have at least 1.")
        predicted = np.asarray(without_learner(state.estimator).predict(state.X_stop))
        if not is_regression(state.estimator):
            return [str(label) for label in predicted.tolist()]
        if not np.isfinite(predicted).all():
            raise ValueError("predictions of X_stop are not all finite, must be.")
        return predicted.astype(np.float64).tolist()

    def decide(self, observations):
        last = observations[-self.patience - 1 :]
        if len(last) <= self.patience:
            return False
        return np.mean([agreement(a, b) for a, b in pairwise(last)]) >= self.threshold


def agreement(a, b):
    """Agreement of two lists of predictions of the same rows, strings or numbers."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(
            f"X_stop had {len(a)} rows and then {len(b)}, must be the same in all rounds."
        )
    if a.dtype.kind == "U":
        return cohen_kappa(a, b)
    return concordance(a.reshape(len(a), -1), b.reshape(len(b), -1))


class OverallUncertainty(StoppingCriterion):
    """Stop when the estimator is sure of what is left in the pool.

    The uncertainty of a row is the entropy of its class probabilities, over the logarithm of the
    number of classes, so that it lies between 0 and 1 and the threshold does not depend on their
    number. Reached when its mean over the pool is at most ``threshold``. An empty pool has an
    uncertainty of 0.

    Probabilities that are too sure stop too early: look at their calibration first.

    Parameters
    ----------
    threshold : float, from 0 to 1
    quantile : float, from 0 to 1, or None
        None means the mean. 1 means the largest uncertainty: the rule is then that of maximum
        uncertainty, or maximum confidence.

    References
    ----------
    Zhu, Wang, Hovy, "Multi-Criteria-Based Strategy to Stop Active Learning for Data Annotation",
    COLING 2008, overall uncertainty. For ``quantile=1``: Zhu, Hovy, "Active Learning for Word Sense
    Disambiguation with Methods for Addressing the Class Imbalance Problem", EMNLP 2007.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally.stopping import OverallUncertainty, RoundState
    >>> model = LogisticRegression(C=100.0).fit([[0.0], [1.0]], ["a", "b"])
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
        check_between("threshold", self.threshold, 0, 1)
        if self.quantile is not None:
            check_between("quantile", self.quantile, 0, 1)

    def measure(self, state):
        model = without_learner(state.estimator)
        if is_regression(model) or not hasattr(model, "predict_proba"):
            raise ValueError(
                f"{type(model).__name__} has no predict_proba, which {self.name} needs."
            )
        if num_samples(state.X_pool) == 0:
            return 0.0
        doubt = by_parts(lambda X: normalized_entropy(model.predict_proba(X)), state.X_pool)
        return as_finite("uncertainty of X_pool", level(doubt, self.quantile))

    def decide(self, observations):
        return as_finite("uncertainty of X_pool", observations[-1]) <= self.threshold


def normalized_entropy(proba):
    """Entropy of each row as a share of the largest possible, (n,); 0 for a single class."""
    proba = np.asarray(proba)
    if proba.ndim != 2:
        raise ValueError(
            f"predict_proba gives an array of shape {proba.shape}, must be (n, n_classes)."
        )
    n_classes = proba.shape[1]
    return entropy(proba) / np.log(n_classes) if n_classes > 1 else np.zeros(len(proba))
