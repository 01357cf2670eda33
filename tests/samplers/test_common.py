"""What every sampler keeps. A new one needs no line here: it is found by itself."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import (
    BAITSampler,
    ComposedSampler,
    ConstrainedNetClassifier,
    CoreSetSampler,
    DualRegressor,
    EntropySampler,
    LCMDSampler,
)
from skally.samplers import (
    ALLYSampler,
    BaseSampler,
    DualLCMDSampler,
    RandomSampler,
    all_samplers,
)

# What a constructor needs, or what keeps a test short.
ARGUMENTS = {
    ComposedSampler: {"utility": EntropySampler(), "selection": CoreSetSampler()},
    ALLYSampler: {"regressor": DualRegressor(max_epochs=3)},
    DualLCMDSampler: {"regressor": DualRegressor(max_epochs=3)},
}
CLASSES = [cls for _, cls in all_samplers()]
SAMPLERS = [cls(**ARGUMENTS.get(cls, {}), random_state=0) for cls in CLASSES]
DETERMINISTIC = [
    BAITSampler(),
    CoreSetSampler(),
    LCMDSampler(),
    ComposedSampler(EntropySampler(), CoreSetSampler()),
    ComposedSampler(EntropySampler(), DualLCMDSampler()),
]
every = pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)


def check_picks(indices, k, n_pool):
    assert isinstance(indices, np.ndarray) and indices.dtype.kind == "i"
    assert indices.shape == (k,) and len(set(indices.tolist())) == k
    assert indices.min() >= 0 and indices.max() < n_pool


def test_every_sampler_of_the_package_is_checked():
    def subclasses(cls):
        return {cls}.union(*map(subclasses, cls.__subclasses__()))

    ours = {c for c in subclasses(BaseSampler) if c.__module__.startswith("skally.")}
    assert ours - {BaseSampler} == set(CLASSES)


@every
@pytest.mark.parametrize("k", [1, 2, 17, 50])
def test_picks_are_distinct_positions(sampler, k, classifier, digits):
    check_picks(sampler.query(classifier, digits[0][150:], n_instances=k), k, 50)


@every
def test_utilities_are_one_for_each_row(sampler, classifier, digits):
    indices, utility = sampler.query(classifier, digits[0][150:], 3, return_utilities=True)
    check_picks(indices, 3, 50)
    assert utility.shape == (50,) and not np.isnan(utility).any()


@every
def test_same_seed_same_picks_and_nothing_is_changed(sampler, classifier, digits):
    X = digits[0][150:].copy()
    params, state = repr(sampler.get_params()), np.random.get_state()[1].copy()  # noqa: NPY002
    picks = [each.query(classifier, X, 9) for each in (sampler, sampler, clone(sampler))]
    assert np.array_equal(picks[0], picks[1]) and np.array_equal(picks[0], picks[2])
    assert np.array_equal(X, digits[0][150:]) and repr(sampler.get_params()) == params
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@every
def test_pools_of_equal_rows_still_give_distinct_positions(sampler, classifier, digits):
    for X in (
        np.repeat(digits[0][:1], 12, axis=0),
        np.repeat(digits[0][:3], 4, axis=0),
        np.zeros((12, 64)),
    ):
        for k in (1, 5, 12):
            check_picks(sampler.query(classifier, X, k), k, 12)


@every
def test_one_class_only(sampler, digits):
    net = ConstrainedNetClassifier(max_epochs=1, random_state=0).fit(digits[0][:20], np.zeros(20))
    check_picks(sampler.query(net, digits[0], 6), 6, 200)


@every
def test_data_frames_lists_and_float64_pick_the_same_rows(sampler, classifier, digits):
    X = digits[0][150:]
    expected = sampler.query(classifier, X, 5)
    for form in (X.astype(np.float64), X.tolist(), pd.DataFrame(X, index=np.arange(50)[::-1])):
        assert np.array_equal(sampler.query(classifier, form, 5), expected)


@pytest.mark.parametrize("sampler", DETERMINISTIC, ids=lambda s: type(s).__name__)
def test_permuted_pools_have_permuted_picks(sampler, classifier, digits, rng):
    X, order = digits[0][150:], rng.permutation(50)
    picks = sampler.query(classifier, X, 10)
    assert np.array_equal(order[sampler.query(classifier, X[order], 10)], picks)


@every
def test_clone_pickle_repr_and_parameters(sampler, classifier, digits):
    again = pickle.loads(pickle.dumps(sampler))
    X = digits[0][150:]
    assert np.array_equal(again.query(classifier, X, 4), sampler.query(classifier, X, 4))
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


@every
@pytest.mark.parametrize("n_instances, message", BAD_SIZES)
def test_bad_n_instances_is_an_error(sampler, n_instances, message, classifier, digits):
    with pytest.raises(ValueError, match=message):
        sampler.query(classifier, digits[0][150:], n_instances)


@every
def test_bad_pools_are_errors(sampler, classifier, digits):
    with pytest.raises(ValueError, match="X_pool has 0 rows"):
        sampler.query(classifier, digits[0][:0])
    with pytest.raises(ValueError, match="X_pool has 63 features, must have 64"):
        sampler.query(classifier, digits[0][:, :63])
    with pytest.raises(ValueError, match="random_state"):
        clone(sampler).set_params(random_state="x").query(classifier, digits[0])


@every
def test_a_query_before_fit_is_an_error(sampler, digits):
    if isinstance(sampler, RandomSampler):
        pytest.skip("needs no estimator")
    for net in (
        ConstrainedNetClassifier(),
        make_pipeline(StandardScaler(), ConstrainedNetClassifier()),
    ):
        with pytest.raises(NotFittedError):
            sampler.query(net, digits[0])
