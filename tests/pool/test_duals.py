"""A warning where the duals of the training samples say nothing."""

import numpy as np
import pytest
from modAL.models import ActiveLearner, Committee

from skally import (
    ALLYSampler,
    ComposedSampler,
    ConstrainedNetRegressor,
    CoreSetSampler,
    DualLCMDSampler,
    DualRegressor,
    InputSynthesizer,
)
from skally.pool import Samples
from skally.pool.duals import duals_to_learn
from skally.stopping import PredictedDualLevel, RoundState

HEAD = DualRegressor(max_epochs=1)
ALLY = ALLYSampler(regressor=HEAD, random_state=0)
SILENT = r"All 100 dual variables .* are 0, and 0% .* epsilon == 1e\+06 .*too large.*\"auto\""


def fit(diabetes, **params):
    X, y = diabetes
    net = ConstrainedNetRegressor(max_epochs=2, random_state=0, **params)
    return net.fit(X[:100], y[:100])


@pytest.fixture(scope="module")
def silent(diabetes):
    """Net with a tolerance above every loss, so that all duals are zero."""
    return fit(diabetes, epsilon=1e6)


ASKS = {
    "ALLY": lambda net, X: ALLY.query(net, X, 3),
    "DualLCMD": lambda net, X: DualLCMDSampler(HEAD, random_state=0).query(net, X, 3),
    "composed": lambda net, X: ComposedSampler(ALLY, CoreSetSampler()).query(net, X, 3),
    "synthesis": lambda net, X: InputSynthesizer(n_steps=1, regressor=HEAD).synthesize(net, X[:2]),
    "stopping": lambda net, X: PredictedDualLevel(regressor=HEAD).observe(
        RoundState(net, X_pool=X)
    ),
}


@pytest.mark.parametrize("name", ASKS)
def test_duals_that_are_all_zero_warn_once(name, silent, diabetes):
    with pytest.warns(UserWarning, match=SILENT) as warned:
        ASKS[name](silent, diabetes[0][100:])
    assert len(warned) == 1


def test_a_dask_pool_warns_once_for_all_blocks(silent, diabetes):
    array = pytest.importorskip("dask.array")
    X_pool = array.from_array(diabetes[0][100:], chunks=(25, -1))
    with pytest.warns(UserWarning, match=SILENT) as warned:
        ALLY.query(silent, X_pool, 3)
    assert len(warned) == 1


def test_the_members_of_a_committee_warn(silent, diabetes):
    X, y = diabetes
    learners = [ActiveLearner(silent, ALLY, X[:100], y[:100]) for _ in range(2)]
    with pytest.warns(UserWarning, match=SILENT):
        ALLY.query(Committee(learners, ALLY), X[100:], 2)


def test_duals_that_differ_do_not_warn(diabetes):
    net = fit(diabetes, epsilon=0.01)
    Z, duals = duals_to_learn(Samples(net, None))
    assert np.array_equal(duals, net.dual_variables_) and len(Z) == 100 and np.ptp(duals) > 0
    assert duals_to_learn(Samples(net, None), np.median(duals))[1].max() == np.median(duals)


def test_duals_at_their_bound_warn_of_a_small_epsilon(diabetes):
    net = fit(diabetes, epsilon=0.0, dual_max=1e-12)
    with pytest.warns(UserWarning, match=r"are 1e-12, and 100% .* epsilon == 0 may be too small"):
        duals_to_learn(Samples(net, None))


def test_a_cap_below_every_dual_is_named(diabetes):
    net = fit(diabetes, epsilon=0.0)
    with pytest.warns(UserWarning, match="max_dual == 1e-15 is below every one of them"):
        duals_to_learn(Samples(net, None), 1e-15)


def test_one_epsilon_for_each_sample_is_given_by_its_median(diabetes):
    net = fit(diabetes, epsilon=np.linspace(1e6, 3e6, 100))
    with pytest.warns(UserWarning, match=r"epsilon, with a median of 2e\+06, may be too large"):
        duals_to_learn(Samples(net, None))
