"""Active learning by dual variables, for people who use scikit-learn."""

from skally.dual_regression import DualRegressor
from skally.modal_compat import repair
from skally.nets import ConstrainedNetClassifier, ConstrainedNetRegressor
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
from skally.synthesis import InputSynthesizer

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
]

repair()
