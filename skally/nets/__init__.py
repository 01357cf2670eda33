"""Constrained nets: estimators, their primal-dual training by skorch, and the heads on top of them.

Whatever trains a net, or reads from a trained one, belongs here.
"""

from skally.nets.estimators import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.nets.heads import DualRegressor

__all__ = ["ConstrainedNetClassifier", "ConstrainedNetRegressor", "DualRegressor"]
