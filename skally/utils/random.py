"""Random numbers that belong to one call: no global state is read or left changed."""

import numbers
from contextlib import contextmanager

import numpy as np
import torch
from sklearn.base import clone


def make_rng(random_state):
    """Generator of one call.

    Parameters
    ----------
    random_state : None, int or numpy.random.RandomState
        None takes fresh entropy from the operating system, and not numpy's global
        generator as scikit-learn would.

    Returns
    -------
    rng : numpy.random.RandomState
    """
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if random_state is None or isinstance(random_state, numbers.Integral):
        return np.random.RandomState(random_state)
    raise ValueError(
        f"random_state == {random_state!r}, must be None, an int or a numpy.random.RandomState."
    )


def draw_seed(rng):
    """Seed for something that takes an int, drawn from ``rng``."""
    return int(rng.randint(np.iinfo(np.int32).max))


def clone_seeded(estimator, rng):
    """Clone of an estimator, every ``random_state`` within it drawn from ``rng``."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    return clone(estimator).set_params(**{name: draw_seed(rng) for name in sorted(names)})


@contextmanager
def torch_seeded(seed, device="cpu"):
    """Torch's generators start from ``seed`` inside and are as before outside.

    Module initialisation and dropout take no generator, only torch's global one. This is the one
    place that touches it, and it puts it back.
    """
    device = torch.device(device or "cpu")
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
