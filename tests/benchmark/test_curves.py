import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.naive_bayes import GaussianNB

from skally import MarginSampler, RandomSampler
from skally.benchmark import LearningCurves, learning_curves
from skally.benchmark.limits import score_limits

LABELS = np.array([10, 20, 40])


def frame_of(scores):
    """Frame of LearningCurves, from a dict of sampler to scores, (n_seeds, n_rounds)."""
    rows = [
        {
            "data_set": "", "sampler": sampler, "seed": seed, "round": i, "n_labeled": LABELS[i],
            "score": score, "fit_seconds": 2.0, "query_seconds": 1.0, "indices": np.arange(10),
        }
        for sampler, table in scores.items()
        for seed, row in enumerate(table)
        for i, score in enumerate(row)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def area(row):
    return (10 * (row[0] + row[1]) / 2 + 20 * (row[1] + row[2]) / 2) / 30


@pytest.fixture
def scores(rng):
    rises = np.array([0.5, 0.6, 0.7])
    return {
        "random": rises + 0.01 * rng.rand(6, 3),
        "better": rises + 0.1 + 0.01 * rng.rand(6, 3),
        "same": rises + 0.01 * rng.rand(6, 3),
    }


@pytest.fixture
def curves(scores):
    return LearningCurves(frame_of(scores))


def test_summary_has_area_final_score_and_times(curves, scores):
    summary = curves.summary(reference="random")
    assert list(summary.index) == ["random", "better", "same"]
    for sampler, table in scores.items():
        areas = [area(row) for row in table]
        line = summary.loc[sampler]
        assert line["area"] == pytest.approx(np.mean(areas))
        assert line["area_std"] == pytest.approx(np.std(areas, ddof=1))
        assert line["final"] == pytest.approx(table[:, -1].mean())
        assert line["fit_seconds"] == 6.0 and line["query_seconds"] == 3.0


def test_labels_saved_are_those_that_the_reference_needs_more(curves, scores):
    summary = curves.summary(reference="random", share=0.97)
    target = 0.97 * scores["random"].mean(axis=0)[-1]
    for sampler in scores:
        grid = np.linspace(10, 40, 300001)
        mean = np.interp(grid, LABELS, scores[sampler].mean(axis=0))
        needed = grid[np.argmax(mean >= target)]
        assert summary["labels_needed"][sampler] == pytest.approx(needed, abs=1e-3)
    saved = summary["labels_needed"]["random"] - summary["labels_needed"]["better"]
    assert summary["labels_saved"]["better"] == pytest.approx(saved)
    assert summary["labels_saved"]["random"] == 0


def test_labels_needed_for_an_error_are_those_of_a_slightly_larger_error():
    curves = LearningCurves(frame_of({"random": np.array([[-1.0, -0.5, -0.4]])}))
    target = -0.4 / 0.97
    needed = 20 + 20 * (target + 0.5) / 0.1
    assert curves.summary()["labels_needed"]["random"] == pytest.approx(needed)


def test_target_that_is_not_reached_has_no_number(scores):
    worse = LearningCurves(frame_of(scores | {"worse": np.full((6, 3), 0.1)}))
    assert np.isnan(worse.summary(reference="random")["labels_needed"]["worse"])


def test_comparison_is_scipys_paired_test_with_holm(curves, scores):
    table = curves.compare("random").set_index("sampler")
    areas = {name: np.array([area(row) for row in rows]) for name, rows in scores.items()}
    for name in ("better", "same"):
        known = stats.ttest_rel(areas[name], areas["random"])
        assert table["p_value"][name] == pytest.approx(known.pvalue)
        assert table["low"][name] == pytest.approx(known.confidence_interval().low)
    assert table["p_adjusted"]["better"] == pytest.approx(2 * table["p_value"]["better"])
    assert table["p_adjusted"]["better"] < 0.001 < table["p_adjusted"]["same"]
    assert (table["wins"]["better"], table["losses"]["better"]) == (6, 0)


def test_each_is_compared_with_each_without_a_reference(curves):
    pairs = set(zip(curves.compare()["sampler"], curves.compare()["reference"], strict=True))
    assert pairs == {("random", "better"), ("random", "same"), ("better", "same")}
    by_ranks = curves.compare(test="wilcoxon")
    assert by_ranks["p_value"].min() == pytest.approx(2 / 2**6)


def test_splits_of_the_same_data_have_larger_p_values(scores):
    fixed = LearningCurves(frame_of(scores))
    drawn = LearningCurves(frame_of(scores), {"": 1 / 3})
    assert (drawn.compare("random")["p_value"] > fixed.compare("random")["p_value"]).all()


def test_several_data_sets_count_once_each(rng):
    def one(gain):
        base = rng.rand(3, 3)
        return LearningCurves(frame_of({"a": base, "b": base + gain}))

    gains = [0.1, 0.2, 0.3, 0.4, 0.5, -0.01]
    curves = LearningCurves.concat({f"set {i}": one(gain) for i, gain in enumerate(gains)})
    line = curves.compare_across("a").iloc[0]
    assert (line["wins"], line["losses"]) == (5, 1)
    # Two of the 2^6 signs have a sum of negative ranks of 0 or 1, and as many of positive ones.
    assert line["p_value"] == pytest.approx(4 / 2**6)
    assert curves.ranks().tolist() == pytest.approx([11 / 6, 7 / 6])
    assert len(curves.summary()) == 12 and len(curves.compare("a")) == 6


def test_curves_are_compared_over_the_labels_that_all_have(curves, scores):
    frame = curves.frame
    short = frame[~((frame["sampler"] == "same") & (frame["seed"] == 2) & (frame["round"] == 2))]
    areas = LearningCurves(short).areas()
    for sampler, table in scores.items():
        for seed, row in enumerate(table):
            assert areas.loc[("", seed), sampler] == pytest.approx((row[0] + row[1]) / 2)
    n_labeled, rows = LearningCurves(short).scores("", "same")
    assert n_labeled.tolist() == [10, 20]
    assert np.array_equal(rows, scores["same"][:, :2])


def test_random_states_that_one_sampler_lacks_are_left_out_of_its_pairs(scores):
    fewer = scores | {"same": scores["same"][:4]}
    table = LearningCurves(frame_of(fewer)).compare("random").set_index("sampler")
    areas = {name: np.array([area(row) for row in rows]) for name, rows in fewer.items()}
    known = stats.ttest_rel(areas["same"], areas["random"][:4])
    assert table["p_value"]["same"] == pytest.approx(known.pvalue)
    assert table["wins"]["better"] == 6


def test_bands_are_students_intervals(curves, scores):
    bands = curves.bands(0.9).query("sampler == 'same'")
    low, high = stats.t.interval(
        0.9, 5, scores["same"].mean(axis=0), stats.sem(scores["same"], axis=0)
    )
    np.testing.assert_allclose(bands["low"], low)
    np.testing.assert_allclose(bands["high"], high)


def test_one_random_state_has_no_band_and_no_p_value():
    curves = LearningCurves(frame_of({"a": np.ones((1, 3)), "b": np.zeros((1, 3))}))
    assert curves.bands()["low"].isna().all()
    assert np.isnan(curves.compare()["p_value"][0])
    assert np.isnan(curves.summary()["area_std"]["a"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.summary("no such"), "reference == 'no such', must be one of"),
        (lambda c: c.summary(share=0), "share == 0"),
        (lambda c: c.compare("no such"), "reference == 'no such'"),
        (lambda c: c.compare(test="u"), "test == 'u'"),
        (lambda c: c.bands(1.0), "level == 1.0"),
    ],
)
def test_bad_input_raises(curves, call, message):
    with pytest.raises(ValueError, match=message):
        call(curves)


