"""Settings and fixtures of all tests."""

import os
import signal

import matplotlib
import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits
from sklearn.naive_bayes import GaussianNB

from skally import (
    ALLYSampler,
    ComposedSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    CoordinatedMatchingSampler,
    CoreSetSampler,
    DiscriminativeSampler,
    DualLCMDSampler,
    DualRegressor,
    EntropySampler,
    LCMDSampler,
    LearningLossSampler,
    RefineSampler,
    StochasticSampler,
    SubsampledSampler,
    UHerdingSampler,
)
from skally.samplers import all_samplers

matplotlib.use("Agg")
# A shell starts what it runs in the background without Ctrl-C, which some tests press.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Nets are small here, and threads cost more than they give; test-kernels sets another number.
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))

# What a sampler's constructor needs, or what keeps a test short.
ARGUMENTS = {
    ALLYSampler: {"regressor": DualRegressor(max_epochs=3)},
    ComposedSampler: {"utility": EntropySampler(), "selection": CoreSetSampler()},
    CoordinatedMatchingSampler: {"sampler": EntropySampler(), "n_simulations": 3},
    DualLCMDSampler: {"regressor": DualRegressor(max_epochs=3)},
    DiscriminativeSampler: {"classifier": GaussianNB(var_smoothing=1.0), "n_parts": 3},
    LearningLossSampler: {"max_epochs": 5},
    RefineSampler: {"samplers": [EntropySampler(), LCMDSampler()], "sizes": (3, 2)},
    StochasticSampler: {"sampler": EntropySampler()},
    SubsampledSampler: {"sampler": CoreSetSampler(), "size": 0.5},
    UHerdingSampler: {"temperature": 2.0},
}

# The module and the three encodings of the default, narrow: each of their layers drops units.
NARROW = {
    "n_members": 6, "module__hidden_layer_sizes": (20, 20), "module__dropout": 0.1,
    "random_state": 0,
}  # fmt: skip


def pytest_generate_tests(metafunc):
    """Every test with an argument ``sampler`` runs for each of them."""
    if "sampler" in metafunc.fixturenames:
        made = {name: cls(**ARGUMENTS.get(cls, {}), random_state=0) for name, cls in all_samplers()}
        metafunc.parametrize("sampler", made.values(), ids=made)


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
    net = ConstrainedNetRegressor(max_epochs=10, **NARROW)
    return net.fit(diabetes[0][:150], diabetes[1][:150])


@pytest.fixture(scope="session")
def classifier(digits):
    """Constrained net, fitted on 150 rows of the classification data."""
    net = ConstrainedNetClassifier(max_epochs=10, **NARROW)
    return net.fit(digits[0][:150], digits[1][:150])
