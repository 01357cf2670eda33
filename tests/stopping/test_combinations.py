"""Combinations of criteria."""

from skally.stopping import (
    AllOf,
    AnyOf,
    Budget,
    OverallUncertainty,
    ScoreChange,
    StabilizingPredictions,
)

PARTS = [Budget(120), ScoreChange(patience=1), StabilizingPredictions(patience=1, threshold=0.3)]


def test_combinations_ask_each_of_their_parts(rounds):
    observations = [AnyOf(PARTS).observe(state) for state in rounds]
    decisions = [
        [each.is_reached([each.observe(state) for state in rounds[:n]]) for each in PARTS]
        for n in range(1, 5)
    ]
    assert any(any(row) and not all(row) for row in decisions)
    for n, row in enumerate(decisions, 1):
        assert AnyOf(PARTS).is_reached(observations[:n]) is any(row)
        assert AllOf(PARTS).is_reached(observations[:n]) is all(row)
    assert AnyOf([AllOf(PARTS), OverallUncertainty()]).needs == (
        "score", "estimator", "X_stop", "X_pool",
    )  # fmt: skip
