"""Classes that the first labels lack: fits and scores that know of them."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from skally.nets import ConstrainedNetClassifier


def fit(estimator, X, y, classes):
    """Fit an estimator that is not fitted yet.

    A net of ours whose criterion has class weights gets outputs for all classes, as many as there
    are weights.

    Parameters
    ----------
    classes : array of all classes, or empty
    """
    lacks = len(classes) > 0 and len(np.setdiff1d(classes, y)) > 0
    if lacks and has_class_weights(estimator):
        estimator.partial_fit(X, y, classes=classes)
    elif lacks and is_plain_pipeline(estimator) and has_class_weights(estimator[-1]):
        X = estimator[:-1].fit_transform(X, y)  # fits the steps of the pipeline itself
        estimator[-1].partial_fit(X, y, classes=classes)
    else:
        estimator.fit(X, y)


def check_scores(name, scorer, y, starts):
    """Raise if one of scikit-learn's scorers cannot score the test samples of a random state.

    Some need a test sample of each class, or of two classes with certain names. A classifier that
    predicts the shares of the classes tells this before anything is fitted.

    Parameters
    ----------
    name : name of the scorer
    y : array of all labels
    starts : dict of int to Start
    """
    for seed, start in starts.items():
        classes = np.unique(np.concatenate([y, start.y_test]))
        prior = DummyClassifier().fit(np.zeros((len(classes), 1)), classes)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                score = scorer(prior, np.zeros((len(start.y_test), 1)), start.y_test)
            reason = None if np.isfinite(score) else f"the score would be {score}"
        except ValueError as error:
            reason = error
        if reason is not None:
            missing = np.setdiff1d(classes, start.y_test).tolist()
            lacks = f" They have none of the classes {missing}." if missing else ""
            raise ValueError(
                f"scoring == {name!r} cannot score the test samples of random state {seed}: "
                f"{reason}{lacks}"
            )


def has_class_weights(estimator):
    """Whether it is a net whose criterion has a weight for each class."""
    names = ("criterion__weight", "constraint_criterion__weight")
    return isinstance(estimator, ConstrainedNetClassifier) and any(
        estimator.get_params().get(name) is not None for name in names
    )


def is_plain_pipeline(estimator):
    """Whether it is a pipeline of at least two steps that fits them themselves, not clones."""
    return isinstance(estimator, Pipeline) and estimator.memory is None and len(estimator) > 1


def with_all_classes(estimator, classes):
    """A fitted classifier whose probabilities have a column for each class, if it lacks some."""
    seen = getattr(estimator, "classes_", None)
    if len(classes) == 0 or not isinstance(seen, np.ndarray) or not set(seen) < set(classes):
        return estimator
    return AllClasses(estimator, classes)


class AllClasses(ClassifierMixin, BaseEstimator):
    """Fitted classifier for scorers, to which classes that it has not seen have probability zero.

    Parameters
    ----------
    estimator : fitted classifier
    classes : array of shape (n_classes,)
        All classes, sorted.
    """

    def __init__(self, estimator, classes):
        self.estimator, self.classes = estimator, classes

    def __getattr__(self, name):
        if name.startswith("__") or name == "estimator" or name in vars(AllClasses):
            raise AttributeError(name)
        return getattr(self.estimator, name)

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y):
        """Nothing: the estimator is fitted."""
        return self

    @property
    def classes_(self):
        return self.classes

    def predict(self, X):
        """Classes of samples, as the estimator says."""
        return self.estimator.predict(X)

    def score(self, X, y):
        """Score, as the estimator says."""
        return self.estimator.score(X, y)

    @available_if(lambda self: hasattr(self.estimator, "predict_proba"))
    def predict_proba(self, X):
        """Probabilities of all classes, (n, n_classes)."""
        return self._spread(self.estimator.predict_proba(X), 0.0)

    @available_if(lambda self: hasattr(self.estimator, "predict_log_proba"))
    def predict_log_proba(self, X):
        """Their logarithms."""
        return self._spread(self.estimator.predict_log_proba(X), -np.inf)

    @available_if(
        # Scorers prefer it to probabilities, but it has no true value for classes not seen.
        lambda self: (
            hasattr(self.estimator, "decision_function")
            and not hasattr(self.estimator, "predict_proba")
        )
    )
    def decision_function(self, X):
        """Decisions for all classes, (n, n_classes): below all others for those not seen."""
        values = self.estimator.decision_function(X)
        values = np.column_stack([-values, values]) if values.ndim == 1 else values
        return self._spread(values, values.min() - 1)

    def _spread(self, values, empty):
        full = np.full((len(values), len(self.classes)), empty, dtype=values.dtype)
        full[:, np.searchsorted(self.classes, self.estimator.classes_)] = values
        return full
