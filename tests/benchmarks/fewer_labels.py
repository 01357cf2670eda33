"""Errors by number of labels: every strategy beside random, with trees, boosting, logistic, nets.

Run: ``SKALLY_DATA=... python tests/benchmarks/fewer_labels.py --output FOLDER`` with the options of
docs/ahead.rst. A file of the runner for each table, estimator, batch and share of wrong labels; a
later start goes on where this one was stopped. ``fewer_labels_summary.py`` shows what they say.

A random state draws a quarter of the rows, at most 4,000, to measure errors on, at most 6,000 of
the others as the pool, and the first labels among these. Wrong labels are in the pool alone.
"""

import argparse
import time
import warnings
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import other_embeddings
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from tabular_cells import SETS, listed, table, task_of
from threadpoolctl import threadpool_limits

from skally import (
    ALLYSampler,
    BADGESampler,
    BAITSampler,
    ConstrainedClassifier,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    ConstrainedRegressor,
    CoreSetSampler,
    DualLCMDSampler,
    EntropySampler,
    ImprovedGreedySampler,
    LCMDSampler,
    MarginSampler,
    RandomSampler,
    SpreadSampler,
    TypiClustSampler,
    UHerdingSampler,
    WeightedLCMDSampler,
)
from skally.benchmark import learning_curves
from skally.paper import PAPER_SETTINGS

MOST_POOL_ROWS, MOST_TEST_ROWS = 6_000, 4_000
N_TREES, N_STATES = 100, 20
# First labels, labels of a round, and rounds.
ROUNDS = {20: (60, 20, 10), 50: (100, 50, 8), 200: (100, 200, 6)}
NET_ROUNDS = {20: (60, 20, 4), 50: (100, 50, 4), 200: (100, 200, 3)}
# Duals are recorded for the samplers that ask for them; others need the embedding only.
NO_DUALS = {"weighted": False, "n_dual_updates": 0, "cv": 2}
DUALS = {"weighted": False}
HEAD = ExtraTreesRegressor(min_samples_leaf=3)


def trees(task):
    """100 extremely randomised trees."""
    return (ExtraTreesRegressor if task == "regression" else ExtraTreesClassifier)(N_TREES)


def boosting(task):
    """Gradient boosting on histograms."""
    is_regression = task == "regression"
    return (HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier)()


def logistic(task):
    """Logistic regression on standardised columns."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def older_boosting(task):
    """Gradient boosting that has importances of columns, for numbers."""
    return GradientBoostingRegressor()


def ridge(task):
    """Ridge regression on standardised columns."""
    return make_pipeline(StandardScaler(), Ridge())


def kernel(task):
    """Support vector regression on standardised columns and targets."""
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), SVR(C=10)), transformer=StandardScaler()
    )


def selected_trees(task):
    """Trees on the columns that they use, where cross-validation has less error then."""
    trees_alone = trees(task)
    steps = make_pipeline(SelectFromModel(trees_alone), trees_alone)
    return GridSearchCV(steps, {"selectfrommodel__threshold": [-np.inf, "0.5*mean"]}, cv=3)


def constrained(make, settings, task):
    """An estimator of scikit-learn, with duals or at least an embedding."""
    Constrained = ConstrainedRegressor if task == "regression" else ConstrainedClassifier
    return Constrained(make(task), **settings)


def net(task, **params):
    """The default net, or one of other parameters."""
    Net = ConstrainedNetRegressor if task == "regression" else ConstrainedNetClassifier
    return Net(**params)


def paper_net(task):
    """The paper's training of one net."""
    return make_pipeline(StandardScaler(), net(task, **PAPER_SETTINGS))


