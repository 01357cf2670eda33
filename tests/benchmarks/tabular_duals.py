"""What duals of members do on tables, what they say of other rows, and rows withheld by person.

Run: ``python tests/benchmarks/tabular_duals.py STUDY --output FILE``, with the sets, sizes and
random states that ``--help`` lists. It goes on where it was stopped. STUDY is one of

- ``epsilon``: constraints that hold, and test errors, by tolerance and by dual step;
- ``rank``: rank correlation of predicted duals with the loss of rows that no net has seen;
- ``persons``: errors for new persons, with folds by person and without.

Rows are those of ``tabular.py``, but for the last study, whose test rows are of other persons.
"""

import argparse
import warnings
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

import joblib
import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.model_selection import GroupShuffleSplit
from tabular import MEMBERS, extra_trees, linear, of_task, skally_before
from tabular_cells import append, listed, log_loss, read_keys, relative_error, split, table, task_of
from threadpoolctl import threadpool_limits

from skally import ALLYSampler, ConstrainedNetClassifier, ConstrainedNetRegressor, DualRegressor
from skally.datasets import fetch_parkinsons
from skally.functional.uncertainty import entropy, mutual_information, variance

SETS = ("parkinsons", "kin8nm", "diamonds", "satimage", "letter")
OFF = 1e9  # tolerance that every loss is below
EPSILONS = {
    "regression": (0.01, 0.1, 0.3, 1.0, OFF, "auto"),
    "classification": (0.02, 0.2, 0.6, 2.0, OFF, "auto"),
}
DUALS = {
    "default": {"dual_lr": 0.0125, "dual_decay": 40.0, "dual_max": 0.1},
    "ten times": {"dual_lr": 0.125, "dual_decay": 4.0, "dual_max": 1.0},
    "2.5 times": {"dual_lr": 0.03125, "dual_decay": 16.0, "dual_max": 0.25},
    "0.5 decay 1 to 1": {"dual_lr": 0.5, "dual_decay": 1.0, "dual_max": 1.0},
    "0.002": {"dual_lr": 0.002},
    "0.1": {"dual_lr": 0.1},
    "0.1 to 1": {"dual_lr": 0.1, "dual_max": 1.0},
    "0.5 to 1": {"dual_lr": 0.5, "dual_max": 1.0},
    "0.5 to 3": {"dual_lr": 0.5, "dual_max": 3.0},
    "0.5 decay 1": {"dual_lr": 0.5, "dual_decay": 1.0},
}


PERSONS = ("ridge", "extra trees", "members by person", "members by row")


@dataclass(frozen=True)
class EpsilonRecord:
    """Duals and errors of one fit; the first columns say of which."""

    set: str
    size: int
    state: int
    duals: str
    epsilon: str
    epsilon_used: float
    active: float  # share of duals above 0
    mean_dual: float
    max_dual: float
    error: float
    log_loss: float
    held_out_loss: float
    best_epoch: int
    n_epochs: int

    n_keys = 5


@dataclass(frozen=True)
class RankRecord:
    """Spearman's correlation of a score with the losses of unseen rows."""

    set: str
    size: int
    state: int
    net: str
    score: str
    correlation: float

    n_keys = 4


@dataclass(frozen=True)
class PersonsRecord:
    """Mean squared error for unseen persons over that of the training mean."""

    size: int
    state: int
    estimator: str
    n_persons: int
    n_test: int
    ratio: float

    n_keys = 3


def rounded(value):
    """Six digits."""
    return float(f"{value:.6g}")


def members(task, state, **params):
    """Twelve members for tables."""
    classes = ConstrainedNetRegressor, ConstrainedNetClassifier
    return of_task(task, *classes, **{**MEMBERS, "random_state": state, **params})


def rows_of(name, size, state):
    """Training rows and test rows, each as features and targets."""
    X, y = table(name)
    train, test = split(y, size, state, task_of(name))
    return (X[train], y[train]), (X[test], y[test])


def fitted_members(name, size, state, params, wrong=0.0):
    """Members fitted on the rows of a cell, with a share of wrong targets."""
    (X, y), _ = rows_of(name, size, state)
    return members(task_of(name), state, **params).fit(X, with_wrong(y, wrong, state))


def with_wrong(y, share, state):
    """Targets, a share of them moved by three standard deviations or of any class."""
    rng, y = np.random.RandomState(state), np.array(y)
    rows = rng.permutation(len(y))[: round(share * len(y))]
    if y.dtype.kind == "f":
        y[rows] += 3 * y.std() * rng.choice([-1, 1], len(rows))
    else:
        y[rows] = rng.choice(np.unique(y), len(rows))
    return y


def cells(options):
    """Set, size and random state of each cell, random states first."""
    for state, size, name in product(options.states, options.sizes, options.sets):
        yield name, size, state


def epsilon_records(options, seen):
    """Fits along the tolerances; without constraints there is one for all dual steps."""
    for cell in cells(options):
        task, (_, test) = task_of(cell[0]), rows_of(*cell)
        for duals, epsilon in product(options.duals, options.epsilons or EPSILONS[task]):
            duals = "off" if epsilon == OFF else duals
            key = (*cell, duals, epsilon)
            if tuple(map(str, key)) in seen:
                continue
            seen.add(tuple(map(str, key)))
            params = {"epsilon": epsilon, **DUALS.get(duals, {})}
            net = options.fitted(*cell, params, options.wrong)
            yield EpsilonRecord(*key, **duals_and_errors(net, *test, task))


