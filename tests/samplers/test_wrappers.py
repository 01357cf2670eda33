import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.linear_model import LinearRegression
from skorch.dataset import Dataset

from skally import (
    ALLYSampler,
    BaseSampler,
    ComposedSampler,
    CoordinatedMatchingSampler,
    CoreSetSampler,
    EntropySampler,
    RandomSampler,
    StochasticSampler,
    SubsampledSampler,
)
from skally.functional.clustering import best_per_cluster
from skally.functional.matching import match_batches


class Ranked(BaseSampler):
    """A user's sampler: one hook."""

    def utility(self, pool, rng):
        return np.arange(len(pool), dtype=float)


def test_composition_takes_the_utility_of_one_and_the_selection_of_the_other(classifier, digits):
    X = digits[0][150:]
    sampler = ComposedSampler(ComposedSampler(Ranked(), EntropySampler()), RandomSampler())
    picks, utility = sampler.query(classifier, X, 3, return_utilities=True)
    assert picks.tolist() == [49, 48, 47] and utility.tolist() == list(range(50))

    sampler = ComposedSampler(EntropySampler(), ALLYSampler(n_clusters=1), random_state=0)
    picks, utility = sampler.query(classifier, X, 6, return_utilities=True)
    expected = best_per_cluster(utility, np.zeros(50, int), 6, np.random.RandomState(0))
    assert picks.tolist() == expected.tolist()


class Given(BaseSampler):
    """A sampler of fixed utilities."""

    def __init__(self, values, *, random_state=None):
        super().__init__(random_state=random_state)
        self.values = values

    def utility(self, pool, rng):
        return np.asarray(self.values, dtype=float)


def first_picks(sampler, n, n_draws=3000):
    """Share of draws in which each of n rows comes first."""
    sampler.set_params(random_state=np.random.RandomState(0))
    picks = [sampler.query(None, np.zeros((n, 1)))[0] for _ in range(n_draws)]
    return np.bincount(picks, minlength=n) / n_draws


@pytest.mark.parametrize("kind, weights", [
    ("power", np.array([0, 1, 2, 3.0]) ** 2), ("softmax", np.exp(2 * np.arange(4.0))),
    ("softrank", np.array([4, 3, 2, 1.0]) ** -2),
])  # fmt: skip
def test_stochastic_batches_draw_in_proportion_to_their_weights(kind, weights):
    sampler = StochasticSampler(Given([0, 1, 2, 3]), kind=kind, beta=2.0)
    assert np.allclose(first_picks(sampler, 4), weights / weights.sum(), atol=0.03)


def test_stochastic_batches_of_negative_and_zero_utilities():
    negative = StochasticSampler(Given([-3, -1, 0]))
    with pytest.raises(ValueError, match="utilities >= 0, the least is -3: use 'softmax' or"):
        negative.query(None, np.zeros((3, 1)))
    for kind in ("softmax", "softrank"):
        assert first_picks(negative.set_params(kind=kind), 3, 300).argmax() == 2
    zeros = StochasticSampler(Given([0, 0, 1, 0]))
    picks = np.array([zeros.query(None, np.zeros((4, 1)), 4) for _ in range(60)])
    assert np.all(picks[:, 0] == 2) and set(picks[:, 1]) == {0, 1, 3}


def test_stochastic_batches_leave_the_utilities_as_they_are():
    values = np.arange(5.0)
    _, utility = StochasticSampler(Given(values)).query(
        None, np.zeros((5, 1)), 2, return_utilities=True
    )
    assert utility.tolist() == values.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("bad, message", [
    (StochasticSampler(RandomSampler(), kind="x"), "kind == 'x', must be one of"),
    (StochasticSampler(RandomSampler(), beta=0), "beta == 0, must be"),
    (SubsampledSampler(RandomSampler(), size=0), "size == 0"),
    (SubsampledSampler(RandomSampler(), size=1.5), "size == 1.5"),
    (CoordinatedMatchingSampler(EntropySampler(), n_simulations=0), "n_simulations == 0"),
    (CoordinatedMatchingSampler(EntropySampler(), length=-1), "length == -1"),
])  # fmt: skip
def test_bad_parameters_are_named(bad, message, classifier, digits):
    with pytest.raises(ValueError, match=message):
        bad.query(classifier, digits[0])


