import numpy as np
import pytest
from picks import assert_greedy
from scipy.spatial.distance import cdist
from sklearn.linear_model import LinearRegression

from skally import (
    ComposedSampler,
    CoreSetSampler,
    EntropySampler,
    KMeansSampler,
    ProbCoverSampler,
    TypiClustSampler,
)
from skally.functional.clustering import kmeans
from skally.functional.coverage import rank_clusters, unit_rows
from skally.pool import pool
from skally.pool.pool import Pool


def test_core_set_is_greedy_k_center_on_the_embedding(regressor, diabetes):
    X = diabetes[0][150:]
    Z, centers = regressor.embed(X).astype(float), regressor.train_embedding_.astype(float)
    for labelled in (None, diabetes[0][:150]):
        picks = CoreSetSampler().query(regressor, X, 10, X=labelled)
        assert_greedy(picks, lambda picks: cdist(Z, np.vstack([centers, Z[picks]])).min(axis=1))


def test_core_set_measures_the_distance_to_the_labelled_once(regressor, diabetes, monkeypatch):
    measure, calls = pool.squared_distance_to_nearest, []
    monkeypatch.setattr(
        pool, "squared_distance_to_nearest", lambda *args: calls.append(1) or measure(*args)
    )
    CoreSetSampler().query(regressor, diabetes[0], 3)
    assert len(calls) == 1


def test_core_set_takes_any_estimator_with_the_labelled_samples(rng):
    X = rng.normal(size=(30, 2))
    model = LinearRegression().fit(X[:5], X[:5, 0])
    picks = CoreSetSampler().query(model, X, X=X[:5])
    assert_greedy(picks, lambda _: cdist(X, X[:5]).min(axis=1), rtol=1e-9)


@pytest.fixture
def groups():
    """Four groups that no clustering can miss, of 30, 20, 10 and 4 rows, in random order.

    In float64, so that rounding, some 1e-13, cannot turn which row is nearest to a centre or the
    most typical: the data are the same everywhere, and the second best row is 1e-3 behind.
    """
    rng = np.random.RandomState(0)
    group = rng.permutation(np.repeat(np.arange(4), [30, 20, 10, 4]))
    return np.eye(4)[group] * 50 + rng.normal(size=(64, 4)), group


def in_each_group(X, group, score):
    """Row of the least score in each group."""
    rows = [np.flatnonzero(group == g) for g in range(4)]
    return [int(r[np.argmin(score(X[r]))]) for r in rows]


def test_core_set_without_labels_starts_farthest_from_the_mean(groups):
    X, _ = groups
    to_mean = ((X - X.mean(axis=0)) ** 2).sum(axis=1)
    picks, utility = CoreSetSampler().query(None, X, 4, return_utilities=True)
    assert np.isclose(to_mean[picks[0]], to_mean.max()) and np.allclose(utility, to_mean)


def test_k_means_takes_the_row_nearest_to_each_centre(groups):
    X, group = groups

    def to_mean(Z):
        return ((Z - Z.mean(axis=0)) ** 2).sum(axis=1)

    hits = [
        sorted(KMeansSampler(random_state=seed).query(None, X, 4).tolist())
        == sorted(in_each_group(X, group, to_mean))
        for seed in range(20)
    ]
    assert any(hits)  # a random start may miss a group
    assert KMeansSampler().query(None, X).tolist() == [int(to_mean(X).argmin())]


def test_k_means_composed_takes_the_best_row_of_each_cluster(classifier, digits):
    X = digits[0][150:]
    sampler = ComposedSampler(EntropySampler(), KMeansSampler(), random_state=0)
    picks, utility = sampler.query(classifier, X, 5, return_utilities=True)
    labels = kmeans([classifier.embed(X)], 5, np.random.RandomState(0))[1]
    assert sorted(picks) == sorted(
        np.flatnonzero(labels == c)[np.argmax(utility[labels == c])] for c in range(5)
    )


