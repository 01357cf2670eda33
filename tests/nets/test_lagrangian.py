import numpy as np
import torch
from torch import nn

from skally.nets.criteria import Batch
from skally.nets.embedding import find_embedding_layer
from skally.nets.lagrangian import Lagrangian, augmented_lagrangian, proximal_dual
from skally.nets.members import Members
from skally.nets.multipliers import Multipliers


def batch(rng, n=6, m=2):
    pred = torch.tensor(rng.normal(size=(n, m)), dtype=torch.float32, requires_grad=True)
    return pred, torch.tensor(rng.normal(size=(n, m)), dtype=torch.float32)


def started(epsilon, dual=0.0, constraint=None, **bounds):
    multipliers = Multipliers()
    multipliers.begin(np.asarray(epsilon, dtype=float), dual, **bounds)
    return Lagrangian(nn.MSELoss(reduction="none"), constraint, multipliers)


def test_lagrangian_is_loss_plus_dual_times_slack(rng):
    y_pred, y = batch(rng)
    lagrangian = started(np.full(6, 0.3), 0.5)
    loss = ((y_pred - y) ** 2).mean(dim=1)
    expected = loss + 0.5 * (loss - 0.3)
    for value in (lagrangian, lagrangian.without_penalty):
        assert torch.allclose(value(Batch(y_pred, y), torch.arange(6)), expected, atol=1e-5)


def test_gradient_weights_each_sample_by_one_plus_its_dual(rng):
    y_pred, y = batch(rng)
    lagrangian = started(np.full(6, 0.3))
    lagrangian.multipliers.dual = torch.arange(6.0)
    lagrangian(Batch(y_pred, y), torch.arange(6)).mean().backward()
    weight = 1 + torch.arange(6.0)[:, None]
    assert torch.allclose(y_pred.grad, weight * (y_pred - y).detach() * 2 / 12, atol=1e-5)


def test_rows_have_their_own_dual_and_tolerance(rng):
    y_pred, y = batch(rng)
    lagrangian = started(np.linspace(0.1, 0.6, 6))
    lagrangian.multipliers.dual = torch.arange(6.0)
    rows = torch.tensor([4, 1])
    whole = lagrangian(Batch(y_pred, y), torch.arange(6))
    part = lagrangian(Batch(y_pred[rows], y[rows]), rows)
    assert torch.allclose(part, whole[rows], atol=1e-5)  # float32, terms of size 10


def test_constraint_loss_may_differ_from_the_loss(rng):
    y_pred, y = batch(rng, m=1)
    lagrangian = started(np.zeros(6), constraint=nn.L1Loss(reduction="none"))
    loss, constraint = lagrangian.sample_losses(Batch(y_pred, y))
    assert torch.allclose(loss, constraint**2, atol=1e-6)


def test_losses_of_the_last_batch_are_kept_without_their_gradients(rng):
    y_pred, y = batch(rng, m=1)
    lagrangian = started(np.zeros(6), constraint=nn.L1Loss(reduction="none"))
    lagrangian(Batch(y_pred, y), torch.arange(6))
    for kept, loss in zip(lagrangian.last, lagrangian.sample_losses(Batch(y_pred, y)), strict=True):
        assert torch.equal(kept, loss) and not kept.requires_grad


def test_losses_of_the_last_batch_are_only_kept_where_they_are_wanted(rng):
    y_pred, y = batch(rng, m=1)
    lagrangian = started(np.zeros(6))
    lagrangian.keeps_last = False
    lagrangian(Batch(y_pred, y), torch.arange(6))
    assert lagrangian.last is None


def test_state_of_the_criterion_has_the_duals():
    saved, other = started(np.zeros(3), 2.0), started(np.zeros(3))
    other.load_state_dict(saved.state_dict())
    assert other.multipliers.dual.tolist() == [2, 2, 2]


def test_proximal_dual_is_the_best_weight_of_each_constraint():
    """Against the best of a fine grid of weights, whose steps are 1e-4."""
    dual, slack = torch.tensor([0.0, 0.2, 1.4, 1.0]), torch.tensor([-1.0, 0.5, 3.0, 0.1])
    bounds = {"penalty": 0.7, "dual_max": 1.5, "dual_decay": 0.4}
    mu = torch.linspace(0, 1.5, 15_001, dtype=torch.float64)[:, None]
    value = mu * slack - 0.2 * mu**2 - (mu - dual) ** 2 / 1.4
    best = mu[value.argmax(0), 0].float()
    assert torch.allclose(proximal_dual(dual, slack, **bounds), best, atol=2e-4)
    most = value.max(0).values.float()
    assert torch.allclose(augmented_lagrangian(torch.zeros(4), slack, dual, **bounds), most,
                          atol=1e-6)  # fmt: skip


