import numpy as np
import pytest
from scipy import stats

from skally.benchmark.statistics import (
    area_under_curve,
    holm,
    labels_needed,
    mean_ranks,
    share_of,
    signed_rank,
    t_interval,
    t_test,
)


def test_area_is_the_mean_height_by_trapezoids(rng):
    n_labeled, score = np.array([10, 30, 40, 100]), rng.rand(5, 4)
    grid = np.linspace(10, 100, 90001)
    for area, row in zip(area_under_curve(n_labeled, score), score, strict=True):
        assert area == pytest.approx(np.interp(grid, n_labeled, row).mean(), abs=1e-4)
    assert area_under_curve(n_labeled, np.full(4, 0.7)) == pytest.approx(0.7)
    assert area_under_curve([10], [[0.5], [0.6]]).tolist() == [0.5, 0.6]


def test_labels_needed_is_the_first_crossing():
    n_labeled, score = np.array([100, 200, 300, 400]), np.array([0.5, 0.7, 0.6, 0.9])
    assert labels_needed(n_labeled, score, 0.6) == pytest.approx(150)
    assert labels_needed(n_labeled, score, 0.8) == pytest.approx(300 + 100 * 2 / 3)
    assert labels_needed(n_labeled, score, 0.4) == 100
    assert np.isnan(labels_needed(n_labeled, score, 0.95))


def test_share_of_an_error_is_a_larger_error():
    assert share_of(0.8, 0.97) == pytest.approx(0.776)
    assert share_of(-0.97, 0.97) == pytest.approx(-1.0)


def test_t_test_is_scipys_without_overlap(rng):
    difference = rng.randn(8) + 0.5
    mean, half = t_interval(difference)
    known = stats.ttest_1samp(difference, 0)
    assert t_test(difference) == pytest.approx(known.pvalue)
    assert mean - half == pytest.approx(known.confidence_interval().low)


def test_overlap_makes_the_interval_wider_as_nadeau_and_bengio_say(rng):
    difference = rng.randn(10)
    ratio = t_interval(difference, test_ratio=1 / 3)[1] / t_interval(difference)[1]
    assert ratio == pytest.approx(np.sqrt((1 / 10 + 1 / 3) / (1 / 10)))


def test_equal_curves_have_a_p_value_of_one_and_one_pair_has_none():
    assert t_test(np.zeros(5)) == 1.0
    assert t_test(np.ones(5)) == 0.0
    assert signed_rank(np.zeros(5)) == 1.0
    assert np.isnan(t_test(np.array([1.0])))


def test_t_test_rejects_a_true_hypothesis_in_one_case_of_twenty(rng):
    p_values = [t_test(rng.randn(6)) for _ in range(2000)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("n", [3, 6, 9])
def test_signed_rank_is_exact(rng, n):
    difference = rng.randn(n)
    ranks = stats.rankdata(abs(difference))
    statistic = (ranks * np.sign(difference)).sum()
    signs = np.array(np.meshgrid(*[[-1, 1]] * n)).reshape(n, -1)
    brute = np.mean(abs(ranks @ signs) >= abs(statistic) - 1e-9)
    assert signed_rank(difference) == pytest.approx(brute)


def test_holm_rejects_what_the_step_down_procedure_rejects(rng):
    for _ in range(50):
        p_values = rng.rand(6) ** 3
        rejected, left = np.zeros(6, dtype=bool), list(np.argsort(p_values))
        while left and p_values[left[0]] <= 0.05 / len(left):
            rejected[left.pop(0)] = True
        np.testing.assert_array_equal(holm(p_values) <= 0.05, rejected)


def test_holm_leaves_out_nan():
    adjusted = holm([0.01, np.nan, 0.04])
    assert adjusted[[0, 2]].tolist() == [0.02, 0.04] and np.isnan(adjusted[1])


def test_largest_score_has_rank_one_and_ties_share():
    assert mean_ranks([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]]).tolist() == [1.25, 2.25, 2.5]


def test_interval_is_students(rng):
    scores = rng.randn(7, 3)
    mean, half = t_interval(scores, 0.9)
    known = stats.t.interval(0.9, 6, scores.mean(axis=0), stats.sem(scores, axis=0))
    np.testing.assert_allclose((mean - half, mean + half), known)
    assert np.isnan(t_interval(scores[:1], 0.9)[1]).all()
