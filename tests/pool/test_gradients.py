import numpy as np
import pytest
import torch
from skorch import NeuralNetRegressor
from torch import nn

from skally.pool.gradients import gradient_sketch


class Shared(nn.Module):
    """Linear layers of every awkward kind: used twice, on sequences, changed in place, frozen."""

    def __init__(self):
        super().__init__()
        self.frozen = nn.Linear(3, 4).requires_grad_(False)
        self.twice = nn.Linear(4, 4)
        self.tail = nn.Sequential(nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 2))
        self.unused = nn.Linear(2, 2)

    def forward(self, X):
        steps = X.reshape(len(X), 2, 3)
        return self.tail(self.twice(torch.tanh(self.twice(self.frozen(steps))))).sum(dim=1)


def fitted(module, n_features, n_outputs):
    X = np.random.RandomState(0).normal(size=(12, n_features)).astype(np.float32)
    net = NeuralNetRegressor(module, max_epochs=0, batch_size=5, verbose=0, train_split=None)
    torch.manual_seed(0)
    return net.fit(X, np.zeros((12, n_outputs), np.float32)), X


def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3, bias=False))


def linear_parameters(module):
    return [p for m in module.modules() if isinstance(m, nn.Linear) for p in m.parameters()]


def gradient_kernel(net, X):
    """Inner products of the full gradients, sample by sample and output by output."""
    module = net.module_.eval()
    parameters = [p.requires_grad_() for p in linear_parameters(module)]
    J = []
    for x in torch.tensor(X):
        for output in module(x[None])[0]:
            grads = torch.autograd.grad(output, parameters, retain_graph=True, allow_unused=True)
            J.append(torch.cat([g.flatten() for g in grads if g is not None]).numpy())
    J = np.array(J).reshape(len(X), -1, len(J[0]))  # (n, outputs, parameters)
    return np.einsum("nop,mop->nm", J, J)


def kernel_error(net, X, size):
    exact, errors = gradient_kernel(net, X), []
    for seed in range(5):
        Z = gradient_sketch(net, X, size, np.random.RandomState(seed))
        errors.append(np.linalg.norm(Z @ Z.T - exact) / np.linalg.norm(exact))
    return np.mean(errors)


@pytest.mark.parametrize("module, n_outputs", [(mlp(), 3), (Shared(), 2)])
def test_the_sketched_kernel_comes_close_to_the_gradients_own(module, n_outputs):
    net, X = fitted(module, 6, n_outputs)
    errors = [kernel_error(net, X, size) for size in (100, 10_000)]
    assert errors[1] < 0.06
    assert 5 < errors[0] / errors[1] < 20  # ten times, as one over the root of the size


def test_frozen_weights_are_counted_and_nothing_is_left_behind():
    module = Shared()
    net, X = fitted(module, 6, 2)
    Z = gradient_sketch(net, X, 7, np.random.RandomState(0))
    assert Z.shape == (12, 7) and Z.dtype == np.float32
    assert not any(layer._forward_hooks for layer in module.modules())
    assert all(p.grad is None for p in module.parameters())
    assert not module.frozen.weight.requires_grad


def test_a_sample_has_the_same_sketch_in_any_batch():
    net, X = fitted(mlp(), 6, 3)
    whole = gradient_sketch(net, X, 9, np.random.RandomState(0))
    part = gradient_sketch(net, X[7:], 9, np.random.RandomState(0))
    assert np.allclose(whole[7:], part, atol=1e-5 * np.abs(whole).max())  # sums in float32


def test_a_net_without_linear_layers_is_named():
    net, X = fitted(nn.Sequential(nn.Conv1d(1, 1, 1, bias=False)), 6, 6)
    with pytest.raises(ValueError, match="Sequential has no nn.Linear layer"):
        gradient_sketch(net, X, 3, np.random.RandomState(0))
