"""Herding, with and without uncertainty, against its definition by all pairs of rows."""

import numpy as np
import pytest
from modAL.models import ActiveLearner, Committee
from picks import assert_greedy
from scipy.spatial.distance import cdist, pdist
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from skally import (
    BaseSampler,
    ComposedSampler,
    MaxHerdingSampler,
    SubsampledSampler,
    UHerdingSampler,
)
from skally.functional.coverage import unit_rows
from skally.functional.uncertainty import best_temperature
from skally.pool.pool import Pool
from skally.samplers.base import utility_of
from skally.samplers.herding import calibrate


class Given(BaseSampler):
    """A sampler of fixed utilities."""

    def __init__(self, values, *, random_state=None):
        super().__init__(random_state=random_state)
        self.values = values

    def utility(self, pool, rng):
        return np.asarray(self.values, dtype=float)


def coverage(Z, labeled, weight, radius):
    """Function of picks to the gain of every row, by all pairs."""
    K = np.exp(-cdist(Z, Z, "sqeuclidean") / radius**2)
    K_labeled = np.exp(-cdist(Z, labeled, "sqeuclidean") / radius**2)

    def gain(picks):
        known = np.hstack([np.zeros((len(Z), 1)), K_labeled, K[:, picks]]).max(axis=1)
        return (weight[:, None] * np.maximum(K - known[:, None], 0)).mean(axis=0)

    return gain


@pytest.mark.parametrize("radius", [0.2, 1.0])
@pytest.mark.parametrize("n_labeled", [0, 1, 8])
def test_max_herding_is_the_greedy_cover_of_all_pairs(radius, n_labeled, rng):
    X, labeled = rng.normal(size=(70, 3)), rng.normal(size=(8, 3))[:n_labeled]
    gain = coverage(unit_rows(X), unit_rows(labeled), np.ones(70), radius)
    sampler, known = MaxHerdingSampler(radius=radius), labeled if n_labeled else None
    picks, utility = sampler.query(None, X, 30, X=known, return_utilities=True)
    assert_greedy(picks, gain, rtol=2e-4)  # what a row covers by itself counts 1e-4 more
    assert np.allclose(utility, gain([]), rtol=2e-4)


def test_max_herding_of_a_net_is_on_its_embedding(regressor, diabetes):
    X = diabetes[0][150:]
    Z = unit_rows(regressor.embed(X).astype(float))
    labeled = unit_rows(regressor.train_embedding_.astype(float))
    picks = MaxHerdingSampler(radius=0.3).query(regressor, X, 8)
    assert_greedy(picks, coverage(Z, labeled, np.ones(50), 0.3), rtol=1e-3)


def test_fewer_targets_cover_nearly_as_well(rng):
    X = rng.normal(size=(300, 4))
    gain = coverage(unit_rows(X), np.zeros((0, 4)), np.ones(300), 0.7)

    def covered(picks):
        return sum(gain(picks[:i].tolist())[picks[i]] for i in range(len(picks)))

    exact = covered(MaxHerdingSampler(0.7).query(None, X, 20))
    random = np.mean([covered(rng.permutation(300)[:20]) for _ in range(10)])
    for seed in range(3):
        few = MaxHerdingSampler(0.7, n_targets=100, random_state=seed).query(None, X, 20)
        assert covered(few) > random + 0.6 * (exact - random)


@pytest.fixture(scope="module")
def model(digits):
    """Logistic regression, fitted on 60 rows of the classification data."""
    return LogisticRegression(max_iter=1000).fit(digits[0][:60], digits[1][:60])


def uncertainty(proba, temperature):
    logits = np.log(proba.astype(float)) / temperature
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = np.sort(p / p.sum(axis=1, keepdims=True), axis=1)
    return 1 - (p[:, -1] - p[:, -2])


