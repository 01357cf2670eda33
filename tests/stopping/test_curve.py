"""Budgets and scores."""

import numpy as np
import pytest
from modAL.models import ActiveLearner
from sklearn.tree import DecisionTreeClassifier

from skally.stopping import (
    Budget,
    OverallUncertainty,
    PredictedDualLevel,
    RoundState,
    ScoreChange,
)


@pytest.mark.parametrize(
    "scores, reached",
    [([0.1, 0.5, 0.5, 0.5], True), ([0.5, 0.5, 0.52, 0.5], False), ([9, 8.01, 8, 8.005], True),
     ([0.5, 0.505, 0.512], False), ([0.5, 0.5], False), ([0.5, 0.51, 0.5, 0.504], True)],
)  # fmt: skip
def test_scores_settle_when_their_range_is_within_tolerance(scores, reached):
    assert ScoreChange(tolerance=0.010001, patience=2).is_reached(scores) is reached


@pytest.mark.parametrize("value", [np.nan, np.inf, "0.5"])
def test_scores_that_are_not_finite_numbers_are_errors(value):
    with pytest.raises(ValueError, match="score == .*, must be a finite number"):
        ScoreChange().observe(RoundState(score=value))
    for each in (ScoreChange(), OverallUncertainty(), PredictedDualLevel()):
        with pytest.raises(ValueError, match="must be a finite number"):
            each.is_reached([0.5, value])


def test_budget_counts_labels_wherever_they_are():
    X, y = np.arange(6.0)[:, None], np.array(["a", "b"] * 3)
    learner = ActiveLearner(DecisionTreeClassifier(), X_training=X, y_training=y)
    states = RoundState(n_labeled=6), RoundState(y_labeled=list(y)), RoundState(learner)
    assert [Budget(6).observe(state) for state in states] == [6, 6, 6]
    assert Budget(6).is_reached([2, 6]) and not Budget(7).is_reached([2, 6])
    with pytest.raises(ValueError, match="n_labeled == None, must be given: Budget needs it"):
        Budget(6).observe(RoundState(DecisionTreeClassifier()))
