"""What flows through a fitted net: its embedding, the probabilities that follow, its dropout."""

from contextlib import contextmanager
from copy import copy

import numpy as np
import torch
from torch import nn

from skally.nets.members import Members
from skally.nets.watching import watched

DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
           nn.FeatureAlphaDropout)  # fmt: skip


def find_embedding_layer(module, name=None):
    """Layer whose input is the embedding.

    Parameters
    ----------
    module : nn.Module
    name : str or None
        As in ``module.named_modules()``. None means the last ``nn.Linear``. Members know theirs.

    Raises
    ------
    ValueError
        If there is no such layer.
    """
    if isinstance(module, Members):
        return module.embedding
    layers = dict(module.named_modules())
    if name is not None:
        if name not in layers:
            raise ValueError(
                f"embedding_layer == {name!r}, must be one of {[key for key in layers if key]}."
            )
        return layers[name]
    linear = [layer for layer in layers.values() if isinstance(layer, nn.Linear)]
    if not linear:
        raise ValueError(
            f"embedding_layer == None, must be given for a module without an nn.Linear layer, "
            f"such as {type(module).__name__}; its layers are {[key for key in layers if key]}."
        )
    return linear[-1]


@contextmanager
def recorded_inputs(layer):
    """Record the inputs of a layer while its module runs inside.

    Parameters
    ----------
    layer : nn.Module

    Yields
    ------
    chunks : list, which grows by an array of shape (n, d) with each call of the layer

    Raises
    ------
    ValueError
        If the layer was never called.
    """
    chunks = []

    def keep(_layer, inputs):
        chunks.append(inputs[0].detach().flatten(1).cpu().numpy())

    with watched([layer], before=keep):
        yield chunks
    if not chunks:
        raise ValueError(
            f"The embedding layer {layer} was not called, must be: set embedding_layer to one that "
            "forward calls, and use neither torch.compile nor torch.jit, which call no layers."
        )


def embedding(net, X, layer=None):
    """Input of a skorch net's embedding layer.

    Parameters
    ----------
    net : fitted skorch.NeuralNet
    X : anything that the net predicts
    layer : str or None
        As in :func:`find_embedding_layer`.

    Returns
    -------
    Z : array of shape (n, d)
    """
    with recorded_inputs(find_embedding_layer(net.module_, layer)) as chunks:
        for output in net.forward_iter(X):
            n_rows = len(output[0] if isinstance(output, tuple) else output)
            chunks[-1] = chunks[-1][:n_rows]  # the net may have filled up a batch
    return np.concatenate(chunks)


def differentiable_embedding(module, layer, X):
    """Input of a layer, as torch can differentiate it by the input of the module.

    Parameters
    ----------
    module : nn.Module
    layer : nn.Module, a part of it
    X : tensor of shape (n, ...)

    Returns
    -------
    Z : tensor of shape (n, d)
    """
    seen = []
    with watched([layer], before=lambda _layer, inputs: seen.append(inputs[0])):
        module(X)
    return seen[-1].flatten(1)


def class_probabilities(layer, Z, n_classes):
    """Softmax of a layer's outputs for given inputs; sigmoid, where two classes have one output.

    Parameters
    ----------
    layer : nn.Linear
    Z : array of shape (n, d)
    n_classes : int

    Returns
    -------
    proba : array of shape (n, n_classes)
    """
    with torch.no_grad():
        logits = layer(torch.as_tensor(Z).to(layer.weight))
        if n_classes == 2 and layer.out_features == 1:  # of the second class
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        return torch.softmax(logits, dim=1).cpu().numpy()


def head_probabilities(layer, Z, known_Z, known_proba):
    """Class probabilities from embeddings, where they follow from these alone.

    Parameters
    ----------
    layer : nn.Module, the embedding layer
    Z : array of shape (n, d)
    known_Z, known_proba : arrays of shape (m, d) and (m, n_classes)
        Embeddings and probabilities of the same rows. Where the layer and a softmax do not turn
        one into the other, the probabilities do not follow.

    Returns
    -------
    proba : array of shape (n, n_classes), or None where they do not follow
    """
    n_classes = known_proba.shape[1]
    if not isinstance(layer, nn.Linear) or layer.out_features not in (n_classes, 1):
        return None
    if not np.allclose(class_probabilities(layer, known_Z, n_classes), known_proba, atol=1e-4):
        return None
    return class_probabilities(layer, Z, n_classes)


@contextmanager
def dropout_active(module):
    """Let dropout layers drop inside for this thread; the module stays in evaluation mode.

    Copies of the layers drop, which share nothing that changes: to other threads, and to whoever
    copies the module meanwhile, it is as it was.

    Parameters
    ----------
    module : nn.Module

    Raises
    ------
    ValueError
        If there is no dropout layer.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, DROPOUT)]
    if not layers:
        raise ValueError(
            f"{type(module).__name__} has no dropout layer, which this sampler needs: add one, as "
            "module__dropout=0.2 does for skally.modules.MLP, or use an ensemble."
        )

    dropping = {id(layer): copy(layer).train() for layer in layers}

    def drop(layer, inputs, _output):
        return dropping[id(layer)].forward(*inputs)

    with watched(layers, after=drop):
        yield
