"""Copies of nets in double precision."""

import torch
from torch import nn

from skally.synthesis.predicted_dual import precise_copy


class Casts(nn.Linear):
    """Layer whose forward accepts single precision only."""

    def forward(self, X):
        return super().forward(X.float())


def test_a_copy_is_precise_still_and_apart_from_the_module():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout()).train()
    weights = {name: value.clone() for name, value in module.state_dict().items()}
    copy = precise_copy(module, torch.zeros(1, 3, dtype=torch.float64))
    assert not any(part.training for part in copy.modules())
    assert all(p.dtype == torch.float64 and not p.requires_grad for p in copy.parameters())
    X = torch.rand(5, 3, dtype=torch.float64)
    # Neither batch statistics nor dropout matter: what is left is the rounding of sums of 3 terms.
    torch.testing.assert_close(copy(X)[:1], copy(X[:1]), rtol=1e-12, atol=1e-12)
    assert all(part.training for part in module.modules())
    assert all(p.dtype == torch.float32 and p.requires_grad for p in module.parameters())
    assert all(torch.equal(value, weights[name]) for name, value in module.state_dict().items())


def test_a_module_of_single_precision_is_copied_as_it_is():
    copy = precise_copy(Casts(3, 2), torch.zeros(1, 3, dtype=torch.float64))
    assert copy.weight.dtype == torch.float32 and not copy.weight.requires_grad
    assert copy(torch.zeros(1, 3)).shape == (1, 2)
