"""Duals of training losses against a convex solver, on problems where theory defines them."""

import cvxpy as cp
import numpy as np
import pytest
from convex import LINEAR, least_squares, logistic, smallest_worst_loss, solve
from one_net import one_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ConstrainedClassifier, ConstrainedRegressor

pytestmark = pytest.mark.filterwarnings("ignore:Solution may be inaccurate:UserWarning")

MANY = {"dual_loss": "training", "n_dual_updates": 3000}


def constrained(estimator, y, epsilon, **params):
    """Regressor whose tolerance, in units of the target squared, is that of the solver."""
    return ConstrainedRegressor(estimator, epsilon / np.var(y), **{**MANY, **params})


@pytest.mark.parametrize("seed", range(3))
def test_duals_of_least_squares_equal_solver_multipliers_times_n(seed):
    X, y, loss = least_squares(seed)
    epsilon = 1.5 * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    found = constrained(LinearRegression(), y, epsilon).fit(X, y)
    assert duals.max() > 0.1  # else there would be nothing to compare
    assert np.abs(found.dual_variables_ - duals).max() < 0.02 * duals.max()
    assert found.slacks_.max() < 0.01 * found.epsilon_
    assert np.isnan(found.held_out_loss_).all()


def test_duals_equal_those_of_a_single_linear_net():
    X, y, loss = least_squares(1)
    epsilon = 1.5 * smallest_worst_loss(loss)
    net = one_regressor(epsilon=epsilon, normalize_y=False, **LINEAR).fit(X, y)
    found = constrained(make_pipeline(StandardScaler(), LinearRegression()), y, epsilon).fit(X, y)
    largest = net.dual_variables_.max()
    assert np.abs(found.dual_variables_ - net.dual_variables_).max() < 0.03 * largest
    assert np.allclose(found.sensitivity_, net.sensitivity_, atol=0.03 * largest / len(y))
    assert np.allclose(found.predict(X), net.predict(X), atol=0.02 * np.std(y))


def test_duals_of_ridge_regression_equal_the_solvers():
    """Ridge adds its penalty once to the sum of losses, so 1/n of it to their mean."""
    X, y, _ = least_squares(0)
    theta, intercept = cp.Variable(3), cp.Variable()
    loss = cp.square(y - X @ theta - intercept)
    epsilon, alpha = 1.5 * smallest_worst_loss(loss), 20.0
    constraint = loss <= epsilon
    objective = (cp.sum(loss) + alpha * cp.sum_squares(theta)) / len(y)
    cp.Problem(cp.Minimize(objective), [constraint]).solve(solver="CLARABEL")
    duals = len(y) * constraint.dual_value
    found = constrained(Ridge(alpha), y, epsilon).fit(X, y)
    assert duals.max() > 0.1
    assert np.abs(found.dual_variables_ - duals).max() < 0.02 * duals.max()
    assert np.allclose(found.estimator_.coef_, theta.value, atol=0.01)


@pytest.mark.parametrize("seed", [0, 2])
def test_duals_of_logistic_regression_equal_the_solvers(seed):
    X, y, loss = logistic(seed)
    epsilon = 1.2 * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    model = LogisticRegression(C=1e6, tol=1e-8, max_iter=1000)
    found = ConstrainedClassifier(model, epsilon, **MANY, dual_lr=2.0).fit(X, y)
    assert duals.max() > 0.1
    assert np.abs(found.dual_variables_ - duals).max() < 0.02 * duals.max()


def test_sample_weights_of_the_user_are_those_of_the_losses():
    """Two rows are one of weight 2, whose dual weighs twice too."""
    X, y, loss = least_squares(0)
    epsilon = 1.5 * smallest_worst_loss(loss)
    X_twice, y_twice = np.r_[X, X[:10]], np.r_[y, y[:10]]
    twice = ConstrainedRegressor(LinearRegression(), 1.0, **MANY)
    twice.fit(X_twice, y_twice, epsilon=np.full(50, epsilon / np.var(y_twice)))
    once = constrained(LinearRegression(), y, epsilon)
    once.fit(X, y, sample_weight=1.0 + (np.arange(40) < 10))
    assert np.allclose(once.predict(X), twice.predict(X), atol=0.02 * np.std(y))


def test_a_tolerance_above_every_loss_leaves_the_estimator_as_it_is(diabetes):
    plain = Ridge().fit(*diabetes)
    found = ConstrainedRegressor(Ridge(), 1e6).fit(*diabetes)
    assert np.all(found.dual_variables_ == 0)
    assert np.allclose(found.predict(diabetes[0]), plain.predict(diabetes[0]))
    assert found.n_dual_updates_ == 0  # after one that changed nothing


def test_constraints_that_cannot_hold_warn_of_it():
    X, y, loss = least_squares(0)
    epsilon = 0.5 * smallest_worst_loss(loss)
    with pytest.warns(ConvergenceWarning, match="have not converged after 20 updates"):
        constrained(LinearRegression(), y, epsilon, n_dual_updates=20).fit(X, y)
