"""Largest cluster, maximum distance: plain and weighted, against a literal loop."""

import numpy as np
import pytest
from importance import by_importance
from modAL.models import ActiveLearner
from picks import assert_largest_cluster
from scipy.spatial.distance import cdist
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from skorch import NeuralNetRegressor
from torch import nn

from skally import (
    ALLYSampler,
    BALDSampler,
    BaseSampler,
    ComposedSampler,
    ConstrainedRegressor,
    DualLCMDSampler,
    LCMDSampler,
    SpreadSampler,
    StochasticSampler,
    SubsampledSampler,
    WeightedLCMDSampler,
)
from skally.pool.gradients import gradient_sketch
from skally.pool.pool import Pool


class Given(BaseSampler):
    """A sampler of fixed utilities."""

    def __init__(self, values, *, random_state=None):
        super().__init__(random_state=random_state)
        self.values = values

    def utility(self, pool, rng):
        return np.asarray(self.values, dtype=float)


@pytest.fixture(scope="module")
def trees(diabetes):
    """Extra trees, fitted on 60 rows of the regression data."""
    return ExtraTreesRegressor(20, random_state=0).fit(diabetes[0][:60], diabetes[1][:60])


def test_lcmd_equals_a_literal_loop_on_the_embedding(regressor, diabetes):
    Z, centers = (regressor.embed(X).astype(float) for X in (diabetes[0][150:], diabetes[0][:150]))
    picks, utility = LCMDSampler().query(regressor, diabetes[0][150:], 12, return_utilities=True)
    assert_largest_cluster(picks, Z, centers)
    assert utility.argmax() == picks[0]


@pytest.mark.parametrize("seed", range(5))
def test_lcmds_utility_is_its_first_pick(seed):
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(60, 2))
    model = LinearRegression().fit(X, X[:, 0])
    picks, utility = LCMDSampler().query(model, X, 1, X=X[:8], return_utilities=True)
    assert utility.argmax() == picks[0] and utility[:8].max() < 1e-12


def test_lcmd_on_gradients_takes_the_sketches_of_pool_and_labelled(regressor, diabetes):
    X = diabetes[0]
    sampler = LCMDSampler(features="gradient", sketch_size=64, random_state=0)
    picks, utility = sampler.query(regressor, X[150:], 6, X=X[:150], return_utilities=True)
    pool, rng = Pool(regressor, X[150:], X[:150]), np.random.RandomState(0)
    Z, centers = (each.astype(float) for each in pool.gradient_sketches(64, rng))
    assert_largest_cluster(picks, Z, centers)
    assert utility.argmax() == picks[0]


def test_gradient_features_work_with_learners_frames_committees_and_plain_nets(regressor, diabetes):
    X, y = diabetes
    sampler = LCMDSampler(features="gradient", sketch_size=16, random_state=0)
    expected = sampler.query(regressor, X[150:], 4, X=X[:150])
    assert np.array_equal(sampler.query(regressor, X[150:].tolist(), 4, X=X[:150]), expected)
    module = nn.Sequential(nn.Linear(10, 4), nn.Tanh(), nn.Linear(4, 1))
    plain = NeuralNetRegressor(module, max_epochs=1, verbose=0, train_split=None)
    learner = ActiveLearner(plain, X_training=X[:150], y_training=y[:150, None].astype("float32"))
    Z, _ = Pool(learner, X[150:]).gradient_sketches(16, np.random.RandomState(5))
    assert Z.shape == (50, 16) and len(sampler.query(learner, X[150:], 4)) == 4


def test_a_pool_and_its_labelled_samples_share_the_projections(regressor, diabetes):
    pool = Pool(regressor, diabetes[0], diabetes[0][:7])
    Z, labeled = pool.gradient_sketches(16, np.random.RandomState(0))
    assert np.allclose(Z[:7], labeled, atol=1e-5 * np.abs(Z).max())  # sums in float32
    assert pool.gradient_sketches(16, np.random.RandomState(1))[0] is Z
    net = regressor.net_
    assert gradient_sketch(net, diabetes[0], 16, np.random.RandomState(9)).shape == Z.shape


