"""Functions that one thread has called by the layers of a module, which stays as it is.

Hooks on the module itself would be seen by all threads that run it, and by whoever copies it.
torch's hooks of all modules are called in their place, and look up what the present thread watches.
"""

import threading
from contextlib import contextmanager

import torch

from skally.utils.locks import ForkSafeLock


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


def is_watched(module):
    """Whether this thread watches a module or a layer in it now."""
    watched_ids = [layers for layers, _, _ in WATCH.contexts]
    return bool(watched_ids) and any(
        id(layer) in layers for layer in module.modules() for layers in watched_ids
    )


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
