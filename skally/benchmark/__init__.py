"""Learning curves that can be trusted, and pictures of what the nets and samplers do."""

from skally.benchmark.curves import LearningCurves
from skally.benchmark.dual_display import DualVariablesDisplay
from skally.benchmark.runner import learning_curves

__all__ = ["DualVariablesDisplay", "LearningCurves", "learning_curves"]
