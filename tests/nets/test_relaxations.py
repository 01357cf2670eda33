"""Each relaxation is a known problem: soft-margin SVM, L2-SVM, method of multipliers.

A line search in float32 cannot tell values apart that differ by less than 1.2e-7 of their size, so
it finds a minimum to about sqrt(1.2e-7) = 3e-4 of the size of the weights, and duals that follow
from them to some times that, depending on the kernel.
"""

import cvxpy as cp
import numpy as np
import pytest
import torch
from one_net import one_regressor
from sklearn.svm import SVC, LinearSVC
from torch import nn

from skally.callbacks import KKTStopping


def ridge(y_pred, y_true, module):
    """|w|^2 / 2 of a linear unit, the same for every sample."""
    return 0.5 * module.weight.square().sum().expand(len(y_pred))


def margin(y_pred, y_true):
    """2 - y f: at most 1 where the margin is met."""
    return (2 - y_true * y_pred).squeeze(1)


def two_classes(seed, n=60, distance=1.0):
    """Two clouds in the plane; with a small distance they overlap."""
    rng = np.random.RandomState(seed)
    y = np.repeat([-1.0, 1.0], n // 2)
    return (rng.normal(size=(n, 2)) + distance * y[:, None]).astype(np.float32), y


def svm(X, y, bias=True, **params):
    """Net whose duals, divided by n, are the dual coefficients of a support vector machine."""
    return one_regressor(
        nn.Linear, module__in_features=2, module__out_features=1, module__bias=bias,
        normalize_y=False, criterion=ridge, constraint_criterion=margin, epsilon=1.0,
        dual_lr="auto", optimizer=torch.optim.LBFGS, optimizer__line_search_fn="strong_wolfe",
        lr=1.0, batch_size=-1, primal_steps=1, callbacks__lr_decay=None, random_state=0, **params,
    ).fit(X, y)  # fmt: skip


@pytest.mark.parametrize("C", [0.1, 1.0])
def test_dual_max_makes_the_soft_margin_svm(C):
    X, y = two_classes(0, distance=0.7)
    net = svm(X, y, dual_max=C * len(y), penalty=3.0 * len(y), max_epochs=400)
    machine = SVC(kernel="linear", C=C, tol=1e-8).fit(X, y)
    coefficients = np.zeros(len(y))
    coefficients[machine.support_] = np.abs(machine.dual_coef_[0])
    weights = net.module_.weight.detach().numpy()
    assert np.allclose(weights, machine.coef_, atol=3e-3)
    assert np.allclose(net.predict(X), machine.decision_function(X), atol=1e-2)
    # Each coefficient where the support vectors on the margin are independent, as they are here.
    assert np.allclose(net.dual_variables_ / len(y), coefficients, atol=1e-2 * C)
    assert net.dual_variables_.max() <= C * len(y)


def test_without_relaxation_it_is_the_hard_margin_svm():
    X, y = two_classes(1, distance=2.5)
    net = svm(X, y, max_epochs=400, callbacks=[KKTStopping(tol=1e-5)])
    machine = SVC(kernel="linear", C=1e6, tol=1e-8).fit(X, y)
    coefficients = np.zeros(len(y))
    coefficients[machine.support_] = np.abs(machine.dual_coef_[0])
    assert np.allclose(net.dual_variables_ / len(y), coefficients, atol=1e-2 * coefficients.max())


@pytest.mark.parametrize("C", [0.1, 1.0])
def test_dual_decay_makes_the_l2_svm(C):
    X, y = two_classes(0, distance=0.7)
    decay = 1 / (2 * C * len(y))  # C sum(u^2) is the mean of u^2 / (2 decay)
    net = svm(X, y, bias=False, dual_decay=decay, max_epochs=400)
    machine = LinearSVC(C=C, loss="squared_hinge", fit_intercept=False, tol=1e-10, max_iter=10**6)
    machine.fit(X, y)
    hinge = np.maximum(0, 1 - y * machine.decision_function(X))
    assert np.allclose(net.module_.weight.detach().numpy(), machine.coef_, atol=3e-3)
    assert np.allclose(net.dual_variables_, hinge / decay, atol=1e-2 * (hinge / decay).max())


def test_penalty_makes_the_method_of_multipliers():
    """Three dual steps, each after the augmented problem is solved, against a convex solver's."""
    rng, rho, n = np.random.RandomState(0), 0.8, 30
    X = rng.normal(size=(n, 2)).astype(np.float32)
    y = (X @ [1.0, -1.0] + rng.standard_t(3, size=n)).astype(np.float32)
    net = one_regressor(
        module__hidden_layer_sizes=(), normalize_y=False, epsilon=2.0, dual_lr=rho, penalty=rho,
        optimizer=torch.optim.LBFGS, optimizer__line_search_fn="strong_wolfe", lr=1.0,
        batch_size=-1, primal_steps=8, max_epochs=24, callbacks__lr_decay=None, random_state=0,
    ).fit(X, y)  # fmt: skip
    lam = np.zeros(n)
    for _ in range(3):
        w, b = cp.Variable(2), cp.Variable()
        loss = cp.square(y - X @ w - b)
        weight = cp.pos(lam + rho * (loss - 2.0))
        cp.Problem(cp.Minimize(cp.sum(loss + cp.square(weight) / (2 * rho)) / n)).solve("CLARABEL")
        lam = weight.value
    assert lam.max() > 1 and net.n_dual_updates_ == 3
    assert np.allclose(net.dual_variables_, lam, atol=1e-2 * lam.max())
