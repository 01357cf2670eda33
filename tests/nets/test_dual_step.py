"""Policies of the dual step."""

import numpy as np
import pytest
import torch
from one_net import one_regressor

from skally.nets.dual_step import AutomaticStep, FixedStep, automatic_dual_lr, dual_step
from skally.nets.parameters import DualParameters

EPSILON = np.full(100, 0.5)


def policy(**params):
    defaults = {
        "dual_lr": "auto", "dual_update": "epoch", "primal_steps": None, "dual_warmup": 0,
        "dual_init": 0.0, "dual_max": None, "dual_decay": 0.0, "penalty": None,
    }  # fmt: skip
    return dual_step(DualParameters(**{**defaults, **params}), EPSILON, 10)


def test_automatic_step_grows_with_n_until_the_net_has_more_parameters():
    assert automatic_dual_lr(EPSILON, 10) == 100 / (0.5 * 10)
    assert automatic_dual_lr(EPSILON, 10**6) == 1 / 0.5
    with pytest.raises(ValueError, match="epsilon"):
        automatic_dual_lr(np.zeros(3), 5)


def test_a_given_step_is_fixed():
    step = policy(dual_lr=0.3, penalty=0.7)
    assert step == FixedStep(0.3, 0.7) and policy(dual_lr=0.3) == FixedStep(0.3, 0.0)
    assert [step.dual_lr_at(progress, 0.1) for progress in (0, 0.5)] == [0.3, 0.3]
    assert step.penalty_at(0.5) == 0.7 and step.weights(torch.ones(3)) is None


def test_an_automatic_step_grows_tenfold_and_falls_with_the_learning_rate():
    step = policy()
    assert isinstance(step, AutomaticStep) and step.dual_lr == step.penalty == 20
    assert np.isclose(step.dual_lr_at(1.0, 0.25), 20 * 10 * 0.25)
    assert np.isclose(step.penalty_at(0.5), 20 * 10**0.5)
    assert step.weights(torch.tensor([0.0, 2.0])).tolist() == [1, 3]


def test_a_penalty_is_the_step_of_automatic_duals():
    step = policy(penalty=0.7)
    assert step.dual_lr == step.penalty == 0.7
    assert step.dual_lr_at(0.5, 1.0) == step.penalty_at(0.5) == 0.7  # as given, without growth


def test_a_decay_bounds_the_automatic_step():
    """Duals would oscillate with a step of 1 / dual_decay or more."""
    assert policy(dual_decay=1.0).dual_lr == 0.5


def test_automatic_steps_within_batches_are_of_one_size():
    assert policy(dual_update="batch") == FixedStep(20, 20)


@pytest.mark.parametrize("dual_update", ["epoch", "batch"])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dual_lr": "auto", "epsilon": 1e-129}, "epsilon.* == 1e-129, must be >= 1e-20"),
        ({"dual_lr": 1e39}, "dual_lr == 1e\\+39, must be"),
        ({"penalty": 1e39}, "penalty == 1e\\+39, must be"),
    ],
)
def test_steps_that_single_precision_cannot_hold_are_refused(
    diabetes, params, message, dual_update
):
    net = one_regressor(dual_update=dual_update, max_epochs=1, **params)
    with pytest.raises(ValueError, match=message):
        net.fit(*diabetes)
