"""Gradients of a net's output by its weights, in few random numbers a sample."""

from contextlib import contextmanager

import numpy as np
import torch
from skorch import NeuralNet
from skorch.dataset import unpack_data
from skorch.utils import is_dataset
from torch import nn

from skally.utils.random import draw_seed, make_rng
from skally.utils.validation import as_array


def gradient_sketches(net, X_all, size, rng):
    """:func:`gradient_sketch` of several sets of samples by the same projections.

    Parameters
    ----------
    net : fitted net of ours or of skorch
    X_all : sequence of anything that the net predicts
    size : int
    rng : numpy.random.RandomState

    Returns
    -------
    Z_all : tuple of arrays of shape (n, size)

    Raises
    ------
    ValueError
        If it is no net or has no ``nn.Linear`` layer.
    """
    plain = getattr(net, "net_", net)
    if not isinstance(plain, NeuralNet):
        raise ValueError(
            f"{type(net).__name__} has no gradients, which this sampler needs: use a net."
        )
    if plain is not net:  # one of ours, which takes more forms of data than skorch
        X_all = [X if is_dataset(X) else as_array(X).astype(np.float32) for X in X_all]
    seed = draw_seed(rng)
    return tuple(gradient_sketch(plain, X, size, make_rng(seed)) for X in X_all)


def gradient_sketch(net, X, size, rng):
    """Features whose inner products are about those of the gradients of the net's output.

    The gradient of output o by the weights of an ``nn.Linear`` layer is g_o (x) (a, 1): a is the
    layer's input, g_o the output's derivative by what the layer returns. It is projected on
    ``size`` random products s_o (x) r of normal vectors, and the projections are summed over layers
    and outputs. In expectation the inner products are those of the full gradients, summed over
    outputs; their error falls as one over the root of ``size``.

    Parameters
    ----------
    net : fitted skorch.NeuralNet
        Parameters of layers other than ``nn.Linear`` are not counted. The first axis of a layer's
        input is the batch; others are summed over.
    X : anything that the net predicts
    size : int
    rng : numpy.random.RandomState

    Returns
    -------
    Z : array of shape (n, size)

    Raises
    ------
    ValueError
        If the net has no ``nn.Linear`` layer.

    References
    ----------
    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023, section 4.2.5.
    """
    layers = [layer for layer in net.module_.modules() if isinstance(layer, nn.Linear)]
    if not layers:
        raise ValueError(
            f"{type(net.module_).__name__} has no nn.Linear layer to differentiate by."
        )
    net.module_.eval()
    right = [_normal(rng, layer.in_features + 1, size, layer) / size**0.5 for layer in layers]
    for layer, projection in zip(layers, right, strict=True):
        projection[-1] *= layer.bias is not None
    left, chunks = None, []
    for batch in net.get_iterator(net.get_dataset(X), training=False):
        with _recording(layers) as tapes, torch.enable_grad():
            output = net.infer(unpack_data(batch)[0])
        output = (output[0] if isinstance(output, tuple) else output).flatten(1)
        if left is None:  # the number of outputs is known from the first batch on
            outputs = range(output.shape[1])
            left = [
                [_normal(rng, layer.out_features, size, layer) for _ in outputs] for layer in layers
            ]
        chunks.append(_sketch(output, tapes, left, right).cpu().numpy())
    return np.concatenate(chunks)


def _sketch(output, tapes, left, right):
    """Sum over outputs, layers and each layer's calls of (g_o s_o) * ((a, 1) r), row by row."""
    calls = [(layer, a, z) for layer, tape in enumerate(tapes) for a, z in tape]
    total = output.new_zeros(len(output), right[0].shape[1])
    inputs = [a @ right[layer][:-1] + right[layer][-1] for layer, a, _ in calls]
    for o in range(output.shape[1]):
        gradients = torch.autograd.grad(
            output[:, o].sum(), [z for _, _, z in calls], retain_graph=True, allow_unused=True
        )
        for (layer, _, _), projected, g in zip(calls, inputs, gradients, strict=True):
            if g is not None:
                product = (g @ left[layer][o]) * projected  # (batch, ..., size)
                total += product.reshape(len(output), -1, total.shape[1]).sum(dim=1)
    return total


@contextmanager
def _recording(layers):
    """Inside, each layer's inputs and outputs are kept, a list of pairs for each layer."""
    tapes = [[] for _ in layers]

    def keep(tape):
        def hook(_layer, inputs, output):
            if not output.requires_grad:  # all weights so far are frozen
                output.requires_grad_()
            tape.append((inputs[0].detach(), output))
            return output.clone()  # which the next layer may change in place

        return hook

    handles = [
        layer.register_forward_hook(keep(tape)) for layer, tape in zip(layers, tapes, strict=True)
    ]
    try:
        yield tapes
    finally:
        for handle in handles:
            handle.remove()


def _normal(rng, n, size, layer):
    """Standard normal tensor of shape (n, size), of the type and on the device of a layer."""
    return torch.as_tensor(rng.standard_normal((n, size))).to(layer.weight)
