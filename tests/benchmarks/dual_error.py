"""Error of the duals by epoch, with dual_lr="auto" and nothing else, on a bank of convex problems.

python tests/benchmarks/dual_error.py [--quick] [--json FILE], and what add_choice lists

The error is the largest absolute error of a dual, as a share of the largest true dual: at the end
of ``fit``, and after each epoch, before the method of multipliers has its turn. The true duals are
n times Clarabel's multipliers. Where no constraint is active, all duals must be 0.
"""

import argparse
import functools
import json
import sys
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cvxpy as cp
import numpy as np
import torch
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

sys.path.insert(0, str(Path(__file__).parents[1]))
from convex import LINEAR, PROBLEMS  # noqa: E402

from skally.modules import MLP

TIGHTNESS = (1.1, 1.5, 2.5)
SEEDS = range(3)
EPOCHS = {  # of Adam, by n and batch size
    40: {-1: 4000},
    200: {-1: 4000, 64: 2000},
    1000: {-1: 4000, 64: 600},
    5000: {-1: 4000, 64: 300},
}
LBFGS_EPOCHS = 300
WITHIN = 0.02
POINTS = 200  # of a curve
DEFAULTS = {
    "module": MLP, "n_members": 1, "lr": 1e-3, "max_epochs": 100,
    "module__hidden_layer_sizes": (), "dual_lr": "auto", "random_state": 0,
}  # fmt: skip
ADAM = {**DEFAULTS, "lr": 0.01}
NO_EXTRAS = {"callbacks__lr_decay": None, "callbacks__print_log": None}


@dataclass(frozen=True)
class Problem:
    """Data, one tolerance for all rows, and n times the solver's multipliers."""

    family: str
    n: int
    tightness: float
    seed: int
    X: np.ndarray
    y: np.ndarray
    epsilon: float
    duals: np.ndarray

    @property
    def active(self):
        """Whether any constraint is."""
        return self.duals.max() > 1e-4

    def error(self, duals):
        """Largest error as a share of the largest dual; the largest dual where all should be 0."""
        if not self.active:
            return float(np.abs(duals).max())
        return float(np.abs(duals - self.duals).max() / self.duals.max())


def attainable(family, X, y):
    """Smallest worst loss of a linear model; 0 where classes are separable.

    With targets z and weights theta, least squares wants the least t >= |z - X theta|; classes of
    signs z are separable if z X theta >= 1 can be met, and else leave no worst loss below log(2).
    """
    X = np.c_[X, np.ones(len(X))].astype(float)
    if family == "logistic regression":
        signed = X * (2 * y - 1)[:, None]
        fit = linprog(np.zeros(X.shape[1]), -signed, -np.ones(len(X)), bounds=(None, None))
        return 0.0 if fit.status == 0 else np.log(2)
    t = np.ones((len(X), 1))
    sides, bounds = np.block([[X, -t], [-X, -t]]), np.r_[y, -y].astype(float)
    fit = linprog(np.eye(X.shape[1] + 1)[-1], sides, bounds, bounds=(None, None))
    return fit.fun**2