def test_gradient_features_say_what_they_lack(regressor, diabetes):
    X, y = diabetes
    sampler = LCMDSampler(features="gradient")
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        sampler.query(regressor, X)
    with pytest.raises(ValueError, match="LinearRegression has no gradients"):
        sampler.query(LinearRegression().fit(X, y), X, X=X)
    with pytest.raises(ValueError, match="features == 'x', must be 'embedding' or 'gradient'"):
        LCMDSampler(features="x").query(regressor, X)
    with pytest.raises(ValueError, match="sketch_size == 0"):
        LCMDSampler(sketch_size=0).query(regressor, X)


def test_dual_lcmd_weighs_squared_distances_by_dual_plus_mean_dual(regressor, diabetes):
    X, head = diabetes[0][150:], KNeighborsRegressor(3)
    picks, dual = DualLCMDSampler(head).query(regressor, X, 12, return_utilities=True)
    head.fit(regressor.train_embedding_, regressor.dual_variables_)
    assert np.allclose(dual, head.predict(regressor.embed(X))) and dual.std() > 0
    Z, centers = regressor.embed(X).astype(float), regressor.train_embedding_.astype(float)
    assert_largest_cluster(picks, Z, centers, dual + dual.mean())
    with pytest.raises(AssertionError):  # unweighted
        assert_largest_cluster(picks, Z, centers)


def test_dual_lcmd_without_any_dual_weighs_all_rows_the_same(regressor, diabetes):
    class Zero(LinearRegression):
        def predict(self, X):
            return np.zeros(len(X))

    X = diabetes[0][150:]
    picks = DualLCMDSampler(Zero()).query(regressor, X, 5)
    Z, centers = regressor.embed(X).astype(float), regressor.train_embedding_.astype(float)
    assert_largest_cluster(picks, Z, centers)


@pytest.mark.parametrize("power", [0.5, 1.0, 2])
def test_distances_are_weighted_by_a_power_of_the_spread_of_trees(power, trees, diabetes):
    X, X_pool = diabetes[0][:60].astype(float), diabetes[0][60:].astype(float)
    sampler = WeightedLCMDSampler("spread", power, central=False)
    picks, utility = sampler.query(trees, X_pool, 12, X=X, return_utilities=True)
    variance = np.var([tree.predict(X_pool) for tree in trees], axis=0)
    assert np.allclose(utility, variance)
    Z, centers = by_importance(trees, X_pool, X), by_importance(trees, X, X)
    assert_largest_cluster(picks, Z, centers, variance**power)
    with pytest.raises(AssertionError):  # unweighted
        assert_largest_cluster(picks, Z, centers)


