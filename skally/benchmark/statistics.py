"""How curves compare: plain functions on arrays, then paired comparisons as tables."""

import numpy as np
import pandas as pd
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
    """Target score at a share of another: 97 % of an accuracy, or an error divided by 0.97.

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
        By linear interpolation between the rounds; NaN if the target is not reached.
    """
    reached = np.flatnonzero(np.asarray(score) >= target)
    if len(reached) == 0:
        return np.nan
    i = reached[0]
    if i == 0:
        return float(n_labeled[0])
    return float(np.interp(target, score[i - 1 : i + 1], n_labeled[i - 1 : i + 1]))


def mean_ranks(scores):
    """Rank of each column, 1 for the largest, averaged over rows; ties share their ranks.

    Parameters
    ----------
    scores : array of shape (n_blocks, n_columns), more is better
    """
    return stats.rankdata(-np.asarray(scores), axis=1).mean(axis=0)


def standard_error(values, test_ratio=0.0):
    """Standard error of the mean over rows.

    Parameters
    ----------
    values : array of shape (n, ...), n >= 2
    test_ratio : float
        Test samples per training sample if each row comes from another random split of the same
        data: the rows are then not independent, and the error of their mean is larger.

    References
    ----------
    Nadeau, Bengio, "Inference for the Generalization Error", Machine Learning 52(3), 2003, the
    corrected resampled t-test.
    """
    return np.std(values, axis=0, ddof=1) * np.sqrt(1 / len(values) + test_ratio)


def t_interval(values, level=0.95, test_ratio=0.0):
    """Mean over rows and half the width of its confidence interval, by Student's t.

    Parameters
    ----------
    values : array of shape (n, ...)
    level : float in (0, 1)
    test_ratio : float
        As in :func:`standard_error`.

    Returns
    -------
    mean, half_width : arrays of shape (...)
        The second is NaN for fewer than two rows, the first for none.
    """
    n = len(values)
    mean = np.mean(values, axis=0) if n else np.nan
    if n < 2:
        return mean, np.full_like(mean, np.nan)
    return mean, stats.t.ppf((1 + level) / 2, n - 1) * standard_error(values, test_ratio)


def t_test(difference, test_ratio=0.0):
    """Two-sided p-value of the hypothesis that differences have mean zero, by Student's t.

    Parameters
    ----------
    difference : array of shape (n,)
    test_ratio : float
        As in :func:`standard_error`.

    Returns
    -------
    p : float
        NaN for fewer than two differences.
    """
    n = len(difference)
    if n < 2:
        return np.nan
    mean, error = np.mean(difference), standard_error(difference, test_ratio)
    return float(mean == 0) if error == 0 else float(2 * stats.t.sf(abs(mean) / error, n - 1))


def signed_rank(difference):
    """Two-sided p-value of differences being symmetric around zero, by Wilcoxon's signed ranks.

    It is exact, over all combinations of signs, for up to 14 differences, and estimated from 20,000
    random ones for more. With n differences it is never below 2^(1 - n).
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
    """P-values adjusted for the number of comparisons, by Holm's step-down method; NaN stays NaN.

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


def compare_seeds(areas, pairs, test_ratio, test):
    """Each pair of samplers on each data set, paired by seed.

    Parameters
    ----------
    areas : data frame
        Rows by data set and seed, a column for each sampler.
    pairs : list of (sampler, reference)
    test_ratio : dict of str to float
        As in :func:`standard_error`, by data set.
    test : {"t", "wilcoxon"}

    Returns
    -------
    comparison : data frame
        As of :meth:`skally.benchmark.LearningCurves.compare`.
    """
    lines = []
    for data_set, rows in areas.groupby("data_set", sort=False):
        ratio = test_ratio.get(data_set, 0.0)
        for sampler, reference in pairs:
            difference = (rows[sampler] - rows[reference]).dropna().to_numpy()
            mean, half = t_interval(difference, test_ratio=ratio)
            names = {"data_set": data_set, "sampler": sampler, "reference": reference}
            interval = {"difference": mean, "low": mean - half, "high": mean + half}
            p_value = t_test(difference, ratio) if test == "t" else signed_rank(difference)
            lines.append(names | interval | wins_and_losses(difference) | {"p_value": p_value})
    return with_adjusted(lines)


def compare_data_sets(areas, pairs):
    """Each pair of samplers over data sets, each of which counts once, by its mean area.

    Returns
    -------
    comparison : data frame
        As of :meth:`skally.benchmark.LearningCurves.compare_across`.
    """
    means, lines = areas.groupby("data_set").mean(), []
    for sampler, reference in pairs:
        difference = (means[sampler] - means[reference]).dropna().to_numpy()
        names = {"sampler": sampler, "reference": reference}
        lines.append(names | wins_and_losses(difference) | {"p_value": signed_rank(difference)})
    return with_adjusted(lines)


def wins_and_losses(difference):
    """How many differences are above and below zero, a dict."""
    return {"wins": int((difference > 0).sum()), "losses": int((difference < 0).sum())}


def with_adjusted(lines):
    """Lines as a data frame, with p-values adjusted for all of them together."""
    table = pd.DataFrame(lines)
    return table.assign(p_adjusted=holm(table["p_value"])) if lines else table
