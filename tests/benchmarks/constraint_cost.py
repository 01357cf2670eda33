"""Test error of constrained training, as a ratio to the same net without constraints.

Run: ``SKALLY_DATA=... python tests/benchmarks/constraint_cost.py``

The data sets are read from SKALLY_DATA, as laid out there: parkinsons/parkinsons_updrs.data and
regression/{kin8nm,naval-propulsion-plant}.txt.
"""

import os
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ConstrainedNetRegressor
from skally.datasets import fetch_parkinsons

SIZES = (300, 1100, 1900)
N_SEEDS = 5


def load(name):
    """Inputs and one target."""
    if name == "parkinsons":
        return fetch_parkinsons(features="all", return_X_y=True)
    table = np.loadtxt(Path(os.environ["SKALLY_DATA"]) / "regression" / f"{name}.txt")
    n_targets = 2 if name.startswith("naval") else 1
    return table[:, :-n_targets], table[:, -n_targets]


def errors(name, n, seed):
    """Test errors without and with constraints, same rows, same start."""
    torch.set_num_threads(1)
    X, y = load(name)
    rows = np.random.RandomState(seed).permutation(len(X))
    train, test = rows[:n], rows[-1500:]
    result = []
    for params in ({"dual_lr": 0.0}, {}):
        net = make_pipeline(StandardScaler(), ConstrainedNetRegressor(random_state=seed, **params))
        net.fit(X[train], y[train])
        result.append(mean_squared_error(y[test], net.predict(X[test])) / np.var(y))
    return result


def main():
    """A line a data set and size."""
    for name in ("parkinsons", "kin8nm", "naval-propulsion-plant"):
        for n in SIZES:
            jobs = (delayed(errors)(name, n, seed) for seed in range(N_SEEDS))
            free, constrained = np.array(Parallel(n_jobs=-1)(jobs)).T
            log_ratio = np.log(constrained / free)
            print(
                f"{name:24s} n = {n:4d}: free {free.mean():.4f}, constrained "
                f"{constrained.mean():.4f}, ratio {np.exp(log_ratio.mean()):.3f}, "
                f"by seed {np.exp(log_ratio.min()):.3f} to {np.exp(log_ratio.max()):.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