def test_the_utility_and_its_power_are_those_of_the_task(trees, diabetes, digits):
    X, X_pool = diabetes[0][:60].astype(float), diabetes[0][60:].astype(float)
    sampler = WeightedLCMDSampler(central=False)
    picks, utility = sampler.query(trees, X_pool, 12, X=X, return_utilities=True)
    variance = np.var([tree.predict(X_pool) for tree in trees], axis=0)
    assert np.allclose(utility, variance)
    Z, centers = by_importance(trees, X_pool, X), by_importance(trees, X, X)
    assert_largest_cluster(picks, Z, centers, np.sqrt(variance))

    line = ConstrainedRegressor(LinearRegression(), random_state=0).fit(*diabetes)
    samplers = WeightedLCMDSampler(random_state=0), WeightedLCMDSampler("dual", random_state=0)
    chosen = [each.query(line, X_pool, 5, X=X).tolist() for each in samplers]
    assert chosen[0] == chosen[1]

    X, y = digits
    model = ExtraTreesClassifier(20, random_state=0).fit(X[:100], y[:100])
    picks, utility = WeightedLCMDSampler(central=False).query(
        model, X[100:], 9, X=X[:100], return_utilities=True
    )
    second, first = np.sort(model.predict_proba(X[100:]))[:, -2:].T
    assert np.allclose(utility, 1 - (first - second))
    Z = by_importance(model, X, X[:100])
    assert_largest_cluster(picks, Z[100:], Z[:100], utility**4)
    samplers = [WeightedLCMDSampler(central=each, random_state=0) for each in (None, True)]
    chosen = [each.query(model, X[100:], 9, X=X[:100]).tolist() for each in samplers]
    assert chosen[0] == chosen[1] != picks.tolist()


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_rows_are_central_where_trees_disagree_more_than_predictions_differ(noise, rng):
    X = rng.uniform(size=(200, 8))
    y = X[:, :2] * [3.0, 1.0] + noise * rng.normal(size=(200, 2))
    trees, X, X_pool = ExtraTreesRegressor(20, random_state=0).fit(X[:60], y[:60]), X[:60], X[60:]
    predicted = np.array([tree.predict(X_pool) for tree in trees.estimators_])
    of_rows = predicted.mean(axis=0).var(axis=0).sum()
    is_central = predicted.var(axis=0).sum(axis=1).mean() > of_rows
    assert is_central == (noise > 0)
    given = WeightedLCMDSampler(
        "spread", 1 if is_central else 0.5, central=is_central, random_state=0
    )
    prepared = WeightedLCMDSampler(random_state=0).prepare(Pool(trees, X_pool, X), rng)
    expected = given.query(trees, X_pool, 9, X=X).tolist()
    for sampler in (WeightedLCMDSampler(random_state=0), prepared):
        assert sampler.query(trees, X_pool, 9, X=X).tolist() == expected
    other = given.set_params(central=not is_central)
    assert other.query(trees, X_pool, 9, X=X).tolist() != expected


def test_central_picks_are_drawn_by_weight_and_leave_less_than_others_drawn(trees, diabetes):
    X, X_pool = diabetes[0][:60].astype(float), diabetes[0][60:].astype(float)
    picks, weight = WeightedLCMDSampler(power=1, central=True, random_state=0).query(
        trees, X_pool, 12, X=X, return_utilities=True
    )
    Z, centers, wins = by_importance(trees, X_pool, X), list(by_importance(trees, X, X)), 0
    for pick in picks.tolist():
        nearest = cdist(Z, np.array(centers), "sqeuclidean").min(axis=1) * weight
        to_each = cdist(Z, Z, "sqeuclidean") * weight[:, None]
        left = np.minimum(nearest[:, None], to_each).sum(axis=0)  # with each row as a centre
        wins += left[pick] < np.average(left, weights=nearest)
        centers.append(Z[pick])
    assert wins == 12 and len(set(picks.tolist())) == 12


def test_a_query_of_more_rows_than_are_apart_takes_duplicates(trees, diabetes):
    X_pool = np.repeat(diabetes[0][60:63], 4, axis=0)
    sampler = WeightedLCMDSampler(central=True, random_state=0)
    picks = sampler.query(trees, X_pool, 12, X=diabetes[0][:60])
    assert sorted(picks) == list(range(12))


def test_the_offset_is_a_multiple_of_the_mean_utility(trees, diabetes, rng):
    X, X_pool = diabetes[0][:60].astype(float), diabetes[0][60:].astype(float)
    worth = rng.exponential(size=140) * (rng.random_sample(140) < 0.3)
    sampler = WeightedLCMDSampler(Given(worth), power=0.5, central=False, offset=0.25)
    picks = sampler.query(trees, X_pool, 12, X=X)
    Z, centers = by_importance(trees, X_pool, X), by_importance(trees, X, X)
    assert_largest_cluster(picks, Z, centers, np.sqrt(worth + 0.25 * worth.mean()))


