"""How well each worth ranks rows by the loss they will have, by number of labels, with trees.

Run: ``SKALLY_DATA=... python tests/benchmarks/worths.py --output FILE``. It writes Spearman's rank
correlation with the loss of rows not seen, mean over random states, for docs/ahead.rst.

The nets' are in ``tabular_duals.py``.
"""

import argparse
import warnings
from itertools import product
from pathlib import Path

import pandas as pd
from any_estimator import SETS, correlation, fitted
from sklearn.ensemble import ExtraTreesRegressor
from tabular_cells import listed, task_of
from threadpoolctl import threadpool_limits

from skally import ALLYSampler, EntropySampler, MarginSampler, SpreadSampler, WeightedLCMDSampler

HEAD = ExtraTreesRegressor(min_samples_leaf=3, random_state=0)
BY_TREES = ALLYSampler(regressor=HEAD)
WORTHS = {
    "spread": SpreadSampler(),
    "dual": ALLYSampler(random_state=0),
    "dual by trees": BY_TREES,
    "both by trees": WeightedLCMDSampler([SpreadSampler(), BY_TREES]),
}
WORTHS_OF_CLASSES = {"margin": MarginSampler(), "entropy": EntropySampler()}


def measured(name, size, state):
    """Correlations of one fit."""
    estimator, _, X, y = fitted(name, size, state, "trees", "recorded")
    loss = estimator.sample_loss(X, y)
    worths = WORTHS | (WORTHS_OF_CLASSES if task_of(name) == "classification" else {})
    found = {"data": name, "labels": size, "state": state}
    for key, sampler in worths.items():
        _, utility = sampler.query(estimator, X, return_utilities=True)
        found[key] = correlation(utility, loss)
    return found


def main():
    """Fit, measure and write the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=listed(str, SETS), default=SETS)
    parser.add_argument("--sizes", type=listed(int), default=(100, 300, 1000))
    parser.add_argument("--states", type=listed(int), default=(0, 1, 2))
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of duals that are all alike
    with threadpool_limits(1):
        cells = product(options.sets, options.sizes, options.states)
        lines = pd.DataFrame([measured(*cell) for cell in cells])
    means = lines.groupby(["data", "labels"], sort=False).mean().drop(columns="state")
    text = means.map("{:.2f}".format).replace("nan", "").reset_index()
    print(text.to_string(index=False))
    text.to_csv(options.output, index=False)


if __name__ == "__main__":
    main()
