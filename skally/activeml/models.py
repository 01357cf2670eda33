"""Estimators of scikit-activeml, scikit-learn and skally, each where another is expected."""

from inspect import signature

import numpy as np
from skactiveml.base import SkactivemlClassifier, SkactivemlRegressor
from skactiveml.classifier import SklearnClassifier
from skactiveml.regressor import SklearnNormalRegressor, SklearnRegressor
from skactiveml.utils import check_equal_missing_label
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils.validation import check_is_fitted

from skally.pool.unwrapping import check_fitted

THEIRS = (SkactivemlClassifier, SkactivemlRegressor)


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


def fitted_copy(model, X, y, known, labels, missing_label, sample_weight=None):
    """Fitted copy of an estimator; where there are no labels, a copy as far as it can be fitted.

    Parameters
    ----------
    model : estimator
    X : array of shape (n, ...)
    y : array of shape (n,)
        For estimators of scikit-activeml, which know what is missing.
    known : bool array of shape (n,)
        The labelled rows, which others are fitted on.
    labels : array of shape (n_labeled,)
    missing_label : what y has where no label is known
    sample_weight : array of shape (n,), or None
    """
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    if isinstance(model, THEIRS):
        check_equal_missing_label(model.missing_label, missing_label)
        model = clone(model)
        if y.dtype == object and labels.dtype.kind in "iuf":  # numbers that None stands beside
            y = np.full(len(y), np.nan)
            y[known] = labels
            model.set_params(missing_label=np.nan)
        return model.fit(X, y, **weights)
    if not known.any():
        return clone(model)
    return clone(model).fit(X[known], labels, **{name: w[known] for name, w in weights.items()})


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
