"""Samplers of one's own: a query believes nothing that a hook returns."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LogisticRegression

from skally import (
    ALLYSampler,
    BaseSampler,
    ComposedSampler,
    CoordinatedMatchingSampler,
    EntropySampler,
    RandomSampler,
    StochasticSampler,
    SubsampledSampler,
)

X = np.random.RandomState(0).normal(size=(60, 3))
MODEL = LogisticRegression().fit(X, X[:, 0] > 0)


class GivenUtility(BaseSampler):
    """Returns what a function of the size of the pool returns."""

    def __init__(self, function, *, random_state=None):
        super().__init__(random_state=random_state)
        self.function = function

    def utility(self, pool, rng):
        return self.function(len(pool))


class GivenPicks(BaseSampler):
    """Selects what a function of the sizes of pool and batch returns."""

    def __init__(self, function, *, random_state=None):
        super().__init__(random_state=random_state)
        self.function = function

    def select(self, pool, utility, k, rng):
        return self.function(len(pool), k)


UTILITIES = {
    "short": (lambda n: np.zeros(3), r"returned shape \(3,\), must be \({n},\)"),
    "column": (lambda n: np.zeros((n, 1)), r"returned shape \({n}, 1\), must be \({n},\)"),
    "number": (lambda n: 0.5, r"returned shape \(\), must be \({n},\)"),
    "nothing": (lambda n: None, "returned None"),
    "ragged": (lambda n: [[1.0], [1.0, 2.0]], "returned no array"),
    "text": (lambda n: ["a"] * n, "returned values of type <U1, must be numbers"),
    "complex": (lambda n: np.ones(n) * 1j, "returned values of type complex128, must be numbers"),
    "nan": (lambda n: np.r_[np.zeros(n - 1), np.nan], "returned nan in row {last}, must be finite"),
    "infinite": (lambda n: np.full(n, np.inf), "returned inf in rows 0, 1, 2, 3, 4 and"),
}
PICKS = {
    "many": (lambda n, k: np.arange(k + 1), r"returned shape \(6,\), must be \(5,\)"),
    "mask": (lambda n, k: np.arange(n) < k, r"returned shape \({n},\), must be \(5,\)"),
    "same": (lambda n, k: [4] * k, "returned position 4 5 times, must be 5 different ones"),
    "negative": (lambda n, k: np.arange(k) - 1, "returned position -1, must be from 0 to {last}"),
    "beyond": (lambda n, k: n + np.arange(k), "returned position {n}, must be from 0 to {last}"),
    "floats": (lambda n, k: np.arange(5.0), "returned values of type float64, must be integers"),
    "nothing": (lambda n, k: None, "returned None, must be an array"),
}
WRAPPED = {
    "alone": lambda sampler: sampler,
    "composed": lambda sampler: ComposedSampler(sampler, RandomSampler()),
    "stochastic": lambda sampler: StochasticSampler(sampler, "softmax", random_state=0),
    "subsampled": lambda sampler: SubsampledSampler(sampler, size=60, random_state=0),
    "matched": lambda sampler: CoordinatedMatchingSampler(sampler, n_simulations=2),
}
SELECTING = {
    "alone": WRAPPED["alone"],
    "composed": lambda sampler: ComposedSampler(EntropySampler(), sampler),
    "subsampled": WRAPPED["subsampled"],
}


def filled_in(message, n=60):
    return message.replace("{n}", str(n)).replace("{last}", str(n - 1))


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("name", UTILITIES)
def test_utilities_that_are_none_are_errors_that_name_class_and_hook(name, wrap):
    function, message = UTILITIES[name]
    with pytest.raises(ValueError, match=r"GivenUtility\.utility " + filled_in(message)):
        WRAPPED[wrap](GivenUtility(function)).query(MODEL, X, 5)


@pytest.mark.parametrize("wrap", SELECTING)
@pytest.mark.parametrize("name", PICKS)
def test_picks_that_are_none_are_errors_that_name_class_and_hook(name, wrap):
    function, message = PICKS[name]
    with pytest.raises(ValueError, match=r"GivenPicks\.select " + filled_in(message)):
        SELECTING[wrap](GivenPicks(function)).query(MODEL, X, 5)


def test_utilities_asked_for_beside_the_picks_are_checked():
    class Selects(GivenUtility):
        uses_utility = False

        def select(self, pool, utility, k, rng):
            return np.arange(k)

    sampler = Selects(lambda n: np.zeros(3))
    assert sampler.query(MODEL, X, 5).tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"Selects\.utility returned shape \(3,\)"):
        sampler.query(MODEL, X, 5, return_utilities=True)


def test_blocks_of_a_dask_pool_are_checked():
    array = pytest.importorskip("dask.array").from_array(X, chunks=(20, 3))
    for sampler, message in (
        (GivenUtility(lambda n: np.zeros(3)), r"GivenUtility\.utility .* must be \(20,\)"),
        (GivenPicks(lambda n, k: [0] * k), r"GivenPicks\.select returned position 0 5 times"),
        (Unprepared(), r"Unprepared\.prepare returned None, must be a sampler"),
    ):
        with pytest.raises(ValueError, match=message):
            sampler.query(MODEL, array, 5)


class Unprepared(BaseSampler):
    """Forgets to return itself."""

    def utility(self, pool, rng):
        return np.zeros(len(pool))

    def prepare(self, pool, rng):
        """Nothing."""


class TwoColumns(RegressorMixin, BaseEstimator):
    """A regressor of the wrong shape."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros((len(X), 2))


