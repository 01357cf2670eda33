"""Active learning by dual variables, for people who use scikit-learn."""

from skally.dual_regression import DualRegressor
from skally.modal_compat import repair
from skally.nets import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.samplers import (
    ALLYSampler,
    BADGESampler,
    BAITSampler,
    BaseSampler,
    ComposedSampler,
    CoreSetSampler,
    DualLCMDSampler,
    EntropySampler,
    LCMDSampler,
    RandomSampler,
)

__version__ = "0.1.0"

__all__ = [
    "ALLYSampler",
    "BADGESampler",
    "BAITSampler",
    "BaseSampler",
    "ComposedSampler",
    "ConstrainedNetClassifier",
    "ConstrainedNetRegressor",
    "CoreSetSampler",
    "DualLCMDSampler",
    "DualRegressor",
    "EntropySampler",
    "LCMDSampler",
    "RandomSampler",
]

repair()
