import numpy as np
import pytest
from margins import clear_argsort
from scipy.spatial.distance import cdist

from skally.functional.coverage import (
    greedy_cover,
    most_typical,
    pure_radius,
    rank_clusters,
    unit_rows,
)


def test_unit_rows_have_length_one_and_zeros_stay():
    assert np.allclose(unit_rows(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("purity", [0.8, 0.95])
def test_pure_radius_is_the_largest_with_that_share_of_pure_balls(seed, purity):
    rng = np.random.RandomState(seed)
    labels = rng.randint(3, size=200)
    Z = rng.normal(size=(200, 2)) + 4 * np.eye(3)[labels][:, :2]
    distance = cdist(Z, Z)

    def share(radius):
        return np.mean([len(set(labels[distance[i] <= radius])) == 1 for i in range(200)])

    radius = pure_radius(Z, labels, purity, rng)
    assert share(radius) >= purity > share(1.01 * radius)


def test_one_label_alone_is_pure_at_any_radius(rng):
    assert pure_radius(np.eye(5), np.zeros(5, int), 0.95, rng) == np.inf


def brute_cover_sizes(Z, targets, radius, chosen):
    """Targets newly covered by each of the rows chosen, and the most that any row could."""
    distance = cdist(Z, Z[targets])
    assert np.abs(distance - radius).min() > 1e-9  # no pair that rounding could tell otherwise
    near = distance <= radius
    for c in chosen:
        yield near[c].sum(), near.sum(axis=1).max()
        near[:, near[c]] = False


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("radius", [0.05, 0.4, 0.9])
def test_each_pick_covers_the_most_that_is_left(seed, radius):
    rng = np.random.RandomState(seed)
    Z = unit_rows(rng.normal(size=(300, 3)))
    targets = np.flatnonzero(rng.uniform(size=300) < 0.7)
    chosen = greedy_cover(Z, targets, radius, 30, rng)
    assert len(set(chosen.tolist())) == len(chosen)
    sizes = np.array(list(brute_cover_sizes(Z, targets, radius, chosen)))
    assert np.array_equal(sizes[:, 0], sizes[:, 1])
    assert len(chosen) == 30 or sizes[:, 0].sum() == len(targets)


def test_clusters_without_labels_come_first_then_large_ones_and_tiny_ones_last():
    labels = np.repeat([0, 1, 2, 3, 4], [6, 9, 4, 7, 20])
    n_labeled = np.array([0, 0, 0, 1, 2, 3])  # cluster 5 has labelled rows only
    assert rank_clusters(labels, n_labeled).tolist() == [1, 0, 4, 2, 3, 5]


@pytest.mark.parametrize("k", [1, 3, 8, 60])
def test_most_typical_rows_have_the_nearest_neighbours_in_their_cluster(rng, k):
    labels, rank = rng.randint(4, size=60), np.array([2, 0, 3, 1])
    Z = rng.normal(size=(60, 2))
    ranked = {}
    for c in range(4):
        rows = np.flatnonzero(labels == c)
        distance = np.sort(cdist(Z[rows], Z[rows]), axis=1)[:, 1:6].mean(axis=1)
        ranked[rank[c]] = rows[clear_argsort(distance)].tolist()
    expected = []
    while any(ranked.values()):
        expected += [ranked[r].pop(0) for r in range(4) if ranked[r]]
    assert most_typical(Z, labels, rank, k, 5).tolist() == expected[:k]
