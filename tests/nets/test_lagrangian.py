import numpy as np
import pytest
import torch
from torch import nn

from skally.nets.criteria import Batch
from skally.nets.lagrangian import Lagrangian, automatic_dual_lr


def batch(rng, n=6, m=2):
    pred = torch.tensor(rng.normal(size=(n, m)), dtype=torch.float32, requires_grad=True)
    return pred, torch.tensor(rng.normal(size=(n, m)), dtype=torch.float32)


def started(epsilon, dual=0.0, criterion=None, constraint=None):
    lagrangian = Lagrangian(criterion or nn.MSELoss(reduction="none"), constraint)
    lagrangian.begin(np.asarray(epsilon, dtype=float), dual)
    return lagrangian


def test_lagrangian_is_the_mean_of_loss_plus_dual_times_slack(rng):
    y_pred, y = batch(rng)
    lagrangian = started(np.full(6, 0.3), 0.5)
    loss = ((y_pred - y) ** 2).mean(dim=1)
    expected = (loss + 0.5 * (loss - 0.3)).mean()
    value = lagrangian.lagrangian(Batch(y_pred, y), torch.arange(6)).mean()
    assert torch.allclose(value, expected)
    assert torch.allclose(lagrangian(Batch(y_pred, y), torch.arange(6)), expected)


def test_gradient_weights_each_sample_by_one_plus_its_dual(rng):
    y_pred, y = batch(rng)
    lagrangian = started(np.full(6, 0.3))
    lagrangian.dual = torch.arange(6.0)
    lagrangian(Batch(y_pred, y), torch.arange(6)).backward()
    weight = 1 + torch.arange(6.0)[:, None]
    assert torch.allclose(y_pred.grad, weight * (y_pred - y).detach() * 2 / 12)


def test_halves_of_a_batch_average_to_the_whole(rng):
    y_pred, y = batch(rng)
    lagrangian = started(np.full(6, 0.3), 0.7)
    halves = [lagrangian(Batch(y_pred[r], y[r]), r) for r in (torch.arange(3), torch.arange(3, 6))]
    assert torch.allclose(sum(halves) / 2, lagrangian(Batch(y_pred, y), torch.arange(6)))


def test_dual_step_is_projected_ascent_on_the_rows_observed(rng):
    y_pred, y = batch(rng)
    lagrangian = started([0.0, 9.0, 9.0, 0.5, 0.5, 0.5], 0.2)
    rows = torch.tensor([0, 1, 3])
    lagrangian.observe(Batch(y_pred[rows], y[rows]), rows)
    lagrangian.ascend(rows, 0.1)
    loss = ((y_pred - y) ** 2).mean(dim=1)
    expected = torch.full((6,), 0.2)
    expected[rows] = torch.relu(0.2 + 0.1 * (loss - lagrangian.epsilon))[rows]
    assert torch.allclose(lagrangian.dual, expected)
    assert lagrangian.dual[1] == 0


def test_constraint_loss_may_differ_from_the_loss(rng):
    y_pred, y = batch(rng, m=1)
    loss, constraint = started(np.zeros(6), constraint=nn.L1Loss(reduction="none")).sample_losses(
        Batch(y_pred, y)
    )
    assert torch.allclose(loss, constraint**2)


def test_state_carries_the_duals_to_data_of_the_same_length_only():
    saved = started(np.zeros(3), 2.0).state_dict()
    same, other = started(np.zeros(3)), started(np.zeros(4))
    same.load_state_dict(saved)
    other.load_state_dict(saved)
    assert same.dual.tolist() == [2, 2, 2] and other.dual.tolist() == [0, 0, 0, 0]


def test_automatic_step_grows_with_n_until_the_net_has_more_parameters():
    assert automatic_dual_lr(np.full(100, 0.5), 10) == 100 / (0.5 * 10)
    assert automatic_dual_lr(np.full(100, 0.5), 10**6) == 1 / 0.5
    with pytest.raises(ValueError, match="epsilon"):
        automatic_dual_lr(np.zeros(3), 5)


def test_rows_drawn_more_often_count_for_less(rng):
    """Importance sampling: over all draws, the mean is that of the plain Lagrangian."""
    y_pred, y = batch(rng)
    lagrangian = started(np.full(6, 0.3))
    lagrangian.dual = torch.arange(6.0)
    plain = lagrangian(Batch(y_pred, y), torch.arange(6))
    lagrangian.share = (1 + lagrangian.dual) / (1 + lagrangian.dual).mean()
    values = torch.stack(
        [lagrangian(Batch(y_pred[[i]], y[[i]]), torch.tensor([i])) for i in range(6)]
    )
    assert torch.isclose((lagrangian.share * values).sum() / 6, plain, rtol=1e-5)


def test_relaxations_bound_and_pull_back_the_dual_step():
    lagrangian = Lagrangian(None, dual_max=1.0, dual_decay=0.5)
    lagrangian.begin(np.ones(3), 0.8)
    lagrangian.slack = torch.tensor([5.0, 0.4, -9.0])
    lagrangian.ascend(torch.arange(3), 0.1)
    assert torch.allclose(lagrangian.dual, torch.tensor([1.0, 0.8, 0.0]))
    lagrangian.slack = torch.tensor([5.0, 0.4, 0.1])
    lagrangian.ascend(torch.arange(3), 0.1, rise=0.2)
    assert torch.allclose(lagrangian.dual, torch.tensor([1.0, 0.8, 0.01]))


@pytest.mark.parametrize("slack", [np.nan, np.inf])
def test_a_dual_that_is_no_number_is_an_error_and_leaves_the_others(slack):
    lagrangian = started(np.ones(3), 0.5)
    lagrangian.slack = torch.tensor([0.1, slack, 0.1])
    with pytest.raises(ValueError, match="constraint loss of row 1 is (nan|inf)"):
        lagrangian.ascend(np.arange(3), 0.1)
    assert lagrangian.dual.tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("slack, row", [
    ([0.0, torch.nan, 1.0], 1), ([0.0, 1.0, torch.inf], 2), ([0.0, 2.5e38, 2e38], 1),
])  # fmt: skip
def test_duals_that_run_away_name_a_row_and_stay(slack, row):
    lagrangian = Lagrangian(None)
    lagrangian.begin(np.ones(3), 0.5)
    with pytest.raises(
        ValueError, match=f"Training has diverged: the constraint loss of row {row}"
    ):
        lagrangian.ascend(torch.arange(3), 1.0, slack=torch.tensor(slack))
    assert lagrangian.dual.tolist() == [0.5] * 3


def test_rows_numbered_on_the_host_are_measured_on_the_device():
    """The meta device refuses, as a GPU does, to write where a tensor of the host says."""
    lagrangian = started(np.linspace(0.1, 0.2, 6)).to("meta")
    y = torch.zeros(2, 1, device="meta")
    lagrangian.observe(Batch(y, y), torch.tensor([4, 1]))
    assert lagrangian.slack.device.type == "meta"