def test_curves_without_scores_are_errors():
    curves = LearningCurves(frame_of({"a": np.full((2, 3), np.nan)}))
    for call in (curves.summary, curves.areas, curves.bands, curves.compare):
        with pytest.raises(ValueError, match="no scores"):
            call()


def test_file_that_is_not_there_raises(tmp_path):
    with pytest.raises(OSError, match="There is no file"):
        LearningCurves.load(tmp_path / "curves")


OWN = pd.DataFrame(
    {"sampler": ["b", "b", "a", "a"], "n_labeled": [20, 10, 10, 20], "score": [0.9, 0.5, 0.4, 0.7]},
    index=[7, 7, 7, 7],
)


def test_loop_of_ones_own_needs_three_columns():
    curves = LearningCurves.from_frame(OWN)
    assert curves.samplers == ["b", "a"] and curves.data_sets == [""]
    assert curves.areas().loc[("", 0)].to_dict() == pytest.approx({"b": 0.7, "a": 0.55})
    assert curves.frame["round"].tolist() == [1, 0, 0, 1]
    summary = curves.summary("a")
    assert summary["final"].to_dict() == {"b": 0.9, "a": 0.7}
    assert summary["fit_seconds"].isna().all()


def test_loop_of_ones_own_has_the_results_of_the_runners_frame(curves, scores):
    own = curves.frame[["sampler", "seed", "n_labeled", "score", "fit_seconds", "query_seconds"]]
    made = LearningCurves.from_frame(own.assign(more="is left out"), test_ratio=0.25)
    pd.testing.assert_frame_equal(made.summary("random"), curves.summary("random"))
    assert made.compare("random")["p_value"].gt(curves.compare("random")["p_value"]).all()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (OWN.to_dict("list"), "frame is a dict, must be a data frame"),
        (OWN.drop(columns="score"), r"lacks the columns \['score'\]"),
        (OWN[:0], "frame has 0 rows"),
        (pd.concat([OWN, OWN]), "two rows of sampler 'b', seed 0 with 20 labels"),
        (OWN.assign(score="good"), "column score must hold numbers"),
        (OWN.assign(score=np.inf), "column score holds inf"),
        (OWN.assign(n_labeled=[1, 2, 3, 4.5]), "column n_labeled holds 4.5, must be integers >= 1"),
        (OWN.assign(n_labeled=np.nan), "column n_labeled holds nan"),
        (OWN.assign(seed=-1), "column seed holds -1"),
        (OWN.assign(sampler=[None, "b", "a", "a"]), "a row without sampler"),
        (pd.concat([OWN, OWN["score"]], axis=1), "must be distinct"),
    ],
)  # fmt: skip
def test_frame_that_is_none_of_curves_raises(frame, message):
    with pytest.raises(ValueError, match=message):
        LearningCurves.from_frame(frame)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"test_ratio": -1}, "test_ratio"),
        ({"score_limits": (1, 0)}, "the first must be below"),
        ({"score_limits": 1}, "score_limits == 1, must be two numbers"),
        ({"score_limits": ("a", None)}, "score_limits == 'a'"),
    ],
)
def test_what_is_said_of_a_frame_is_checked(kwargs, message):
    with pytest.raises(ValueError, match=message):
        LearningCurves.from_frame(OWN, **kwargs)


