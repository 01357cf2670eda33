"""Largest error of the duals, as a share of the largest dual, by problem and seed.

python tests/benchmarks/dual_error.py
"""

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from convex import LINEAR, PROBLEMS, smallest_worst_loss, solve  # noqa: E402

N_SEEDS = 10


def dual_error(problem, seed, n):
    """Largest error as a share of the largest dual; None where no constraint is active."""
    make, Net, params, slack = PROBLEMS[problem]
    X, y, loss = make(seed, n)
    epsilon = slack * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    fitted = Net(epsilon=epsilon, **params, **LINEAR).fit(X, y).dual_variables_
    if duals.max() < 1e-4:
        assert fitted.max() == 0, f"{problem}, n = {n}, seed {seed}: {fitted.max()} in place of 0"
        return None
    return np.abs(fitted - duals).max() / duals.max()


def main():
    """A line a problem."""
    warnings.simplefilter("ignore", UserWarning)
    for problem in PROBLEMS:
        for n in (40, 200):
            errors = [dual_error(problem, seed, n) for seed in range(N_SEEDS)]
            active = np.array([error for error in errors if error is not None])
            print(
                f"{problem}, n = {n}: median {np.median(active):.4f}, worst {active.max():.4f}, "
                f"{np.sum(active < 0.02)} of {len(active)} within 0.02; "
                f"{N_SEEDS - len(active)} without active constraints, all duals 0",
                flush=True,
            )


if __name__ == "__main__":
    main()
