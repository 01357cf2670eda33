"""Samplers as query strategies of scikit-activeml, and its query strategies as samplers.

It can be imported without scikit-activeml, which is loaded with the first of the two classes.
"""

from importlib import import_module
from importlib.util import find_spec

__all__ = ["ActiveMLSampler", "SkallyStrategy"]

MODULES = {
    "ActiveMLSampler": "skally.activeml.sampler",
    "SkallyStrategy": "skally.activeml.strategy",
}


def __getattr__(name):
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if find_spec("skactiveml") is None:
        raise ImportError("skally.activeml needs scikit-activeml: pip install skally[activeml].")
    return getattr(import_module(MODULES[name]), name)
