"""Convex problems whose multipliers a solver finds, for tests and benchmarks."""

import cvxpy as cp
import numpy as np
import torch
from one_net import one_classifier, one_regressor
from torch import nn

from skally.callbacks import KKTStopping
from skally.modules import MLP

LINEAR = {
    "module": MLP,
    "n_members": 1,
    "module__hidden_layer_sizes": (),
    "dual_lr": "auto",
    "primal_steps": 1,  # one step of LBFGS is twenty
    "optimizer": torch.optim.LBFGS,
    "optimizer__line_search_fn": "strong_wolfe",
    "lr": 1.0,
    "batch_size": -1,
    "max_epochs": 300,
    "callbacks": [KKTStopping(tol=1e-4)],
    "callbacks__lr_decay": None,
    "random_state": 0,
}


def solve(loss, tolerance):
    """Optimal mean loss, and n times the multipliers of loss <= tolerance."""
    constraint = loss <= tolerance
    problem = cp.Problem(cp.Minimize(cp.sum(loss) / loss.size), [constraint])
    problem.solve(solver="CLARABEL")
    return problem.value, loss.size * constraint.dual_value


def smallest_worst_loss(loss):
    """Below this no tolerance can be met."""
    return cp.Problem(cp.Minimize(cp.max(loss))).solve(solver="CLARABEL")


def least_squares(seed, n=40):
    """Data with heavy tails, and their squared errors under a linear model."""
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n, 3)).astype(np.float32)
    y = (X @ rng.normal(size=3) + 0.5 * rng.standard_t(3, size=n)).astype(np.float32)
    return X, y, cp.square(y - X @ cp.Variable(3) - cp.Variable())


def logistic(seed, n=40):
    """Classes that overlap, and their cross-entropies under a linear model."""
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n, 3)).astype(np.float32)
    y = (X @ rng.normal(size=3) + rng.normal(size=n) > 0).astype(int)
    return X, y, cp.logistic(-cp.multiply(2 * y - 1, X @ cp.Variable(3) + cp.Variable()))


PROBLEMS = {
    "least squares": (least_squares, one_regressor, {"normalize_y": False}, 1.5),
    "logistic regression": (
        logistic,
        one_classifier,
        {"criterion": nn.BCEWithLogitsLoss},
        1.2,
    ),
}
