"""What duals keep when the problem is written in another way, and on any input at all."""

import warnings

import cvxpy as cp
import numpy as np
import pytest
import torch
from convex import LINEAR, least_squares, smallest_worst_loss, solve
from hypothesis import given, settings
from hypothesis import strategies as st
from one_net import one_classifier, one_regressor


@pytest.fixture(scope="module")
def problem():
    """Data, tolerance, duals, and the net that found them."""
    X, y, loss = least_squares(0)
    epsilon = 1.5 * smallest_worst_loss(loss)
    net = one_regressor(epsilon=epsilon, normalize_y=False, **LINEAR).fit(X, y)
    return X, y, epsilon, net


def times(scale):
    """Squared error times a number."""
    return lambda y_pred, y_true: scale * (y_pred - y_true).square()


def refit(problem, X=None, y=None, **params):
    net = one_regressor(normalize_y=False, epsilon=problem[2], **LINEAR)
    X, y = (problem[0], problem[1]) if X is None else (X, y)
    return net.set_params(**params).fit(X, y).dual_variables_


def check_equal(duals, expected, share=0.01):
    """Equal up to what training leaves: it stops with a gradient of 1e-4 of that at the start."""
    assert np.abs(duals - expected).max() < share * expected.max()


def test_permuted_rows_have_permuted_duals(problem, rng):
    X, y, _, net = problem
    order = rng.permutation(len(y))
    check_equal(refit(problem, X[order], y[order]), net.dual_variables_[order])


def test_duplicated_rows_have_the_duals_of_the_single_ones(problem):
    X, y, _, net = problem
    twice = refit(problem, np.r_[X, X], np.r_[y, y])
    check_equal(twice, np.r_[net.dual_variables_, net.dual_variables_])


def test_scaling_both_losses_and_epsilon_leaves_the_duals(problem):
    scaled = refit(problem, criterion=times(3.0), epsilon=3 * problem[2])
    check_equal(scaled, problem[3].dual_variables_)


def test_scaling_the_constraint_divides_the_duals(problem):
    scaled = refit(problem, constraint_criterion=times(3.0), epsilon=3 * problem[2])
    check_equal(3 * scaled, problem[3].dual_variables_)


def test_mini_batches_find_the_duals_of_full_batches(problem):
    params = {"optimizer": torch.optim.Adam, "primal_steps": None, "callbacks": None, "lr": 0.02}
    del_search = {"optimizer__line_search_fn": None}
    net = one_regressor(normalize_y=False, **{**LINEAR, **params, **del_search})
    del net.optimizer__line_search_fn, net.callbacks__lr_decay
    net.set_params(epsilon=problem[2], batch_size=20, max_epochs=1200)
    check_equal(net.fit(*problem[:2]).dual_variables_, problem[3].dual_variables_, share=0.02)


def test_a_relaxed_tolerance_gains_no_more_than_the_duals_say(problem, rng):
    """P*(eps + d) >= P*(eps) - <lam / n, d> for every feasible d, whatever the active set."""
    X, y, epsilon, net = problem
    loss = cp.square(y - X @ cp.Variable(3) - cp.Variable())
    best = solve(loss, epsilon)[0]
    n_feasible = 0
    for _ in range(30):
        d = epsilon * rng.uniform(-0.1, 0.5, size=len(y))
        moved = solve(loss, epsilon + d)[0]
        if np.isfinite(moved):
            n_feasible += 1
            assert moved >= best + net.sensitivity_ @ d - 1e-4 * abs(best)
    assert n_feasible > 20


finite = {"allow_nan": False, "allow_infinity": False}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    n=st.integers(1, 12),
    scale=st.floats(0, 1e12, **finite),
    epsilon=st.floats(0, 1e6, **finite),
    dual_lr=st.one_of(st.just("auto"), st.floats(0, 1e6, **finite)),
    relaxations=st.fixed_dictionaries(
        {},
        optional={
            "dual_max": st.floats(0, 1e6, **finite),
            "dual_decay": st.floats(0, 1e3, **finite),
            "penalty": st.floats(0, 1e6, **finite),
            "dual_update": st.sampled_from(["epoch", "batch"]),
            "batch_size": st.sampled_from([1, 4, -1]),
        },
    ),
    classes=st.booleans(),
)
def test_no_input_gives_a_dual_that_is_negative_or_no_number(
    seed, n, scale, epsilon, dual_lr, relaxations, classes
):
    rng = np.random.RandomState(seed)
    X, y = scale * rng.normal(size=(n, 2)), scale * rng.normal(size=n)
    Net = one_classifier if classes else one_regressor
    net = Net(
        module__hidden_layer_sizes=(3,), epsilon=epsilon, dual_lr=dual_lr, max_epochs=2,
        random_state=seed, **relaxations,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            net.fit(X, y > 0 if classes else y)
        except ValueError:  # what it says is tested elsewhere
            assert not hasattr(net, "dual_variables_")
            return
    duals = net.dual_variables_
    assert np.isfinite(duals).all() and duals.min() >= 0
    assert net.dual_max is None or duals.max() <= np.float32(net.dual_max)