class Seen(LinearRegression):
    """A model that shows what it was asked to embed."""

    def embed(self, X):
        self.embedded = [*getattr(self, "embedded", []), np.asarray(X)]
        return np.asarray(X)


@pytest.mark.parametrize("size", [12, 0.3])
def test_only_the_part_is_embedded_and_positions_are_those_of_the_pool(size, rng):
    X = np.arange(40.0)[:, None]
    model = Seen().fit(X, X[:, 0])
    picks, utility = SubsampledSampler(CoreSetSampler(), size, random_state=0).query(
        model, X, 5, X=X[:1], return_utilities=True
    )
    pool_rows = model.embedded[0][:, 0].astype(int)
    assert [len(rows) for rows in model.embedded] == [12, 1]  # the part once, the labelled once
    assert sorted(pool_rows) == np.flatnonzero(utility > -np.inf).tolist()
    assert np.allclose(utility[pool_rows], pool_rows**2.0)
    assert picks[0] == pool_rows.max() and set(picks) <= set(pool_rows)


def test_a_part_smaller_than_the_batch_is_taken_whole():
    picks = SubsampledSampler(CoreSetSampler(), 3, random_state=0).query(None, np.eye(9), 9)
    assert sorted(picks) == list(range(9))


def test_parts_are_as_likely_as_each_other():
    counts = np.zeros(6)
    for seed in range(600):
        sampler = SubsampledSampler(CoreSetSampler(), 2, random_state=seed)
        counts[sampler.query(None, np.eye(6), 2)] += 1
    assert np.all(np.abs(counts - 200) < 60)


def test_a_part_of_a_part_is_of_the_candidates_of_another_utility():
    sampler = ComposedSampler(EntropySampler(), SubsampledSampler(Given(None), 4), random_state=0)
    sampler.utility = Given(np.arange(20.0))
    picks = sampler.query(None, np.zeros((20, 1)), 4)
    assert sorted(picks) != [16, 17, 18, 19] and picks.tolist() == sorted(picks, reverse=True)


@pytest.mark.parametrize("form", [
    np.asarray, np.ndarray.tolist, torch.tensor, sparse.csr_matrix, sparse.csr_array, pl.DataFrame,
    lambda X: pd.DataFrame(X, index=np.arange(50)[::-1]), lambda X: Dataset(X, np.zeros(50)),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:X has feature names")  # in polars they always do
def test_parts_of_pools_of_any_form(form, classifier, digits):
    X = digits[0][150:]
    sampler = SubsampledSampler(EntropySampler(), 0.5, random_state=0)
    expected, utility = sampler.query(classifier, X, 5, return_utilities=True)
    picks, same = sampler.query(classifier, form(X), 5, return_utilities=True)
    assert np.allclose(same, utility, atol=1e-5)  # entropies in float32
    assert np.allclose(utility[picks], utility[expected], atol=1e-5)


def test_coordinated_matching_spreads_what_is_worth_the_same(rng):
    """Two heaps of equal worth, each as near together as one row."""
    X = np.repeat([[0.0], [9.0]], 20, axis=0) + rng.normal(size=(40, 1)) * 0.01
    y = np.arange(40) % 2
    model = LinearRegression().fit(X, y)
    sampler = CoordinatedMatchingSampler(Given(np.linspace(1, 2, 40)), length=1.0)
    picks = sampler.query(model, X, 2)
    assert sorted(picks // 20) == [0, 1]


def test_coordinated_matching_is_the_match_of_its_simulations(classifier, digits, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "skally.samplers.wrappers.match_batches",
        lambda Z, batches: seen.append((Z, batches)) or match_batches(Z, batches),
    )
    sampler = CoordinatedMatchingSampler(EntropySampler(), n_simulations=6, random_state=0)
    X = digits[0][150:]
    picks, utility = sampler.query(classifier, X, 4, return_utilities=True)
    ((Z, batches),) = seen
    assert batches.shape == (6, 4) and np.all(batches[:, 0] == 0)  # the best row comes first
    assert len(np.unique(batches, axis=0)) > 1  # labels are drawn
    order = np.argsort(-utility, kind="stable")
    assert np.allclose(Z, classifier.embed(X)[order])
    assert picks.tolist() == order[match_batches(Z, batches)].tolist()
