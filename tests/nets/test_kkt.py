"""What users are told when their constraints do not hold."""

import warnings

import numpy as np
import pytest
from convex import LINEAR, least_squares, smallest_worst_loss
from one_net import one_classifier, one_regressor
from sklearn.exceptions import ConvergenceWarning

from skally.callbacks import KKTStopping


def linear(**params):
    return one_regressor(normalize_y=False, **{**LINEAR, **params})


def test_constraints_that_cannot_all_hold_are_named_with_what_to_try():
    X, y, loss = least_squares(0)
    least = smallest_worst_loss(loss)
    with pytest.warns(ConvergenceWarning, match="cannot all hold") as caught:
        net = linear(epsilon=0.5 * least, max_epochs=80).fit(X, y)
    assert f"epsilon == {0.5 * least:.3g}" in str(caught[0].message)
    assert "dual_max or dual_decay" in str(caught[0].message)
    advised = net.epsilon_ + net.kkt_["max_violation"]
    assert 0.999 * least <= advised < 1.5 * least  # losses in float32, a solver's to 1e-6 or so
    assert caught[0].filename == __file__


def test_the_tolerance_that_is_advised_can_be_met():
    X, y, loss = least_squares(0)
    with pytest.warns(ConvergenceWarning, match="cannot all hold"):
        net = linear(epsilon=0.5 * smallest_worst_loss(loss), max_epochs=80).fit(X, y)
    advised = 1.01 * (net.epsilon_ + net.kkt_["max_violation"])
    linear(epsilon=advised).fit(X, y)  # a warning would be an error


def test_automatic_duals_that_have_not_converged_say_so():
    X, y, loss = least_squares(0)
    epsilon = 1.5 * smallest_worst_loss(loss)
    with pytest.warns(ConvergenceWarning, match="have not converged after 3 epochs.*max_epochs"):
        one_regressor(
            module__hidden_layer_sizes=(4,), dual_lr="auto", max_epochs=3, epsilon=epsilon,
            normalize_y=False, random_state=0,
        ).fit(X, y)  # fmt: skip


def test_nets_with_the_defaults_do_not_warn(diabetes, digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one_regressor(max_epochs=60, epsilon=0.01, random_state=0).fit(*diabetes)
        one_classifier(max_epochs=40, epsilon=0.0, random_state=0).fit(*digits)


@pytest.mark.parametrize("relaxation", [{"dual_max": 3.0}, {"dual_decay": 0.1}])
def test_constraints_that_give_way_do_not_warn(relaxation):
    X, y, loss = least_squares(0)
    epsilon = 0.5 * smallest_worst_loss(loss)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = linear(epsilon=epsilon, max_epochs=60, **relaxation).fit(X, y)
    assert net.kkt_["max_violation"] > 0.5 * epsilon  # they did give way
    assert not caught


def test_training_stops_when_the_conditions_are_met():
    X, y, loss = least_squares(0)
    epsilon = 1.5 * smallest_worst_loss(loss)
    loose, tight = (
        linear(epsilon=epsilon, callbacks=[KKTStopping(tol)]).fit(X, y) for tol in (1e-2, 1e-4)
    )
    assert len(loose.history) <= len(tight.history) < 300
    for net, tol in ((loose, 1e-2), (tight, 1e-4)):
        # kkt_ is measured once more after training: losses of size epsilon, float32.
        allowed = (tol + 1e-5) * net.epsilon_
        assert net.kkt_["max_violation"] <= allowed
        assert net.kkt_["complementarity"] <= allowed * max(1, net.dual_variables_.max())


def test_training_that_diverges_says_so_and_keeps_the_net_before(diabetes):
    X, y = diabetes
    net = one_regressor(max_epochs=2, random_state=0).fit(X, y)
    before, duals = net.predict(X), net.dual_variables_.copy()
    net.set_params(lr=1e30, dual_lr=1e30)
    for method in (net.partial_fit, net.fit):
        with pytest.raises(ValueError, match="Training has diverged: the constraint loss of row"):
            method(X, y)
        assert np.array_equal(net.predict(X), before) and np.array_equal(net.dual_variables_, duals)
