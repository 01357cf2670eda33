"""Checks that run for every criterion. A new one is found automatically and needs a line in BAD."""

import copy
import json
import pickle
from dataclasses import replace
from inspect import isabstract

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from skally import DualRegressor
from skally.stopping import (
    AllOf,
    AnyOf,
    Budget,
    OverallUncertainty,
    PredictedDualLevel,
    RoundState,
    ScoreChange,
    StabilizingPredictions,
    StoppingCriterion,
    all_criteria,
)

HEAD = DualRegressor(max_epochs=20)
PARTS = [Budget(120), ScoreChange(patience=1), StabilizingPredictions(patience=1, threshold=0.3)]
# What a constructor needs, or what keeps a test short and its answers different.
ARGUMENTS = {
    AllOf: {"criteria": PARTS},
    AnyOf: {"criteria": PARTS},
    Budget: {"n_labels": 120},
    PredictedDualLevel: {"regressor": HEAD, "random_state": 0, "share": 0.6, "patience": 1},
    OverallUncertainty: {"threshold": 0.4},
    ScoreChange: {"patience": 2},
    StabilizingPredictions: {"patience": 2, "threshold": 0.3},
}
BAD = {
    AllOf: [("criteria", []), ("criteria", [3]), ("criteria", [Budget(0)])],
    AnyOf: [("criteria", None), ("criteria", [ScoreChange]), ("criteria", [Budget(2.5)])],
    Budget: [("n_labels", 0), ("n_labels", 2.5), ("n_labels", True), ("n_labels", "9")],
    OverallUncertainty: [("threshold", -0.1), ("threshold", 1.1), ("quantile", 2)],
    PredictedDualLevel: [
        *[("share", 1.5), ("share", np.nan), ("patience", 0), ("quantile", -1)],
        ("random_state", np.random.RandomState(0)),
    ],
    ScoreChange: [("tolerance", -1), ("tolerance", np.nan), ("patience", 0), ("patience", 1.5)],
    StabilizingPredictions: [("threshold", 2), ("threshold", None), ("patience", 0)],
}


@pytest.fixture(params=[cls for _, cls in all_criteria()], ids=lambda cls: cls.__name__)
def criterion(request):
    """Each criterion of the package."""
    return request.param(**ARGUMENTS.get(request.param, {}))


class Poisoned(BaseEstimator):
    """Estimator whose methods must not be called."""

    def predict(self, X):
        raise AssertionError("asked to predict")

    fit = predict_proba = predict


def test_every_criterion_of_the_package_is_listed():
    def subclasses(cls):
        return {cls}.union(*map(subclasses, cls.__subclasses__()))

    ours = {each for each in subclasses(StoppingCriterion) if each.__module__.startswith("skally.")}
    final = {each for each in ours if not isabstract(each)}
    assert final == {cls for _, cls in all_criteria()} == set(BAD)


def test_observations_survive_json_and_decide_the_same(criterion, rounds):
    observations = [criterion.observe(state) for state in rounds]
    again = json.loads(json.dumps(observations, allow_nan=False))
    decisions = [criterion.is_reached(observations[:n]) for n in range(1, 5)]
    assert decisions == [criterion.is_reached(again[:n]) for n in range(1, 5)]
    assert set(decisions) == {False, True} and all(type(each) is bool for each in decisions)


def test_clone_pickle_and_repr(criterion, rounds):
    observation = criterion.observe(rounds[0])
    for other in (clone(criterion), pickle.loads(pickle.dumps(criterion))):
        assert other.observe(rounds[0]) == observation and repr(other) == repr(criterion)
    assert repr(criterion).startswith(type(criterion).__name__ + "(")


def test_deciding_is_pure_and_observing_leaves_no_trace(criterion, rounds):
    before = pickle.dumps(criterion)
    observations = [criterion.observe(state) for state in rounds]
    given = copy.deepcopy(observations)
    first = [criterion.is_reached(observations[:n]) for n in range(5)]
    assert [criterion.is_reached(observations[:n]) for n in (4, 3, 2, 1, 0)] == first[::-1]
    assert first[0] is False and observations == given and pickle.dumps(criterion) == before


def test_bad_parameters_are_errors_before_anything_is_computed(criterion):
    state = RoundState(Poisoned(), [[0]], [0], [[0]], [[0]], 1, 0.5, 1)
    for name, value in BAD[type(criterion)]:
        wrong = clone(criterion).set_params(**{name: value})
        for call, argument in ((wrong.observe, state), (wrong.is_reached, [])):
            with pytest.raises(ValueError, match=f"{name} ==|criteria has|n_labels =="):
                call(argument)


def test_what_is_missing_is_named(criterion, rounds):
    for name in criterion.needs:
        with pytest.raises(ValueError, match=f"{name} == None, must be given: {criterion.name}"):
            criterion.observe(replace(rounds[0], **{name: None}))


def test_patience_longer_than_the_history_is_not_reached():
    assert not ScoreChange(patience=9).is_reached([0.5] * 9)
    assert ScoreChange(patience=9).is_reached([0.5] * 10)
    assert not StabilizingPredictions(patience=9).is_reached([["a", "b"]] * 9)
    assert StabilizingPredictions(patience=9).is_reached([["a", "b"]] * 10)
    assert not PredictedDualLevel(patience=9).is_reached([1] + [0] * 8)
    assert PredictedDualLevel(patience=9).is_reached([1] + [0] * 9)
