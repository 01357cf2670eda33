"""Duals against a convex solver, on problems where theory defines them."""

import numpy as np
import pytest
import torch
from convex import LINEAR, PROBLEMS, least_squares, smallest_worst_loss, solve
from one_net import one_regressor
from sklearn.exceptions import ConvergenceWarning

pytestmark = pytest.mark.filterwarnings("ignore:Solution may be inaccurate:UserWarning")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("problem", PROBLEMS)
def test_duals_equal_solver_multipliers_times_n(problem, seed):
    make, Net, params, slack = PROBLEMS[problem]
    X, y, loss = make(seed)
    epsilon = slack * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    net = Net(epsilon=epsilon, **params, **LINEAR).fit(X, y)
    assert duals.max() > 0.1  # else there would be nothing to compare
    assert np.abs(net.dual_variables_ - duals).max() < 0.02 * duals.max()
    assert net.kkt_["max_violation"] < 0.01 * epsilon
    assert net.kkt_["complementarity"] < 0.01 * epsilon * duals.max()
    assert net.kkt_["stationarity"] < 1e-2


@pytest.mark.parametrize("problem", PROBLEMS)
def test_adam_finds_the_solvers_multipliers_too(problem):
    make, Net, params, slack = PROBLEMS[problem]
    X, y, loss = make(2)
    epsilon = slack * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    net = Net(
        epsilon=epsilon,
        module__hidden_layer_sizes=(),
        dual_lr="auto",
        lr=0.01,
        max_epochs=2000,
        batch_size=-1,
        random_state=0,
        **params,
    ).fit(X, y)
    assert np.abs(net.dual_variables_ - duals).max() < 0.02 * duals.max()


@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_default_optimiser_finds_them_in_few_epochs_of_mini_batches(problem, n):
    """The module is affine in its parameters, and the method of multipliers does the rest."""
    make, Net, params, slack = PROBLEMS[problem]
    X, y, loss = make(1, n)
    epsilon = slack * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    net = Net(
        torch.nn.Linear, module__in_features=3, module__out_features=1, epsilon=epsilon,
        dual_lr="auto", max_epochs=10, random_state=0, **params,
    ).fit(X, y)  # fmt: skip
    assert np.abs(net.dual_variables_ - duals).max() < 0.02 * duals.max()


def test_duals_do_not_rise_while_weights_are_on_their_way():
    """A tiny learning rate never arrives. Without waiting the duals here grow to 500 times 2.4."""
    X, y, loss = least_squares(0, 60)
    epsilon = 1.5 * smallest_worst_loss(loss)
    params = {"module__hidden_layer_sizes": (4,), "lr": 1e-5, "max_epochs": 100}
    net = one_regressor(
        epsilon=epsilon, dual_lr="auto", normalize_y=False, random_state=0, **params
    )
    with pytest.warns(ConvergenceWarning, match="0 dual steps.*have not settled"):
        net.fit(X, y)
    assert np.all(net.dual_variables_ == 0)


def test_duals_of_a_vector_of_tolerances_equal_the_solvers():
    X, y, loss = least_squares(0)
    epsilon = 1.5 * smallest_worst_loss(loss) * np.linspace(1, 2, len(y))
    _, duals = solve(loss, epsilon)
    net = one_regressor(normalize_y=False, **LINEAR).fit(X, y, epsilon=epsilon)
    assert np.abs(net.dual_variables_ - duals).max() < 0.02 * duals.max()


def test_sensitivity_is_the_derivative_of_the_optimum_by_the_tolerance():
    """Theorem 3.2: dP*/d eps_i = -lam_i / n, by central differences of a solver's optimum."""
    X, y, loss = least_squares(0)
    epsilon = np.full(len(y), 1.5 * smallest_worst_loss(loss))
    net = one_regressor(normalize_y=False, **LINEAR).fit(X, y, epsilon=epsilon)
    for i in np.argsort(-net.dual_variables_)[:3]:
        step = 0.01 * epsilon[0] * (np.arange(len(y)) == i)
        up, down = (solve(loss, epsilon + sign * step)[0] for sign in (1, -1))
        slope = (up - down) / (2 * step[i])
        assert abs(net.sensitivity_[i] - slope) < 0.05 * np.abs(net.sensitivity_).max()


def test_huge_epsilon_gives_zero_duals_and_the_unconstrained_fit():
    X, y, _ = least_squares(2)
    net = one_regressor(epsilon=1e6, normalize_y=False, **LINEAR).fit(X, y)
    theta = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y, rcond=None)[0]
    assert np.all(net.dual_variables_ == 0)
    assert np.allclose(net.predict(X), np.c_[X, np.ones(len(X))] @ theta, atol=1e-3)


def test_huge_epsilon_trains_a_net_exactly_as_without_constraints(diabetes):
    """To the bit: the duals are zero, and so is zero times a slack in any kernel."""
    constrained, free = (
        one_regressor(max_epochs=5, random_state=0, **params).fit(*diabetes)
        for params in ({"epsilon": 1e6}, {"dual_lr": 0.0})
    )
    assert np.array_equal(constrained.predict(diabetes[0]), free.predict(diabetes[0]))