def duals_and_errors(net, X, y, task):
    """Last columns of an :class:`EpsilonRecord`."""
    duals, loss = net.dual_variables_, np.nan
    if task == "regression":
        error = relative_error(y, net.predict(X))
    else:
        proba = net.predict_proba(X)
        error = np.mean(net.classes_[proba.argmax(axis=1)] != y)
        loss = log_loss(y, proba, net.classes_)
    found = {
        "epsilon_used": net.epsilon_, "active": np.mean(duals > 0), "mean_dual": duals.mean(),
        "max_dual": duals.max(), "error": error, "log_loss": loss,
        "held_out_loss": np.nanmean(net.held_out_loss_),
    }  # fmt: skip
    counts = {"best_epoch": net.best_epoch_, "n_epochs": len(net.history_)}
    return {**{name: rounded(value) for name, value in found.items()}, **counts}


def rank_records(options, seen):
    """Correlations of what a sampler would ask by with what it wants to know."""
    for cell in cells(options):
        (name, size, state), (train, test) = cell, rows_of(*cell)
        task = task_of(name)
        for key in ("before", *options.duals):
            if (*map(str, cell), key) in seen:
                continue
            if key == "before":
                net = skally_before(task, size, state).fit(*train)
            else:
                net = options.fitted(*cell, {"epsilon": EPSILONS[task][1], **DUALS[key]})
            loss = unseen_loss(net, *test, task)
            yield from [  # a list, so that a file has all lines of a net or none
                RankRecord(*cell, key, score, rounded(correlation(values, loss)))
                for score, values in scores(net, test[0], task, state).items()
            ]


def correlation(values, loss):
    """Spearman's, and 0 for values that are all alike."""
    return spearmanr(values, loss).statistic if np.ptp(values) > 0 else 0.0


def unseen_loss(net, X, y, task):
    """Squared error of each row, or minus the logarithm of the probability of its class."""
    if task == "regression":
        return (net.predict(X) - y) ** 2
    proba = net.predict_proba(X)[np.arange(len(y)), np.searchsorted(net.classes_, y)]
    return -np.log(np.maximum(proba, 1e-30))


def scores(net, X, task, state):
    """What says before the labels are known which rows have large losses, each of shape (n,)."""
    sampler = ALLYSampler(random_state=state)
    found = {"dual": sampler.query(net, X, return_utilities=True)[1]}
    if task == "classification":
        found["entropy"] = entropy(net.predict_proba(X))
    if hasattr(net, "held_out_loss_"):
        spread = variance if task == "regression" else mutual_information
        found["disagreement"] = spread(net.predict_members(X))
        known = np.isfinite(net.held_out_loss_)  # not of classes with a row or two
        head = DualRegressor(random_state=state)
        head.fit(net.train_embedding_[known], net.held_out_loss_[known])
        found["held-out loss"] = head.predict(net.embed(X))
    return found


def persons_records(options, seen):
    """Errors for persons of whom no row is known."""
    parkinsons = fetch_parkinsons(features="all")
    X, y, person = parkinsons.data, parkinsons.target, parkinsons.groups
    for state, size in product(options.states, options.sizes):
        by_person = GroupShuffleSplit(1, test_size=0.25, random_state=state)
        rows, test = next(by_person.split(X, groups=person))
        train = np.random.RandomState(state).permutation(rows)[:size]
        square_of_mean = np.mean((y[test] - y[train].mean()) ** 2)
        for name, (make, fit_params) in estimators_of_persons(person[train]).items():
            if name not in options.estimators or (str(size), str(state), name) in seen:
                continue
            estimator = make("regression", size, state).fit(X[train], y[train], **fit_params)
            ratio = np.mean((y[test] - estimator.predict(X[test])) ** 2) / square_of_mean
            n_persons = len(np.unique(person[train]))
            yield PersonsRecord(size, state, name, n_persons, len(test), rounded(ratio))


def estimators_of_persons(person):
    """Name, function as in ``tabular.py``, and what ``fit`` is given."""

    def twelve(task, size, state):
        return members(task, state)

    given = (linear, {}), (extra_trees, {}), (twelve, {"groups": person}), (twelve, {})
    return dict(zip(PERSONS, given, strict=True))


STUDIES = {
    "epsilon": (epsilon_records, EpsilonRecord, (300, 1000)),
    "rank": (rank_records, RankRecord, (100, 300, 1000)),
    "persons": (persons_records, PersonsRecord, (100, 300, 1000, 1900)),
}


def main():
    """Fit what the file does not have, and write a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--sets", type=listed(str, SETS), default=SETS)
    parser.add_argument("--sizes", type=listed(int))
    parser.add_argument("--states", type=listed(int), default=(0, 1, 2))
    parser.add_argument("--duals", type=listed(str, DUALS), default=("default",))
    parser.add_argument("--epsilons", type=listed(lambda e: e if e == "auto" else float(e)))
    parser.add_argument("--estimators", type=listed(str, PERSONS), default=PERSONS)
    parser.add_argument("--wrong", type=float, default=0.0, help="share of wrong targets: epsilon")
    parser.add_argument("--cache", type=Path, help="folder of fitted members that studies share")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    records, of_record, sizes = STUDIES[options.study]
    options.sizes = options.sizes or sizes
    options.fitted = joblib.Memory(options.cache, verbose=0).cache(fitted_members)
    columns = [field.name for field in fields(of_record)]
    seen = read_keys(options.output, columns, of_record.n_keys)
    warnings.simplefilter("ignore")  # of duals that are all alike, as where there are none
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for record in records(options, seen):
            append(options.output, record)


if __name__ == "__main__":
    main()
