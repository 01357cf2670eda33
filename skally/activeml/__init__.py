"""Samplers as query strategies of scikit-activeml, and its query strategies as samplers.

It can be imported without scikit-activeml, which is loaded where it is needed.
"""

from skally.activeml.optional import check_installed
from skally.activeml.sampler import ActiveMLSampler

__all__ = ["ActiveMLSampler", "SkallyStrategy"]


def __getattr__(name):
    if name != "SkallyStrategy":  # whose base class is scikit-activeml's
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    check_installed()
    from skally.activeml.strategy import SkallyStrategy

    return SkallyStrategy
