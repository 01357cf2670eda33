"""Real data sets, downloaded once, checked, cached, and returned as scikit-learn's fetchers do.

An image set is one file: its files, description, reader and fetcher. A table of the UCI repository
is one entry in ``regression_tables.py`` or ``classification_tables.py``, with its description.
"""

from skally.datasets.cifar10 import fetch_cifar10
from skally.datasets.classification import fetch_uci_classification
from skally.datasets.mnist import fetch_mnist
from skally.datasets.parkinsons import fetch_parkinsons
from skally.datasets.regression import fetch_uci_regression
from skally.datasets.stl10 import fetch_stl10
from skally.datasets.svhn import fetch_svhn
from skally.datasets.usps import fetch_usps

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
