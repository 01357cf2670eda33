"""Learning curves that can be trusted, and pictures of what the nets and samplers do."""

from skally.benchmark.curve_display import LearningCurveDisplay
from skally.benchmark.curves import LearningCurves
from skally.benchmark.dual_display import DualVariablesDisplay
from skally.benchmark.picks_display import PicksDisplay
from skally.benchmark.rank_display import RankDisplay
from skally.benchmark.runner import learning_curves
from skally.benchmark.win_loss_display import WinLossDisplay

__all__ = [
    "DualVariablesDisplay",
    "LearningCurveDisplay",
    "LearningCurves",
    "PicksDisplay",
    "RankDisplay",
    "WinLossDisplay",
    "learning_curves",
]
