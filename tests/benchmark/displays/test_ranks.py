from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from skally.benchmark.curves import LearningCurves
from skally.benchmark.displays.ranks import RankDisplay, data_sets_needed, groups_of, stack
from skally.benchmark.displays.win_loss import WinLossDisplay
from skally.benchmark.statistics import signed_rank


@pytest.fixture(autouse=True)
def close():
    """No figure outlives its test."""
    yield
    pyplot.close("all")


def make_curves(areas):
    """Curves of one round, so that a score is an area.

    Parameters
    ----------
    areas : array of shape (n_data_sets, n_samplers, n_seeds)
    """
    rows = [
        (f"data set {i}", f"sampler {j}", seed, 0, 10, score, 0.0, 0.0)
        for (i, j, seed), score in np.ndenumerate(areas)
    ]
    names = "data_set sampler seed round n_labeled score fit_seconds query_seconds".split()
    return LearningCurves(pd.DataFrame(rows, columns=names))


def graded(rng, n_data_sets=12, step=0.02, n_seeds=2):
    """Curves of six samplers, some of which differ significantly and some do not."""
    noise = 0.04 * rng.normal(size=(n_data_sets, 6, n_seeds))
    return make_curves(0.5 + step * np.array([3, 0, 1, 5, 2, 4])[:, None] + noise)


def brute_force_groups(names, pairs):
    """Runs without a pair that differs, except those inside a longer one."""
    n = len(names)
    runs = [names[i:j] for i in range(n) for j in range(i + 2, n + 1)]
    runs = [run for run in runs if not any(set(pair) <= set(run) for pair in pairs)]
    return [run for run in runs if not any(set(run) < set(other) for other in runs)]


def test_groups_equal_brute_force(rng):
    seen = set()
    for n in (2, 3, 5, 7):
        names = list("abcdefg"[:n])
        for _ in range(60):
            pairs = [pair for pair in combinations(names, 2) if rng.uniform() < 0.3]
            table = pd.DataFrame(list(combinations(names, 2)), columns=["sampler", "reference"])
            differ = [pair in pairs for pair in combinations(names, 2)]
            table["p_adjusted"] = np.where(differ, 0.05, 0.051)
            if rng.uniform() < 0.5:  # a pair has no order
                table = table.rename(columns={"sampler": "reference", "reference": "sampler"})
            groups = groups_of(names, table, 0.05)
            assert groups == brute_force_groups(names, pairs)
            seen.add(len(groups))
    assert {0, 1, 2, 3} <= seen


def test_bars_join_the_samplers_that_do_not_differ(rng):
    curves = graded(rng)
    display = RankDisplay.from_curves(curves)
    ranks, compared = curves.ranks(), curves.compare_across()
    differ = compared[compared["p_adjusted"] <= 0.05]
    pairs = list(zip(differ["sampler"], differ["reference"], strict=True))
    groups = brute_force_groups(list(ranks.sort_values().index), pairs)
    assert len(groups) > 1 and len(display.bars_) == len(groups)
    for bar, group in zip(display.bars_, groups, strict=True):
        low, high = bar.get_xdata()
        under = [name for name in ranks.index if low <= ranks[name] <= high]
        assert set(under) == set(group)


def test_leaders_begin_at_mean_ranks_and_end_at_the_names(rng):
    curves = graded(rng)
    display = RankDisplay.from_curves(curves)
    texts = {text.get_text(): text for text in display.ax_.texts}
    for name, rank in curves.ranks().items():
        x, y = display.lines_[name].get_data()
        assert x[0] == rank and y[0] == 0
        text = next(each for label, each in texts.items() if name in label)
        assert f"{rank:.2f}" in text.get_text()
        assert text.xy == (x[-1], y[-1])
    ends = [line.get_xydata()[-1] for line in display.lines_.values()]
    assert len(np.unique(ends, axis=0)) == 6


def test_names_are_below_all_bars():
    ranks = pd.Series(dict(zip("abcdef", range(1, 7), strict=True)))
    display = RankDisplay(ranks, [list("abcd"), list("bcde"), list("cdef")], n_data_sets=20).plot()
    bars = [bar.get_ydata()[0] for bar in display.bars_]
    names = [line.get_ydata()[-1] for line in display.lines_.values()]
    assert len(set(bars)) == 3 and max(bars) < min(names)


def test_no_leader_crosses_another(rng):
    display = RankDisplay.from_curves(graded(rng))
    lines = [line.get_xydata() for line in display.lines_.values()]
    for one, other in product(lines, lines):
        (x, _), (_, y), (end, _) = one
        down, row = other[0, 0], other[1, 1]
        if one is not other and min(x, end) < down < max(x, end):
            assert row < y


def test_bars_on_one_level_do_not_touch(rng):
    for _ in range(50):
        starts = np.sort(rng.uniform(size=8))
        spans = [(start, start + 0.3 * rng.uniform()) for start in starts]
        placed = stack(spans)
        assert [(low, high) for low, high, _ in placed] == spans
        for (_, high, level), (low, _, other) in combinations(placed, 2):
            assert level != other or high < low
        deepest = max(sum(low <= at <= high for low, high in spans) for at in starts)
        assert max(level for *_, level in placed) + 1 == deepest


