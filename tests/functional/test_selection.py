import numpy as np
import pytest
from margins import clear_argmax, clear_argsort, clear_draw
from scipy.spatial.distance import cdist

from skally.functional.selection import (
    draw,
    farthest_first,
    gumbel_top_k,
    k_center,
    kmeans_plusplus,
    top_k,
)


def test_top_k_is_the_head_of_a_sort(rng):
    utility = rng.normal(size=30)
    assert top_k(utility, 5, rng).tolist() == clear_argsort(-utility)[:5].tolist()


def test_top_k_breaks_ties_at_random():
    drawn = {top_k(np.zeros(4), 1, np.random.RandomState(s))[0] for s in range(40)}
    assert drawn == {0, 1, 2, 3}


def squared_to_nearest(Z, centers):
    return cdist(Z, centers, "sqeuclidean").min(axis=1)


def brute_k_center(Z, centers, k):
    chosen = []
    for _ in range(k):
        distance = cdist(Z, np.vstack([centers, Z[chosen]])).min(axis=1)
        distance[chosen] = -1
        chosen.append(clear_argmax(distance))
    return chosen


@pytest.mark.parametrize("seed", range(10))
def test_k_center_equals_brute_force(seed):
    rng = np.random.RandomState(seed)
    Z, centers = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
    picks = k_center(Z, squared_to_nearest(Z, centers), 12)
    assert picks.tolist() == brute_k_center(Z, centers, 12)


def test_k_center_without_centres_starts_farthest_from_the_mean(rng):
    Z = rng.normal(size=(40, 3))
    first = clear_argmax(((Z - Z.mean(axis=0)) ** 2).sum(axis=1))
    chosen = k_center(Z, np.full(40, np.inf), 6).tolist()
    assert chosen == [first, *brute_k_center(Z, Z[[first]], 5)]


def test_k_center_far_from_the_origin_still_tells_rows_apart():
    Z = (np.arange(6.0)[:, None] + 1e4).astype(np.float32)  # halves around the mean: exact
    assert k_center(Z, squared_to_nearest(Z, Z[:1]), 2).tolist() == [5, 2]


def test_k_center_of_identical_rows_is_distinct():
    assert sorted(k_center(np.ones((5, 2)), np.zeros(5), 5)) == [0, 1, 2, 3, 4]


def test_draws_are_in_proportion_to_the_weights(rng):
    weight = np.array([0.0, 1, 0, 3, 6, 0])
    counts = np.bincount([draw(weight, rng) for _ in range(5000)], minlength=6) / 5000
    assert np.allclose(counts, weight / 10, atol=0.03)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_kmeans_plusplus_draws_by_squared_distance_to_the_nearest_chosen_row(seed):
    rng = np.random.RandomState(seed)
    q, h = rng.normal(size=(30, 3)), rng.normal(size=(30, 4))
    g = np.einsum("nc,nd->ncd", q, h).reshape(30, 12)
    rng, brute = np.random.RandomState(seed), [int((g**2).sum(axis=1).argmax())]
    for _ in range(9):
        rest = ~np.isin(np.arange(30), brute)
        brute.append(clear_draw(squared_to_nearest(g, g[brute]) * rest, rng))
    assert kmeans_plusplus(q, h, 10, np.random.RandomState(seed)).tolist() == brute


@pytest.mark.parametrize("q", [np.zeros((8, 2)), np.ones((8, 2))])
def test_kmeans_plusplus_of_equal_rows_is_uniform_over_the_rest(q):
    drawn = [kmeans_plusplus(q, q, 8, np.random.RandomState(s)) for s in range(60)]
    assert all(sorted(each) == list(range(8)) for each in drawn)
    assert len({each[1] for each in drawn}) == 7


def test_gumbel_draws_are_in_proportion_to_weights_without_replacement():
    weights, rng = np.array([1.0, 2, 3, 0]), np.random.RandomState(0)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    counts = np.zeros((4, 4))
    for _ in range(6000):
        counts[tuple(gumbel_top_k(log_weights, 2, rng))] += 1
    for first in range(3):
        for second in set(range(4)) - {first}:
            chance = weights[first] / 6 * weights[second] / (6 - weights[first])
            assert abs(counts[first, second] / 6000 - chance) < 0.025
    assert counts[3].sum() == counts[:, 3].sum() == 0
    assert gumbel_top_k(log_weights, 4, rng)[3] == 3


def brute_farthest_first(distance, to_nearest, k, first):
    chosen = [clear_argmax(to_nearest) if first is None else first]
    while len(chosen) < k:
        to_nearest = np.minimum(to_nearest, distance[chosen[-1]])
        to_nearest[chosen] = -1
        chosen.append(clear_argmax(to_nearest, margin=1e-7))  # norms are up to 1e5 times distances
    return chosen


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("first", [None, 5])
@pytest.mark.parametrize("kind", ["normal", "far groups"])
def test_farthest_first_equals_brute_force_when_the_front_is_used_up(seed, first, kind):
    """2,000 rows, of which 512 are the front, and groups that one pick makes uninteresting."""
    rng = np.random.RandomState(seed)
    Z, y = rng.normal(size=(2000, 2)), rng.normal(size=(2000, 1))
    if kind == "far groups":
        Z[:900] += 100
        Z[900:1600, 0] -= 50
    to_nearest = squared_to_nearest(Z, Z[[7, 1800]])
    expected = brute_farthest_first(cdist(Z, Z, "sqeuclidean"), to_nearest, 40, first)
    assert farthest_first((Z,), to_nearest, 40, first).tolist() == expected
    to_nearest = to_nearest * squared_to_nearest(y, y[[7]])
    product = cdist(Z, Z, "sqeuclidean") * cdist(y, y, "sqeuclidean")
    expected = brute_farthest_first(product, to_nearest, 40, first)
    assert farthest_first((Z, y), to_nearest, 40, first).tolist() == expected


def test_farthest_first_takes_every_row_of_many_duplicates_once():
    Z = np.repeat(np.eye(2), 600, axis=0)
    chosen = farthest_first((Z,), squared_to_nearest(Z, Z[:1]), 1200)
    assert sorted(chosen) == list(range(1200)) and chosen[0] >= 600
