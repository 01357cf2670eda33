"""What estimators say of rows: probabilities of classes or numbers, and the loss of each row."""

import numpy as np
from scipy.special import softmax

from skally.pool.checks import check_features, check_proba
from skally.pool.ensembles import spread
from skally.utils.validation import num_samples

# Smallest probability in a log loss. Forests are certain of what is wrong: their zeros mean that no
# training row said otherwise, and not that it cannot be.
SMALLEST = 1e-6


def class_method(estimator):
    """Method by which a classifier says most about its classes."""
    for name in ("predict_proba", "decision_function"):
        if hasattr(estimator, name):
            return name
    return "predict"


def class_outputs(estimator, X, classes):
    """Probability of each class.

    Parameters
    ----------
    estimator : fitted classifier
        Its own classes may be in another order, or fewer: the others have a probability of 0.
        Without ``predict_proba`` it is the softmax of ``decision_function`` (of two classes the
        logistic function), and without that 1 for the class that is predicted.
    X : n rows
    classes : array of shape (n_classes,), sorted

    Returns
    -------
    proba : array of shape (n, n_classes)

    Raises
    ------
    ValueError
        If there is not one row for each of X, or rows are no probabilities.
    """
    method = class_method(estimator)
    values = check_rows(getattr(estimator, method)(X), num_samples(X), estimator, method)
    own = getattr(estimator, "classes_", classes)
    return aligned(as_proba(values, estimator, method, own), own, classes)


def as_proba(values, estimator, method, classes):
    """Probabilities of an estimator's own classes, from what one of its methods gave."""
    if method == "predict":
        return (np.asarray(values).reshape(-1, 1) == np.asarray(classes)).astype(float)
    if method == "decision_function":
        values = np.asarray(values, dtype=float)
        values = np.c_[np.zeros(len(values)), values] if values.ndim == 1 else values
        values = softmax(values, axis=1)
    proba = check_proba(values, estimator)
    if proba.shape[1] != len(classes):
        raise ValueError(
            f"{type(estimator).__name__}.{method} gives {proba.shape[1]} columns, must be "
            f"{len(classes)}, one for each of its classes."
        )
    return proba


def aligned(proba, own, classes):
    """Probabilities of an estimator's own classes as columns of all, 0 for those it lacks."""
    if np.array_equal(own, classes):
        return proba
    unknown = np.setdiff1d(own, classes)
    if len(unknown):
        raise ValueError(f"The estimator has classes {unknown.tolist()}, which y has not.")
    return spread(proba, np.asarray(own), classes)


def aligned_scores(scores, own, classes):
    """What ``decision_function`` gives, with columns as those of all classes, -inf for the others.

    Of two classes it is one number, large for the second.
    """
    if np.array_equal(own, classes):
        return scores
    if scores.ndim == 1 and len(classes) == 2:
        return -scores
    scores = np.c_[-scores, scores] if scores.ndim == 1 else scores
    of_all = np.full((len(scores), len(classes)), -np.inf)
    of_all[:, np.searchsorted(classes, own)] = scores
    return of_all


def number_outputs(estimator, X):
    """Predicted numbers of each row, (n, m)."""
    return as_numbers(estimator.predict(X), num_samples(X), estimator, "predict")


def as_numbers(values, n, estimator, method):
    """What a method of a regressor gave, as finite floats of shape (n, m)."""
    values = check_rows(values, n, estimator, method)
    numbers = np.asarray(values, dtype=np.float64).reshape(n, -1)
    return check_features(numbers, f"{type(estimator).__name__}.{method}")


def check_rows(values, n, estimator, method):
    """Raise unless an estimator gave something for each row."""
    is_of_outputs = method == "predict_proba" and isinstance(values, list)  # check_proba says why
    n_given = num_samples(values)
    if n_given != n and not is_of_outputs:
        raise ValueError(
            f"{type(estimator).__name__}.{method} gives {n_given} rows, must give {n}, one for "
            "each row of X."
        )
    return values


def class_losses(proba, numbers, method):
    """Log loss of each row; 0 or 1 where only labels are predicted.

    Parameters
    ----------
    proba : array of shape (n, n_classes)
    numbers : int array of shape (n,)
        Column of each row's class.
    method : as of :func:`class_method`

    Returns
    -------
    loss : array of shape (n,)
    """
    of_class = proba[np.arange(len(numbers)), numbers]
    return 1 - of_class if method == "predict" else -np.log(np.clip(of_class, SMALLEST, 1.0))