@pytest.mark.parametrize("is_dask", [False, True])
def test_predictions_of_a_head_are_checked(is_dask, regressor, diabetes):
    X_pool = diabetes[0][150:]
    if is_dask:
        X_pool = pytest.importorskip("dask.array").from_array(X_pool, chunks=(25, -1))
    with pytest.raises(ValueError, match=r"TwoColumns\.predict returned shape"):
        ALLYSampler(regressor=TwoColumns()).query(regressor, X_pool, 5)


def test_a_sampler_without_a_hook_is_an_error():
    class Hookless(BaseSampler):
        pass

    for sampler in (Hookless(), *(wrap(Hookless()) for wrap in WRAPPED.values())):
        with pytest.raises(ValueError, match="Hookless overrides neither utility nor select"):
            sampler.query(MODEL, X, 2)


@pytest.mark.parametrize("other", ["entropy", EntropySampler, None])
def test_a_wrapper_around_something_else_is_an_error(other):
    with pytest.raises(ValueError, match="sampler == .*, must be a sampler"):
        StochasticSampler(other).query(MODEL, X)


ORDERED = [
    lambda n: list(range(n)),
    lambda n: np.arange(n, dtype=np.uint8),  # whose negatives wrap around
    lambda n: pd.Series(range(n), index=range(n, 0, -1)),
    lambda n: torch.arange(n).float().requires_grad_(),
]


@pytest.mark.parametrize("function", ORDERED)
def test_numbers_of_any_kind_are_utilities(function):
    indices, utility = GivenUtility(function).query(MODEL, X, 3, return_utilities=True)
    assert indices.tolist() == [59, 58, 57] and utility.dtype.kind == "f"
    assert utility.tolist() == list(range(60))


def test_true_is_more_than_false():
    assert GivenUtility(lambda n: np.arange(n) == 7).query(MODEL, X).tolist() == [7]


def test_minus_infinity_is_taken_last():
    def some(n):
        return np.where(np.arange(n) < 4, 1.0, -np.inf)

    for wrap in ("alone", "composed", "stochastic"):
        indices = WRAPPED[wrap](GivenUtility(some)).query(MODEL, X, 5)
        assert len(set(indices.tolist())) == 5 and set(range(4)) <= set(indices.tolist())
    for k in (3, 12, 60):
        indices = WRAPPED["matched"](GivenUtility(some)).query(MODEL, X, k)
        assert len(set(indices.tolist())) == k


def test_a_matched_batch_is_distinct_though_only_a_part_has_utilities():
    part = SubsampledSampler(EntropySampler(), size=4, random_state=0)
    matched = CoordinatedMatchingSampler(part, n_simulations=3, random_state=0)
    assert len(set(matched.query(MODEL, X, 12).tolist())) == 12


def test_a_selection_may_change_the_utilities_that_it_gets():
    class Crossing(BaseSampler):
        def utility(self, pool, rng):
            return pool.proba[:, 0]

        def select(self, pool, utility, k, rng):
            chosen = []
            while len(chosen) < k:
                chosen.append(int(utility.argmax()))
                utility[chosen[-1]] = -np.inf
            return chosen

    indices, utility = Crossing().query(MODEL, X, 3, return_utilities=True)
    proba = MODEL.predict_proba(X)[:, 0]
    assert np.array_equal(utility, proba)
    assert np.array_equal(np.sort(proba[indices]), np.sort(proba)[-3:])
