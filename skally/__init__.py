"""Active learning by dual variables, for people who use scikit-learn."""

from skally.constrained import ConstrainedClassifier, ConstrainedRegressor
from skally.nets.estimators import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.nets.heads import DualRegressor
from skally.samplers import (
    ALLYSampler,
    BADGESampler,
    BAITSampler,
    BALDSampler,
    BaseSampler,
    ComposedSampler,
    CoordinatedMatchingSampler,
    CoreSetSampler,
    DiscriminativeSampler,
    DropQuerySampler,
    DualLCMDSampler,
    EntropySampler,
    EPIGSampler,
    GreedyInputSampler,
    GreedyTargetSampler,
    ImprovedGreedySampler,
    KMeansSampler,
    LCMDSampler,
    LearningLossSampler,
    LeastConfidentSampler,
    MarginSampler,
    MaxHerdingSampler,
    ProbCoverSampler,
    RandomSampler,
    RefineSampler,
    SpreadSampler,
    StochasticSampler,
    SubsampledSampler,
    TypiClustSampler,
    UHerdingSampler,
    WeightedLCMDSampler,
)
from skally.saving import load, save
from skally.synthesis.synthesizer import InputSynthesizer
from skally.utils.modal import repair

__version__ = "0.1.0"

__all__ = [
    "ALLYSampler",
    "BADGESampler",
    "BAITSampler",
    "BALDSampler",
    "BaseSampler",
    "ComposedSampler",
    "ConstrainedClassifier",
    "ConstrainedNetClassifier",
    "ConstrainedNetRegressor",
    "ConstrainedRegressor",
    "CoordinatedMatchingSampler",
    "CoreSetSampler",
    "DiscriminativeSampler",
    "DropQuerySampler",
    "DualLCMDSampler",
    "DualRegressor",
    "EPIGSampler",
    "EntropySampler",
    "GreedyInputSampler",
    "GreedyTargetSampler",
    "ImprovedGreedySampler",
    "InputSynthesizer",
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
    "load",
    "save",
]

repair()
