"""Fixtures for tests of stopping criteria."""

import numpy as np
import pytest
from one_net import one_classifier

from skally.stopping import RoundState


@pytest.fixture(scope="session")
def rounds(digits):
    """States of four rounds of a net; labels are strings."""
    X, y = digits[0], np.array([f"digit {label}" for label in digits[1]])
    states = []
    for n, score in zip((40, 80, 120, 160), (0.5, 0.8, 0.8, 0.8), strict=True):
        net = one_classifier(module__hidden_layer_sizes=(16,), lr=0.03, max_epochs=20)
        net.set_params(random_state=0).fit(X[:n], y[:n])
        states.append(RoundState(net, X[:n], y[:n], X[n:], X[100:], n, score, 40))
    return states
