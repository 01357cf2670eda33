"""Files of fitted estimators that hold data and names of classes, and no code."""

from skally.saving.estimators import load, save

__all__ = ["load", "save"]