def test_uherding_weighs_rows_by_uncertainty_at_a_temperature(model, digits):
    X, X_pool = digits[0][:60].astype(float), digits[0][60:].astype(float)
    weight = uncertainty(model.predict_proba(X_pool), 3.0)
    labeled = unit_rows(X)
    radius = pdist(labeled).min()
    gain = coverage(unit_rows(X_pool), labeled, weight, radius)
    sampler = UHerdingSampler(temperature=3.0)
    picks, utility = sampler.query(model, X_pool, 20, X=X, return_utilities=True)
    assert np.allclose(utility, weight)
    assert_greedy(picks, gain, rtol=2e-4)
    with pytest.raises(AssertionError):
        assert_greedy(picks, coverage(unit_rows(X_pool), labeled, np.ones(140), radius))


def test_at_a_high_temperature_all_rows_count_alike_and_at_a_small_radius_only_themselves(
    model, digits
):
    X, X_pool = digits[0][:60], digits[0][60:].astype(float)
    hot = UHerdingSampler(temperature=1e9, radius=0.5).query(model, X_pool, 20, X=X)
    alike = coverage(unit_rows(X_pool), unit_rows(X.astype(float)), np.ones(140), 0.5)
    assert_greedy(hot, alike, rtol=2e-4)
    small = UHerdingSampler(temperature=1.0, radius=0.01)
    picks, utility = small.query(model, X_pool, 20, X=X, return_utilities=True)
    assert np.allclose(utility[picks], np.sort(utility)[:-21:-1])


@pytest.mark.parametrize("labeled", [[0], [0, 0, 0]])
def test_one_labelled_row_has_a_radius_of_one(labeled, model, digits):
    X, X_pool = digits[0][labeled], digits[0][60:]
    picks = [UHerdingSampler(2.0, radius).query(model, X_pool, 9, X=X) for radius in (None, 1.0)]
    assert np.array_equal(*picks)


def test_a_radius_is_never_too_small_for_single_precision(model, digits):
    X = np.vstack([digits[0][:9], digits[0][:1] + 1e-3 * np.eye(64)[20]])
    picks = [
        UHerdingSampler(2.0, radius).query(model, digits[0][60:], 9, X=X) for radius in (None, 0.01)
    ]
    assert np.array_equal(*picks)


def test_utilities_of_zero_count_alike_and_of_minus_infinity_come_last(digits, diabetes):
    X, X_pool = diabetes[0][:60], diabetes[0][60:]
    model = LinearRegression().fit(X, diabetes[1][:60])
    herding = UHerdingSampler(radius=0.5)
    picks = ComposedSampler(Given(np.zeros(140)), herding).query(model, X_pool, 9, X=X)
    assert picks.tolist() == MaxHerdingSampler(0.5).query(model, X_pool, 9, X=X).tolist()
    part = SubsampledSampler(Given(np.ones(20)), 20, random_state=0)
    part = ComposedSampler(part, herding, random_state=0)
    picks, utility = part.query(model, X_pool, 15, X=X, return_utilities=True)
    assert np.isfinite(utility).sum() == 20 and np.isfinite(utility[picks]).all()


def temperature_of(estimator, X, y, seed=0):
    return calibrate(Pool(estimator, X, X, y), np.random.RandomState(seed))


def test_the_temperature_is_found_on_a_fifth_of_the_labels_by_a_clone(digits):
    X, y = digits[0], digits[1].astype(str)
    model = GaussianNB(var_smoothing=1e-3).fit(X, y)  # too sure of itself
    rng = np.random.RandomState(0)
    order = np.lexsort((rng.random_sample(200), y))
    held = np.sort(order[2::5])
    fitted = np.setdiff1d(np.arange(200), held)
    proba = GaussianNB(var_smoothing=1e-3).fit(X[fitted], y[fitted]).predict_proba(X[held])
    expected = best_temperature(proba, y[held].astype(int))
    assert temperature_of(model, X, y) == expected > 1.5
    sampler = UHerdingSampler(random_state=0)
    pool = Pool(model, X[100:], X, y)
    utility = utility_of(sampler, pool, np.random.RandomState(0))
    given = UHerdingSampler(expected)
    assert np.allclose(utility, utility_of(given, pool, None))


