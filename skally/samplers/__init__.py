"""Query strategies, all of one kind: ``sampler.query(estimator, X_pool, n_instances)``."""

from inspect import isclass

from skally.samplers.ally import ALLYSampler, DualLCMDSampler
from skally.samplers.base import BaseSampler
from skally.samplers.diversity import CoreSetSampler
from skally.samplers.gradient import BADGESampler, BAITSampler, LCMDSampler
from skally.samplers.uncertainty import EntropySampler, RandomSampler
from skally.samplers.wrappers import ComposedSampler

__all__ = [
    "ALLYSampler",
    "BADGESampler",
    "BAITSampler",
    "BaseSampler",
    "ComposedSampler",
    "CoreSetSampler",
    "DualLCMDSampler",
    "EntropySampler",
    "LCMDSampler",
    "RandomSampler",
    "all_samplers",
]


def all_samplers():
    """Every sampler of the package, as scikit-learn's ``all_estimators`` lists estimators.

    Returns
    -------
    samplers : list of (str, type)
        Names and classes, by name.

    Examples
    --------
    >>> from skally.samplers import all_samplers
    >>> all_samplers()[0]
    ('ALLYSampler', <class 'skally.samplers.ally.ALLYSampler'>)
    """
    public = [(name, globals()[name]) for name in sorted(__all__)]
    return [(name, cls) for name, cls in public if isclass(cls) and cls is not BaseSampler]
