"""Query strategies, all of one kind: ``sampler.query(estimator, X_pool, n_instances)``."""

from inspect import isclass

from skally.samplers.ally import ALLYSampler
from skally.samplers.base import BaseSampler
from skally.samplers.discriminative import DiscriminativeSampler
from skally.samplers.diversity import (
    CoreSetSampler,
    KMeansSampler,
    ProbCoverSampler,
    TypiClustSampler,
)
from skally.samplers.dropquery import DropQuerySampler
from skally.samplers.epig import EPIGSampler
from skally.samplers.gradient import BADGESampler, BAITSampler
from skally.samplers.greedy import (
    GreedyInputSampler,
    GreedyTargetSampler,
    ImprovedGreedySampler,
)
from skally.samplers.herding import MaxHerdingSampler, UHerdingSampler
from skally.samplers.largest_cluster import (
    DualLCMDSampler,
    LCMDSampler,
    WeightedLCMDSampler,
)
from skally.samplers.learning_loss import LearningLossSampler
from skally.samplers.refine import RefineSampler
from skally.samplers.uncertainty import (
    BALDSampler,
    EntropySampler,
    LeastConfidentSampler,
    MarginSampler,
    RandomSampler,
    SpreadSampler,
)
from skally.samplers.wrappers import (
    ComposedSampler,
    CoordinatedMatchingSampler,
    StochasticSampler,
    SubsampledSampler,
)

__all__ = [
    "ALLYSampler",
    "BADGESampler",
    "BAITSampler",
    "BALDSampler",
    "BaseSampler",
    "ComposedSampler",
    "CoordinatedMatchingSampler",
    "CoreSetSampler",
    "DiscriminativeSampler",
    "DualLCMDSampler",
    "DropQuerySampler",
    "EPIGSampler",
    "EntropySampler",
    "GreedyInputSampler",
    "GreedyTargetSampler",
    "ImprovedGreedySampler",
    "KMeansSampler",
    "LCMDSampler",
    "LearningLossSampler",
    "LeastConfidentSampler",
    "MarginSampler",
    "MaxHerdingSampler",
    "ProbCoverSampler",
    "RandomSampler",
    "RefineSampler",
    "SpreadSampler",
    "StochasticSampler",
    "SubsampledSampler",
    "TypiClustSampler",
    "UHerdingSampler",
    "WeightedLCMDSampler",
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
