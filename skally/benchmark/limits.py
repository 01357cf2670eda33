"""What a score can be: the least and the largest value of scikit-learn's scores."""

import math
import numbers

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skally.utils.validation import check_number

LIMITS = {
    "accuracy": (0, 1),
    "adjusted_mutual_info_score": (None, 1),
    "adjusted_rand_score": (None, 1),
    "average_precision": (0, 1),
    "balanced_accuracy": (0, 1),
    "d2_absolute_error_score": (None, 1),
    "d2_brier_score": (None, 1),
    "d2_log_loss_score": (None, 1),
    "explained_variance": (None, 1),
    "completeness_score": (0, 1),
    "fowlkes_mallows_score": (0, 1),
    "homogeneity_score": (0, 1),
    "matthews_corrcoef": (-1, 1),
    "max_error": (None, 0),
    "mutual_info_score": (0, None),
    "normalized_mutual_info_score": (0, 1),
    "r2": (None, 1),
    "rand_score": (0, 1),
    "top_k_accuracy": (0, 1),
    "v_measure_score": (0, 1),
}
FAMILIES = {
    "f1": (0, 1),
    "jaccard": (0, 1),
    "neg": (None, 0),
    "precision": (0, 1),
    "recall": (0, 1),
    "roc": (0, 1),  # roc_auc and its variants
}


def score_limits(estimator, scoring):
    """The least and the largest value that a score can have, None for no bound.

    Parameters
    ----------
    estimator : estimator
        Without ``scoring`` a classifier is taken to give accuracies and a regressor R2.
    scoring : str, function or None
        Of a function nothing is known.
    """
    if scoring is None and is_classifier(estimator):
        scoring = "accuracy"
    elif scoring is None and is_regressor(estimator):
        scoring = "r2"
    if not isinstance(scoring, str):
        return (None, None)
    return LIMITS.get(scoring, FAMILIES.get(scoring.split("_")[0], (None, None)))


def check_limits(name, limits):
    """Pair of a least and a largest score, checked."""
    try:
        low, high = limits
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} == {limits!r}, must be two numbers, or None for no bound."
        ) from None
    for each in (low, high):
        if each is not None:
            check_number(name, each, numbers.Real)
    if low is not None and high is not None and not low < high:
        raise ValueError(f"{name} == {limits!r}, the first must be below the second.")
    return low, high


def clipped(values, scores, limits):
    """Values cut off where scores cannot be; as they are if scores are found beyond the limits.

    Parameters
    ----------
    values : array
    scores : array
        What was measured. A score of the user's own may go by the name of another.
    limits : (float or None, float or None)
    """
    low, high = limits
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    is_possible = np.min(scores) >= low and np.max(scores) <= high
    return np.clip(values, low, high) if is_possible else values
