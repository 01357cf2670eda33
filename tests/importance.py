"""Where distances of trees are measured, by its definition."""

import numpy as np


def by_importance(trees, X, X_labeled):
    """Columns in standard deviations of the labelled rows, times the root of (importance * d)."""
    X, X_labeled = np.asarray(X, dtype=float), np.asarray(X_labeled, dtype=float)
    deviation = X_labeled.std(axis=0)
    deviation[deviation == 0] = 1
    shares = trees.feature_importances_ / trees.feature_importances_.sum()
    return (X - X_labeled.mean(axis=0)) / deviation * np.sqrt(shares * X.shape[1])
