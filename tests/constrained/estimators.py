"""Estimators of other people, with habits that scikit-learn's own do not have."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted


class Reversed(ClassifierMixin, BaseEstimator):
    """Logistic regression with its classes in descending order."""

    def fit(self, X, y, sample_weight=None):
        self.model_ = LogisticRegression(max_iter=1000).fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_[::-1]
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)[:, ::-1]

    def decision_function(self, X):
        scores = self.model_.decision_function(X)
        return -scores if scores.ndim == 1 else scores[:, ::-1]


class Labels(ClassifierMixin, BaseEstimator):
    """Logistic regression that says nothing but the class."""

    def fit(self, X, y, sample_weight=None):
        self.model_ = LogisticRegression(max_iter=1000).fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


class Forgetful(ClassifierMixin, BaseEstimator):
    """Constant probabilities of the classes that have more than so many rows."""

    def __init__(self, more_than=3):
        self.more_than = more_than

    def fit(self, X, y):
        classes, counts = np.unique(y, return_counts=True)
        frequent = counts > self.more_than
        self.classes_, self.shares_ = classes[frequent], counts[frequent] / counts[frequent].sum()
        return self

    def predict(self, X):
        check_is_fitted(self)
        return np.full(len(X), self.classes_[self.shares_.argmax()])

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


class Talkative(Labels):
    """One whose ``predict_proba`` gives what it is told to."""

    def __init__(self, classes=(0, 1), proba=None):
        self.classes = classes
        self.proba = proba

    def fit(self, X, y):
        self.classes_ = np.array(self.classes)
        return self

    def predict_proba(self, X):
        return self.proba(len(X))


class Dropping(RegressorMixin, BaseEstimator):
    """Predicts nothing for rows with a negative first value."""

    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(int((X[:, 0] >= 0).sum()), self.mean_)


class Recording(RegressorMixin, BaseEstimator):
    """The mean; it keeps what each fit was given."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, colour=None, ages=None):
        self.given_ = {"X": X, "sample_weight": sample_weight, "colour": colour, "ages": ages}
        self.mean_ = np.average(y, weights=sample_weight)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)
