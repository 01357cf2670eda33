"""What every sampler keeps. A new one needs no line here: it is found by itself."""

import importlib
import pickle
import pkgutil
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from picks import is_settled
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skally
from skally import (
    ALLYSampler,
    BaseSampler,
    ComposedSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    CoreSetSampler,
    DualLCMDSampler,
    DualRegressor,
    EntropySampler,
    GreedyInputSampler,
    KMeansSampler,
    MaxHerdingSampler,
    ProbCoverSampler,
    RandomSampler,
    SubsampledSampler,
    TypiClustSampler,
    UHerdingSampler,
    WeightedLCMDSampler,
)
from skally.samplers import all_samplers

WEIGHS = (ComposedSampler, DualLCMDSampler, UHerdingSampler, WeightedLCMDSampler)
FOR_OTHER_TASKS = ("is no regressor", "has no predict_proba", "needs a classifier")


@dataclass(frozen=True)
class Task:
    """A fitted net, what it was fitted on, and a pool."""

    net: Any
    X: np.ndarray
    y: np.ndarray
    X_pool: np.ndarray

    def ask(self, sampler, n_instances=1, X_pool=None, **kwargs):
        """Picks, or a skip where the sampler says that it is for other tasks."""
        X_pool = self.X_pool if X_pool is None else X_pool
        try:
            return sampler.query(self.net, X_pool, n_instances, X=self.X, y=self.y, **kwargs)
        except ValueError as error:
            if any(message in str(error) for message in FOR_OTHER_TASKS):
                pytest.skip(str(error))
            raise


@pytest.fixture(params=["classification", "regression"])
def task(request, classifier, digits, regressor, diabetes):
    net, (X, y) = {
        "classification": (classifier, digits), "regression": (regressor, diabetes),
    }[request.param]  # fmt: skip
    return Task(net, X[:150], y[:150], X[150:])


def check_picks(indices, k, n_pool):
    assert isinstance(indices, np.ndarray) and indices.dtype.kind == "i"
    assert indices.shape == (k,) and len(set(indices.tolist())) == k
    assert indices.min() >= 0 and indices.max() < n_pool


def test_every_sampler_of_the_package_is_public():
    def subclasses(cls):
        return {cls}.union(*map(subclasses, cls.__subclasses__()))

    for module in pkgutil.iter_modules(skally.samplers.__path__, "skally.samplers."):
        importlib.import_module(module.name)
    ours = {
        c.__name__ for c in subclasses(BaseSampler) if c.__module__.startswith("skally.samplers.")
    }
    ours -= {"HeadSampler", "PreparedSampler"}  # a base, and what dask pools are asked by
    assert ours == {"BaseSampler", *dict(all_samplers())} and ours <= set(skally.__all__)


def test_every_sampler_is_for_classification_or_regression(
    sampler, classifier, digits, regressor, diabetes
):
    messages = []
    for net, (X, y) in ((classifier, digits), (regressor, diabetes)):
        try:
            check_picks(sampler.query(net, X[150:], 3, X=X[:150], y=y[:150]), 3, 50)
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) < 2, messages


@pytest.mark.parametrize("k", [1, 2, 17, 50])
def test_picks_are_distinct_positions(sampler, k, task):
    check_picks(task.ask(sampler, k), k, 50)


def test_utilities_are_one_for_each_row(sampler, task):
    indices, utility = task.ask(sampler, 3, return_utilities=True)
    check_picks(indices, 3, 50)
    assert utility.shape == (50,) and not np.isnan(utility).any()
    assert np.array_equal(indices, task.ask(sampler, 3))


def test_same_seed_same_picks_and_nothing_is_changed(sampler, task):
    given = [array.copy() for array in (task.X, task.y, task.X_pool)]
    params, state = repr(sampler.get_params()), np.random.get_state()[1].copy()  # noqa: NPY002
    picks = [task.ask(each, 9) for each in (sampler, sampler, clone(sampler))]
    assert np.array_equal(picks[0], picks[1]) and np.array_equal(picks[0], picks[2])
    assert all(map(np.array_equal, given, (task.X, task.y, task.X_pool)))
    assert repr(sampler.get_params()) == params
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_the_estimator_is_not_changed(sampler, task):
    task.ask(sampler, 2)
    before = pickle.dumps(task.net)
    task.ask(sampler, 2)
    assert pickle.dumps(task.net) == before


