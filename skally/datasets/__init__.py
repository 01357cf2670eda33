"""Real data sets: downloaded once, checked, cached, and returned as scikit-learn's fetchers do."""

from skally.datasets.classification import fetch_uci_classification
from skally.datasets.parkinsons import fetch_parkinsons
from skally.datasets.regression import fetch_uci_regression

__all__ = ["fetch_parkinsons", "fetch_uci_classification", "fetch_uci_regression"]