def test_gradient_of_the_augmented_lagrangian_is_that_of_its_value(rng):
    """Central differences of the value, so that a line search can trust both."""
    for dual_max, decay in ((np.inf, 0.0), (0.6, 0.0), (np.inf, 0.5)):
        lagrangian = started(np.full(5, 0.3), 0.2, dual_max=dual_max, dual_decay=decay)
        lagrangian.penalty = 0.9
        y, rows = torch.tensor(rng.normal(size=(5, 1))), torch.arange(5)
        y_pred = torch.tensor(rng.normal(size=(5, 1)), requires_grad=True)
        lagrangian(Batch(y_pred, y), rows).mean().backward()
        for i in range(5):
            step = 1e-4 * (rows == i)[:, None]
            up, down = (
                lagrangian(Batch(y_pred + s * step, y), rows).mean().item() for s in (1, -1)
            )
            assert np.isclose((up - down) / 2e-4, y_pred.grad[i].item(), atol=1e-4)


def test_labels_are_smoothed_in_the_objective_alone(rng):
    multipliers = Multipliers()
    multipliers.begin(np.full(6, 0.3), 0.5)
    lagrangian = Lagrangian(nn.CrossEntropyLoss(reduction="none"), None, multipliers)
    logits = torch.tensor(rng.normal(size=(6, 3)), dtype=torch.float32)
    batch, rows = Batch(logits, torch.tensor([0, 1, 2, 0, 1, 2])), torch.arange(6)
    plain = lagrangian.sample_losses(batch)[0]
    slacks = plain - 0.3
    lagrangian.label_smoothing = 0.25
    every = -logits.log_softmax(dim=1).mean(dim=1)
    expected = 0.75 * plain + 0.25 * every + 0.5 * slacks
    assert torch.allclose(lagrangian(batch, rows), expected, atol=1e-6)
    assert torch.allclose(torch.stack(lagrangian.last), plain.expand(2, 6), atol=1e-6)


def test_labels_are_smoothed_in_the_constraints_of_weights_whose_duals_see_other_losses(rng):
    multipliers = Multipliers()
    multipliers.begin(np.full(6, 0.3), 0.5)
    lagrangian = Lagrangian(nn.CrossEntropyLoss(reduction="none"), None, multipliers)
    lagrangian.label_smoothing, lagrangian.sees_withheld = 0.25, True
    lagrangian.withheld = torch.tensor([[True, False]] * 3 + [[False, True]] * 3)
    members = Members([[nn.Linear(4, 3), nn.Linear(4, 3)]], "softmax", find_embedding_layer)
    X, y = torch.tensor(rng.normal(size=(6, 4)), dtype=torch.float32), torch.arange(6) % 3
    logits, rows = members(X), torch.arange(6)  # (6, 2, 3)
    value = lagrangian(Batch(logits, y, X, members, (logits,), True), rows)
    log_proba = logits.log_softmax(dim=2)
    plain, every = -log_proba[rows, :, y], -log_proba.mean(dim=2)  # (6, 2)
    learned = (0.75 * plain + 0.25 * every)[~lagrangian.withheld]
    assert torch.allclose(value, 1.5 * learned - 0.5 * 0.3, atol=1e-5)
    seen = torch.stack(lagrangian.last)
    assert torch.allclose(seen, plain[lagrangian.withheld].expand(2, 6), atol=1e-5)


def test_smoothing_of_the_criterion_itself_goes_before(rng):
    lagrangian = Lagrangian(
        nn.CrossEntropyLoss(reduction="none", label_smoothing=0.5), None, Multipliers()
    )
    logits = torch.tensor(rng.normal(size=(6, 3)), dtype=torch.float32)
    batch = Batch(logits, torch.tensor([0, 1, 2, 0, 1, 2]))
    lagrangian.label_smoothing = 0.1
    loss = lagrangian.sample_losses(batch)[0]
    assert torch.allclose(lagrangian.learned_losses(batch)[0], loss, atol=1e-6)
