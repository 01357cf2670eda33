"""Error of the duals, ours beside cooper's, on the same convex problems in the same run.

python tests/benchmarks/dual_error_cooper.py [--json FILE] [--picture FILE]

cooper (https://github.com/cooper-org/cooper) comes into a folder of its own without dependencies,
so that both libraries run on the torch that is installed. Its duals are indexed multipliers, moved
by SGD; the weights are moved by Adam with the rate and the decay of ours. Of several dual rates, in
units of ours, each problem gets the one that turns out best on it, which we do not grant ourselves;
the last lines say what one rate for all does.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
import torch
from dual_error import (
    ADAM,
    EPOCHS,
    WITHIN,
    add_choice,
    chosen,
    collect,
    quiet,
    record,
    table,
    train,
)
from torch import nn

from skally.nets.dual_step import automatic_dual_lr

ROOT = Path(__file__).parents[2]
COOPER = ROOT / ".cooper-1.0.1"
COLORS = {"cooper": "#9a9a9a", "cooper, augmented": "#3d6ea5", "skally": "#c0392b"}
FLOOR = 1e-4
# Dual rates of cooper, in units of ours with dual_lr="auto".
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)


def import_cooper():
    """The module, installed at the first call."""
    if not COOPER.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--target", COOPER, "cooper-optim==1.0.1"], check=True)
    sys.path.insert(0, str(COOPER))
    import cooper

    return cooper


def losses(family):
    """(outputs, targets) -> one loss per sample."""
    kind = nn.MSELoss if family == "least squares" else nn.BCEWithLogitsLoss
    return kind(reduction="none")


def constrained_problem(cooper, problem, model, batch_size, penalty):
    """cooper's form of a problem, and its multipliers, one per sample in the scale of ours.

    cooper adds up multiplier times violation over a batch, where the Lagrangian that is a mean
    divides by the batch size b. So the violation in the primal step is slack / b, the strict one,
    for the dual step, is the slack, and the penalty coefficient is b times that of a mean.
    """
    criterion = losses(problem.family)
    multiplier = cooper.multipliers.IndexedMultiplier(num_constraints=problem.n)
    form = {"multiplier": multiplier}
    if penalty > 0:
        coefficient = torch.full((problem.n,), batch_size * penalty)
        form["formulation_type"] = cooper.formulations.AugmentedLagrangian
        form["penalty_coefficient"] = cooper.penalty_coefficients.IndexedPenaltyCoefficient(
            coefficient
        )

    class LossBounds(cooper.ConstrainedMinimizationProblem):
        def __init__(self):
            super().__init__()
            self.bound = cooper.Constraint(cooper.ConstraintType.INEQUALITY, **form)

        def compute_cmp_state(self, X, y, rows):
            loss = criterion(model(X).squeeze(1), y)
            slack = loss - problem.epsilon
            state = cooper.ConstraintState(
                slack / batch_size, rows, strict_violation=slack.detach()
            )
            return cooper.CMPState(loss.sum() / batch_size, {self.bound: state})

    return LossBounds(), multiplier


def train_cooper(cooper, problem, batch_size, dual_lr, penalty):
    """Record of a run of cooper.

    The augmented Lagrangian takes its dual step after the primal one, as the method of multipliers
    does; the plain one before it, which saves a second look at the batch.
    """
    torch.manual_seed(0)
    epochs = EPOCHS[problem.n][batch_size]
    batch_size = problem.n if batch_size == -1 else batch_size
    X, y = torch.as_tensor(problem.X), torch.as_tensor(problem.y, dtype=torch.float32)
    model = nn.Linear(X.shape[1], 1)
    cmp, multiplier = constrained_problem(cooper, problem, model, batch_size, penalty)
    adam = torch.optim.Adam(model.parameters(), lr=ADAM["lr"])
    sgd = torch.optim.SGD(cmp.dual_parameters(), lr=dual_lr, maximize=True)
    alternating = (
        cooper.optim.AlternatingPrimalDualOptimizer
        if penalty > 0
        else cooper.optim.AlternatingDualPrimalOptimizer
    )
    optimizer = alternating(cmp, adam, sgd)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, epochs)
    errors, seconds = [], 0.0
    for _ in range(epochs):
        start = time.process_time()
        for rows in torch.randperm(problem.n).split(batch_size):
            optimizer.roll(compute_cmp_state_kwargs={"X": X[rows], "y": y[rows], "rows": rows})
        decay.step()
        seconds += time.process_time() - start
        errors.append(problem.error(multiplier.weight.detach().numpy()[:, 0]))
    return record(problem, errors, seconds)


def best_of_cooper(cooper, problem, batch_size):
    """Records of the plain and the augmented Lagrangian, each with its best dual rate."""
    auto = automatic_dual_lr(np.full(problem.n, problem.epsilon), problem.X.shape[1] + 1)
    for name in ("cooper", "cooper, augmented"):
        runs = []
        for rate in RATES:
            penalty = rate * auto if name.endswith("augmented") else 0.0
            run = train_cooper(cooper, problem, batch_size, rate * auto, penalty)
            runs.append({**run, "rate": rate})
        best = min(runs, key=lambda run: np.nan_to_num(run["error"], nan=np.inf))
        tried = {str(run["rate"]): run["error"] for run in runs}
        yield {**best, "library": name, "tried": tried}


def compare(cooper, problem):
    """Records of one problem."""
    for batch_size, epochs in EPOCHS[problem.n].items():
        params = {**ADAM, "batch_size": batch_size, "max_epochs": epochs}
        ours = {**train(problem, params), "library": "skally"}
        for run in (ours, *best_of_cooper(cooper, problem, batch_size)):
            size = "full" if batch_size == -1 else str(batch_size)
            yield {**run, "batch": size, "method": f"{size}, {run['library']}"}


def rates_table(runs):
    """What cooper reaches with one rate for all problems, a line a formulation and rate."""
    for library in ("cooper", "cooper, augmented"):
        tried = [run["tried"] for run in runs if run["library"] == library and run["active"]]
        for rate in RATES:
            errors = np.array([errors[str(rate)] for errors in tried])
            yield (
                f"{library:>17} at {rate:5} for all: median {np.median(errors):7.4f}, worst "
                f"{errors.max():8.4f}, {np.sum(errors < WITHIN)} of {len(errors)} within {WITHIN}"
            )


def picture(runs, path):
    """Error by epoch: median over problems, and where their middle half lies."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    runs = [run for run in runs if run["active"]]
    families = sorted({run["family"] for run in runs})
    columns = sorted({(run["n"], run["batch"]) for run in runs})
    if len(columns) == 1:  # the families side by side fill the page better
        shape, size = (1, len(families)), (8, 3.2)
    else:
        shape, size = (len(families), len(columns)), (11, 5.4)
    figure, panels = plt.subplots(
        *shape, figsize=size, sharey=True, layout="constrained", squeeze=False
    )
    for family, row in zip(families, panels.reshape(len(families), -1), strict=True):
        for (n, batch), axes in zip(columns, row, strict=True):
            draw(axes, [r for r in runs if (r["family"], r["n"], r["batch"]) == (family, n, batch)])
            of = "whole data" if batch == "full" else f"batches of {batch}"
            axes.set_title(f"{family}, n = {n}, {of}", fontsize=10)
    for axes in panels[:, 0]:
        axes.set_ylabel("error of the duals")
    for axes in panels[-1]:
        axes.set_xlabel("epoch")
    panels[0, -1].legend(frameon=False, loc="upper right", fontsize=9)
    figure.savefig(path, dpi=90)


