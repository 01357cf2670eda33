"""Selections that dual variables are for, each against its own definition."""

import numpy as np
import pytest
from picks import assert_drawn
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor

from skally import (
    ALLYSampler,
    ComposedSampler,
    ConstrainedNetRegressor,
    DualLCMDSampler,
    EntropySampler,
    RandomSampler,
)


def test_ally_regresses_duals_on_the_embedding_and_takes_the_best_of_each_cluster(
    regressor, diabetes
):
    X = diabetes[0][150:]
    head = KNeighborsRegressor(3)
    sampler = ALLYSampler(n_clusters=3, regressor=head, random_state=0)
    picks, utility = sampler.query(regressor, X, 7, return_utilities=True)
    head.fit(regressor.train_embedding_, regressor.dual_variables_)
    assert len(np.unique(utility)) > 3  # the head has learned something
    assert np.allclose(utility, head.predict(regressor.embed(X)))
    assert len(picks) == 7


def test_ally_gives_equal_shares_to_separate_clusters():
    """Four groups that no clustering can miss; the largest target noise is in the last."""
    rng = np.random.RandomState(0)
    group = np.repeat(np.arange(4), 25)
    X = (np.eye(4)[group] * 50 + rng.normal(size=(100, 4))).astype(np.float32)
    y = rng.normal(size=100) * (1 + 10 * (group == 3))
    net = ConstrainedNetRegressor(
        module__hidden_layer_sizes=(), max_epochs=20, dual_max=10.0, random_state=0
    )
    net.fit(X, y)
    counts = np.zeros((8, 4), dtype=int)
    for seed in range(8):
        picks, utility = ALLYSampler(n_clusters=4, random_state=seed).query(
            net, X, 20, return_utilities=True
        )
        counts[seed] = np.bincount(group[picks], minlength=4)
    assert np.median(counts, axis=0).tolist() == [5, 5, 5, 5]
    assert utility[group == 3].mean() > 3 * utility[group != 3].mean()


def test_ally_never_comes_short_when_clusters_do(regressor, diabetes):
    X = np.repeat(diabetes[0][:5], 10, axis=0)  # fewer distinct rows than clusters
    picks = ALLYSampler(random_state=0).query(regressor, X, 30)
    assert len(set(picks.tolist())) == 30


class Recorder(LinearRegression):
    """A head that shows what it learns from."""

    seen = []

    def fit(self, X, y):
        self.seen.append(y)
        return super().fit(X, y)


def test_max_dual_caps_what_the_head_learns_from(regressor, diabetes):
    cap = float(np.median(regressor.dual_variables_[regressor.dual_variables_ > 0]))
    ALLYSampler(regressor=Recorder(), max_dual=cap).query(regressor, diabetes[0])
    assert np.array_equal(Recorder.seen[-1], np.minimum(regressor.dual_variables_, cap))
    assert Recorder.seen[-1].max() == np.float32(cap)


@pytest.mark.parametrize("params, message", [
    ({"n_clusters": 0}, "n_clusters == 0"), ({"n_clusters": 1.5}, "n_clusters == 1.5"),
    ({"max_dual": 0}, "max_dual == 0"), ({"max_dual": -1.0}, "max_dual == -1.0"),
])  # fmt: skip
def test_bad_parameters_of_ally_are_named(params, message, regressor, diabetes):
    with pytest.raises(ValueError, match=message):
        ALLYSampler(**params).query(regressor, diabetes[0])
    with pytest.raises(ValueError, match=message):
        ComposedSampler(RandomSampler(), ALLYSampler(**params)).query(regressor, diabetes[0])


def test_ally_without_duals_says_what_to_use(digits):
    X, y = digits
    model = LogisticRegression(max_iter=1000).fit(X, y)
    with pytest.raises(ValueError, match="no dual_variables_.*ConstrainedNet"):
        ALLYSampler().query(model, X)


def test_kmeans_plusplus_draws_on_embeddings_times_duals(regressor, diabetes):
    X, head = diabetes[0][150:], KNeighborsRegressor(3)
    sampler = ALLYSampler(regressor=head, diversity="kmeans++", random_state=2)
    picks, dual = sampler.query(regressor, X, 6, return_utilities=True)
    assert_drawn(picks, regressor.embed(X) * dual[:, None], np.random.RandomState(2))


def test_kmeans_plusplus_takes_any_utility_and_integer_features(rng):
    X = rng.randint(9, size=(30, 3))
    model = GaussianNB().fit(X, X[:, 0] > 4)
    sampler = ComposedSampler(EntropySampler(), ALLYSampler(diversity="kmeans++"), random_state=0)
    picks, utility = sampler.query(model, X, 1, return_utilities=True)
    assert 0 < utility.max() < 1
    length = utility**2 * (X**2).sum(axis=1)
    assert np.isclose(length[picks[0]], length.max())


def test_a_diversity_that_there_is_not_is_named(regressor, diabetes):
    with pytest.raises(ValueError, match="diversity == 'x', must be 'kmeans' or 'kmeans"):
        ALLYSampler(diversity="x").query(regressor, diabetes[0])


@pytest.mark.parametrize("cls", [ALLYSampler, DualLCMDSampler])
def test_a_cap_is_kept_and_a_bad_one_is_named_in_both_hooks(cls, regressor, diabetes, classifier):
    cap = float(np.median(regressor.dual_variables_[regressor.dual_variables_ > 0]))
    nearest = KNeighborsRegressor(1)
    for max_dual, least, most in ((None, cap, np.inf), (cap, 0, cap * (1 + 1e-6))):
        sampler = cls(regressor=nearest, max_dual=max_dual, random_state=0)
        dual = sampler.query(regressor, diabetes[0], return_utilities=True)[1]
        assert least < dual.max() <= most
    for bad in (0, -1.0):
        with pytest.raises(ValueError, match=f"max_dual == {bad}"):
            cls(max_dual=bad).query(regressor, diabetes[0])
        with pytest.raises(ValueError, match=f"max_dual == {bad}"):
            ComposedSampler(EntropySampler(), cls(max_dual=bad)).query(classifier, np.eye(64))
