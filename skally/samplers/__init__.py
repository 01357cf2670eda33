"""Query strategies, all of one kind: ``sampler.query(estimator, X_pool, n_instances)``."""

from skally.samplers.ally import ALLYSampler
from skally.samplers.base import BaseSampler
from skally.samplers.discriminative import DiscriminativeSampler
from skally.samplers.diversity import (
    CoreSetSampler,
    KMeansSampler,
    ProbCoverSampler,
    TypiClustSampler,
)
from skally.samplers.greedy import (
    GreedyInputSampler,
    GreedyTargetSampler,
    ImprovedGreedySampler,
)
from skally.samplers.learning_loss import LearningLossSampler
from skally.samplers.uncertainty import (
    BALDSampler,
    EntropySampler,
    LeastConfidentSampler,
    MarginSampler,
    RandomSampler,
)
from skally.samplers.wrappers import (
    ComposedSampler,
    CoordinatedMatchingSampler,
    StochasticSampler,
    SubsampledSampler,
)

__all__ = [
    "ALLYSampler",
    "BALDSampler",
    "BaseSampler",
    "ComposedSampler",
    "CoordinatedMatchingSampler",
    "CoreSetSampler",
    "DiscriminativeSampler",
    "EntropySampler",
    "GreedyInputSampler",
    "GreedyTargetSampler",
    "ImprovedGreedySampler",
    "KMeansSampler",
    "LearningLossSampler",
    "LeastConfidentSampler",
    "MarginSampler",
    "ProbCoverSampler",
    "RandomSampler",
    "StochasticSampler",
    "SubsampledSampler",
    "TypiClustSampler",
]
