"""Settings of the samplers' tests."""

import pytest

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor

SMALL = {
    "n_members": 6, "module__hidden_layer_sizes": (6,), "module__dropout": 0.1, "random_state": 0
}  # fmt: skip


@pytest.fixture(scope="session")
def classifier(digits):
    """Small constrained net, fitted on 150 rows of the classification data."""
    net = ConstrainedNetClassifier(max_epochs=20, lr=5e-3, **SMALL)
    return net.fit(digits[0][:150], digits[1][:150])


@pytest.fixture(scope="session")
def regressor(diabetes):
    """Small constrained net, fitted on 150 rows of the regression data."""
    net = ConstrainedNetRegressor(max_epochs=20, lr=5e-3, **SMALL)
    return net.fit(diabetes[0][:150], diabetes[1][:150])
