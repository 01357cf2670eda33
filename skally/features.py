"""What a fitted net knows of its inputs, read by chunks."""

import numpy as np
import torch
from torch import nn


def find_embedding_layer(module, name=None):
    """Layer whose input is the embedding.

    Parameters
    ----------
    module : nn.Module
    name : str or None
        As in ``module.named_modules()``. None means the last ``nn.Linear``.

    Raises
    ------
    ValueError
        If there is no such layer.
    """
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


class InputRecorder:
    """Context that keeps the inputs of one layer while its module runs.

    Parameters
    ----------
    layer : nn.Module

    Attributes
    ----------
    value : array of shape (n, d)
        All inputs seen so far, flattened to one row a sample.
    """

    def __init__(self, layer):
        self.layer, self.chunks = layer, []

    def __enter__(self):
        self.handle = self.layer.register_forward_pre_hook(self._keep)
        return self

    def __exit__(self, *_):
        self.handle.remove()

    def _keep(self, _layer, inputs):
        self.chunks.append(inputs[0].detach().flatten(1).cpu().numpy())

    @property
    def value(self):
        return np.concatenate(self.chunks)


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
    with InputRecorder(find_embedding_layer(net.module_, layer)) as recorder:
        for output in net.forward_iter(X):
            n_rows = len(output[0] if isinstance(output, tuple) else output)
            recorder.chunks[-1] = recorder.chunks[-1][:n_rows]  # the net may have filled up a batch
    return recorder.value


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
