"""Nets with parameters of the same shapes as one module, and what runs it.

Each parameter of a member is a slice of one that all members share, so that an optimizer, a
checkpoint or a device sees one module with larger parameters.
"""

from copy import deepcopy

import torch
from torch import nn

from skally.nets.watching import watched


def stacked(members):
    """One module for several: each of its parameters and buffers is theirs, stacked."""
    states = [tensors_of(member) for member in members]
    stack = deepcopy(members[0])
    for name, tensor in states[0].items():
        if nn.parameter.is_lazy(tensor):
            raise ValueError(
                f"{type(stack).__name__} has a lazy parameter {name!r}, whose shape is not known "
                "before data are seen: with n_members > 1 give the sizes of all layers."
            )
    every = {name: torch.stack([state[name].detach() for state in states]) for name in states[0]}
    names = {id(tensor): name for name, tensor in tensors_of(stack).items()}
    replace_tensors(stack, lambda tensor: every[names[id(tensor)]])
    return stack


def replace_tensors(module, new):
    """Put a function of each parameter and buffer in its place; shared ones stay shared."""
    known = {}
    for part in module.modules():
        for tensors in (part._parameters, part._buffers):
            for name, tensor in tensors.items():
                if tensor is None:
                    continue
                if id(tensor) not in known:
                    replaced = new(tensor)
                    if isinstance(tensor, nn.Parameter):
                        replaced = nn.Parameter(replaced.detach(), tensor.requires_grad)
                    known[id(tensor)] = tensor, replaced
                tensors[name] = known[id(tensor)][1]


def tensors_of(module):
    """Parameters and buffers of a module by name, each shared one once."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def at_once(stack, layer, args, kwargs):
    """Outputs of a module that ``takes_members``, and the inputs of a layer unless it is None.

    Both with the member axis second, which the module has first.
    """
    if layer is None:
        return stack(*args, **kwargs).movedim(0, 1), ()
    seen = []
    with watched([layer], before=lambda _layer, inputs: seen.append(inputs[0])):
        output = stack(*args, **kwargs)
    features = seen[-1].expand(len(output), *seen[-1].shape[-2:])
    return output.movedim(0, 1), features.movedim(0, 1)


def at_some(stack, rows, X, *args, **kwargs):
    """Outputs (b, K, ...) of a module that ``takes_members`` for rows (K, m) of X, 0 elsewhere."""
    some = stack(X, *args, rows=rows, **kwargs)
    every = some.new_zeros((len(rows), len(X), *some.shape[2:]))
    every[torch.arange(len(rows), device=rows.device).unsqueeze(1), rows] = some
    return every.movedim(0, 1)


def rows_of_each(asked):
    """Rows that each member is asked for (b, K), as numbers (K, m), and others to fill them up."""
    most = int(asked.sum(dim=0).max())
    return asked.T.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :most]


def in_a_row(run, tensors):
    """Results of a function for each slice of some tensors, stacked with the member axis second."""
    slices = zip(*(tensor.unbind() for tensor in tensors.values()), strict=True)
    results = [run(dict(zip(tensors, each, strict=True))) for each in slices]
    outputs, features = zip(*results, strict=True)
    if isinstance(outputs[0], tuple):
        joined = tuple(torch.stack(part, dim=1) for part in zip(*outputs, strict=True))
    else:
        joined = torch.stack(outputs, dim=1)
    return joined, () if isinstance(features[0], tuple) else torch.stack(features, dim=1)
