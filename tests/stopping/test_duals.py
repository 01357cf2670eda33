"""The level of predicted duals, against the utilities of ALLY."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skally import ALLYSampler, DualRegressor
from skally.stopping import PredictedDualLevel, RoundState

HEAD = DualRegressor(max_epochs=3)


def test_dual_level_is_that_of_the_utilities_of_ally(rounds):
    state = rounds[1]
    sampler = ALLYSampler(regressor=HEAD, max_dual=0.01, random_state=3)
    _, utility = sampler.query(state.estimator, state.X_pool, return_utilities=True)
    criterion = PredictedDualLevel(regressor=HEAD, max_dual=0.01, random_state=3)
    assert criterion.observe(state) == pytest.approx(utility.mean())
    assert criterion.set_params(quantile=0.9).observe(state) == pytest.approx(
        np.quantile(utility, 0.9)
    )
    assert criterion.observe(replace(state, X_pool=state.X_pool[:0])) == 0


@pytest.mark.parametrize(
    "levels, reached",
    [([4, 8, 1, 1], False), ([4, 8, 0.8, 0.8], True), ([8, 0.8, 4, 0.8], False), ([8, 0.8], False),
     ([0, 0, 0], False), ([1, 0, 0], True), ([0.1, 0.1, 8], False)],
)  # fmt: skip
def test_dual_level_is_compared_with_the_largest_so_far(levels, reached):
    assert PredictedDualLevel(share=0.1, patience=2).is_reached(levels) is reached


def test_one_round_is_never_enough_for_a_patience_of_two():
    criterion = PredictedDualLevel(share=1.0, patience=2)
    assert not criterion.is_reached([3.0]) and criterion.is_reached([3.0, 3.0])


def test_an_estimator_without_duals_is_an_error(digits):
    model = GaussianNB().fit(*digits)
    with pytest.raises(ValueError, match="GaussianNB has no dual_variables_"):
        PredictedDualLevel().observe(RoundState(model, X_pool=digits[0]))
