import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skally.benchmark import LearningCurves

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