def test_learners_pipelines_committees_and_plain_nets_are_calibrated(digits):
    X, y = digits
    pipeline = make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1e-3)).fit(X, y)
    assert 1 < temperature_of(pipeline, X, y) < 20
    learners = [
        ActiveLearner(GaussianNB(var_smoothing=0.1), X_training=X[i:100], y_training=y[i:100])
        for i in (0, 5)
    ]
    for asked in (learners[0], Committee(learners)):
        assert len(set(UHerdingSampler(random_state=0).query(asked, X[100:], 5).tolist())) == 5
    module = nn.Sequential(nn.Linear(64, 10), nn.Softmax(dim=1))
    net = NeuralNetClassifier(module, max_epochs=2, verbose=0, train_split=None).fit(X, y)
    sampler = UHerdingSampler(random_state=0)
    picks = [sampler.query(net, X, 5, X=X[:50], y=y[:50]).tolist() for _ in range(2)]
    assert picks[0] == picks[1]


def test_a_class_missing_in_the_fold_to_fit_on_is_no_error(digits):
    X, y = digits[0][:30], digits[1][:30].copy()
    model = LogisticRegression(max_iter=1000).fit(X, y)
    for rare in range(30):  # each row in turn the only one of its class
        labels = np.where(np.arange(30) == rare, 99, y % 2)
        assert 1 <= temperature_of(model, X, labels, rare) < 20


def test_too_few_labels_have_a_temperature_of_one(digits):
    X, y = digits[0], np.repeat([0, 1], 100)
    model = GaussianNB().fit(X, y)
    rows = [0, 1, 198, 199]
    assert temperature_of(model, X[rows], y[rows]) == 1
    assert temperature_of(model, X[:50], y[:50]) == 1  # one class


def test_what_calibration_lacks_is_named(model, digits, diabetes):
    X, y = digits
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        UHerdingSampler().query(model, X)
    with pytest.raises(ValueError, match="y == None, must be the labels of X"):
        UHerdingSampler().query(model, X, X=X[:20])
    regression = LinearRegression().fit(*diabetes)
    with pytest.raises(ValueError, match="LinearRegression has no predict_proba"):
        UHerdingSampler().query(regression, diabetes[0], X=diabetes[0], y=diabetes[1])


class CountingNB(GaussianNB):
    """Counts how often it is fitted."""

    n_fits = 0

    def fit(self, X, y):
        CountingNB.n_fits += 1
        return super().fit(X, y)


def test_the_blocks_of_a_dask_pool_share_the_temperature(digits):
    da = pytest.importorskip("dask.array")
    X, y = digits
    model, sampler = CountingNB(var_smoothing=0.1).fit(X, y), UHerdingSampler(random_state=0)
    plain = sampler.query(model, X[100:], 5, X=X[:100], y=y[:100], return_utilities=True)[1]
    CountingNB.n_fits, blocks = 0, da.from_array(X[100:], chunks=(25, -1))
    picks, utility = sampler.query(model, blocks, 5, X=X[:100], y=y[:100], return_utilities=True)
    assert CountingNB.n_fits == 1 and len(set(picks.tolist())) == 5
    assert np.allclose(utility, plain, atol=1e-5)


@pytest.mark.parametrize("bad, message", [
    (MaxHerdingSampler(radius=0), "radius == 0, must be >= 0.01"),
    (MaxHerdingSampler(radius=np.inf), "radius == inf"),
    (MaxHerdingSampler(n_targets=0), "n_targets == 0, must be >= 1"),
    (UHerdingSampler(temperature=0), "temperature == 0, must be None or > 0"),
    (UHerdingSampler(temperature=np.nan), "temperature == nan"),
    (UHerdingSampler(2.0, radius=0.001), "radius == 0.001, must be >= 0.01"),
    (UHerdingSampler(2.0, n_targets=2.5), "n_targets == 2.5"),
])  # fmt: skip
def test_bad_parameters_are_named(bad, message, model, digits):
    with pytest.raises(ValueError, match=message):
        bad.query(model, digits[0], 3, X=digits[0][:9], y=digits[1][:9])
