import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

from skally import ALLYSampler, ComposedSampler, ConstrainedNetRegressor, RandomSampler


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
    net = ConstrainedNetRegressor(module__hidden_layer_sizes=(), max_epochs=20, random_state=0)
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
