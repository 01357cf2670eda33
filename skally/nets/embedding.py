"""What flows through a fitted net: its embedding, the probabilities that follow, its dropout."""

import threading
from contextlib import contextmanager
from copy import copy

import numpy as np
import torch
from torch import nn

from skally.utils.locks import ForkSafeLock

DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
           nn.FeatureAlphaDropout)  # fmt: skip


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


class Watch(threading.local):
    """What one thread watches: a list of (layers, before, after), the innermost context last."""

    def __init__(self):
        self.contexts = []


WATCH = Watch()
SWITCH = ForkSafeLock()
SWITCHED = {"n": 0}  # contexts in all threads, and what was switched on for them


@contextmanager
def watched(layers, before=None, after=None):
    """Call functions whenever this thread runs one of some layers inside, whatever runs it.

    All that reads or changes what flows through a net goes through here. The module itself is not
    touched: other threads may run, copy and pickle it in the meantime. The functions see what flows
    before the hooks that the user has registered on a layer.

    Parameters
    ----------
    layers : sequence of nn.Module
    before : function of (layer, inputs), or None
        What it returns, unless None, takes the place of the inputs.
    after : function of (layer, inputs, output), or None
        What it returns, unless None, takes the place of the output.
    """
    context = ({id(layer) for layer in layers}, before, after)
    switch_on()
    WATCH.contexts.append(context)
    try:
        yield
    finally:
        WATCH.contexts.remove(context)
        switch_off()


def switch_on():
    """Let torch call the functions that are watching, unless another context has done so."""
    with SWITCH.held():
        SWITCHED["n"] += 1
        if SWITCHED["n"] > 1:
            return
        # torch's shortcut for transformers does not call the layers within
        SWITCHED["fastpath"] = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        SWITCHED["handles"] = [
            torch.nn.modules.module.register_module_forward_pre_hook(call_before),
            torch.nn.modules.module.register_module_forward_hook(call_after),
        ]


def switch_off():
    """Undo ``switch_on`` when the last context is left."""
    with SWITCH.held():
        SWITCHED["n"] -= 1
        if SWITCHED["n"] == 0:
            for handle in SWITCHED.pop("handles"):
                handle.remove()
            torch.backends.mha.set_fastpath_enabled(SWITCHED.pop("fastpath"))


def call_before(layer, inputs):
    """Forward pre-hook of all modules: inputs of a layer after what this thread does to them."""
    if not WATCH.contexts:  # another thread's doing
        return None
    for layers, before, _ in WATCH.contexts:
        if before is not None and id(layer) in layers:
            result = before(layer, inputs)
            if result is not None:
                inputs = result if isinstance(result, tuple) else (result,)
    return inputs


def call_after(layer, inputs, output):
    """Forward hook of all modules: output of a layer after what this thread does to it."""
    if not WATCH.contexts:
        return None
    for layers, _, after in WATCH.contexts:
        if after is not None and id(layer) in layers:
            result = after(layer, inputs, output)
            output = output if result is None else result
    return output


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
