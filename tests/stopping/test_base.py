"""Monitor of a loop that stops."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skally import MarginSampler
from skally.stopping import Budget, ScoreChange, StabilizingPredictions, StoppingMonitor


@pytest.fixture(scope="module")
def stopped_loop():
    """Monitor and error of each round of a loop on digits, and its error with all labels.

    The model has a closed form, right to 1e-10, while the margins that picks are ranked by differ
    by about 1e-4. So no processor picks other rows than another one.
    """
    X, y = load_digits(return_X_y=True)
    X, held_out, pool = X / 16, np.arange(1400, len(X)), np.arange(50, 1400)
    labelled, errors = np.arange(50), []
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
    monitor = StoppingMonitor(StabilizingPredictions(threshold=0.98), X_stop=X[50:1400])
    while len(pool):
        model.fit(X[labelled], y[labelled])
        errors.append(1 - model.score(X[held_out], y[held_out]))
        if monitor.update(model, X_pool=X[pool]):
            break
        picks = MarginSampler(random_state=0).query(model, X[pool], min(50, len(pool)))
        labelled, pool = np.append(labelled, pool[picks]), np.delete(pool, picks)
    model.fit(X[:1400], y[:1400])
    return monitor, errors, 1 - model.score(X[held_out], y[held_out]), len(pool)


def test_a_loop_stops_where_the_error_no_longer_falls(stopped_loop):
    _, errors, error_of_all, n_left = stopped_loop
    assert n_left > 400
    assert errors[0] > error_of_all + 0.1 and errors[-1] < error_of_all + 0.01


def test_a_loop_that_was_killed_goes_on_from_its_observations(stopped_loop):
    monitor = stopped_loop[0]
    decisions = [
        monitor.criterion.is_reached(monitor.observations[:n])
        for n in range(1, len(monitor.observations) + 1)
    ]
    assert decisions == [False] * (len(decisions) - 1) + [True]
    stored = json.loads(json.dumps(StoppingMonitor(Budget(9), observations=[3]).observations))
    again = StoppingMonitor(Budget(9), observations=stored)
    assert not again.update(n_labeled=6) and again.update(n_labeled=9)
    assert again.observations == [3, 6, 9]


def test_a_round_that_cannot_be_observed_is_not_counted():
    monitor = StoppingMonitor(ScoreChange())
    with pytest.raises(ValueError, match="score == nan"):
        monitor.update(score=np.nan)
    assert monitor.observations == []
