"""Refine: the union of several strategies' picks, round by round, then a cover of what is left."""

import numpy as np
import pytest
from modAL.models import ActiveLearner
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skally import (
    ALLYSampler,
    CoreSetSampler,
    EntropySampler,
    KMeansSampler,
    LCMDSampler,
    MarginSampler,
    MaxHerdingSampler,
    RandomSampler,
    RefineSampler,
)
from skally.pool.pool import FEATURES, Pool


@pytest.fixture(scope="module")
def model(digits):
    """Logistic regression, fitted on 40 rows of the classification data."""
    return LogisticRegression(max_iter=1000).fit(digits[0][:40], digits[1][:40])


def refined(strategies, selection, sizes, k, model, X_pool, X):
    """The definition, by queries of smaller and smaller arrays."""
    rows = np.arange(len(X_pool))
    for size in sizes:
        n_picks = min(size * k, len(rows))
        union = set()
        for strategy in strategies:
            union |= set(strategy.query(model, X_pool[rows], n_picks, X=X).tolist())
        rows = rows[sorted(union)]
    return rows[selection.query(model, X_pool[rows], k, X=X)], rows


@pytest.mark.parametrize("k", [1, 5, 20, 100])
@pytest.mark.parametrize("selection", [None, CoreSetSampler()])
def test_the_batch_is_a_cover_of_what_the_rounds_leave(k, selection, model, digits):
    X, X_pool = digits[0][:40].astype(float), digits[0][40:].astype(float)
    strategies, sizes = [MarginSampler(), LCMDSampler(), CoreSetSampler()], (6, 3, 2)
    cover = MaxHerdingSampler() if selection is None else selection
    expected, rows = refined(strategies, cover, sizes, k, model, X_pool, X)
    picks = RefineSampler(strategies, selection, sizes).query(model, X_pool, k, X=X)
    assert picks.tolist() == expected.tolist()
    assert 2 * k <= len(rows) < 160 or k == 100


def test_the_utility_is_that_of_the_cover_among_the_rows_left(model, digits):
    X, X_pool = digits[0][:40].astype(float), digits[0][40:].astype(float)
    strategies, cover = [MarginSampler(), LCMDSampler()], MaxHerdingSampler()
    _, rows = refined(strategies, cover, (4, 2), 1, model, X_pool, X)
    picks, utility = RefineSampler(strategies).query(model, X_pool, 1, X=X, return_utilities=True)
    assert np.flatnonzero(np.isfinite(utility)).tolist() == rows.tolist()
    assert utility.argmax() == picks[0]
    of_cover = cover.query(model, X_pool[rows], 1, X=X, return_utilities=True)[1]
    assert np.allclose(utility[rows], of_cover)


def test_a_row_that_no_strategy_picks_is_never_picked(model, digits):
    X, X_pool = digits[0][:40], digits[0][40:]
    margin = MarginSampler().query(model, X_pool, 20)
    sampler = RefineSampler([MarginSampler()], KMeansSampler(), sizes=(2,), random_state=0)
    assert set(sampler.query(model, X_pool, 10, X=X).tolist()) <= set(margin.tolist())


class Counting(GaussianNB):
    """Counts the rows that it predicts."""

    n_rows = 0

    def predict_proba(self, X):
        Counting.n_rows += len(X)
        return super().predict_proba(X)


def test_a_part_of_a_pool_has_the_features_that_are_known(digits):
    X, y = digits
    model = Counting(var_smoothing=0.1).fit(X, y)
    Counting.n_rows = 0
    sampler = RefineSampler([EntropySampler(), MarginSampler()], sizes=(9, 6, 3), random_state=0)
    sampler.query(model, X[40:], 4, X=X[:40])
    assert Counting.n_rows == 160  # once, whatever the rounds


def test_a_part_of_a_pool_is_the_pool_of_these_rows(classifier, regressor, digits, diabetes):
    rows = np.array([3, 1, 40])
    for net, (X, y) in ((classifier, digits), (regressor, diabetes)):
        pool = Pool(net, X[150:], X[:150], y[:150])
        alone = Pool(net, X[150:][rows], X[:150], y[:150])
        known = FEATURES - {"prediction" if net is classifier else "proba"}
        for name in known:
            getattr(pool, name)
        part = pool.subset(rows)
        assert known <= vars(part).keys() and part.labeled is pool.labeled
        for name in known:
            assert np.allclose(getattr(part, name), getattr(alone, name), rtol=1e-4, atol=1e-4)


def test_learners_and_dask_pools(digits):
    X, y = digits
    strategies = [MarginSampler(), RandomSampler(), CoreSetSampler()]
    sampler = RefineSampler(strategies, random_state=0)
    learner = ActiveLearner(GaussianNB(var_smoothing=0.1), sampler, X[:40], y[:40])
    assert len(set(learner.query(X[40:], n_instances=6)[0].tolist())) == 6
    da = pytest.importorskip("dask.array")
    blocks = da.from_array(X[40:], chunks=(50, -1))
    assert len(set(sampler.query(learner, blocks, 6).tolist())) == 6


@pytest.mark.parametrize("bad, message", [
    (RefineSampler([]), r"samplers == \[\], must be a list of samplers"),
    (RefineSampler(MarginSampler()), r"samplers == MarginSampler\(\), must be a list"),
    (RefineSampler([MarginSampler(), "x"]), "sampler == 'x', must be a sampler"),
    (RefineSampler([MarginSampler()], sizes=(3, 0)), "sizes == 0, must be >= 1"),
    (RefineSampler([ALLYSampler()]), "LogisticRegression has no dual_variables_"),
    (RefineSampler([MarginSampler()], selection="x"), "sampler == 'x', must be a sampler"),
])  # fmt: skip
def test_bad_parts_are_named(bad, message, model, digits):
    with pytest.raises(ValueError, match=message):
        bad.query(model, digits[0], 3, X=digits[0][:9])
