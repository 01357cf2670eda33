"""Real data sets: downloaded once, checked, cached, and returned as scikit-learn's fetchers do."""

from skally.datasets.classification import fetch_uci_classification
from skally.datasets.digits import fetch_mnist, fetch_usps
from skally.datasets.parkinsons import fetch_parkinsons
from skally.datasets.photographs import fetch_cifar10, fetch_stl10, fetch_svhn
from skally.datasets.regression import fetch_uci_regression

__all__ = [
    "fetch_cifar10",
    "fetch_mnist",
    "fetch_parkinsons",
    "fetch_stl10",
    "fetch_svhn",
    "fetch_uci_classification",
    "fetch_uci_regression",
    "fetch_usps",
]
