import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from skorch import NeuralNetRegressor
from torch import nn

from skally.nets.embedding import (
    class_probabilities,
    differentiable_embedding,
    dropout_active,
    embedding,
    find_embedding_layer,
)
from skally.nets.watching import watched


def test_last_linear_layer_is_the_default_and_names_choose_others():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Softmax(dim=1))
    assert find_embedding_layer(module) is module[2]
    assert find_embedding_layer(module, "1") is module[1]


def test_missing_layers_are_named():
    with pytest.raises(ValueError, match=r"embedding_layer == 'x', must be one of \['0'\]"):
        find_embedding_layer(nn.Sequential(nn.ReLU()), "x")
    with pytest.raises(ValueError, match="without an nn.Linear layer, such as Sequential"):
        find_embedding_layer(nn.Sequential(nn.ReLU()))


def test_embedding_of_a_plain_skorch_net_is_the_input_of_its_last_layer(rng):
    X = rng.normal(size=(30, 3)).astype(np.float32)
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    net = NeuralNetRegressor(module, max_epochs=1, batch_size=7, verbose=0).fit(X, X[:, :1])
    with torch.no_grad():
        assert np.allclose(embedding(net, X), module[:2](torch.tensor(X)), atol=1e-6)
    assert not module[2]._forward_pre_hooks


def test_layers_are_watched_inside_only_and_what_is_returned_takes_the_place(rng):
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    X, seen = torch.tensor(rng.normal(size=(5, 3)), dtype=torch.float32), []
    plain = module(X)
    with watched(module[::2], before=lambda layer, inputs: seen.append((layer, inputs[0]))):
        assert torch.equal(module(X), plain)
    assert [layer for layer, _ in seen] == [module[0], module[2]] and seen[0][1] is X
    with watched([module[2]], after=lambda _layer, _inputs, output: 0 * output):
        assert torch.equal(module(X), torch.zeros(5, 1))
    with pytest.raises(KeyError), watched(module, before=seen.append, after=seen.append):
        raise KeyError
    assert torch.equal(module(X), plain)


def test_a_net_that_is_sent_while_its_layers_are_watched_arrives_unwatched():
    """As dask does: one thread of a worker sends the net to another worker, one runs it."""
    module, X, seen = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 1)).eval(), torch.ones(9, 3), []
    with watched(module, lambda *_: seen.append(1), lambda *_: seen.append(1)):
        sent, copied = pickle.loads(pickle.dumps(module)), deepcopy(module)
    with dropout_active(module):
        dropping = pickle.loads(pickle.dumps(module)).eval()
    for each in (sent, copied, dropping):
        assert torch.equal(each(X), module(X)) and not seen


def test_class_probabilities_are_a_softmax_or_a_sigmoid_of_the_layer(rng):
    Z = rng.normal(size=(9, 4))
    for n_outputs, n_classes in ((3, 3), (1, 1), (1, 2)):
        layer = nn.Linear(4, n_outputs)
        logits = Z @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        if n_classes == 2:
            logits = np.hstack([0 * logits, logits])
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert np.allclose(class_probabilities(layer, Z, n_classes), expected, atol=1e-6)


def test_only_dropout_drops_inside_and_nothing_does_after():
    module = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5), nn.AlphaDropout(0.5)).eval()
    X, before = torch.ones(40, 3), module[0].running_mean.clone()
    with dropout_active(module):
        module.train(False)  # as skorch does before every batch
        assert not torch.equal(module(X), module(X))
        assert not module[0].training
    assert torch.equal(module(X), module(X)) and torch.equal(module[0].running_mean, before)
    with (
        pytest.raises(ValueError, match="Linear has no dropout layer"),
        dropout_active(nn.Linear(1, 1)),
    ):
        pass


def test_the_differentiable_embedding_has_the_gradient_of_its_layers():
    layers = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    X = torch.rand(5, 3, requires_grad=True)
    Z = differentiable_embedding(layers, layers[2], X)
    assert torch.allclose(Z, layers[:2](X), atol=1e-6)
    (gradient,) = torch.autograd.grad(Z.sum(), X)
    slope = 1 - Z.detach().square()
    assert torch.allclose(gradient, slope @ layers[0].weight.detach(), atol=1e-6)
    pickle.dumps(layers)  # no hook is left, which could not be
