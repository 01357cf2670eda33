"""Settings of the samplers' tests."""

import pytest

from skally import ConstrainedNetClassifier


@pytest.fixture(scope="session")
def classifier(digits):
    """Small constrained net, fitted on 150 rows of the classification data."""
    net = ConstrainedNetClassifier(
        module__hidden_layer_sizes=(32,), max_epochs=20, lr=5e-3, random_state=0
    )
    return net.fit(digits[0][:150], digits[1][:150])
