import numpy as np
import pytest
from scipy.spatial.distance import cdist

from skally.selection import (
    best_per_cluster,
    draw,
    k_center,
    kmeans_labels,
    kmeans_plusplus,
    largest_cluster,
    top_k,
)


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
        brute.append(draw(gap_to(g, g[brute]) * ~np.isin(np.arange(30), brute), rng))
    assert kmeans_plusplus(q, h, 10, np.random.RandomState(seed)).tolist() == brute


@pytest.mark.parametrize("q", [np.zeros((8, 2)), np.ones((8, 2))])
def test_kmeans_plusplus_of_equal_rows_is_uniform_over_the_rest(q):
    drawn = [kmeans_plusplus(q, q, 8, np.random.RandomState(s)) for s in range(60)]
    assert all(sorted(each) == list(range(8)) for each in drawn)
    assert len({each[1] for each in drawn}) == 7


def brute_largest_cluster(Z, centers, k, weight):
    """A literal loop over clusters."""
    centers, chosen = list(centers), []
    for _ in range(k):
        gap = cdist(Z, np.array(centers), "sqeuclidean")
        label = gap.argmin(axis=1)
        own = gap.min(axis=1) * weight
        heaviest = max(range(len(centers)), key=lambda c: own[label == c].sum())
        rows = [i for i in np.flatnonzero(label == heaviest) if i not in chosen]
        chosen.append(int(max(rows, key=lambda i: own[i])))
        centers.append(Z[chosen[-1]])
    return chosen


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("weighted", [False, True])
def test_largest_cluster_equals_brute_force(seed, weighted):
    rng = np.random.RandomState(seed)
    Z, centers = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
    weight = rng.exponential(size=40) if weighted else np.ones(40)
    gap = cdist(Z, centers, "sqeuclidean")
    chosen = largest_cluster(Z, gap.argmin(axis=1), gap.min(axis=1), 15, weight)
    assert chosen.tolist() == brute_largest_cluster(Z, centers, 15, weight)


def test_largest_cluster_of_identical_rows_is_distinct():
    chosen = largest_cluster(np.ones((5, 2)), np.zeros(5, int), np.zeros(5), 5)
    assert sorted(chosen) == [0, 1, 2, 3, 4]
    chosen = largest_cluster(np.ones((5, 2)), np.zeros(5, int), np.ones(5), 5, weight=np.zeros(5))
    assert sorted(chosen) == [0, 1, 2, 3, 4]
