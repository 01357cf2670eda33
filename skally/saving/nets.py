"""skorch nets as plain values: parameters, tensors of their parts, and what training left."""

import torch

from skally.utils.random import torch_seeded

# What initialize() makes anew from the parameters.
MADE = {
    "module_", "criterion_", "optimizer_", "callbacks_", "virtual_params_", "init_context_",
    "prefixes_", "cuda_dependent_attributes_", "initialized_", "processes_",
}  # fmt: skip
PARTS = ("module_", "criterion_")


def state_of(net):
    """State of a skorch net.

    Returns
    -------
    state : dict
        ``params`` of the constructor, ``fitted`` attributes, and, of an initialised net, the
        ``parts`` and the state of the ``optimizer``.
    """
    params = net.get_params(deep=False)
    fitted = {
        name: value
        for name, value in vars(net).items()
        if name.endswith("_") and name not in MADE and name not in params
    }
    state = {"params": params, "fitted": fitted, "parts": None, "optimizer": None}
    if net.initialized_:
        state["parts"] = {name: part_state(getattr(net, name)) for name in PARTS}
        state["optimizer"] = net.optimizer_.state_dict()
    return state


def net_of(cls, state, device=None):
    """Net of a class and a state.

    Raises
    ------
    ValueError
        If its device is not here.
    """
    params = state["params"]
    if device is not None:
        params["device"] = device
    check_device(params["device"])
    net = cls(**params)
    if state["parts"] is not None:
        with torch_seeded(0, net.device):
            net.initialize()
        for name in PARTS:
            set_part(getattr(net, name), state["parts"][name])
        net.optimizer_.load_state_dict(state["optimizer"])
    vars(net).update(state["fitted"])
    return net


def check_device(device):
    """Raise ValueError if there is no such device on this machine."""
    try:
        torch.zeros(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"a net is for device {str(device)!r}, which is not here: load it with device='cpu'"
        ) from error


def part_state(module):
    """Tensors of a module, whether its state dict has them or not, and its plain attributes."""
    return {
        "parameters": {name: each.detach() for name, each in module.named_parameters()},
        "buffers": dict(module.named_buffers()),
        "plain": {
            name: {k: v for k, v in vars(each).items() if type(v) in (bool, int, float)}
            for name, each in module.named_modules()
        },
    }


def set_part(module, state):
    """Give a module the tensors and attributes of :func:`part_state`, on the module's device."""
    parameters = dict(module.named_parameters())
    device = next((each.device for each in module.parameters()), None)
    here, saved = (
        {name: tuple(each.shape) for name, each in tensors.items()}
        for tensors in (parameters, state["parameters"])
    )
    if here != saved:
        raise ValueError(
            f"{type(module).__name__} has parameters of the shapes {here}, and the file {saved}: "
            "it is of another version of that class"
        )
    for name, value in state["parameters"].items():
        parameters[name].data = value.to(parameters[name].device)
    modules = dict(module.named_modules())
    for name, value in state["buffers"].items():
        owner, _, leaf = name.rpartition(".")
        present = modules[owner]._buffers.get(leaf)
        setattr(modules[owner], leaf, value.to(device if present is None else present.device))
    for name, plain in state["plain"].items():
        vars(modules[name]).update(plain)
