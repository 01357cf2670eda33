"""Estimators of scikit-activeml, scikit-learn and skally, each where another is expected."""

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier, SkactivemlRegressor
from skactiveml.classifier import SklearnClassifier
from skactiveml.regressor import SklearnNormalRegressor, SklearnRegressor
from skactiveml.utils import check_equal_missing_label, check_type, is_labeled
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skally.pool.unwrapping import check_fitted
from skally.utils.lazy import lazy_property

THEIRS = (SkactivemlClassifier, SkactivemlRegressor)


@dataclass(frozen=True, eq=False)
class PartlyLabeled:
    """Samples of which some have a label, as scikit-activeml keeps them.

    Parameters
    ----------
    X : array of shape (n, ...)
    y : array of shape (n,)
    missing_label : what y has where no label is known
    sample_weight : array-like of shape (n,), or None
    """

    X: Any
    y: Any
    missing_label: Any
    sample_weight: Any = None

    def __post_init__(self):
        if self.sample_weight is not None:
            checked = check_array(self.sample_weight, ensure_2d=False)
            check_consistent_length(self.X, checked)
            object.__setattr__(self, "sample_weight", checked)

    @lazy_property
    def known(self):
        """Which rows have a label, bool, (n,)."""
        return is_labeled(self.y, self.missing_label)

    @lazy_property
    def labels(self):
        """Labels of those rows, numbers as such if y is of objects, (n_labeled,)."""
        return np.array(self.y[self.known].tolist())


def estimator_to_ask(samples, clf, reg, fit_clf, fit_reg):
    """Fitted classifier or regressor that a sampler can read, None where neither is given.

    Parameters
    ----------
    samples : PartlyLabeled
    clf, reg, fit_clf, fit_reg : as in :meth:`skally.activeml.strategy.SkallyStrategy.query`
    """
    check_models(clf, reg)
    check_type(fit_clf, "fit_clf", bool)
    check_type(fit_reg, "fit_reg", bool)
    model, fit = (reg, fit_reg) if clf is None else (clf, fit_clf)
    if model is None:
        return None
    if fit:
        return without_wrapper(fitted_copy(model, samples))
    check_fitted(model)
    return without_wrapper(model)


def check_models(clf, reg):
    """Raise unless the first is a classifier or None, the second a regressor or None, not both."""
    for name, model, is_kind in (("clf", clf, is_classifier), ("reg", reg, is_regressor)):
        if model is not None and not (is_estimator(model) and is_kind(model)):
            kind = {"clf": "classifier", "reg": "regressor"}[name]
            raise TypeError(f"{name} == {model!r}, must be a {kind}.")
    if clf is not None and reg is not None:
        raise ValueError("clf and reg are both given, must be one of them.")


def is_estimator(model):
    """Whether it is an estimator, and not its class."""
    return hasattr(model, "fit") and not isinstance(model, type)


def fitted_copy(model, samples):
    """Fitted copy of an estimator; of one that needs labels where there are none, a plain copy.

    Parameters
    ----------
    model : estimator
        One of scikit-activeml is fitted on all samples, any other on those that have a label.
    samples : PartlyLabeled
    """
    weight, known = samples.sample_weight, samples.known
    if isinstance(model, THEIRS):
        check_equal_missing_label(model.missing_label, samples.missing_label)
        model, y = clone(model), samples.y
        if y.dtype == object and samples.labels.dtype.kind in "iuf":  # numbers beside None
            y = np.full(len(y), np.nan)
            y[known] = samples.labels
            model.set_params(missing_label=np.nan)
        return model.fit(samples.X, y, **({} if weight is None else {"sample_weight": weight}))
    if not known.any():
        return clone(model)
    weights = {} if weight is None else {"sample_weight": weight[known]}
    return clone(model).fit(samples.X[known], samples.labels, **weights)


def without_wrapper(model):
    """What scikit-activeml's wrappers of scikit-learn's estimators hold, if it could be fitted."""
    is_wrapper = isinstance(model, SklearnClassifier | SklearnRegressor)
    return model.estimator_ if is_wrapper and model.is_fitted_ else model


def with_wrapper(estimator, missing_label):
    """A fitted estimator as scikit-activeml takes it; its own as they are."""
    check_fitted(estimator)
    if isinstance(estimator, THEIRS):
        return estimator
    if is_classifier(estimator):
        classes = estimator.classes_
        model = SklearnClassifier(estimator, classes=classes, missing_label=missing_label)
    else:
        has_std = "return_std" in signature(estimator.predict).parameters
        has_std = has_std and getattr(estimator, "n_members", 2) > 1  # a single net gives none
        wrapper = SklearnNormalRegressor if has_std else SklearnRegressor
        model = wrapper(estimator, missing_label=missing_label)
    check_is_fitted(model)  # by which the wrapper takes over what is fitted
    return model
