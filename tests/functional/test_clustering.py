import numpy as np
import pytest
from margins import clear_argmax
from scipy.spatial.distance import cdist

from skally.functional.clustering import (
    best_per_cluster,
    in_turns,
    kmeans,
    largest_cluster,
)
from skally.functional.distances import take_from


def brute_best_per_cluster(utility, labels, k):
    """Round by round, larger utility first within a round."""
    ranked = {
        c: sorted(np.flatnonzero(labels == c), key=lambda i: -utility[i]) for c in set(labels)
    }
    chosen = []
    while len(chosen) < k:
        heads = [rows.pop(0) for rows in ranked.values() if rows]
        chosen += sorted(heads, key=lambda i: -utility[i])
    return chosen[:k]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("k", [1, 3, 7, 40])
def test_best_per_cluster_equals_brute_force(seed, k):
    rng = np.random.RandomState(seed)
    utility, labels = rng.normal(size=40), rng.choice(5, size=40, p=[0.5, 0.3, 0.1, 0.05, 0.05])
    chosen = best_per_cluster(utility, labels, k, rng)
    assert chosen.tolist() == brute_best_per_cluster(utility, labels, k)


def test_clusters_get_equal_shares_and_leave_what_they_lack_to_others(rng):
    labels = np.array([0] * 10 + [1] * 10 + [2])
    chosen = best_per_cluster(rng.normal(size=21), labels, 9, rng)
    assert np.bincount(labels[chosen]).tolist() == [4, 4, 1]


def test_kmeans_finds_separate_groups_and_says_nothing_of_duplicates(rng):
    Z = np.repeat(np.array([[0.0, 0], [9, 9]]), 20, axis=0)
    labels = kmeans([Z], 6, rng)[1]  # a ConvergenceWarning would be an error here
    assert len(set(labels[:20]) & set(labels[20:])) == 0


def brute_largest_cluster(Z, centers, k, weight, argmax=clear_argmax):
    """A literal loop over clusters."""
    centers, chosen = list(centers), []
    for _ in range(k):
        squared = cdist(Z, np.array(centers), "sqeuclidean")
        label = squared.argmin(axis=1)
        own = squared.min(axis=1) * weight
        largest = argmax([own[label == c].sum() for c in range(len(centers))])
        rows = np.setdiff1d(np.flatnonzero(label == largest), chosen)
        chosen.append(int(rows[argmax(own[rows])]))
        centers.append(Z[chosen[-1]])
    return chosen


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("weighted", [False, True])
def test_largest_cluster_equals_brute_force(seed, weighted):
    rng = np.random.RandomState(seed)
    Z, centers = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
    weight = rng.exponential(size=40) if weighted else np.ones(40)
    squared = cdist(Z, centers, "sqeuclidean")
    chosen = largest_cluster(Z, squared.argmin(axis=1), squared.min(axis=1), 15, weight)
    assert chosen.tolist() == brute_largest_cluster(Z, centers, 15, weight)


def test_largest_cluster_of_identical_rows_is_distinct():
    chosen = largest_cluster(np.ones((5, 2)), np.zeros(5, int), np.zeros(5), 5)
    assert sorted(chosen) == [0, 1, 2, 3, 4]
    chosen = largest_cluster(np.ones((5, 2)), np.zeros(5, int), np.ones(5), 5, weight=np.zeros(5))
    assert sorted(chosen) == [0, 1, 2, 3, 4]


def test_clusters_take_turns():
    labels = np.array([0, 0, 0, 7, 7, 2])
    assert in_turns(np.array([2, 1, 0, 4, 5, 3]), labels).tolist() == [2, 4, 5, 1, 3, 0]


def test_clusters_of_many_rows_are_found_by_a_part_of_them(monkeypatch, rng):
    centers = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    group = rng.randint(3, size=900)
    Z, seen = centers[group] + rng.normal(size=(900, 2)), []
    monkeypatch.setattr("skally.functional.clustering.ROWS_PER_CLUSTER", 20)
    monkeypatch.setattr("skally.functional.clustering.LEAST_ROWS", 60)
    monkeypatch.setattr(
        "skally.functional.clustering.take_from",
        lambda *args: seen.append(take_from(*args)) or seen[-1],
    )
    found = [kmeans([Z], 3, np.random.RandomState(seed))[1] for seed in range(10)]
    assert 3 in [len(set(zip(group, label, strict=True))) for label in found]  # or a bad start
    assert len(seen[1]) == 60 and len(set(map(tuple, seen[1]))) == 60
    centers, labels = kmeans([Z], 3, np.random.RandomState(1))
    of_parts = kmeans([Z[:100], Z[100:]], 3, np.random.RandomState(1))
    assert np.array_equal(seen[1], seen[-1])  # copies of the same rows
    assert np.allclose(of_parts[0], centers)
    squared = np.sort(cdist(Z, centers, "sqeuclidean"), axis=1)
    assert np.all(squared[:, 1] - squared[:, 0] > 1e-9)  # no row that rounding could reassign
    assert np.array_equal(of_parts[1], labels)


@pytest.mark.parametrize("offset", [0, 2**15])
def test_largest_cluster_far_from_the_origin_picks_the_same_rows(offset, rng):
    """Exact in single precision: all sums are integers below 2^24, about 1.7e7.

    The mean is the offset itself, since each row's mirror image is there too; 300 rows of it sum to
    1e7. Products of a row with a step from the mean sum to at most 2e6. Squared lengths from the
    origin would be 9e9, and their differences right to 1,000.
    """
    Z = rng.randint(-8, 9, size=(150, 8))
    Z = np.vstack([Z, -Z])
    squared = ((Z - Z[0]) ** 2).sum(axis=1)
    far = (Z + offset).astype(np.float32)
    picks = largest_cluster(far, np.zeros(300, int), squared.astype(np.float32), 30)
    assert picks.tolist() == brute_largest_cluster(Z, Z[:1], 30, 1.0, argmax=np.argmax)


def test_clustering_leaves_the_rows_as_they_were(rng):
    Z = (rng.normal(size=(200, 5)) ** 3 + 0.3).astype(np.float32)
    before = Z.copy()
    kmeans([Z], 7, rng)
    assert np.array_equal(Z, before)
