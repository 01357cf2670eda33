"""Random generators of a single call: global state is neither read nor changed."""

import numbers
from contextlib import contextmanager

import numpy as np
import torch
from sklearn.base import clone

from skally.utils.locks import ForkSafeLock


def make_rng(random_state):
    """Random generator for one call, from a ``random_state`` as scikit-learn's estimators take.

    Parameters
    ----------
    random_state : None, int or numpy.random.RandomState
        None means a seed from the operating system, not NumPy's global generator as in
        scikit-learn.

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
    """Integer seed drawn from ``rng``, for what takes no generator."""
    return int(rng.randint(np.iinfo(np.int32).max))


def clone_seeded(estimator, rng, *, only_none=False):
    """Clone of an estimator, with every ``random_state`` in it set to a seed from ``rng``.

    With ``only_none`` those that are something else than None are kept.
    """
    params = estimator.get_params()
    names = [name for name in params if name.split("__")[-1] == "random_state"]
    names = [name for name in names if params[name] is None or not only_none]
    return clone(estimator).set_params(**{name: draw_seed(rng) for name in sorted(names)})


GENERATORS = ForkSafeLock()


@contextmanager
def torch_seeded(seed, device="cpu"):
    """Context in which torch's global generators start from ``seed``; they are restored after it.

    Module initialisation and dropout can use nothing but torch's global generators, which all
    threads share. No other place of the package touches these. Threads enter one after another, so
    that each draws its own numbers; what runs inside must not wait for another thread that wants
    to enter.
    """
    device = torch.device(device or "cpu")
    with GENERATORS.held():
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            seed_generators(seed, device)
            yield


def seed_generators(seed, device):
    """Seed torch's global generators of the CPU and of a device, and no others."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type != "cpu":
        torch.manual_seed(seed)
