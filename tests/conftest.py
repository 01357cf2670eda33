"""Settings of all tests."""

import matplotlib
import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor

matplotlib.use("Agg")
torch.set_num_threads(1)  # nets are small here, and threads cost more than they give


@pytest.fixture
def rng():
    """Generator of a test's own data."""
    return np.random.RandomState(0)


@pytest.fixture(scope="session")
def diabetes():
    """Regression data, 200 rows."""
    X, y = load_diabetes(return_X_y=True)
    return X[:200].astype(np.float32) * 20, y[:200]


@pytest.fixture(scope="session")
def digits():
    """Classification data, 200 rows."""
    X, y = load_digits(return_X_y=True)
    return X[:200].astype(np.float32) / 16, y[:200]


@pytest.fixture(scope="session")
def regressor(diabetes):
    """Constrained net, fitted on 150 rows of the regression data."""
    net = ConstrainedNetRegressor(max_epochs=10, random_state=0)
    return net.fit(diabetes[0][:150], diabetes[1][:150])


@pytest.fixture(scope="session")
def classifier(digits):
    """Constrained net, fitted on 150 rows of the classification data."""
    net = ConstrainedNetClassifier(max_epochs=10, random_state=0)
    return net.fit(digits[0][:150], digits[1][:150])
