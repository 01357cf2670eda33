import numpy as np
import pytest
import torch

from skally.nets.multipliers import Multipliers


def started(epsilon, dual=0.0, **bounds):
    multipliers = Multipliers()
    multipliers.begin(np.asarray(epsilon, dtype=float), dual, **bounds)
    return multipliers


def test_dual_step_is_projected_ascent_on_the_rows_observed(rng):
    multipliers = started([0.0, 9.0, 9.0, 0.5, 0.5, 0.5], 0.2)
    rows, loss = torch.tensor([0, 1, 3]), torch.tensor([1.5, 0.25, 2.0])
    multipliers.observe(rows, loss, loss)
    multipliers.ascend(rows, 0.1)
    expected = torch.tensor([0.2 + 0.1 * 1.5, 0.0, 0.2, 0.2 + 0.1 * 1.5, 0.2, 0.2])
    assert torch.allclose(multipliers.dual, expected, atol=1e-6)


def test_slack_is_of_the_constraint_loss():
    multipliers = started([1.0, 2.0])
    multipliers.observe(torch.arange(2), torch.tensor([7.0, 8.0]), torch.tensor([3.0, 5.0]))
    assert multipliers.loss.tolist() == [7, 8] and multipliers.slack.tolist() == [2, 3]


def test_state_carries_the_duals_to_data_of_the_same_length_only():
    saved = started(np.zeros(3), 2.0).state_dict()
    same, other = started(np.zeros(3)), started(np.zeros(4))
    same.load_state_dict(saved)
    other.load_state_dict(saved)
    assert same.dual.tolist() == [2, 2, 2] and other.dual.tolist() == [0, 0, 0, 0]


def test_relaxations_bound_and_pull_back_the_dual_step():
    multipliers = started(np.ones(3), 0.8, dual_max=1.0, dual_decay=0.5)
    multipliers.slack = torch.tensor([5.0, 0.4, -9.0])
    multipliers.ascend(torch.arange(3), 0.1)
    assert torch.allclose(multipliers.dual, torch.tensor([1.0, 0.8, 0.0]), atol=1e-6)
    multipliers.slack = torch.tensor([5.0, 0.4, 0.1])
    multipliers.ascend(torch.arange(3), 0.1, rise=0.2)
    assert torch.allclose(multipliers.dual, torch.tensor([1.0, 0.8, 0.01]), atol=1e-6)


@pytest.mark.parametrize("slack, row", [
    ([0.1, torch.nan, 0.1], 1), ([0.1, torch.inf, 0.1], 1), ([0.0, torch.nan, 1.0], 1),
    ([0.0, 1.0, torch.inf], 2), ([0.0, 2.5e38, 2e38], 1),
])  # fmt: skip
def test_duals_that_diverge_name_a_row_and_stay_as_they_were(slack, row):
    multipliers = started(np.ones(3), 0.5)
    multipliers.slack = torch.tensor(slack)
    with pytest.raises(
        ValueError, match=f"Training has diverged: the constraint loss of row {row}"
    ):
        multipliers.ascend(np.arange(3), 1.0)
    assert multipliers.dual.tolist() == [0.5] * 3


def test_rows_numbered_on_the_host_are_measured_on_the_device():
    """The meta device refuses, as a GPU does, to write where a tensor of the host says."""
    multipliers = started(np.linspace(0.1, 0.2, 6)).to("meta")
    loss = torch.zeros(2, device="meta")
    multipliers.observe(torch.tensor([4, 1]), loss, loss)
    assert multipliers.slack.device.type == "meta"
