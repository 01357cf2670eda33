"""Test error of constrained training, as a ratio to the same net without constraints.

Run: ``SKALLY_DATA=... python tests/benchmarks/constraint_cost.py [--seeds 5] [--defaults]``

The data sets are read from SKALLY_DATA, as laid out there: parkinsons/parkinsons_updrs.data and
regression/{kin8nm,naval-propulsion-plant}.txt. ``--defaults`` measures the default setting alone,
at more sizes. With noise, a tenth of the training targets are moved by 3 standard deviations times
a Gaussian; test targets are clean.
"""

import argparse
import itertools
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skally import ConstrainedNetRegressor
from skally.datasets import fetch_parkinsons
from skally.modules import MLP

DATA = ("parkinsons", "kin8nm", "naval-propulsion-plant")
ABSOLUTE = {"constraint_criterion": nn.L1Loss, "epsilon": 0.2}
SETTINGS = {
    "free": {"dual_lr": 0.0},
    "default": {},
    "strong": {"dual_lr": 0.05},
    "capped": {"dual_lr": 0.05, "dual_max": 0.5},
    "decayed": {"dual_lr": 0.05, "dual_decay": 1.0},
    "absolute, capped": {"dual_lr": 0.05, "dual_max": 1.0, **ABSOLUTE},
}


def load(name):
    """Inputs and one standardised target."""
    if name == "parkinsons":
        X, y = fetch_parkinsons(features="all", return_X_y=True)
    else:
        table = np.loadtxt(Path(os.environ["SKALLY_DATA"]) / "regression" / f"{name}.txt")
        n_targets = 2 if name.startswith("naval") else 1
        X, y = table[:, :-n_targets], table[:, -n_targets]
    return X, (y - y.mean()) / y.std()


def errors(name, noise, n, seed, setting):
    """Test errors of one net: mean square, and the 99th percentile of the absolute error."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # strong duals, wrong targets: as it should
    X, y = load(name)
    rng = np.random.RandomState(seed)
    rows = rng.permutation(len(X))
    train, test = rows[:n], rows[-1500:]
    y_train = y[train] + noise * (rng.uniform(size=n) < 0.1) * 3 * rng.normal(size=n)
    net = ConstrainedNetRegressor(
        MLP, n_members=1, lr=1e-3, max_epochs=100, random_state=seed, **SETTINGS[setting]
    )
    error = make_pipeline(StandardScaler(), net).fit(X[train], y_train).predict(X[test]) - y[test]
    return {
        "data": name, "noise": noise, "labels": n, "seed": seed, "setting": setting,
        "mse": np.mean(error**2), "q99": np.quantile(np.abs(error), 0.99),
    }  # fmt: skip


def main():
    """Geometric mean of the ratios over seeds, with the range of the default's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--defaults", action="store_true")
    options = parser.parse_args()
    if options.defaults:
        grid = (DATA, (False,), (300, 1100, 1900), range(options.seeds), ("free", "default"))
    else:
        grid = (DATA, (False, True), (300, 1100), range(options.seeds), SETTINGS)
    jobs = (delayed(errors)(*each) for each in itertools.product(*grid))
    table = pd.DataFrame(Parallel(n_jobs=-1)(jobs))
    table = table.set_index(["data", "noise", "labels", "seed", "setting"])
    for measure in ("mse", "q99"):
        values = np.log(table[measure].unstack("setting"))
        ratios = values.drop(columns="free").sub(values["free"], axis=0)
        cells = np.exp(ratios.groupby(level=["data", "noise", "labels"]).mean())
        cells["free, absolute"] = np.exp(values["free"].groupby(level=[0, 1, 2]).mean())
        print(f"{measure}, as a ratio to training without constraints")
        print(cells.round(3).to_string(), flush=True)
        worst = np.exp(ratios["default"]).agg(["min", "max"]).round(3).tolist()
        print(f"single seeds of the default: {worst[0]} to {worst[1]}\n")


if __name__ == "__main__":
    main()
