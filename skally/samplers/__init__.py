"""Query strategies, all of one kind: ``sampler.query(estimator, X_pool, n_instances)``."""

from skally.samplers.ally import ALLYSampler
from skally.samplers.base import BaseSampler
from skally.samplers.diversity import CoreSetSampler
from skally.samplers.uncertainty import EntropySampler, RandomSampler
from skally.samplers.wrappers import ComposedSampler

__all__ = [
    "ALLYSampler",
    "BaseSampler",
    "ComposedSampler",
    "CoreSetSampler",
    "EntropySampler",
    "RandomSampler",
]
