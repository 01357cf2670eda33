import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from torch import nn

from skally.nets.criteria import (
    Batch,
    ConsistencyLoss,
    PinballLoss,
    ReconstructionLoss,
    build_criterion,
    per_sample,
)

QUICK = {"max_epochs": 3, "random_state": 0}


def test_probabilities_for_nll_are_logged_as_skorch_does():
    proba = torch.tensor([[0.25, 0.75]])
    loss = per_sample(nn.NLLLoss(reduction="none"), Batch(proba, torch.tensor([1])), "criterion")
    assert torch.allclose(loss, -torch.log(torch.tensor([0.75])))


def test_torch_losses_are_built_without_reduction():
    assert build_criterion(nn.MSELoss, {}, "criterion").reduction == "none"


def test_criterion_instance_is_copied():
    criterion = nn.L1Loss(reduction="none")
    assert build_criterion(criterion, {}, "criterion") is not criterion


def test_reduced_losses_are_errors():
    with pytest.raises(ValueError, match="criterion__reduction == 'mean', must be 'none'"):
        build_criterion(nn.MSELoss, {"reduction": "mean"}, "criterion")
    with pytest.raises(ValueError, match="one value per sample"):
        per_sample(lambda p, t: ((p - t) ** 2).mean(), Batch(*[torch.zeros(3, 1)] * 2), "criterion")


def two_heads(n_features):
    """Net that predicts, and gives its input back."""

    class TwoHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(n_features, 8), nn.ReLU())
            self.y, self.x = nn.Linear(8, 1), nn.Linear(8, n_features)

        def forward(self, X):
            Z = self.body(X)
            return self.y(Z), self.x(Z)

    return TwoHeads()


def test_pinball_loss_is_least_at_the_quantile():
    y = torch.linspace(0, 1, 101)[:, None]
    guesses = torch.linspace(0, 1, 1001)
    mean = [PinballLoss(0.8)(torch.full_like(y, g), y).mean() for g in guesses]
    assert torch.isclose(guesses[int(torch.stack(mean).argmin())], torch.tensor(0.8), atol=0.011)
    with pytest.raises(ValueError, match="quantile == 1.5"):
        PinballLoss(1.5)


def test_quantile_constraints_reach_the_loss_by_double_underscore(diabetes):
    net = one_regressor(
        constraint_criterion=PinballLoss, constraint_criterion__quantile=0.9, **QUICK
    ).fit(*diabetes)
    short = (diabetes[1] - net.predict(diabetes[0])) / diabetes[1].std()
    expected = np.maximum(0.9 * short, -0.1 * short)
    assert np.allclose(net.constraint_loss(*diabetes), expected, atol=1e-4)
    assert np.allclose(net.slacks_, expected - 0.1, atol=1e-4)


def test_reconstruction_is_the_error_of_the_second_head(diabetes):
    X, y = diabetes
    net = one_regressor(
        two_heads(10), constraint_criterion=ReconstructionLoss, embedding_layer="y", **QUICK
    ).fit(X, y)
    with torch.no_grad():
        again = net.module_(torch.as_tensor(X))[1].numpy()
    assert np.allclose(net.constraint_loss(X, y), ((again - X) ** 2).mean(axis=1), atol=1e-4)
    assert net.predict(X).shape == y.shape and net.train_embedding_.shape == (200, 8)


def test_reconstruction_needs_a_second_head(diabetes):
    with pytest.raises(ValueError, match="returns \\(y_pred, X_again\\)"):
        one_regressor(constraint_criterion=ReconstructionLoss, **QUICK).fit(*diabetes)


def test_unsupervised_constraints_bring_down_what_they_bound(diabetes):
    """Without labels in the constraint: the net comes to change less under noise."""
    X, y = diabetes
    params = {
        "constraint_criterion": ConsistencyLoss, "constraint_criterion__scale": 0.5,
        "epsilon": 0.001, "dual_max": 50.0, "max_epochs": 30, "random_state": 0,
    }  # fmt: skip
    free, bound = (one_regressor(dual_lr=dual_lr, **params).fit(X, y) for dual_lr in (0.0, 20.0))
    assert bound.constraint_loss(X, y).mean() < 0.5 * free.constraint_loss(X, y).mean()
    assert np.array_equal(bound.constraint_loss(X, y), bound.constraint_loss(X, -y))


def test_consistency_is_the_expected_change_of_a_linear_net(rng):
    module, X = nn.Linear(4, 1), torch.zeros(40_000, 4)
    change = ConsistencyLoss(scale=0.3)(module(X), None, X=X, module=module)
    assert change.shape == (40_000,)
    expected = 0.09 * module.weight.square().sum()
    # The standard deviation of such a mean is sqrt(2 / 40,000) = 0.007 of it.
    assert torch.isclose(change.mean(), expected, rtol=0.1)


def test_losses_with_noise_are_the_same_in_every_call_and_leave_the_global_state(diabetes):
    net = one_regressor(constraint_criterion=ConsistencyLoss, **QUICK).fit(*diabetes)
    state = torch.get_rng_state()
    assert np.array_equal(net.constraint_loss(*diabetes), net.constraint_loss(*diabetes))
    assert torch.equal(state, torch.get_rng_state())


def test_hinge_constraints_work_for_classes(digits):
    X, y = digits
    net = one_classifier(constraint_criterion=nn.MultiMarginLoss, **QUICK).fit(X, y)
    with torch.no_grad():
        logits = net.module_(torch.as_tensor(X))
    expected = nn.MultiMarginLoss(reduction="none")(logits, torch.as_tensor(y)).numpy()
    assert np.allclose(net.constraint_loss(X, y), expected, atol=1e-4)


def test_a_function_is_given_what_it_asks_for_by_name(diabetes):
    seen = {}

    def strange(y_pred, y_true, X, module, outputs):
        seen.update(X=X.shape, module=type(module).__name__, outputs=len(outputs))
        return (y_pred - y_true).square()

    net = one_regressor(criterion=strange, max_epochs=1, batch_size=-1).fit(*diabetes)
    assert seen == {"X": (200, 10), "module": "MLP", "outputs": 1}
    plain = one_regressor(max_epochs=1, batch_size=-1, random_state=0).fit(*diabetes)
    duals = net.set_params(random_state=0).fit(*diabetes).dual_variables_
    assert np.allclose(duals, plain.dual_variables_, rtol=1e-4, atol=1e-6)
