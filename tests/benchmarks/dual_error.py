"""Largest error of the duals, as a share of the largest dual, by problem and seed.

python tests/benchmarks/dual_error.py
"""

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_convex import LINEAR, PROBLEMS, smallest_worst_loss, solve  # noqa: E402


def dual_error(problem, seed, n):
    """One problem: error, largest dual and number of active constraints."""
    make, Net, params, slack = PROBLEMS[problem]
    X, y, loss = make(seed, n)
    epsilon = slack * smallest_worst_loss(loss)
    _, duals = solve(loss, epsilon)
    fitted = Net(epsilon=epsilon, **params, **LINEAR).fit(X, y)
    error = np.abs(fitted.dual_variables_ - duals).max() / duals.max()
    return error, duals.max(), int(np.sum(duals > 1e-3 * duals.max()))


def main():
    """A line a problem."""
    warnings.simplefilter("ignore", UserWarning)
    for problem in PROBLEMS:
        for n in (40, 200):
            results = [dual_error(problem, seed, n) for seed in range(10)]
            error = [result[0] for result in results]
            active = [result[2] for result in results]
            print(
                f"{problem}, n = {n}: worst {max(error):.4f}, median {np.median(error):.4f}, "
                f"{min(active)} to {max(active)} active constraints",
                flush=True,
            )


if __name__ == "__main__":
    main()