def test_pools_of_equal_rows_still_give_distinct_positions(sampler, task):
    X = task.X_pool
    for X_pool in (X[[0] * 12], X[[0, 1, 2] * 4], np.zeros_like(X[:12])):
        for k in (1, 5, 12):
            check_picks(task.ask(sampler, k, X_pool), k, 12)


@pytest.mark.filterwarnings("ignore:All 150 dual variables")  # one class has no loss, so no duals
def test_one_class_only(sampler, task):
    net = clone(task.net).set_params(max_epochs=1).fit(task.X, np.zeros(150))
    task = replace(task, net=net, y=np.zeros(150))
    check_picks(task.ask(sampler, 6), 6, 50)


def test_data_frames_lists_and_float64_pick_the_same_rows(sampler, task):
    X = task.X_pool
    picks, utility = task.ask(sampler, 5, return_utilities=True)
    frame = pd.DataFrame(X, index=np.arange(50)[::-1])
    assert np.array_equal(task.ask(sampler, 5, frame), picks)
    of_double, doubles = task.ask(sampler, 5, X.astype(np.float64), return_utilities=True)
    assert np.array_equal(task.ask(sampler, 5, X.tolist()), of_double)
    if np.array_equal(doubles, utility):
        assert np.array_equal(of_double, picks)
    else:  # distances of the columns, in float64: 64 terms of some 1e-7 of the largest
        assert np.allclose(doubles, utility, rtol=1e-4, atol=1e-5 * np.abs(utility).max())


def test_picks_that_do_not_depend_on_the_seed_do_not_depend_on_the_order(sampler, task, rng):
    picks = task.ask(sampler, 10)
    for seed in (1, 2, 3):
        if not np.array_equal(task.ask(clone(sampler).set_params(random_state=seed), 10), picks):
            pytest.skip("draws at random")
    if not is_settled(lambda X_pool: task.ask(sampler, 10, X_pool), task.X_pool):
        pytest.skip("rounding, which depends on a row's place in its batch, decides")
    order = rng.permutation(50)
    assert np.array_equal(order[task.ask(sampler, 10, task.X_pool[order])], picks)


def test_the_first_pick_is_the_row_of_largest_utility(sampler, task):
    """Unless the batch as a whole is all that counts, or the draws are random.

    A selection that takes any utility, to weigh it with something else, has no utility of its own.
    """
    picks, utility = task.ask(sampler, 1, return_utilities=True)
    seeded = clone(sampler).set_params(random_state=1)
    again, other = task.ask(seeded, 1, return_utilities=True)
    is_random = picks != again or not np.array_equal(utility, other)
    if is_random or np.ptp(utility) == 0 or isinstance(sampler, WEIGHS):
        pytest.skip("draws at random, or values no row by itself")
    # a selection may compute the utility in another way: equal to rounding
    assert utility.max() - utility[picks[0]] <= 1e-5 * np.ptp(utility)


def test_clone_pickle_repr_and_parameters(sampler, task):
    again = pickle.loads(pickle.dumps(sampler))
    assert np.array_equal(task.ask(again, 4), task.ask(sampler, 4))
    assert type(sampler).__name__ in repr(sampler)
    assert clone(sampler).set_params(random_state=7).random_state == 7


def test_parameters_of_parts_are_set_by_double_underscore():
    sampler = ComposedSampler(ALLYSampler(regressor=DualRegressor()), CoreSetSampler())
    sampler.set_params(utility__n_clusters=3, utility__regressor__max_epochs=7)
    assert sampler.utility.n_clusters == 3 and sampler.utility.regressor.max_epochs == 7


BAD_SIZES = [
    (0, "n_instances == 0, must be >= 1"),
    (-1, "n_instances == -1"),
    (2.5, "n_instances == 2.5, must be an integer"),
    (True, "n_instances == True"),
    ("3", "n_instances == '3'"),
    (51, "n_instances == 51, must be <= 50, the size of the pool"),
]


@pytest.mark.parametrize("n_instances, message", BAD_SIZES)
def test_bad_n_instances_is_an_error(sampler, n_instances, message, classifier, digits):
    with pytest.raises(ValueError, match=message):
        sampler.query(classifier, digits[0][150:], n_instances)


def test_bad_pools_are_errors(sampler, classifier, digits):
    with pytest.raises(ValueError, match="X_pool has 0 rows"):
        sampler.query(classifier, digits[0][:0])
    with pytest.raises(ValueError, match="X_pool has 63 features, must have 64"):
        sampler.query(classifier, digits[0][:, :63])
    with pytest.raises(ValueError, match="random_state"):
        clone(sampler).set_params(random_state="x").query(classifier, digits[0])


