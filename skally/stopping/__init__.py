"""When to stop asking for labels: criteria for a loop of your own and for learning curves."""

from inspect import isabstract, isclass

from skally.stopping.base import RoundState, StoppingCriterion, StoppingMonitor
from skally.stopping.combinations import AllOf, AnyOf
from skally.stopping.curve import Budget, ScoreChange
from skally.stopping.duals import PredictedDualLevel
from skally.stopping.predictions import OverallUncertainty, StabilizingPredictions

__all__ = [
    "AllOf",
    "AnyOf",
    "Budget",
    "OverallUncertainty",
    "PredictedDualLevel",
    "RoundState",
    "ScoreChange",
    "StabilizingPredictions",
    "StoppingCriterion",
    "StoppingMonitor",
    "all_criteria",
]


def all_criteria():
    """Every stopping criterion of the package.

    Returns
    -------
    criteria : list of (str, type)
        Names and classes, by name.

    Examples
    --------
    >>> from skally.stopping import all_criteria
    >>> all_criteria()[0]
    ('AllOf', <class 'skally.stopping.combinations.AllOf'>)
    """
    public = [(name, globals()[name]) for name in sorted(__all__)]
    classes = [(name, each) for name, each in public if isclass(each) and not isabstract(each)]
    return [(name, each) for name, each in classes if issubclass(each, StoppingCriterion)]
