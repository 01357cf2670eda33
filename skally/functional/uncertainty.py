"""Uncertainty of each row, from class probabilities or from predictions of several models."""

import numpy as np
from scipy.special import entr


def entropy(proba):
    """Shannon entropy of each row, in nats.

    Parameters
    ----------
    proba : array of shape (n, n_classes)

    Returns
    -------
    entropy : array of shape (n,), from 0 to log(n_classes)
    """
    return entr(proba).sum(axis=1)


def normalized_entropy(proba):
    """Shannon entropy of each row over its largest possible value, log(n_classes).

    Parameters
    ----------
    proba : array of shape (n, n_classes)

    Returns
    -------
    normalized : array of shape (n,), from 0 to 1; zeros where there is a single class
    """
    n_classes = proba.shape[1]
    return entropy(proba) / np.log(n_classes) if n_classes > 1 else np.zeros(len(proba))


def least_confidence(proba):
    """One minus the probability of the most probable class.

    Parameters
    ----------
    proba : array of shape (n, n_classes)

    Returns
    -------
    uncertainty : array of shape (n,), from 0 to 1 - 1 / n_classes
    """
    return 1 - proba.max(axis=1)


def margin(proba):
    """Probability of the most probable class minus that of the second.

    Parameters
    ----------
    proba : array of shape (n, n_classes)
        If there is a single class, the probability of the second is taken to be 0.

    Returns
    -------
    margin : array of shape (n,), from 0 to 1
    """
    if proba.shape[1] == 1:
        return proba[:, 0]
    second, first = np.partition(proba, -2, axis=1)[:, -2:].T
    return first - second


def mutual_information(draws):
    """Mutual information of label and model: entropy of the mean minus mean entropy, in nats.

    Parameters
    ----------
    draws : iterable of arrays of shape (n, n_classes)
        Class probabilities by one model after another. Only one array is held at a time.

    Returns
    -------
    information : array of shape (n,), not negative
    """
    n_draws, total, entropies = 0, 0.0, 0.0
    for proba in draws:
        n_draws += 1
        total = total + proba.astype(np.float64)
        entropies = entropies + entropy(proba.astype(np.float64))
    return np.maximum(entropy(total / n_draws) - entropies / n_draws, 0)


def mean_and_variance(draws):
    """Mean of the models' predictions, and their variance, summed over outputs.

    Parameters
    ----------
    draws : iterable of arrays of shape (n, m)
        Predictions of one model after another. Only one array is held at a time.

    Returns
    -------
    mean : array of shape (n, m)
    variance : array of shape (n,)
    """
    n_draws, mean, squares = 0, 0.0, 0.0
    for prediction in draws:  # Welford's update, which subtracts no large sums
        n_draws += 1
        step = prediction.astype(np.float64) - mean
        mean = mean + step / n_draws
        squares = squares + step * (prediction - mean)
    return mean, (squares / n_draws).sum(axis=1)


def variance(draws):
    """The second of :func:`mean_and_variance`, (n,)."""
    return mean_and_variance(draws)[1]


def tempered(proba, temperature):
    """Probabilities to the power of 1 / temperature, scaled to add up to 1.

    The same as dividing the logits by the temperature.

    Parameters
    ----------
    proba : array of shape (n, n_classes)
    temperature : float, more than 0

    Returns
    -------
    proba : array of shape (n, n_classes)
    """
    scaled = np.exp(relative_logits(proba) / temperature)
    return scaled / scaled.sum(axis=1, keepdims=True)


def relative_logits(proba):
    """Logarithms of probabilities, less the largest of each row, (n, n_classes)."""
    with np.errstate(divide="ignore"):
        return np.log(proba / proba.max(axis=1, keepdims=True))


def calibration_error(confidence, is_right, n_bins=15):
    """Expected calibration error: mean gap of confidence and accuracy in bins of confidence.

    Parameters
    ----------
    confidence : array of shape (n,)
        Probability of the predicted class.
    is_right : bool array of shape (n,)
    n_bins : int
        Bins of equal width.

    Returns
    -------
    error : float, from 0 to 1

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    surplus = np.bincount(bins, weights=confidence - is_right)
    return np.abs(surplus).sum() / len(confidence)


def best_temperature(proba, label):
    """Temperature of the least calibration error, the lowest of several.

    From 1 to 19.9 in steps of 0.1, as the authors of uncertainty herding search it.

    Parameters
    ----------
    proba : array of shape (n, n_classes)
    label : int array of shape (n,)
        Column of the right class.

    Returns
    -------
    temperature : float
    """
    logits, is_right = relative_logits(proba), proba.argmax(axis=1) == label
    temperatures = np.arange(10, 200) / 10
    confidences = (1 / np.exp(logits / each).sum(axis=1) for each in temperatures)
    errors = [calibration_error(confidence, is_right) for confidence in confidences]
    return float(temperatures[np.argmin(errors)])
