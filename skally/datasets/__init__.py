"""Real data sets: downloaded once, checked, cached, and returned as scikit-learn's fetchers do."""

from skally.datasets.parkinsons import fetch_parkinsons

__all__ = ["fetch_parkinsons"]