def draw(axes, runs):
    """One panel."""
    for library, color in COLORS.items():
        curves = [run["curve"] for run in runs if run["library"] == library]
        if not curves:
            continue
        epochs = [epoch for epoch, _ in curves[0]]
        errors = np.array([[error for _, error in curve] for curve in curves])
        low, middle, high = np.percentile(errors, (25, 50, 75), axis=0).clip(FLOOR)
        axes.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(epochs, middle, color=color, label=library, linewidth=1.8)
    axes.axhline(WITHIN, color="0.3", linewidth=0.8, linestyle=":")
    axes.set(yscale="log", ylim=(FLOOR, 20))
    axes.spines[["top", "right"]].set_visible(False)


def main():
    """Train, and print a table; the JSON grows with every problem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=Path("dual_error_cooper.json"))
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--draw", action="store_true", help="only the picture, of an earlier run")
    add_choice(parser)
    args = parser.parse_args()
    quiet()
    if args.draw:
        runs = json.loads(args.json.read_text())
    else:
        cooper = import_cooper()
        runs = collect(chosen(args), lambda problem: compare(cooper, problem), args.json)
    print(*table(runs), *rates_table(runs), sep="\n")
    if args.picture is not None:
        picture(runs, args.picture)


if __name__ == "__main__":
    main()
