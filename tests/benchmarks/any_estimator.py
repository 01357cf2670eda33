"""What constraints do to estimators of scikit-learn, and what their duals say of unseen rows.

Run: ``SKALLY_DATA=... python tests/benchmarks/any_estimator.py --output FILE`` for the fits, which
goes on where it was stopped, and with ``--summary`` too for the table of
docs/any_estimator.rst, written beside it.

Each estimator learns from the same labels without constraints, with duals that are only recorded,
and with duals that weigh on its fits, and is measured on the same other rows, as in ``tabular.py``.
"""

import argparse
import time
import warnings
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.base import is_classifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tabular_cells import append, listed, log_loss, read_keys, relative_error, split, table, task_of
from threadpoolctl import threadpool_limits

from skally import ALLYSampler, ConstrainedClassifier, ConstrainedRegressor
from skally.functional.uncertainty import entropy, mutual_information, variance
from skally.pool import Samples
from skally.utils.random import make_rng

SETS = ("parkinsons", "kin8nm", "diamonds", "protein", "digits", "satimage", "letter")
N_TREES = 100


def trees(task, state, **params):
    """Extremely randomised trees."""
    Trees = ExtraTreesRegressor if task == "regression" else ExtraTreesClassifier
    return Trees(N_TREES, random_state=state, **params)


def trees_out_of_bag(task, state):
    """The same on bootstrap samples, with losses out of bag in the place of folds."""
    return trees(task, state, bootstrap=True, oob_score=True)


def boosting(task, state):
    """Gradient boosting on histograms."""
    is_regression = task == "regression"
    Boosting = HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
    return Boosting(random_state=state)


def linear(task, state):
    """Ridge regression, or logistic regression, on standardised columns."""
    last = Ridge() if task == "regression" else LogisticRegression(max_iter=1000)
    return make_pipeline(StandardScaler(), last)


ESTIMATORS = {each.__name__: each for each in (trees, trees_out_of_bag, boosting, linear)}
STRONG = {"dual_lr": 0.125, "dual_decay": 4.0, "dual_max": 1.0}  # ten times the default
SETTINGS = {
    "recorded": {"weighted": False, **STRONG},
    "weighted": STRONG,
    "1 update": {"n_dual_updates": 1},
    "6 updates": {"n_dual_updates": 6},
    "epsilon auto": {"epsilon": "auto"},
    "no bound": {"dual_lr": 0.125, "dual_decay": 4.0},
    "four times": {"dual_lr": 0.5, "dual_decay": 1.0, "dual_max": 1.0},
}
SCORES = ("dual", "dual_by_trees", "spread", "entropy")


@dataclass(frozen=True)
class Record:
    """A line of the CSV file: one fit under constraints."""

    set: str
    size: int
    state: int
    estimator: str
    setting: str
    active: float  # share of duals above 0
    mean_dual: float
    error: float  # mean squared error as a share of the targets' variance, or error rate
    log_loss: float
    fit_seconds: float
    dual: float  # Spearman's correlation of the predicted dual with the loss of unseen rows
    dual_by_trees: float  # the same where trees predict it, and not ALLYSampler's net
    spread: float  # the same of the trees' variance, or of their mutual information
    entropy: float  # the same of the entropy of the classes

    n_keys = 5


def fitted(name, size, state, key, setting):
    """A constrained estimator fitted on the rows of a cell, and its seconds."""
    X, y = table(name)
    task = task_of(name)
    train, test = split(y, size, state, task)
    Constrained = ConstrainedRegressor if task == "regression" else ConstrainedClassifier
    estimator = Constrained(ESTIMATORS[key](task, state), random_state=state, **SETTINGS[setting])
    start = time.perf_counter()
    estimator.fit(X[train], y[train])
    return estimator, time.perf_counter() - start, X[test], y[test]


