import numpy as np
import pytest
from margins import clear_argmax
from scipy.spatial.distance import cdist

from skally.functional import central
from skally.functional.central import central_rows


def brute_central_rows(Z, nearest, k, weight, rng):
    """Each pick is the best of those drawn, by the sum over all rows; single precision finds it."""
    nearest, chosen = nearest * weight, []
    for _ in range(k):
        bounds, drawn = np.cumsum(nearest) / nearest.sum(), rng.random_sample(central.N_TRIALS)
        assert np.abs(bounds[:-1] - drawn[:, None]).min() > 2e-6, "rounding could turn this draw"
        rows = np.unique(np.searchsorted(bounds, drawn, side="right"))
        with_each = [np.minimum(nearest, ((Z - Z[row]) ** 2).sum(axis=1) * weight) for row in rows]
        best = clear_argmax([-left.sum() for left in with_each], margin=1e-5)
        chosen.append(rows[best])
        nearest = with_each[best]
    return chosen


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 6, 7, 8, 9, 10])  # of 5 a draw is not clear
def test_central_rows_equal_brute_force(seed):
    rng = np.random.RandomState(seed)
    Z, centers = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
    weight = rng.exponential(size=40)  # without weights, two rows far from others are alike
    nearest = cdist(Z, centers, "sqeuclidean").min(axis=1)
    chosen = central_rows(Z, nearest, 12, weight, np.random.RandomState(seed))
    expected = brute_central_rows(Z, nearest, 12, weight, np.random.RandomState(seed))
    assert chosen.tolist() == expected


def test_one_weight_is_the_same_for_all_rows(rng):
    Z = rng.normal(size=(50, 3))
    picks = [
        central_rows(Z, (Z**2).sum(axis=1), 5, weight, np.random.RandomState(0)).tolist()
        for weight in (1.0, np.ones(50))
    ]
    assert picks[0] == picks[1]


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_neither_the_units_nor_the_origin_matter(unit, rng):
    Z, weight = rng.normal(size=(200, 3)), rng.random_sample(200)
    nearest = (Z**2).sum(axis=1)
    picks = [
        central_rows(each, squared, 9, weight, np.random.RandomState(0)).tolist()
        for each, squared in [(Z, nearest), ((Z + 5) * unit, nearest * unit**2)]
    ]
    assert picks[0] == picks[1]


@pytest.mark.parametrize("nearest, weight, expected", [
    ([3.0, 1.0, 2.0, 0.0], 0.0, [0, 2, 1, 3]),  # nothing counts: the farthest first
    ([0.0] * 4, 1.0, [0, 1, 2, 3]),  # all of them are where a centre is
    ([4.0] * 4, np.array([0.0, 0.0, 1.0, 0.0]), [2, 0, 1, 3]),  # one counts
])  # fmt: skip
def test_rows_that_do_not_count_come_last(nearest, weight, expected, rng):
    chosen = central_rows(np.ones((4, 2)), np.array(nearest), 4, weight, rng)
    assert chosen.tolist() == expected and chosen.dtype.kind == "i"


def test_a_row_is_taken_once_though_others_are_its_duplicates(rng):
    Z = np.repeat(rng.normal(size=(3, 2)), 4, axis=0)
    chosen = central_rows(Z, np.ones(12), 12, rng.random_sample(12), rng)
    assert sorted(chosen) == list(range(12))
    assert len({tuple(Z[row]) for row in chosen[:3]}) == 3
