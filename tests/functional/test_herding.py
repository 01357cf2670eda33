import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from skally.functional import herding
from skally.functional.coverage import unit_rows
from skally.functional.herding import Cover, all_gains, gains, herd, smallest_distance

# What a row covers by itself counts 1e-4 more: gains are within 2e-4 of the definition's.


def dense_gains(Z, weight, covered, radius):
    """The definition, by all pairs of rows."""
    K = np.exp(-cdist(Z, Z, "sqeuclidean") / radius**2)
    return (weight[:, None] * np.maximum(K - covered[:, None], 0)).mean(axis=0)


@pytest.fixture
def rows(rng):
    """60 rows of length one, their weights, and the squared distance to three labelled ones."""
    Z, labeled = unit_rows(rng.normal(size=(60, 3))), unit_rows(rng.normal(size=(3, 3)))
    return Z, rng.exponential(size=60), cdist(Z, labeled, "sqeuclidean").min(axis=1)


@pytest.mark.parametrize("radius", [0.01, 0.1, 1.0, 10.0])
def test_gains_are_those_of_all_pairs(radius, rows):
    Z, weight, to_labeled = rows
    covered = np.exp(-to_labeled / radius**2)
    cover = Cover(Z, weight, np.arange(60), radius)
    expected = dense_gains(Z, weight, covered, radius)
    assert np.allclose(all_gains(cover, covered), expected, rtol=2e-4)
    single = Cover(Z.astype(np.float32), weight, np.arange(60), radius)
    assert np.allclose(all_gains(single, covered), expected, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("radius", [0.1, 1.0])
@pytest.mark.parametrize("few", [1, 7, 60])
def test_lazy_picks_are_those_of_computing_all_gains_each_time(radius, few, rows, monkeypatch):
    monkeypatch.setattr(herding, "FEW", few)
    monkeypatch.setattr(herding, "BLOCK", 8)
    Z, weight, to_labeled = rows
    chosen = herd(Cover(Z, weight, np.arange(60), radius), to_labeled, 25, np.ones(60, bool))
    covered = np.exp(-to_labeled / radius**2)
    for i, pick in enumerate(chosen):
        gain = dense_gains(Z, weight, covered, radius)
        gain[chosen[:i]] = -1
        assert gain[pick] >= gain.max() * (1 - 2e-4)
        covered = np.maximum(covered, np.exp(-cdist(Z, Z[[pick]], "sqeuclidean")[:, 0] / radius**2))
    assert len(set(chosen)) == 25


def test_gains_from_random_targets_are_right_on_average(rows, rng):
    Z, weight, to_labeled = rows
    covered = np.exp(-to_labeled / 0.5**2)
    means, n_draws = np.zeros(60), 2000
    for _ in range(n_draws):
        targets = np.sort(rng.permutation(60)[:6])
        means += gains(Cover(Z, weight, targets, 0.5), covered, np.arange(60)) / n_draws
    expected = dense_gains(Z, weight, covered, 0.5)
    # a draw's deviation is at most about the gain itself: 2 % in the mean of 2000, five times over
    assert np.allclose(means, expected, rtol=0.1, atol=1e-3)


def test_one_target_and_one_row_have_gains(rows):
    Z, weight, _ = rows
    cover = Cover(Z, weight, np.array([3]), 1.0)
    assert np.isfinite(gains(cover, np.zeros(60), np.arange(60))).all()
    one = Cover(Z[:1], weight[:1], np.array([0]), 1.0)
    assert np.allclose(gains(one, np.zeros(1), np.array([0])), weight[:1], rtol=2e-4)


def test_of_two_rows_that_cover_just_each_other_the_less_covered_is_chosen():
    """Their gains are equal, and rounding or the order of rows must not decide."""
    angle = np.array([0.0, 0.3, 2.0, 2.3])
    Z = np.column_stack([np.cos(angle), np.sin(angle)])
    to_labeled = np.array([0.3, 0.2, 0.25, 0.35])
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]):
        cover = Cover(Z[order], np.ones(4), np.arange(4), 0.5)
        assert set(herd(cover, to_labeled[order], 2, np.ones(4, bool))) == {
            order.index(0), order.index(3),
        }  # fmt: skip


def test_rows_that_are_not_eligible_come_last(rows):
    Z, weight, to_labeled = rows
    eligible = np.arange(60) % 3 == 0
    chosen = herd(Cover(Z, weight, np.arange(60), 0.5), to_labeled, 30, eligible)
    assert eligible[chosen[:20]].all() and not eligible[chosen[20:]].any()


def test_the_smallest_distance_leaves_duplicates_out(rows):
    Z = rows[0].astype(np.float32)
    assert np.isclose(smallest_distance(np.repeat(Z, 2, axis=0)), pdist(Z).min(), rtol=1e-4)
    for none in (Z[:0], Z[:1], Z[[0] * 5]):
        assert smallest_distance(none) == np.inf
