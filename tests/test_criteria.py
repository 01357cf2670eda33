import pytest
import torch
from torch import nn

from skally.criteria import Batch, build_criterion, per_sample


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