ESTIMATORS = {
    "trees": partial(constrained, trees, NO_DUALS),
    "trees_duals": partial(constrained, trees, DUALS),
    "selected_trees": selected_trees,
    "boosting": partial(constrained, boosting, DUALS),
    "older_boosting": partial(constrained, older_boosting, NO_DUALS),
    "ridge": partial(constrained, ridge, NO_DUALS),
    "kernel": partial(constrained, kernel, NO_DUALS),
    "logistic": logistic,
    "net": net,
    "paper_net": paper_net,
}
SAMPLERS = {
    "random": RandomSampler(),
    "margin": MarginSampler(),
    "entropy": EntropySampler(),
    "BADGE": BADGESampler(),
    "BAIT": BAITSampler(),
    "CoreSet": CoreSetSampler(),
    "TypiClust": TypiClustSampler(),
    "UHerding": UHerdingSampler(),
    "iGS": ImprovedGreedySampler(),
    "spread alone": SpreadSampler(),
    "LCMD": LCMDSampler(),
    "LCMD, gradients": LCMDSampler(features="gradient"),
    "spread, root": WeightedLCMDSampler("spread", power=0.5, central=False),
    "spread": WeightedLCMDSampler("spread", power=1, central=False),
    "spread, central": WeightedLCMDSampler("spread", power=1, central=True),
    "spread, auto": WeightedLCMDSampler("spread"),
    "dual, root": WeightedLCMDSampler("dual", power=0.5, central=False),
    "both, root": WeightedLCMDSampler("both", power=0.5, central=False),
    "dual by trees": WeightedLCMDSampler(ALLYSampler(regressor=HEAD), power=0.5, central=False),
    "both by trees": WeightedLCMDSampler(
        [SpreadSampler(), ALLYSampler(regressor=HEAD)], power=0.5, central=False
    ),
    "margin, 2": WeightedLCMDSampler("margin", power=2, central=False),
    "margin, 3": WeightedLCMDSampler("margin", power=3, central=False),
    "margin, central": WeightedLCMDSampler("margin", power=4, central=True),
    "ALLY": ALLYSampler(),
    "DualLCMD": DualLCMDSampler(),
}


def split(n, state):
    """Rows of the pool, and rows to measure on."""
    rows = np.random.RandomState(state).permutation(n)
    n_test = min(n // 4, MOST_TEST_ROWS)
    return rows[n_test : n_test + MOST_POOL_ROWS], rows[:n_test]


def with_wrong(y, share, task):
    """Labels of which some are wrong: targets of other rows, or other classes, at random."""
    y, rng = y.copy(), np.random.RandomState(0)
    rows = rng.choice(len(y), round(share * len(y)), replace=False)
    if task == "regression":
        y[rows] = rng.choice(y, len(rows))
    else:
        classes, number = np.unique(y, return_inverse=True)
        other = number[rows] + rng.randint(1, len(classes), size=len(rows))
        y[rows] = classes[other % len(classes)]
    return y


def curves(name, key, batch, wrong, options):
    """Learning curves of a table, in a file of their own."""
    X, y = table(name)
    X, y, task = np.asarray(X), np.asarray(y), task_of(name)
    # Rows twice: the first have the right labels and are measured on, the others are labelled.
    twice = np.vstack([X, X]), np.concatenate([y, with_wrong(y, wrong, task)])
    parts = [split(len(y), state) for state in range(N_STATES)]
    n_initial, n_instances, n_rounds = (NET_ROUNDS if "net" in key else ROUNDS)[batch]
    n_rounds = options.rounds or n_rounds
    most = min(len(pool) for pool, _ in parts)
    other = "" if options.embedding == "default" else f"-{options.embedding}"
    return learning_curves(
        ESTIMATORS[key](task),
        {key: SAMPLERS[key] for key in options.samplers},
        *twice,
        cv=[(pool + len(y), test) for pool, test in parts],
        n_initial=n_initial,
        n_instances=n_instances,
        n_rounds=min(n_rounds, (most - n_initial) // n_instances),
        random_states=options.states,
        scoring="r2" if task == "regression" else "accuracy",
        cache=options.output / f"{name}-{key}-{batch}-{wrong:g}{other}.sqlite",
    )


def main():
    """Run what the files do not have."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=listed(str, SETS), default=SETS)
    parser.add_argument("--estimators", type=listed(str, ESTIMATORS), default=["trees"])
    parser.add_argument("--samplers", default="random/LCMD", type=lambda x: x.split("/"))
    parser.add_argument("--batches", type=listed(int, ROUNDS), default=[200])
    parser.add_argument("--wrong", type=listed(float), default=[0.0])
    parser.add_argument("--rounds", type=int, help="in the place of what costs of fits allow")
    parser.add_argument("--states", type=int, default=N_STATES, help="number of random states")
    parser.add_argument("--embedding", choices=other_embeddings.EMBEDDINGS, default="default")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.states = range(options.states)
    options.output.mkdir(parents=True, exist_ok=True)
    other_embeddings.use(options.embedding)
    warnings.simplefilter("ignore")  # of duals that are all alike, and classes with few rows
    cells = product(options.estimators, options.batches, options.wrong, options.sets)
    with threadpool_limits(1):
        for key, batch, wrong, name in cells:
            start = time.perf_counter()
            curves(name, key, batch, wrong, options)
            print(time.strftime("%H:%M:%S"), name, key, batch, wrong,
                  f"{time.perf_counter() - start:.0f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