def wide(limits=(None, None)):
    """Curves whose intervals are wider than scores can be."""
    table = np.array([[0.0, 0.9, 1.0], [0.2, 1.0, 0.7]])
    return LearningCurves.from_frame(frame_of({"a": table}), score_limits=limits)


def test_intervals_end_where_scores_do():
    free = wide().bands()
    assert free["low"].min() < 0 and free["high"].max() > 1
    for limits in ((0, 1), (None, 1), (0, None)):
        low, high = (np.inf * sign if each is None else each
                     for each, sign in zip(limits, (-1, 1), strict=True))  # fmt: skip
        for bands in (wide(limits).bands(), wide().bands(clip=limits)):
            np.testing.assert_allclose(bands["low"], np.clip(free["low"], low, high))
            np.testing.assert_allclose(bands["high"], np.clip(free["high"], low, high))
            np.testing.assert_allclose(bands["mean"], free["mean"])
        pd.testing.assert_frame_equal(wide(limits).bands(clip=False), free)
    with pytest.raises(ValueError, match="clip == 5, must be two numbers"):
        wide().bands(clip=5)


def test_intervals_are_whole_where_scores_lie_beyond_the_limits():
    pd.testing.assert_frame_equal(wide((0, 0.95)).bands(), wide().bands())


def test_limits_stay_with_their_data_set():
    both = LearningCurves.concat({"one": wide((0, 1)), "other": wide()}).bands()
    highest = both.groupby("data_set")["high"].max()
    assert highest["one"] == 1 < highest["other"]