def test_a_power_of_zero_and_utilities_of_zero_leave_the_distances_as_they_are(trees, diabetes):
    X, X_pool = diabetes[0][:60], diabetes[0][60:]
    plain = LCMDSampler().query(trees, X_pool, 9, X=X)
    for sampler in (
        WeightedLCMDSampler(power=0, central=False),
        WeightedLCMDSampler(Given(np.zeros(140)), central=False),
        WeightedLCMDSampler(Given(-np.arange(140.0)), central=False),
        WeightedLCMDSampler(
            [Given(np.zeros(140)), Given(-np.arange(140.0))], central=False, offset=1.0
        ),
    ):
        assert np.array_equal(sampler.query(trees, X_pool, 9, X=X), plain)


def test_the_units_of_a_utility_do_not_matter(trees, diabetes, rng):
    worth = rng.exponential(size=140)
    picks = [
        WeightedLCMDSampler(Given(worth * unit), power=2, offset=0.5, random_state=0)
        .query(trees, diabetes[0][60:], 9, X=diabetes[0][:60]).tolist()
        for unit in (1.0, 2.0**900, 2.0**-900)  # powers of 2: no rounding
    ]  # fmt: skip
    assert picks[0] == picks[1] == picks[2]


def test_rows_of_minus_infinity_come_last(trees, diabetes):
    X, X_pool = diabetes[0][:60], diabetes[0][60:]
    part = SubsampledSampler(SpreadSampler(), 30, random_state=0)
    for sampler in (
        WeightedLCMDSampler(part, offset=1.0, random_state=0),
        WeightedLCMDSampler([SpreadSampler(), part], power=0, random_state=0),
        ComposedSampler(part, DualLCMDSampler(), random_state=0),
    ):
        picks, utility = sampler.query(trees, X_pool, 25, X=X, return_utilities=True)
        assert np.isfinite(utility).sum() == 30 and np.isfinite(utility[picks]).all()


@pytest.mark.parametrize("central", [True, False])
def test_rows_of_minus_infinity_come_after_those_of_no_utility(central, trees, diabetes):
    worth = np.full(140, -np.inf)
    worth[100:120], worth[120:124] = 0.0, 1.0
    sampler = WeightedLCMDSampler(Given(worth), central=central, random_state=0)
    picks = sampler.query(trees, diabetes[0][60:], 15, X=diabetes[0][:60])
    assert set(range(120, 124)) < set(picks.tolist()) <= set(range(100, 124))
    picks = sampler.query(trees, diabetes[0][60:], 24, X=diabetes[0][:60])
    assert sorted(picks) == list(range(100, 124))


def test_the_utility_of_several_samplers_is_their_geometric_mean(regressor, diabetes):
    X = diabetes[0][150:]
    spread, dual = (
        sampler.query(regressor, X, return_utilities=True)[1]
        for sampler in (SpreadSampler(), ALLYSampler(random_state=0))
    )
    expected = np.sqrt(spread / spread.max() * np.maximum(dual, 0) / dual.max())
    both = WeightedLCMDSampler("both", central=False, random_state=0)
    picks, utility = both.query(regressor, X, 8, return_utilities=True)
    assert np.allclose(utility, expected, rtol=1e-5) and np.ptp(utility) > 0
    Z, centers = regressor.embed(X).astype(float), regressor.train_embedding_.astype(float)
    assert_largest_cluster(picks, Z, centers, np.sqrt(utility))
    alone = WeightedLCMDSampler("dual", random_state=0).query(regressor, X, return_utilities=True)
    assert np.allclose(alone[1], dual)