@functools.cache
def problem(family, n, tightness, seed):
    """Problem of the bank; None where classes are separable, so that every tolerance can be met."""
    X, y, loss = PROBLEMS[family][0](seed, n)
    epsilon = tightness * attainable(family, X, y)
    if epsilon == 0:
        return None
    tight = loss <= epsilon
    program = cp.Problem(cp.Minimize(cp.sum(loss) / n), [tight])
    program.solve(solver="CLARABEL", tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    return Problem(family, n, tightness, seed, X, y, epsilon, n * tight.dual_value)


def bank(sizes, tightness, seeds):
    """Problems, all of a seed before those of the next."""
    for seed, n, family, tight in product(seeds, sizes, PROBLEMS, tightness):
        found = problem(family, n, tight, seed)
        if found is not None:
            yield found


class ErrorByEpoch(Callback):
    """Adds the error of the duals to the history."""

    def __init__(self, problem):
        self.problem = problem

    def on_epoch_end(self, net, **kwargs):
        """Of this epoch."""
        net.history.record(
            "dual_error", self.problem.error(net.criterion_.multipliers.dual.numpy())
        )


def defaults(problem):
    """Record of one problem with the estimators' defaults."""
    yield {"method": "defaults", **train(problem, DEFAULTS)}


def fits(problem):
    """Records of one problem: the defaults, Adam with more steps, and LBFGS as in the tests."""
    yield from defaults(problem)
    for size, epochs in EPOCHS[problem.n].items():
        name = "Adam, full" if size == -1 else f"Adam, {size}"
        params = {**ADAM, "batch_size": size, "max_epochs": epochs}
        yield {"method": name, **train(problem, params)}
    params = {**LINEAR, "max_epochs": LBFGS_EPOCHS, **NO_EXTRAS}
    yield {"method": "LBFGS, full", **train(problem, params)}


def train(problem, params):
    """Record of a fit: its error by epoch and its cost in seconds of processor time."""
    _, Net, own, _ = PROBLEMS[problem.family]
    net = Net(
        epsilon=problem.epsilon,
        **own,
        **{"verbose": 0, **params, "callbacks": [("error", ErrorByEpoch(problem))]},
    )
    start = time.process_time()
    net.fit(problem.X, problem.y)
    seconds = time.process_time() - start
    by_epoch = net.history_[:, "dual_error"]
    return {**record(problem, by_epoch, seconds), "error": problem.error(net.dual_variables_)}


def record(problem, errors, seconds):
    """What is kept of a run, by any library."""
    missed = [epoch for epoch, error in enumerate(errors, 1) if not error < WITHIN]
    reached = missed[-1] + 1 if missed else 1
    epochs = range(1, len(errors) + 1, max(1, len(errors) // POINTS))
    return {
        "family": problem.family,
        "n": problem.n,
        "tightness": problem.tightness,
        "seed": problem.seed,
        "active": bool(problem.active),
        "error": errors[-1],
        "epochs": len(errors),
        "epochs_to_2_percent": reached if reached <= len(errors) else None,
        "seconds": seconds,
        "curve": [(epoch, float(f"{errors[epoch - 1]:.3g}")) for epoch in epochs],
    }


def table(runs, keys=("family", "n", "method")):
    """A line a group of runs."""
    groups = defaultdict(list)
    for run in runs:
        groups[tuple(run[key] for key in keys)].append(run)
    for names, group in sorted(groups.items()):
        active = [run for run in group if run["active"]]
        others = [run["error"] for run in group if not run["active"]]
        line = " ".join(f"{name!s:>{w}}" for name, w in zip(names, (19, 5, 26), strict=False))
        if active:
            errors = [run["error"] for run in active]
            to = [run["epochs_to_2_percent"] or np.inf for run in active]
            line += (
                f": median {np.median(errors):7.4f}, worst {max(errors):8.4f}, "
                f"{sum(error < WITHIN for error in errors):2d} of {len(active):2d} within 0.02, "
                f"epochs to 0.02 {np.median(to):6.0f} of {active[0]['epochs']:4d}, "
                f"{np.median([1000 * run['seconds'] / run['epochs'] for run in active]):7.2f} ms "
                f"an epoch, {np.median([run['seconds'] for run in active]):6.1f} s"
            )
        if others:
            line += f"; {len(others)} with no active constraint, largest dual {max(others):.2g}"
        yield line


def add_choice(parser):
    """Options that choose problems."""
    parser.add_argument("--defaults", action="store_true", help="no method but the defaults")
    parser.add_argument("--quick", action="store_true", help="some minutes: n <= 200, one seed")
    parser.add_argument("--sizes", type=int, nargs="+", default=EPOCHS)
    parser.add_argument("--tightness", type=float, nargs="+", default=TIGHTNESS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)


def chosen(args):
    """Problems to train on."""
    sizes, seeds = ((40, 200), (0,)) if args.quick else (args.sizes, args.seeds)
    return bank(sizes, args.tightness, seeds)


def collect(problems, records, path):
    """Records of all problems; they are printed as they come, and written after each problem."""
    runs = []
    for case in problems:
        for run in records(case):
            runs.append(run)
            print(*table([run], ("family", "n", "method", "tightness", "seed")), flush=True)
        path.write_text(json.dumps(runs))
    return runs


def quiet():
    """One thread, and no warnings of runs that are meant to be short."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", UserWarning)


def main():
    """Train, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=Path("dual_error.json"))
    add_choice(parser)
    args = parser.parse_args()
    quiet()
    records = defaults if args.defaults else fits
    print(*table(collect(chosen(args), records, args.json)), sep="\n")


if __name__ == "__main__":
    main()
