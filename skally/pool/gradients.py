"""Random projections of per-sample gradients with respect to the weights."""

from collections import Counter

import numpy as np
import torch
from sklearn.utils import check_array
from skorch import NeuralNet
from skorch.dataset import unpack_data
from skorch.utils import is_dataset
from torch import nn

from skally.nets.members import n_stacked
from skally.nets.watching import watched
from skally.utils.random import make_rng
from skally.utils.validation import as_array, as_plain


def gradient_sketch(net, X, size, seed):
    """Features whose inner products are about those of the gradients of the net's output.

    The gradient of output o by the weights of an ``nn.Linear`` layer is g_o (x) (a, 1): a is the
    layer's input, g_o the output's derivative by what the layer returns. It is projected on
    ``size`` random products s_o (x) r of normal vectors, and the projections are summed over layers
    and outputs. In expectation the inner products are those of the full gradients, summed over
    outputs; their error falls as one over the root of ``size``.

    Parameters
    ----------
    net : fitted net of ours, or skorch.NeuralNet
        Parameters of layers other than ``nn.Linear`` are not counted. The first axis of a layer's
        input is the batch; others are summed over.
    X : anything that the net predicts
    size : int
    seed : int or numpy.random.RandomState
        Samples that are compared with each other need the same int, hence the same projections.

    Returns
    -------
    Z : array of shape (n, size)

    Raises
    ------
    ValueError
        If it is no net or has no ``nn.Linear`` layer.

    References
    ----------
    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023, section 4.2.5.
    """
    plain = getattr(net, "net_", net)
    if not isinstance(plain, NeuralNet):
        raise ValueError(
            f"{type(net).__name__} has no gradients, which this sampler needs: use a net."
        )
    if plain is not net and not is_dataset(X):  # ours takes more forms of data than skorch
        is_double = any(p.dtype == torch.float64 for p in plain.module_.parameters())
        dtype = np.float64 if is_double else np.float32
        X = as_array(check_array(as_plain(X), accept_sparse=True, dtype=dtype, allow_nd=True))
    return _sketch_batches(plain, X, size, make_rng(seed))


def _sketch_batches(net, X, size, rng):
    layers = [layer for layer in net.module_.modules() if isinstance(layer, nn.Linear)]
    if not layers:
        raise ValueError(
            f"{type(net.module_).__name__} has no nn.Linear layer to differentiate by."
        )
    net.module_.eval()
    right = {m: _normal(rng, m.in_features + 1, size, m) / size**0.5 for m in layers}
    for layer, projection in right.items():
        projection[-1] *= layer.bias is not None
    signs = {m: _signs(rng, n_stacked(net.module_, m), size, m) for m in layers}
    left, chunks = None, []
    for batch in net.get_iterator(net.get_dataset(X), training=False):
        output, calls = _output_and_calls(net, unpack_data(batch)[0], layers)
        if left is None:  # the number of outputs is known from the first batch on
            outputs = range(output.shape[1])
            left = {m: [_normal(rng, m.out_features, size, m) for _ in outputs] for m in layers}
        chunks.append(_sketch(output, calls, left, right, signs).cpu().numpy())
    return np.concatenate(chunks)


def _output_and_calls(net, X, layers):
    """Output of a batch, (n, n_outputs), and (layer, input, output) of each call of a layer."""
    calls = []

    def keep(layer, inputs, output):
        if not output.requires_grad:  # all weights so far are frozen
            output.requires_grad_()
        calls.append((layer, inputs[0].detach(), output))
        return output.clone()  # which the next layer may change in place

    with watched(layers, after=keep), torch.enable_grad():
        output = net.infer(X)
    return (output[0] if isinstance(output, tuple) else output).flatten(1), calls


def _sketch(output, calls, left, right, signs):
    """Sum over outputs and calls of (g_o s_o) * ((a, 1) r), row by row, (n, size)."""
    inputs = [
        (a @ right[layer][:-1] + right[layer][-1]) * sign
        for (layer, a, _), sign in zip(calls, _signs_of_calls(calls, signs), strict=True)
    ]
    total = output.new_zeros(len(output), inputs[0].shape[-1])
    for o in range(output.shape[1]):
        gradients = torch.autograd.grad(
            output[:, o].sum(), [z for _, _, z in calls], retain_graph=True, allow_unused=True
        )
        for (layer, _, _), projected, g in zip(calls, inputs, gradients, strict=True):
            if g is not None:
                product = (g @ left[layer][o]) * projected  # (n, ..., size)
                total += product.reshape(len(output), -1, total.shape[1]).sum(dim=1)
    return total


def _signs(rng, n_members, size, layer):
    """Signs of shape (n_members, size) that make the products of different members cancel out."""
    signs = np.ones((1, size)) if n_members == 1 else rng.choice([-1.0, 1.0], (n_members, size))
    return torch.as_tensor(signs).to(layer.weight)


def _signs_of_calls(calls, signs):
    """Signs of the member that each call of a layer belongs to; members run one after another."""
    total = Counter(layer for layer, _, _ in calls)
    seen = Counter()
    for layer, _, _ in calls:
        yield signs[layer][seen[layer] * len(signs[layer]) // total[layer]]
        seen[layer] += 1


def _normal(rng, n, size, layer):
    """Standard normal tensor of shape (n, size), of the type and on the device of a layer."""
    return torch.as_tensor(rng.standard_normal((n, size))).to(layer.weight)