def test_a_utility_that_is_nowhere_positive_is_left_out_of_several(trees, diabetes):
    X, X_pool = diabetes[0][:60], diabetes[0][60:]
    several = WeightedLCMDSampler([Given(np.zeros(140)), SpreadSampler()], random_state=0)
    picks, utility = several.query(trees, X_pool, 9, X=X, return_utilities=True)
    spread = SpreadSampler().query(trees, X_pool, return_utilities=True)[1]
    assert np.allclose(utility, spread / spread.max())
    alone = WeightedLCMDSampler("spread", random_state=0).query(trees, X_pool, 9, X=X)
    assert np.array_equal(picks, alone)


def test_dual_lcmd_is_a_special_case(regressor, diabetes):
    head, X = KNeighborsRegressor(3), diabetes[0][150:]
    special = DualLCMDSampler(head, 0.5).query(regressor, X, 9, return_utilities=True)
    general = WeightedLCMDSampler(
        ALLYSampler(regressor=head, max_dual=0.5), 1, central=False, offset=1
    )
    assert all(map(np.array_equal, special, general.query(regressor, X, 9, return_utilities=True)))


def test_weights_on_gradients(regressor, diabetes, rng):
    X, worth = diabetes[0], rng.exponential(size=50)
    sampler = WeightedLCMDSampler(
        Given(worth), central=False, features="gradient", sketch_size=64, random_state=0
    )
    picks = sampler.query(regressor, X[150:], 6, X=X[:150])
    pool = Pool(regressor, X[150:], X[:150])
    Z, centers = (
        each.astype(float) for each in pool.gradient_sketches(64, np.random.RandomState(0))
    )
    assert_largest_cluster(picks, Z, centers, np.sqrt(worth))


def test_any_utility_and_any_wrapper_take_it(digits):
    X, y = digits
    model = ExtraTreesClassifier(10, random_state=0).fit(X[:100], y[:100])
    for sampler in (
        WeightedLCMDSampler(BALDSampler()),
        StochasticSampler(WeightedLCMDSampler(), random_state=0),
        ComposedSampler(BALDSampler(), WeightedLCMDSampler("dual")),
        SubsampledSampler(WeightedLCMDSampler(), 0.5, random_state=0),
    ):
        assert len(set(sampler.query(model, X[100:], 7, X=X[:100]).tolist())) == 7


@pytest.mark.parametrize("bad, message", [
    (WeightedLCMDSampler(power=-0.5), "power == -0.5, must be >= 0"),
    (WeightedLCMDSampler(power=np.nan), "power == nan, must be a finite number >= 0"),
    (WeightedLCMDSampler(central="both"), "central == 'both', must be None, True or False"),
    (WeightedLCMDSampler(offset=-1), "offset == -1, must be >= 0"),
    (WeightedLCMDSampler("x"), "utility == 'x', must be 'auto', one of .*'margin', 'spread'"),
    (WeightedLCMDSampler([]), r"utility == \[\], must be 'auto', one of"),
    (WeightedLCMDSampler(3), "sampler == 3, must be a sampler"),
    (WeightedLCMDSampler(Given([np.nan] * 140)), "Given.utility returned nan in rows 0, 1"),
    (WeightedLCMDSampler([SpreadSampler(), Given([np.nan] * 140)]), "Given.utility returned nan"),
    (WeightedLCMDSampler(features="x"), "features == 'x', must be 'embedding' or 'gradient'"),
    (WeightedLCMDSampler("dual"), "ExtraTreesRegressor has no dual_variables_"),
])  # fmt: skip
def test_bad_weights_are_named(bad, message, trees, diabetes):
    X = diabetes[0]
    with pytest.raises(ValueError, match=message):
        bad.query(trees, X[60:], 3, X=X[:60])


def test_an_estimator_without_members_has_no_spread(diabetes):
    model = LinearRegression().fit(*diabetes)
    for sampler in (SpreadSampler(), WeightedLCMDSampler(), WeightedLCMDSampler("both")):
        with pytest.raises(ValueError, match="LinearRegression gives no draws.*a committee, or a"):
            sampler.query(model, diabetes[0], 3, X=diabetes[0])