def test_labels_that_are_not_one_for_each_row_are_an_error(sampler, task):
    for y in (task.y[:40], task.y[:40].tolist(), task.y[:40, None]):
        with pytest.raises(ValueError, match="y has 40 labels, must have 150, one for each row"):
            sampler.query(task.net, task.X_pool, X=task.X, y=y)


def test_a_column_of_labels_and_a_series_pick_the_same_rows(sampler, task):
    picks = task.ask(sampler, 5)
    for y in (task.y[:, None], pd.Series(task.y, index=np.arange(150)[::-1])):
        assert np.array_equal(replace(task, y=y).ask(sampler, 5), picks)


@pytest.mark.parametrize("value", [-3.4e38, 1e30, 1e19])
@pytest.mark.filterwarnings("ignore:(overflow|invalid|underflow|divide).* encountered")
def test_huge_values_give_distinct_picks_or_an_error_that_names_the_rows(sampler, value, task):
    """As a raster's marker of missing data, whose square is infinite in single precision."""
    X_pool = task.X_pool.copy()
    X_pool[[3, 7, 31]] = value
    try:
        picks = task.ask(sampler, 12, X_pool)
    except ValueError as error:
        # what a part of the pool is named by, has other numbers
        assert "in rows 3, 7, 31" in str(error) or "a part of X_pool" in str(error)  # noqa: PT017
    else:
        check_picks(picks, 12, 50)


def unfitted():
    """Estimators before fit, and none at all."""
    net = ConstrainedNetClassifier()
    return net, ConstrainedNetRegressor(), make_pipeline(StandardScaler(), net), None


def answers_before_a_fit(sampler):
    """Whether it queries a pool without a fitted estimator and without labelled samples."""
    try:
        sampler.query(None, np.eye(9))
    except (NotFittedError, ValueError):
        return False
    return True


@pytest.mark.parametrize("labelled", [0, 7])
def test_samplers_that_need_no_labels_look_at_the_columns_before_a_fit(sampler, labelled, digits):
    if not answers_before_a_fit(sampler):
        pytest.skip("needs labels")
    X, X_pool = digits[0][:labelled] if labelled else None, digits[0][50:80]
    picks = [sampler.query(net, X_pool, 6, X=X) for net in unfitted()]
    check_picks(picks[0], 6, 30)
    assert all(np.array_equal(picks[0], each) for each in picks)
    if is_settled(lambda X_pool: sampler.query(None, X_pool, 6, X=X), X_pool):
        assert np.array_equal(picks[0], sampler.query(None, X_pool.astype(np.float64), 6, X=X))
    for X_pool in (np.zeros((9, 4)), np.ones((9, 4)), np.eye(9)[[0, 1] * 4]):
        for k in (1, 2, len(X_pool)):
            check_picks(sampler.query(None, X_pool, k), k, len(X_pool))


def test_a_query_that_needs_labels_before_a_fit_is_an_error(sampler, digits):
    if answers_before_a_fit(sampler):
        pytest.skip("needs no labels")
    expected = "|".join(("not fitted", "None", *FOR_OTHER_TASKS))
    for net in unfitted():
        with pytest.raises((NotFittedError, ValueError), match=expected):
            sampler.query(net, digits[0])


def test_no_labelled_rows_are_an_answer_or_an_error_in_words(sampler, task):
    """X of no rows, with a fitted net: nothing that is known without labels may depend on them."""
    nothing = replace(task, X=task.X[:0], y=task.y[:0])
    try:
        check_picks(nothing.ask(sampler, 6), 6, 50)
    except ValueError as error:
        assert not answers_before_a_fit(sampler)
        assert "which this sampler needs" in str(error)


def test_coverage_without_labelled_rows_is_that_of_the_embedding(classifier, digits):
    X, y = digits
    Z = classifier.embed(X[150:])
    for sampler in (
        CoreSetSampler(),
        KMeansSampler(random_state=0),
        TypiClustSampler(random_state=0),
    ):
        picks = sampler.query(classifier, X[150:], 5, X=X[:0], y=y[:0])
        assert np.array_equal(picks, sampler.query(None, Z, 5))


def test_samplers_of_coverage_and_random_ones_need_no_fit():
    for cls in (CoreSetSampler, GreedyInputSampler, KMeansSampler, MaxHerdingSampler,
                ProbCoverSampler, RandomSampler, TypiClustSampler):  # fmt: skip
        assert answers_before_a_fit(cls()) and answers_before_a_fit(SubsampledSampler(cls()))
    assert not answers_before_a_fit(EntropySampler())
