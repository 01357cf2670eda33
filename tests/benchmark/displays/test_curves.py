import builtins

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from scipy import stats

from skally.benchmark.curves import LearningCurves
from skally.benchmark.displays.common import MUTED, styles
from skally.benchmark.displays.curves import LearningCurveDisplay, set_log_scale

N_LABELED = [10, 15, 25]


@pytest.fixture(autouse=True)
def close():
    """No figure outlives its test."""
    yield
    pyplot.close("all")


def make_curves(rng, data_sets=("a",), samplers=("random", "margin", "badge"), n_seeds=4):
    """Curves with scores from -1 to 0."""
    rows = [
        (data_set, sampler, seed, i, n, -rng.uniform(), 0.0, 0.0)
        for data_set in data_sets
        for sampler in samplers
        for seed in range(n_seeds)
        for i, n in enumerate(N_LABELED)
    ]
    names = "data_set sampler seed round n_labeled score fit_seconds query_seconds".split()
    return LearningCurves(pd.DataFrame(rows, columns=names))


def edges(band):
    """Lower and upper edge of a drawn band at each number of labels."""
    corners = band.get_paths()[0].vertices
    at = [corners[corners[:, 0] == n, 1] for n in N_LABELED]
    return np.array([y.min() for y in at]), np.array([y.max() for y in at])


def test_lines_are_means_and_bands_scipys_intervals(rng):
    curves = make_curves(rng, data_sets=["a", "b"])
    display = LearningCurveDisplay.from_curves(curves, level=0.8)
    assert len(display.lines_) == len(display.fills_) == 6
    for (data_set, sampler), line in display.lines_.items():
        rows = curves.frame.query("data_set == @data_set and sampler == @sampler")
        scores = np.array([rows[rows["n_labeled"] == n]["score"] for n in N_LABELED])
        mean = scores.mean(axis=1)
        assert np.array_equal(line.get_xdata(), N_LABELED)
        assert np.allclose(line.get_ydata(), mean)
        low, high = stats.t.interval(0.8, 3, loc=mean, scale=stats.sem(scores, axis=1))
        drawn = edges(display.fills_[data_set, sampler])
        assert np.allclose(drawn, (low, high))
        assert line.axes is display.axes_["ab".index(data_set)]


def test_negated_scores_are_errors_with_the_band_reflected(rng):
    curves = make_curves(rng)
    scores = LearningCurveDisplay.from_curves(curves)
    errors = LearningCurveDisplay.from_curves(curves, negate_score=True)
    for key, line in scores.lines_.items():
        assert np.array_equal(errors.lines_[key].get_ydata(), -line.get_ydata())
        low, high = edges(scores.fills_[key])
        assert np.allclose(edges(errors.fills_[key]), (-high, -low))
    assert scores.axes_[0].get_ylabel() == "score"
    assert errors.axes_[0].get_ylabel() == "error"


def test_one_random_state_has_no_band_and_no_legend_title(rng):
    display = LearningCurveDisplay.from_curves(make_curves(rng, n_seeds=1))
    assert len(display.lines_) == 3 and not display.fills_
    assert display.figure_.legends[0].get_title().get_text() == ""


def test_baselines_are_grey_and_all_others_different(rng):
    samplers = [f"sampler {i}" for i in range(20)]
    looks = styles(["Random", *samplers, "my reference"])
    assert looks["Random"]["color"] == looks["my reference"]["color"] == MUTED
    assert len({tuple(looks[name].values()) for name in samplers}) == 20
    assert MUTED not in {looks[name]["color"] for name in samplers}


def test_given_colours_are_used(rng):
    curves = make_curves(rng)
    display = LearningCurveDisplay.from_curves(curves, colors={"random": "red", "badge": "#123456"})
    drawn = {name: to_hex(line.get_color()) for (_, name), line in display.lines_.items()}
    assert drawn["random"] == "#ff0000" and drawn["badge"] == "#123456"
    with pytest.raises(ValueError, match="colors has 'entropy', must be of"):
        LearningCurveDisplay.from_curves(curves, colors={"entropy": "red"})


def test_every_sampler_is_in_the_legend_with_its_own_line(rng):
    for data_sets in (["a"], ["a", "b", "c", "d"]):
        display = LearningCurveDisplay.from_curves(make_curves(rng, data_sets))
        legend = display.figure_.legends[0]
        names = [text.get_text() for text in legend.get_texts()]
        colours = [line.get_color() for line in legend.get_lines()]
        looks = styles(["random", "margin", "badge"])
        assert colours == [looks[name]["color"] for name in names]
        assert set(names) == {"random", "margin", "badge"}


