import numpy as np
import pytest
from scipy.spatial.distance import cdist

from skally.selection import best_per_cluster, k_center, kmeans_labels, top_k


def test_top_k_is_the_head_of_a_sort(rng):
    utility = rng.normal(size=30)
    assert top_k(utility, 5, rng).tolist() == np.argsort(-utility)[:5].tolist()


def test_top_k_breaks_ties_at_random():
    drawn = {top_k(np.zeros(4), 1, np.random.RandomState(s))[0] for s in range(40)}
    assert drawn == {0, 1, 2, 3}


def gap_to(Z, centers):
    return cdist(Z, centers, "sqeuclidean").min(axis=1)


def brute_k_center(Z, centers, k):
    chosen = []
    for _ in range(k):
        gap = cdist(Z, np.vstack([centers, Z[chosen]])).min(axis=1)
        gap[chosen] = -1
        chosen.append(int(gap.argmax()))
    return chosen


@pytest.mark.parametrize("seed", range(10))
def test_k_center_equals_brute_force(seed):
    rng = np.random.RandomState(seed)
    Z, centers = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
    assert k_center(Z, gap_to(Z, centers), 12).tolist() == brute_k_center(Z, centers, 12)


def test_k_center_without_centres_starts_farthest_from_the_mean(rng):
    Z = rng.normal(size=(40, 3))
    first = int(((Z - Z.mean(axis=0)) ** 2).sum(axis=1).argmax())
    chosen = k_center(Z, np.full(40, np.inf), 6).tolist()
    assert chosen == [first, *brute_k_center(Z, Z[[first]], 5)]


def test_k_center_far_from_the_origin_still_tells_rows_apart():
    Z = (np.arange(6.0)[:, None] + 1e4).astype(np.float32)
    assert k_center(Z, gap_to(Z, Z[:1]), 2).tolist() == [5, 2]


def test_k_center_of_identical_rows_is_distinct():
    assert sorted(k_center(np.ones((5, 2)), np.zeros(5), 5)) == [0, 1, 2, 3, 4]


def brute_best_per_cluster(utility, labels, k):
    """Round by round; in a round, larger utility first."""
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
    labels = kmeans_labels(Z, 6, rng)  # a ConvergenceWarning would be an error here
    assert len(set(labels[:20]) & set(labels[20:])) == 0
