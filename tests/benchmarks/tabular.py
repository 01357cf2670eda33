"""Errors of nets on tables with few labels, beside those of what you would pick instead.

Run: ``python tests/benchmarks/tabular.py --output FILE`` for the fits, which goes on where it was
stopped. ``tabular_realmlp.py`` adds a net from another package, and ``tabular_summary.py`` shows
what the files say.

All learn from the same 100 to 1,900 random labels and are measured on the same other rows, with one
thread. "skally_members" is twelve members for tables, given the columns as they are. Of
"skally_before", one net of two layers, every value that mattered is written down, so that its
figures stay.
"""

import argparse

import numpy as np
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from tabular_cells import add_options, run
from threadpoolctl import threadpool_limits
from torch import nn

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.modules import MLP, TabularMLP

N_TREES = 300
GP_MOST_ROWS = 1_000  # its time grows with their cube
# The defaults of the estimators when a single net was one of them.
BEFORE = {
    "module": MLP,
    "module__hidden_layer_sizes": (256, 256),
    "n_members": 1,
    "constraint_criterion": None,
    "dual_lr": 0.002,
    "dual_update": "epoch",
    "primal_steps": None,
    "dual_warmup": 0,
    "dual_init": 0.0,
    "dual_max": None,
    "dual_decay": 0.0,
    "penalty": None,
    "dual_loss": "auto",
    "optimizer": torch.optim.Adam,
    "lr": 1e-3,
    "max_epochs": 100,
    "batch_size": 64,
    "train_split": None,
}
MEMBERS = {
    "module": TabularMLP,
    "module__hidden_layer_sizes": (128, 128),
    "n_members": 12,
    "lr": 2e-3,
    "max_epochs": 160,
}
BEFORE_OF_TASK = {
    "regression": {"epsilon": 0.1, "normalize_y": True, "criterion": nn.MSELoss},
    "classification": {"epsilon": 0.2, "criterion": nn.CrossEntropyLoss},
}


def of_task(task, regressor, classifier, **params):
    """The one of two classes that fits the task."""
    return (regressor if task == "regression" else classifier)(**params)


def standardised(estimator, target=False):
    """The estimator on standardised columns, and on a standardised target."""
    estimator = make_pipeline(StandardScaler(), estimator)
    if not target:
        return estimator
    return TransformedTargetRegressor(estimator, transformer=StandardScaler())


def constant(task, size, state):
    """The mean, or the shares of the classes."""
    strategy = {"regression": "mean", "classification": "prior"}[task]
    return of_task(task, DummyRegressor, DummyClassifier, strategy=strategy)


def linear(task, size, state):
    """Ridge regression with its penalty chosen, or logistic regression."""
    if task == "regression":
        return standardised(RidgeCV(alphas=np.logspace(-3, 3, 13)))
    return standardised(LogisticRegression(C=1.0, max_iter=1000, random_state=state))


def forest(task, size, state):
    """Random forest."""
    params = {"n_estimators": N_TREES, "n_jobs": 1, "random_state": state}
    return of_task(task, RandomForestRegressor, RandomForestClassifier, **params)


def extra_trees(task, size, state):
    """Extremely randomised trees."""
    params = {"n_estimators": N_TREES, "n_jobs": 1, "random_state": state}
    return of_task(task, ExtraTreesRegressor, ExtraTreesClassifier, **params)


def boosting(task, size, state):
    """Gradient boosting on histograms."""
    classes = HistGradientBoostingRegressor, HistGradientBoostingClassifier
    return of_task(task, *classes, random_state=state)


def gp(task, size, state):
    """Gaussian process with one length for all columns; not for classes."""
    if task == "classification" or size > GP_MOST_ROWS:
        return None
    kernel = ConstantKernel() * RBF() + WhiteKernel()
    return standardised(GaussianProcessRegressor(kernel, normalize_y=True, random_state=state))


def svm(task, size, state):
    """Support vector machine, which has no probabilities."""
    estimator = of_task(task, SVR, SVC, C=10.0)
    return standardised(estimator, target=task == "regression")


def mlp(task, size, state):
    """The net of scikit-learn."""
    params = {"max_iter": 500, "random_state": state}
    estimator = of_task(task, MLPRegressor, MLPClassifier, **params)
    return standardised(estimator, target=task == "regression")


def skally_before(task, size, state):
    """One net of two layers, 100 epochs."""
    params = {**BEFORE, **BEFORE_OF_TASK[task], "random_state": state}
    return standardised(of_task(task, ConstrainedNetRegressor, ConstrainedNetClassifier, **params))


def skally_members(task, size, state):
    """Twelve members for tables, which scale the columns themselves."""
    params = {**MEMBERS, "random_state": state}
    return of_task(task, ConstrainedNetRegressor, ConstrainedNetClassifier, **params)


ESTIMATORS = {
    function.__name__: function
    for function in (
        *(constant, linear, forest, extra_trees, boosting, gp, svm, mlp),
        *(skally_before, skally_members),
    )
}


def main():
    """Fit, and write a line a fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, ESTIMATORS)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        run(ESTIMATORS, parser.parse_args())


if __name__ == "__main__":
    main()
