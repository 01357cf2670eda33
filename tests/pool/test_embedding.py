"""Where distances are measured for a forest, or anything else with importances of columns."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from importance import by_importance
from modAL.models import ActiveLearner, CommitteeRegressor
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler, scale
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from skally import (
    ConstrainedRegressor,
    CoreSetSampler,
    KMeansSampler,
    LCMDSampler,
    TypiClustSampler,
    WeightedLCMDSampler,
)
from skally.pool import Pool, Samples
from skally.pool import embedding as module

TREES = ExtraTreesRegressor(10, max_depth=3, random_state=0)
UNITS = np.array([1.0, 1000.0, 0.01, 7.0])
N = 60  # labelled rows


@pytest.fixture
def X(rng):
    """Columns of different units and means; the pool spreads twice as far as the labelled rows."""
    X = 3 + rng.normal(size=(200, 4))
    X[N:] *= 2
    return X * UNITS


@pytest.fixture
def y(X):
    """Numbers that the first two columns decide."""
    return np.sin(X[:, 0]) + X[:, 1] / 1000


@pytest.fixture
def trees(X, y):
    """Extra trees, fitted on the labelled rows."""
    return clone(TREES).fit(X[:N], y[:N])


def missing(X, rng):
    """X without a tenth of its values."""
    X = X.copy()
    X[rng.random_sample(X.shape) < 0.1] = np.nan
    return X


# What it is


def test_columns_are_scaled_by_the_labelled_samples_and_their_importance(trees, X):
    pool = Pool(trees, X[N:], X[:N])
    assert np.allclose(pool.embedding, by_importance(trees, X[N:], X[:N]))
    assert np.allclose(pool.labeled.embedding, by_importance(trees, X[:N], X[:N]))
    deviation = pool.labeled.embedding.std(axis=0)
    assert np.allclose(deviation**2, 4 * trees.feature_importances_)
    assert np.array_equal(pool.inputs, X[N:]) and np.array_equal(pool.labeled.inputs, X[:N])


@pytest.mark.parametrize("inner", [
    TREES, GradientBoostingRegressor(n_estimators=5, random_state=0),
    make_pipeline(PolynomialFeatures(2), TREES), GridSearchCV(TREES, {"max_depth": [2]}, cv=2),
], ids=["trees", "boosting", "pipeline", "search"])  # fmt: skip
def test_it_is_that_of_the_same_estimator_under_constraints(inner, X, y):
    under = ConstrainedRegressor(inner, weighted=False, n_dual_updates=0, cv=2, random_state=0)
    under.fit(X[:N], y[:N])
    pool = Pool(under.estimator_, X[N:], X[:N])
    assert np.allclose(pool.embedding, under.embed(X[N:]))
    assert np.allclose(pool.labeled.embedding, under.train_embedding_)


@pytest.mark.parametrize("chosen", [
    LCMDSampler(), WeightedLCMDSampler(), CoreSetSampler(), TypiClustSampler(random_state=0),
    KMeansSampler(random_state=0),
], ids=lambda each: type(each).__name__)  # fmt: skip
def test_the_units_of_columns_do_not_matter(chosen, X, y):
    picks = []
    for units in (1.0, 2.0 ** np.array([-9, 11, 3, 0])):  # powers of 2: no rounding
        model = clone(TREES).fit(X[:N] * units, y[:N])
        picks.append(chosen.query(model, X[N:] * units, 12, X=X[:N] * units).tolist())
    assert picks[0] == picks[1]


def test_without_any_split_columns_are_standardised(X):
    model = DecisionTreeRegressor().fit(X, np.ones(200))
    assert np.allclose(Pool(model, X, X).embedding, scale(X))


class Given(RegressorMixin, BaseEstimator):
    """An estimator of given importances."""

    def __init__(self, importances):
        self.importances = importances

    def fit(self, X, y):
        self.feature_importances_ = np.array(self.importances)
        return self

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize("importances, factors", [
    ([30, 10, 0, 0], np.sqrt([3, 1, 0, 0])),  # numbers of splits
    ([3.0, 1.0, -1.0, 0.0], np.sqrt([3, 1, 0, 0])),
    ([np.nan, 1.0, 1.0, 1.0], np.ones(4)),
    ([0.5, 0.5], np.ones(4)),  # of what nobody knows
])  # fmt: skip
def test_importances_are_shares_or_not_usable(importances, factors, X, y):
    model = Given(importances).fit(X, y)
    assert np.allclose(Pool(model, X, X).embedding, scale(X) * factors)


@pytest.mark.parametrize("model", [
    LinearRegression(), SVR(), KNeighborsRegressor(), HistGradientBoostingRegressor(max_iter=3),
    BaggingRegressor(n_estimators=3), AdaBoostRegressor(LinearRegression(), n_estimators=2),
], ids=lambda each: type(each).__name__)  # fmt: skip
def test_what_has_no_importances_has_its_inputs(model, X, y):
    pool = Pool(model.fit(X[:N], y[:N]), X[N:], X[:N])
    assert np.array_equal(pool.embedding, X[N:])
    assert np.array_equal(pool.labeled.embedding, X[:N])


def test_single_precision_stays(trees, X):
    single = Pool(trees, X[N:].astype(np.float32), X[:N].astype(np.float32)).embedding
    assert single.dtype == np.float32
    assert np.allclose(single, by_importance(trees, X[N:], X[:N]), atol=1e-4)


# What is around the estimator


@pytest.mark.parametrize("wrap", [
    lambda trees: make_pipeline(PolynomialFeatures(2, include_bias=False), trees),
    lambda trees: GridSearchCV(
        make_pipeline(PolynomialFeatures(2, include_bias=False), trees),
        {"extratreesregressor__max_depth": [3]}, cv=2,
    ),
    lambda trees: TransformedTargetRegressor(
        make_pipeline(PolynomialFeatures(2, include_bias=False), trees)
    ),
], ids=["pipeline", "search", "transformed target"])  # fmt: skip
def test_columns_are_those_that_the_last_step_sees(wrap, X, y):
    model = wrap(clone(TREES)).fit(X[:N], y[:N])
    powers = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    innermost = clone(TREES).fit(powers[:N], y[:N])
    pool = Pool(model, X[N:], X[:N])
    assert np.allclose(pool.embedding, by_importance(innermost, powers[N:], powers[:N]))
    assert np.allclose(pool.labeled.embedding, by_importance(innermost, powers[:N], powers[:N]))


def test_a_learner_of_modal_brings_the_labelled_samples(trees, X, y):
    learner = ActiveLearner(clone(TREES), LCMDSampler(), X_training=X[:N], y_training=y[:N])
    pool = Pool(learner, X[N:])
    assert np.allclose(pool.embedding, by_importance(trees, X[N:], X[:N]))
    assert np.allclose(pool.labeled.embedding, by_importance(trees, X[:N], X[:N]))
    assert np.allclose(Samples(learner, X).embedding, by_importance(trees, X, X[:N]))
    picks = learner.query(X[N:], n_instances=5)[0]
    assert np.array_equal(picks, LCMDSampler().query(trees, X[N:], 5, X=X[:N]))


def test_a_committee_has_that_of_its_learners_side_by_side(X, y):
    halves = [slice(0, 30), slice(30, N)]
    learners = [
        ActiveLearner(clone(TREES), X_training=X[rows], y_training=y[rows]) for rows in halves
    ]
    pool = Pool(CommitteeRegressor(learners), X[N:])
    forests = [clone(TREES).fit(X[rows], y[rows]) for rows in halves]
    by_all = [by_importance(each, X, X[:N]) for each in forests]  # scaled by all samples
    assert np.allclose(pool.embedding, np.hstack(by_all)[N:])
    assert np.allclose(pool.labeled.embedding, np.hstack(by_all)[:N])
    for member, expected in zip(pool.members, by_all, strict=True):
        assert np.allclose(member.embedding, expected[N:])
    given = Pool(CommitteeRegressor(learners), X[N:], X[:20])
    for rows, found in ((slice(N, None), given), (slice(0, 20), given.labeled)):
        expected = np.hstack([by_importance(each, X[rows], X[:20]) for each in forests])
        assert np.allclose(found.embedding, expected)


# Which rows scale


def test_without_labelled_samples_the_pool_scales_itself(trees, X):
    for labelled in (X[:0], X[:1]):
        pool = Pool(trees, X[N:], labelled)
        assert np.allclose(pool.embedding, by_importance(trees, X[N:], X[N:]))
        expected = by_importance(trees, labelled, X[N:])
        assert np.allclose(pool.labeled.embedding, expected)
    assert np.allclose(Samples(trees, X).embedding, by_importance(trees, X, X))
    assert len(CoreSetSampler().query(trees, X[N:], 3, X=X[:0])) == 3


def test_of_a_larger_pool_rows_that_are_evenly_spread_scale_it(trees, X, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 5)
    pool = Pool(trees, X[:101], X[:0])
    assert np.allclose(pool.embedding, by_importance(trees, X[:101], X[:101:25]))


def test_a_part_of_a_pool_is_scaled_as_the_pool_is(trees, X):
    for labelled in (X[:N], X[:0]):
        pool, rows = Pool(trees, X[N:], labelled), np.array([7, 3, 50])
        part = pool.subset(rows).embedding
        assert np.allclose(part, pool.embedding[rows])


def test_memory_limit_changes_nothing(trees, X):
    many = np.vstack([X] * 50)
    for labelled in (X[:N], X[:0]):
        plain = Pool(trees, many, labelled).embedding
        limited = Pool(trees, many, labelled, memory_limit=8192 * 4 * 8).embedding
        assert isinstance(limited, np.memmap) and not isinstance(plain, np.memmap)
        assert np.allclose(limited, plain)


# Values and forms


def test_a_missing_value_is_at_the_mean_of_its_column(X, y, rng):
    X = missing(X, rng)
    model = clone(TREES).fit(X[:N], y[:N])
    pool = Pool(model, X[N:], X[:N])
    mean, deviation = np.nanmean(X[:N], axis=0), np.nanstd(X[:N], axis=0)
    scaled = (X - mean) / deviation * np.sqrt(4 * model.feature_importances_)
    expected = np.where(np.isnan(X), 0, scaled)
    assert np.allclose(pool.embedding, expected[N:])
    assert np.allclose(pool.labeled.embedding, expected[:N])
    assert len(WeightedLCMDSampler().query(model, X[N:], 5, X=X[:N])) == 5


def test_a_column_without_any_labelled_value_has_no_say(X, y):
    model = clone(TREES).fit(X[:N], y[:N])
    labelled = X[:N].copy()
    labelled[:, 1] = np.nan
    assert not Pool(model, X[N:], labelled).embedding[:, 1].any()


def test_missing_values_that_the_estimator_does_not_take_are_refused(X, y, rng):
    holes = missing(X, rng)
    model = GradientBoostingRegressor(n_estimators=3).fit(X[:N], y[:N])
    for pool, labelled, name in ((holes[N:], X[:N], "X_pool"), (X[N:], holes[:N], "X")):
        with pytest.raises(ValueError, match=f"^{name} has missing, infinite.*NaN"):
            LCMDSampler().query(model, pool, 3, X=labelled)
    filled = make_pipeline(SimpleImputer(), model).fit(holes[:N], y[:N])
    assert np.isfinite(Pool(filled, holes[N:], holes[:N]).embedding).all()


@pytest.mark.parametrize("value", [np.inf, 1e200])
@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame])
def test_infinite_and_very_large_values_are_named(make, value, trees, X):
    wrong = X.copy()
    wrong[[3, N + 5], 1] = value
    with pytest.raises(ValueError, match="^X has .* large .*in row 3: "):
        _ = Pool(trees, make(X[N:]), make(wrong[:N])).embedding
    for labelled in (X[:N], X[:0]):
        with pytest.raises(ValueError, match="(^X_pool|of X_pool) has .* large .*in row 5: "):
            _ = Pool(trees, make(wrong[N:]), make(labelled)).embedding


@pytest.mark.parametrize("make", [
    np.ndarray.tolist, torch.tensor, sparse.csr_matrix, sparse.coo_array, pd.DataFrame,
    pl.DataFrame, lambda X: pd.DataFrame(X).convert_dtypes(), lambda X: X.astype(object),
], ids=["lists", "tensor", "csr", "coo", "pandas", "polars", "nullable", "objects"])  # fmt: skip
@pytest.mark.filterwarnings("ignore:X has feature names")  # said of a scaler fitted on an array
@pytest.mark.parametrize("scaler", [None, StandardScaler(with_mean=False)])
def test_every_form_of_the_same_numbers_is_alike(make, scaler, trees, X):
    model = trees if scaler is None else make_pipeline(scaler.fit(X), trees)
    pool = Pool(model, make(X[N:]), make(X[:N]))
    assert np.allclose(pool.embedding, by_importance(trees, X[N:], X[:N]))
    assert np.allclose(pool.labeled.embedding, by_importance(trees, X[:N], X[:N]))


def test_words_of_a_frame_share_the_importance_of_their_column(X, y, rng):
    class Encoding(DecisionTreeRegressor):
        def fit(self, X, y):
            return super().fit(self.encoded(X), y)

        def encoded(self, X):
            return pd.DataFrame({"a": X["a"], "word": X["word"] == "yes", "b": X["b"]})

    word = np.array(["yes", "no", "maybe"])[rng.randint(3, size=200)]
    frame = pd.DataFrame({"a": X[:, 0], "word": word, "b": X[:, 1]})
    model = Encoding(max_depth=5).fit(frame[:N], y[:N] + (word[:N] == "yes"))
    one_hot = (word[:, None] == ["maybe", "no", "yes"]).astype(float)
    columns = np.hstack([X[:, :1], one_hot, X[:, 1:2]])
    mean, deviation = columns[:N].mean(axis=0), columns[:N].std(axis=0)
    factors = np.sqrt(3 * model.feature_importances_[[0, 1, 1, 1, 2]])
    pool = Pool(model, frame[N:], frame[:N])
    assert np.allclose(pool.embedding, ((columns - mean) / deviation * factors)[N:])
    assert model.feature_importances_.all()
