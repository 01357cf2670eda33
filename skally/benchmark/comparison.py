"""Paired tests of samplers, as tables."""

import pandas as pd

from skally.benchmark.statistics import holm, paired_t, signed_rank


def compare_seeds(areas, pairs, test_ratio, test):
    """Each pair on each data set, paired by seed.

    Parameters
    ----------
    areas : data frame
        Rows by data set and seed, a column for each sampler.
    pairs : list of (sampler, reference)
    test_ratio : dict of str to float
        Test samples per training sample, by data set, where each seed has a split of its own.
    test : {"t", "wilcoxon"}

    Returns
    -------
    comparison : data frame
        As of :meth:`skally.benchmark.LearningCurves.compare`.
    """
    lines = [
        {"data_set": data_set, "sampler": sampler, "reference": reference}
        | line_of((rows[sampler] - rows[reference]).dropna(), test_ratio.get(data_set, 0.0), test)
        for data_set, rows in areas.groupby("data_set", sort=False)
        for sampler, reference in pairs
    ]
    return adjusted(lines)


def line_of(difference, test_ratio, test):
    """What is known of one pair on one data set, a dict."""
    p_value, half = paired_t(difference.to_numpy(), test_ratio)
    return {
        "difference": difference.mean(),
        "low": difference.mean() - half,
        "high": difference.mean() + half,
        **wins_and_losses(difference),
        "p_value": p_value if test == "t" else signed_rank(difference.to_numpy()),
    }


def compare_data_sets(areas, pairs):
    """Each pair over data sets, each of which counts once, by its mean area.

    Returns
    -------
    comparison : data frame
        As of :meth:`skally.benchmark.LearningCurves.compare_across`.
    """
    means, lines = areas.groupby("data_set").mean(), []
    for sampler, reference in pairs:
        difference = (means[sampler] - means[reference]).dropna()
        names = {"sampler": sampler, "reference": reference}
        p_value = {"p_value": signed_rank(difference.to_numpy())}
        lines.append(names | wins_and_losses(difference) | p_value)
    return adjusted(lines)


def wins_and_losses(difference):
    """How many differences are above and below zero, a dict."""
    return {"wins": int((difference > 0).sum()), "losses": int((difference < 0).sum())}


def adjusted(lines):
    """Lines as a table, with p-values for all of them together."""
    table = pd.DataFrame(lines)
    return table.assign(p_adjusted=holm(table["p_value"])) if lines else table