def measured(estimator, X, y, state):
    """Last columns of a record, but for the seconds."""
    duals, loss = estimator.dual_variables_, estimator.sample_loss(X, y)
    found = {"active": np.mean(duals > 0), "mean_dual": duals.mean(), "log_loss": np.nan}
    if is_classifier(estimator):
        proba = estimator.predict_proba(X)
        found["error"] = np.mean(estimator.predict(X) != y)
        found["log_loss"] = log_loss(y, proba, estimator.classes_)
    else:
        found["error"] = relative_error(y, estimator.predict(X))
    scores = scores_of(estimator, X, state)
    found |= {name: correlation(scores[name], loss) for name in SCORES}
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def scores_of(estimator, X, state):
    """What says before labels are known which rows have large losses; None where there is none."""
    scores = dict.fromkeys(SCORES)
    for name, head in (("dual", None), ("dual_by_trees", ExtraTreesRegressor(min_samples_leaf=3))):
        sampler = ALLYSampler(regressor=head, random_state=state)
        scores[name] = sampler.query(estimator, X, return_utilities=True)[1]
    if is_classifier(estimator):
        scores["entropy"] = entropy(estimator.predict_proba(X))
    if hasattr(estimator.estimator_, "estimators_"):
        of_draws = mutual_information if is_classifier(estimator) else variance
        scores["spread"] = of_draws(Samples(estimator, X).draws(1, make_rng(state)))
    return scores


def correlation(score, loss):
    """Spearman's; 0 for scores that are all alike, NaN where there are none."""
    if score is None:
        return np.nan
    return spearmanr(score, loss).statistic if np.ptp(score) > 0 else 0.0


def fit_all(options):
    """Add a line to the file for each fit that it does not have."""
    columns = [field.name for field in fields(Record)]
    seen = read_keys(options.output, columns, Record.n_keys)
    cells = product(options.states, options.sizes, options.sets, options.estimators)
    for (state, size, name, key), setting in product(cells, options.settings):
        if (name, str(size), str(state), key, setting) in seen:
            continue
        estimator, seconds, X, y = fitted(name, size, state, key, setting)
        found = measured(estimator, X, y, state)
        append(options.output, Record(name, size, state, key, setting,
                                      fit_seconds=round(seconds, 3), **found))  # fmt: skip


def summary(path):
    """A line a table and estimator: errors, ratios with weights, mean rank correlations."""
    lines = pd.read_csv(path)
    cell, row = ["set", "size", "state", "estimator"], ["set", "estimator"]
    recorded, weighted = (lines[lines["setting"] == name] for name in ("recorded", "weighted"))
    both = recorded.merge(weighted, on=cell, suffixes=("", "_weighted"))
    for name in ("error", "log_loss"):
        both[f"{name}_ratio"] = np.log(both[f"{name}_weighted"] / both[name])
    means = both.groupby(row, sort=False).mean(numeric_only=True)
    shown = pd.DataFrame({
        "error": means["error"].map("{:.3f}".format),
        "with weights": np.exp(means["error_ratio"]).map("{:.3f}".format),
        "log loss with weights": np.exp(means["log_loss_ratio"]).map("{:.3f}".format),
        "active": means["active"].map("{:.0%}".format),
        "dual": means["dual"].map("{:.2f}".format),
        "dual by trees": means["dual_by_trees"].map("{:.2f}".format),
        "spread": means["spread"].map("{:.2f}".format),
        "entropy": means["entropy"].map("{:.2f}".format),
    }).replace("nan", "")  # fmt: skip
    return shown.sort_index(key=order_of).reset_index(), over_all(both)


def order_of(names):
    """Tables and estimators in the order of this file."""
    order = [*SETS, *ESTIMATORS]
    return names.map({name: i for i, name in enumerate(order)})


def over_all(both):
    """Geometric mean of the ratios of errors with weights, its standard error and the largest."""
    tasks = both["set"].map(task_of)
    ratios = both.groupby([tasks, "estimator"], sort=False)["error_ratio"]
    found = ratios.agg(["mean", "max", "min", "std", "count"])
    found["std"] = found["std"] / np.sqrt(found["count"])
    return found.assign(**np.exp(found[["mean", "max", "min"]])).round(3)


def main():
    """Fit what the file does not have, or show what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=listed(str, SETS), default=SETS)
    parser.add_argument("--sizes", type=listed(int), default=(300,))
    parser.add_argument("--states", type=listed(int), default=(0, 1, 2, 3, 4))
    parser.add_argument("--estimators", type=listed(str, ESTIMATORS), default=list(ESTIMATORS))
    parser.add_argument("--settings", type=listed(str, SETTINGS), default=["recorded", "weighted"])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    if options.summary:
        table_of_page, ratios = summary(options.output)
        print(table_of_page.to_string(), ratios.to_string(), sep="\n")
        name = f"{options.output.stem}_summary.csv"
        table_of_page.to_csv(options.output.with_name(name), index=False)
        return
    warnings.simplefilter("ignore")  # of duals that are all alike
    with threadpool_limits(1):
        fit_all(options)


if __name__ == "__main__":
    main()
