"""Constraints for any estimator of scikit-learn: dual variables without a net.

A meta-estimator fits its estimator with sample weights that follow from losses of withheld rows.
"""

from skally.constrained.estimators import ConstrainedClassifier, ConstrainedRegressor

__all__ = ["ConstrainedClassifier", "ConstrainedRegressor"]
