"""Learning curves: the runner, its results and their statistics, and displays of all of these."""

from skally.benchmark.corrections import correct_labels
from skally.benchmark.curves import LearningCurves
from skally.benchmark.displays import (
    DualVariablesDisplay,
    LearningCurveDisplay,
    PicksDisplay,
    RankDisplay,
    WinLossDisplay,
)
from skally.benchmark.runner import learning_curves

__all__ = [
    "DualVariablesDisplay",
    "LearningCurveDisplay",
    "LearningCurves",
    "PicksDisplay",
    "RankDisplay",
    "WinLossDisplay",
    "correct_labels",
    "learning_curves",
]
