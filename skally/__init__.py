"""Active learning by dual variables, for people who use scikit-learn."""

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
    DualLCMDSampler,
    EntropySampler,
    GreedyInputSampler,
    GreedyTargetSampler,
    ImprovedGreedySampler,
    KMeansSampler,
    LCMDSampler,
    LearningLossSampler,
    LeastConfidentSampler,
    MarginSampler,
    ProbCoverSampler,
    RandomSampler,
    StochasticSampler,
    SubsampledSampler,
    TypiClustSampler,
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
    "ConstrainedNetClassifier",
    "ConstrainedNetRegressor",
    "CoordinatedMatchingSampler",
    "CoreSetSampler",
    "DiscriminativeSampler",
    "DualLCMDSampler",
    "DualRegressor",
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
    "ProbCoverSampler",
    "RandomSampler",
    "StochasticSampler",
    "SubsampledSampler",
    "TypiClustSampler",
    "load",
    "save",
]

repair()
