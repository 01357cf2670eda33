"""Displays, as in scikit-learn, of learning curves, ranks, picks and dual variables."""

from skally.benchmark.displays.curves import LearningCurveDisplay
from skally.benchmark.displays.duals import DualVariablesDisplay
from skally.benchmark.displays.picks import PicksDisplay
from skally.benchmark.displays.ranks import RankDisplay
from skally.benchmark.displays.win_loss import WinLossDisplay

__all__ = [
    "DualVariablesDisplay",
    "LearningCurveDisplay",
    "PicksDisplay",
    "RankDisplay",
    "WinLossDisplay",
]
