"""How curves compare, as plain functions on arrays."""

import numpy as np
from scipy import stats
from scipy.integrate import trapezoid


def area_under_curve(n_labeled, score):
    """Mean height of a curve over the number of labels.

    Parameters
    ----------
    n_labeled : array of shape (n_rounds,), ascending
    score : array of shape (..., n_rounds)

    Returns
    -------
    area : array of shape (...), in units of the score
    """
    n_labeled, score = np.asarray(n_labeled, dtype=float), np.asarray(score, dtype=float)
    if len(n_labeled) == 1:
        return score[..., 0]
    return trapezoid(score, n_labeled, axis=-1) / (n_labeled[-1] - n_labeled[0])


def share_of(score, share):
    """The score that is nearly as good as another: 97 % of an accuracy, an error / 0.97.

    Parameters
    ----------
    score : float, more is better; errors are negative
    share : float in (0, 1]
    """
    return score * share if score > 0 else score / share


def labels_needed(n_labeled, score, target):
    """Number of labels with which a curve first reaches a score.

    Parameters
    ----------
    n_labeled, score : arrays of shape (n_rounds,)
    target : float

    Returns
    -------
    needed : float
        On straight lines between the rounds; NaN if the target is not reached.
    """
    reached = np.flatnonzero(np.asarray(score) >= target)
    if len(reached) == 0:
        return np.nan
    i = reached[0]
    if i == 0:
        return float(n_labeled[0])
    return float(np.interp(target, score[i - 1 : i + 1], n_labeled[i - 1 : i + 1]))


def paired_t(difference, test_ratio=0.0):
    """Two-sided p-value of differences having mean zero, by Student's t.

    Parameters
    ----------
    difference : array of shape (n,), n >= 2
    test_ratio : float
        Test samples per training sample where every pair has a split of its own of the same data:
        the pairs are then not independent, and the variance of their mean is larger.

    Returns
    -------
    p, half_width : floats
        The second: of the 95 % confidence interval of the mean.

    References
    ----------
    Nadeau, Bengio, "Inference for the Generalization Error", Machine Learning 52(3), 2003, the
    corrected resampled t-test.
    """
    n = len(difference)
    if n < 2:
        return np.nan, np.nan
    deviation = np.std(difference, ddof=1) * np.sqrt(1 / n + test_ratio)
    half_width = stats.t.ppf(0.975, n - 1) * deviation
    if deviation == 0:
        return float(np.mean(difference) == 0), half_width
    return float(2 * stats.t.sf(abs(np.mean(difference)) / deviation, n - 1)), half_width


def signed_rank(difference):
    """Two-sided p-value of differences being symmetric around zero, by Wilcoxon's signed ranks.

    Over all signs of the differences where there are at most 14, over 20,000 draws of them
    otherwise. With n pairs it cannot be smaller than 2^(1 - n).
    """
    if len(difference) == 0:
        return np.nan
    ranks = stats.rankdata(abs(difference))

    def statistic(difference, axis):
        return (ranks * np.sign(difference)).sum(axis=axis)

    flips = stats.permutation_test(
        (difference,), statistic, permutation_type="samples", n_resamples=20_000,
        vectorized=True, random_state=0,
    )  # fmt: skip
    return float(flips.pvalue)


def holm(p_values):
    """P-values of several comparisons at once, by Holm's step-down method.

    References
    ----------
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 6(2), 1979.
    """
    p_values = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else []
    return adjusted


def mean_ranks(scores):
    """Rank of each column, 1 for the largest, averaged over rows; ties share theirs.

    Parameters
    ----------
    scores : array of shape (n_blocks, n_columns), more is better
    """
    return stats.rankdata(-np.asarray(scores), axis=1).mean(axis=0)


def t_interval(scores, level):
    """Mean over rows and half the width of its confidence interval, by Student's t.

    Parameters
    ----------
    scores : array of shape (n_seeds, ...)
    level : float in (0, 1)

    Returns
    -------
    mean, half_width : arrays of shape (...)
        The second is NaN for one seed.
    """
    n = len(scores)
    mean = np.mean(scores, axis=0)
    if n < 2:
        return mean, np.full_like(mean, np.nan)
    factor = stats.t.ppf((1 + level) / 2, n - 1) / np.sqrt(n)
    return mean, factor * np.std(scores, axis=0, ddof=1)