@pytest.mark.parametrize(
    ("estimator", "scoring", "limits"),
    [
        (GaussianNB(), None, (0, 1)),
        (Ridge(), None, (None, 1)),
        (KMeans(), None, (None, None)),
        (GaussianNB(), "f1_macro", (0, 1)),
        (GaussianNB(), "roc_auc_ovr", (0, 1)),
        (GaussianNB(), "matthews_corrcoef", (-1, 1)),
        (Ridge(), "neg_mean_squared_error", (None, 0)),
        (Ridge(), "max_error", (None, 0)),
        (Ridge(), lambda *_: 5.0, (None, None)),
    ],
)
def test_limits_of_known_scores(estimator, scoring, limits):
    assert score_limits(estimator, scoring) == limits


def test_limits_hold_for_what_every_scorer_of_scikit_learn_gives(rng):
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    for name in get_scorer_names():
        for model, target in ((GaussianNB(), y), (Ridge(), np.abs(X[:, 0]) + 1), (KMeans(2), y)):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    score = get_scorer(name)(model.fit(X, target), X, target)
            except (ValueError, AttributeError, TypeError):
                continue  # it is for another kind of estimator
            low, high = score_limits(model, name)
            assert (low is None or score >= low) and (high is None or score <= high + 1e-12), name


def test_random_states_that_change_nothing_are_told(scores):
    same = {"one": np.tile([[0.5, 0.6, 0.7]], (3, 1)), "other": scores["same"][:3]}
    with pytest.warns(UserWarning, match="same curve of sampler 'one': "):
        LearningCurves.from_frame(frame_of(same))
    LearningCurves.from_frame(frame_of({"one": same["one"][:1]}))  # one random state is none


def test_runner_tells_of_random_states_that_change_nothing():
    X, y = load_iris(return_X_y=True)
    kwargs = {
        "X_test": X[1::2].copy(), "y_test": y[1::2], "n_initial": [0, 30, 60], "n_instances": 2,
        "n_rounds": 2, "random_states": [0, 1],
    }  # fmt: skip
    samplers = {"margin": MarginSampler(), "random": RandomSampler()}
    with pytest.warns(UserWarning, match="same curve of sampler 'margin': neither initial"):
        learning_curves(GaussianNB(var_smoothing=1e-3), samplers, X[::2], y[::2], **kwargs)


def test_runner_knows_what_its_scores_can_be(tmp_path):
    X, y = load_iris(return_X_y=True)
    for scoring, limits in ((None, (0, 1)), ("neg_log_loss", (None, 0))):
        curves = learning_curves(
            GaussianNB(var_smoothing=1e-3), [RandomSampler()], X, y, scoring=scoring,
            n_initial=9, n_instances=2, n_rounds=1, random_states=[0, 1],
            cache=tmp_path / str(scoring),
        )  # fmt: skip
        loaded = LearningCurves.load(tmp_path / str(scoring))
        assert curves.score_limits == loaded.score_limits == {"": limits}