def test_a_panel_for_each_data_set_and_no_empty_ones(rng):
    display = LearningCurveDisplay.from_curves(make_curves(rng, list("abcde")))
    assert [ax.get_title(loc="left") for ax in display.axes_] == list("abcde")
    assert len(display.figure_.axes) == 5


def test_given_axes_are_used(rng):
    curves = make_curves(rng, ["a", "b"])
    figure, axes = pyplot.subplots(2)
    display = LearningCurveDisplay.from_curves(curves, ax=axes, score_name="accuracy")
    assert display.figure_ is figure and list(display.axes_) == list(axes)
    assert not figure.legends and axes[0].get_legend() is not None
    assert [ax.get_ylabel() for ax in axes] == ["accuracy", "accuracy"]
    with pytest.raises(ValueError, match="ax holds 1, must be 2"):
        LearningCurveDisplay.from_curves(curves, ax=axes[0])
    other = LearningCurveDisplay.from_curves(curves, axes=axes)
    assert list(other.axes_) == list(axes)
    with pytest.raises(ValueError, match="ax and axes are given"):
        other.plot(axes, axes=axes)


def test_intervals_end_where_scores_do_unless_clip_is_off(rng):
    curves = make_curves(rng)  # scores from -1 to 0
    limited = LearningCurves(curves.frame, score_limits={"a": (None, 0)})
    shown = LearningCurveDisplay.from_curves(limited)
    whole = LearningCurveDisplay.from_curves(limited, clip=False)
    assert max(edges(band)[1].max() for band in whole.fills_.values()) > 0
    for key, band in shown.fills_.items():
        low, high = edges(whole.fills_[key])
        assert np.allclose(edges(band), (low, np.minimum(high, 0)))


@pytest.mark.parametrize(
    "low, high", [(0.11, 0.14), (0.15, 0.6), (0.02, 0.3), (1e-7, 3), (2900, 3900)]
)
def test_log_ticks_are_plain_numbers_and_neither_few_nor_many(low, high):
    figure, ax = pyplot.subplots(figsize=(3, 2.6))
    set_log_scale(ax, np.array([low, high]))
    figure.canvas.draw()
    bottom, top = ax.get_ylim()
    assert bottom < low and top > high
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    labels = {at: text.get_text().replace("−", "-") for at, text in ticks}
    shown = {at: label for at, label in labels.items() if bottom <= at <= top}
    assert 3 <= len(shown) <= 9
    assert all(np.isclose(float(label), at) for at, label in shown.items())
    assert not [text for text in ax.get_yticklabels(minor=True) if text.get_text()]


def test_log_scale_shows_bands_that_reach_below_zero(rng):
    curves = make_curves(rng, n_seeds=2)
    display = LearningCurveDisplay.from_curves(curves, negate_score=True, log_scale=True)
    assert min(edges(band)[0].min() for band in display.fills_.values()) < 0
    bottom, top = display.axes_[0].get_ylim()
    means = np.concatenate([line.get_ydata() for line in display.lines_.values()])
    assert display.axes_[0].get_yscale() == "log"
    assert means.min() / 5 < bottom < means.min() and top > means.max()


def test_log_scale_leaves_room_for_means_where_a_band_nearly_reaches_zero(rng):
    bands = make_curves(rng).bands().assign(mean=1.0, low=1e-9, high=2.0)
    display = LearningCurveDisplay(bands).plot(log_scale=True)
    bottom, top = display.axes_[0].get_ylim()
    assert 0.1 < bottom < 1 < 2 < top < 10


def test_log_scale_of_scores_below_zero_is_an_error(rng):
    with pytest.raises(ValueError, match="log_scale == True, must be False with a value of -"):
        LearningCurveDisplay.from_curves(make_curves(rng), log_scale=True)


def test_anything_but_curves_with_scores_is_an_error(rng):
    curves = make_curves(rng)
    with pytest.raises(ValueError, match="curves is a DataFrame, must be LearningCurves"):
        LearningCurveDisplay.from_curves(curves.frame)
    without = LearningCurves(curves.frame.assign(score=np.nan))
    with pytest.raises(ValueError, match="There are no scores"):
        LearningCurveDisplay.from_curves(without)
    with pytest.raises(ValueError, match="level == 1.5"):
        LearningCurveDisplay.from_curves(curves, level=1.5)


def test_without_matplotlib_it_says_what_to_install(rng, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    curves = make_curves(rng)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install skally\\[plot\\]"):
        LearningCurveDisplay.from_curves(curves)
