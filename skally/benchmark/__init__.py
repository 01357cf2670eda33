"""Learning curves: the runner, its results and their statistics, and displays of all of these."""

from skally.benchmark.corrections import correct_labels, import_labels, undo_labels
from skally.benchmark.curves import LearningCurves
from skally.benchmark.displays import (
    DualVariablesDisplay,
    LearningCurveDisplay,
    PicksDisplay,
    RankDisplay,
    WinLossDisplay,
)
from skally.benchmark.labels import merge_labels, read_labels, save_labels
from skally.benchmark.replies import Answer, Undo
from skally.benchmark.runner import learning_curves

__all__ = [
    "Answer",
    "DualVariablesDisplay",
    "LearningCurveDisplay",
    "LearningCurves",
    "PicksDisplay",
    "RankDisplay",
    "Undo",
    "WinLossDisplay",
    "correct_labels",
    "import_labels",
    "learning_curves",
    "merge_labels",
    "read_labels",
    "save_labels",
    "undo_labels",
]