def test_caption_says_if_there_are_too_few_data_sets(rng):
    few, enough = graded(rng, n_data_sets=9), graded(rng, n_data_sets=10)
    assert "fewer than 10 data sets" in RankDisplay.from_curves(few).caption
    assert "fewer" not in RankDisplay.from_curves(enough).caption


@pytest.mark.parametrize("k, alpha", [(2, 0.05), (3, 0.05), (2, 0.25), (4, 0.5)])
def test_data_sets_needed_are_the_fewest_with_a_p_value_so_small(k, alpha):
    n = data_sets_needed(k, alpha)
    n_pairs = k * (k - 1) / 2

    def least(n):
        signs = product([-1, 1], repeat=n)
        return min(signed_rank(np.array(each) * np.arange(1, n + 1)) for each in signs)

    assert n_pairs * least(n) <= alpha < n_pairs * least(n - 1)


def test_no_bar_where_all_differ():
    areas = np.arange(3)[None, :, None] + np.arange(12)[:, None, None] * 0.1
    spread = np.arange(12)[:, None, None] * np.arange(3)[:, None] * 0.01
    display = RankDisplay.from_curves(make_curves(areas + spread))
    assert display.bars_ == []


def test_given_axes_are_used(rng):
    curves = graded(rng)
    figure, axes = pyplot.subplots(1, 2)
    rank = RankDisplay.from_curves(curves, ax=axes[0])
    wins = WinLossDisplay.from_curves(curves, ax=axes[1])
    assert rank.ax_ is axes[0] and wins.ax_ is axes[1]
    assert rank.figure_ is wins.figure_ is figure


def test_one_data_set_is_an_error(rng):
    with pytest.raises(ValueError, match="curves has 1 data set, must have at least two data sets"):
        RankDisplay.from_curves(graded(rng, n_data_sets=1))


@pytest.mark.parametrize("alpha", [0, 1, -0.1, np.nan])
def test_alpha_out_of_range_is_an_error(rng, alpha):
    with pytest.raises(ValueError, match="alpha == .*, must be between 0 and 1"):
        RankDisplay.from_curves(graded(rng), alpha=alpha)


@pytest.mark.parametrize("Display", [RankDisplay, WinLossDisplay])
def test_incomplete_curves_are_errors(rng, Display):
    curves = graded(rng, n_data_sets=3)
    frame = curves.frame
    is_one = (frame["sampler"] == "sampler 2") & (frame["data_set"] == "data set 1")
    missing = "no scores of sampler 'sampler 2' with random state 1 on data set 'data set 1'"
    with pytest.raises(ValueError, match=missing):
        Display.from_curves(LearningCurves(frame[~(is_one & (frame["seed"] == 1))]))
    with pytest.raises(ValueError, match="no scores on data set 'data set 2'"):
        without = frame["score"].where(frame["data_set"] != "data set 2")
        Display.from_curves(LearningCurves(frame.assign(score=without)))
    with pytest.raises(ValueError, match="no scores of sampler 'sampler 2'"):
        without = frame["score"].where(frame["sampler"] != "sampler 2")
        Display.from_curves(LearningCurves(frame.assign(score=without)))
    with pytest.raises(ValueError, match="curves has 1 sampler, must have at least two"):
        Display.from_curves(LearningCurves(frame[frame["sampler"] == "sampler 2"]))
    with pytest.raises(ValueError, match="curves is a list, must be LearningCurves"):
        Display.from_curves([curves])
    with pytest.raises(ValueError, match="There are no scores"):
        Display.from_curves(LearningCurves(frame.assign(score=np.nan)))


def check_wins(display, areas, names):
    """Numbers and colours equal counts over the rows of areas."""
    at = {name: i for i, name in enumerate(display.wins.index)}
    for (i, one), (j, other) in product(enumerate(names), repeat=2):
        if i != j:
            wins = sum(row[i] > row[j] for row in areas)
            losses = sum(row[i] < row[j] for row in areas)
            assert display.texts_[one, other].get_text() == str(wins)
            assert display.texts_[one, other].get_position() == (at[other], at[one])
            assert display.image_.get_array()[at[one], at[other]] == wins - losses


def test_wins_over_data_sets_equal_counts(rng):
    areas = rng.randint(0, 4, size=(7, 4, 2)).astype(float)  # with ties
    curves = make_curves(areas)
    display = WinLossDisplay.from_curves(curves)
    check_wins(display, areas.mean(axis=2), curves.samplers)
    assert display.n == 7 and display.ax_.get_title() == "Row beats column on … of 7 data sets"
    drawn = [label.get_text() for label in display.ax_.get_yticklabels()]
    total = {name: display.wins.loc[name].sum() for name in curves.samplers}
    assert [total[name] for name in drawn] == sorted(total.values(), reverse=True)


def test_wins_on_one_data_set_are_over_random_states(rng):
    areas = rng.randint(0, 4, size=(1, 3, 6)).astype(float)
    curves = make_curves(areas)
    display = WinLossDisplay.from_curves(curves)
    check_wins(display, areas[0].T, curves.samplers)
    assert display.ax_.get_title() == "Row beats column on … of 6 random states"