def test_typiclust_passes_over_labelled_groups_and_takes_typical_rows(groups):
    X, group = groups

    def to_neighbours(Z):
        return np.sort(cdist(Z, Z), axis=1)[:, 1:21].mean(axis=1)

    typical = in_each_group(X, group, to_neighbours)
    labelled = np.eye(4)[[0]] * 50
    sampler = TypiClustSampler(max_clusters=4)
    found = [
        sampler.set_params(random_state=s).query(None, X, 5, X=labelled).tolist() for s in range(20)
    ]
    assert [*typical[1:3], typical[0], typical[3]] in [picks[:4] for picks in found]


def test_typiclusts_utility_orders_clusters_then_rows(groups):
    X, group = groups
    known = np.eye(4)[[0, 0, 1, 3]] * 50
    utility = TypiClustSampler().utility(Pool(None, X, known), np.random.RandomState(0))
    labels = kmeans([known, X], 5, np.random.RandomState(0))[1]
    n_labeled = np.bincount(labels[:4], minlength=5)
    rank = rank_clusters(labels[4:], n_labeled)[labels[4:]]
    for r in range(5):
        assert np.all(utility[rank == r] > utility[rank > r].max(initial=-np.inf))
    rows = np.flatnonzero(rank == 0)
    typical = np.sort(cdist(X[rows], X[rows]), axis=1)[:, 1:21].mean(axis=1).argmin()
    assert utility.argmax() == rows[typical]


def test_probcover_covers_what_the_labelled_do_not(rng):
    X, labelled, radius = rng.normal(size=(90, 3)), rng.normal(size=(4, 3)), 0.5
    Z = unit_rows(X)
    near = cdist(Z, Z) <= radius
    assert np.abs(cdist(Z, Z) - radius).min() > 1e-6  # in float64: no rounding moves a row
    assert np.abs(cdist(Z, unit_rows(labelled)) - radius).min() > 1e-6
    near[:, cdist(Z, unit_rows(labelled)).min(axis=1) <= radius] = False
    sampler = ProbCoverSampler(delta=radius, random_state=0)
    picks, utility = sampler.query(None, X, 60, X=labelled, return_utilities=True)
    assert np.array_equal(utility, near.sum(axis=1))
    n_cover = 0
    for pick in picks:
        most = near.sum(axis=1).max()
        if most == 0:
            break
        assert near[pick].sum() == most
        near[:, near[pick]] = False
        n_cover += 1
    assert 5 < n_cover < 60
    known = [*unit_rows(labelled), *Z[picks[:n_cover]]]  # from here on, farthest first
    for pick in picks[n_cover:]:
        distance = cdist(Z, known).min(axis=1)
        assert np.isclose(distance[pick], distance.max(), atol=1e-7)  # the root of 1e-16, and more
        known.append(Z[pick])


def test_probcover_chooses_a_radius_that_keeps_groups_apart(groups):
    X, group = groups
    picks = ProbCoverSampler(n_classes=4, random_state=1).query(None, X, 4)
    assert sorted(group[picks]) == [0, 1, 2, 3]
    picks = ProbCoverSampler(n_classes=4, random_state=1).query(None, X, 2, X=np.eye(4)[:2] * 50)
    assert sorted(group[picks]) == [2, 3]


def test_probcover_counts_only_the_targets_drawn(rng):
    X = rng.normal(size=(50, 3))
    sampler = ProbCoverSampler(delta=2.0, n_targets=7, random_state=0)
    assert sampler.query(None, X, 1, return_utilities=True)[1].tolist() == [7] * 50


def test_rows_without_direction_come_last(rng):
    X = np.vstack([np.zeros((3, 2)), rng.normal(size=(9, 2))])
    picks = ProbCoverSampler(delta=0.01, random_state=0).query(None, X, 9)
    assert min(picks) == 3


@pytest.mark.parametrize("bad, message", [
    (TypiClustSampler(n_neighbors=0), "n_neighbors == 0"),
    (TypiClustSampler(max_clusters=2.5), "max_clusters == 2.5"),
    (ProbCoverSampler(delta=0), "delta == 0"), (ProbCoverSampler(n_classes=0), "n_classes == 0"),
    (ProbCoverSampler(n_targets=0), "n_targets == 0"),
])  # fmt: skip
def test_bad_parameters_are_named(bad, message):
    with pytest.raises(ValueError, match=message):
        bad.query(None, np.eye(3))
