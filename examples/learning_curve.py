"""Learning curves for the examples: test error after each round of labelling, with modAL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from modAL.models import ActiveLearner
from sklearn.base import clone
from sklearn.metrics import mean_squared_error, zero_one_loss
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor


@dataclass(frozen=True)
class Task:
    """Data, net and labelling budget.

    ``groups`` None means a random split, else no group is on both sides of the split.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    net: Any
    samplers: dict
    error: Callable
    unit: str
    groups: np.ndarray | None = None
    n_initial: int = 100
    n_instances: int = 200
    n_rounds: int = 9
    test_size: float = 0.25


def regression_task(name, X, y, samplers, **kwargs):
    """Standardised target, so that the error is a fraction of its variance."""
    net = make_pipeline(StandardScaler(), ConstrainedNetRegressor())
    y = (y - y.mean()) / y.std()
    unit = "test MSE / variance of the target"
    return Task(name, X, y, net, samplers, mean_squared_error, unit, **kwargs)


def classification_task(name, X, y, samplers, **kwargs):
    """Error is the share of wrong labels."""
    net = make_pipeline(StandardScaler(), ConstrainedNetClassifier())
    return Task(name, X, y, net, samplers, zero_one_loss, "test error", **kwargs)


def split(task, seed):
    """Positions of the initially labelled, of the pool, and of the test set."""
    Split = ShuffleSplit if task.groups is None else GroupShuffleSplit
    splitter = Split(n_splits=1, test_size=task.test_size, random_state=seed)
    train, test = next(splitter.split(task.X, task.y, task.groups))
    train = np.random.RandomState(seed).permutation(train)
    return train[: task.n_initial], train[task.n_initial :], test


def one_curve(task, name, seed):
    """Test error of one strategy by number of labels; every strategy starts from the same."""
    torch.set_num_threads(1)  # the curves run side by side
    labelled, pool, test = split(task, seed)
    net = clone(task.net)
    net[-1].set_params(random_state=seed)
    sampler = clone(task.samplers[name]).set_params(random_state=seed)
    learner = ActiveLearner(net, sampler, task.X[labelled], task.y[labelled])
    rows = []
    for round_number in range(task.n_rounds + 1):
        error = task.error(task.y[test], learner.predict(task.X[test]))
        row = {"task": task.name, "strategy": name, "seed": seed, "labels": len(learner.X_training)}
        rows.append(row | {"error": error})
        if round_number < task.n_rounds:
            indices, instances = learner.query(task.X[pool], n_instances=task.n_instances)
            learner.teach(instances, task.y[pool][indices])
            pool = np.delete(pool, indices)
    return rows


def learning_curves(tasks, seeds):
    """All curves, on all cores, with a progress bar.

    Returns
    -------
    curves : data frame with columns task, strategy, seed, labels, error
    """
    jobs = [(task, name, seed) for task in tasks for seed in seeds for name in task.samplers]
    run = Parallel(n_jobs=-1, return_as="generator")(delayed(one_curve)(*job) for job in jobs)
    results = tqdm(run, total=len(jobs), desc="learning curves", unit="curve")
    return pd.DataFrame([row for rows in results for row in rows])


def table(curves, deviation=False):
    """Mean test error (and deviation over seeds) by number of labels, a strategy a column."""
    cells = curves.groupby(["labels", "strategy"], sort=False)["error"]
    text = cells.mean().map("{:.3f}".format)
    if deviation:
        text = text + " ± " + cells.std().map("{:.3f}".format)
    return text.unstack("strategy")


def plot(axes, curves, task):
    """Mean test error with a band of one standard error over seeds."""
    colours = {"random": "0.45", "CoreSet": "tab:blue", "entropy": "tab:green", "ALLY": "tab:red"}
    for name, rows in curves.groupby("strategy", sort=False):
        cells = rows.groupby("labels")["error"]
        mean, error = cells.mean(), cells.sem().fillna(0)
        axes.plot(mean.index, mean, marker="o", markersize=4, label=name, color=colours[name])
        axes.fill_between(
            mean.index, mean - error, mean + error, alpha=0.2, lw=0, color=colours[name]
        )
    axes.set(title=task.name, xlabel="labels", ylabel=task.unit, yscale="log")
    axes.yaxis.set_major_formatter("{x:.2g}")
    axes.yaxis.set_minor_formatter("{x:.2g}")
    axes.tick_params(axis="y", which="minor", labelsize=8)
    axes.grid(alpha=0.3, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
