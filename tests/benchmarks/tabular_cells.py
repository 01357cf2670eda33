"""Tables, rows and measures of ``tabular.py``, without the estimators.

A cell is a table, a number of labels and a random state. Its rows depend on nothing else, so that
every estimator learns from the same labels and is measured on the same rows, in any environment:
what is imported here is scikit-learn, and skally's data sets only where a table is read.
"""

import csv
import functools
import os
import time
import traceback
import warnings
from dataclasses import astuple, dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np

REGRESSION = (
    "parkinsons", "kin8nm", "naval", "power-plant", "protein", "diamonds", "concrete", "energy",
    "diabetes",
)  # fmt: skip
CLASSIFICATION = ("digits", "pendigits", "satimage", "letter", "magic", "breast-cancer", "mnist")
SETS = (*REGRESSION, *CLASSIFICATION)
SIZES = (100, 300, 1000, 1900)
STATES = (0, 1, 2, 3, 4)
FEWEST_TEST_ROWS, MOST_TEST_ROWS = 100, 5_000
SMALLEST = 1e-6  # probability, since some estimators are certain of what is wrong


@dataclass(frozen=True)
class Record:
    """A line of the CSV file: the result of one fit."""

    set: str
    size: int
    state: int
    estimator: str
    task: str
    n_test: int
    error: float  # mean squared error as a share of the test targets' variance, or error rate
    log_loss: float
    fit_seconds: float
    predict_seconds: float
    threads: int = 1


COLUMNS = [field.name for field in fields(Record)]


def task_of(name):
    """What is predicted of a table."""
    return "regression" if name in REGRESSION else "classification"


@functools.cache
def table(name):
    """Features, and targets or numbers of classes, of all rows; columns as the source has them."""
    from sklearn import datasets as small

    from skally import datasets

    if name == "parkinsons":
        return datasets.fetch_parkinsons(features="all", return_X_y=True)
    if name == "mnist":
        return datasets.fetch_mnist(flat=True, return_X_y=True)
    if name in ("diabetes", "digits", "breast-cancer"):
        return getattr(small, f"load_{name.replace('-', '_')}")(return_X_y=True)
    if name in REGRESSION:
        return datasets.fetch_uci_regression(name, return_X_y=True)
    return datasets.fetch_uci_classification(name, return_X_y=True)


def split(y, size, state, task):
    """Rows to train and to test on, at random; of classes, until each is there to be learnt."""
    rng = np.random.RandomState(state)
    while True:
        rows = rng.permutation(len(y))
        train, test = rows[:size], rows[size : size + MOST_TEST_ROWS]
        if task == "regression" or len(np.unique(y[train])) == len(np.unique(y)):
            return train, test


def relative_error(y, predicted):
    """Mean squared error as a share of the targets' variance."""
    return float(np.mean((y - np.ravel(predicted)) ** 2) / np.var(y))


def log_loss(y, proba, classes):
    """Mean negative logarithm of the probability of the class."""
    p = proba[np.arange(len(y)), np.searchsorted(classes, y)]
    return float(-np.log(np.clip(p, SMALLEST, 1)).mean())


def timed(function, *args):
    """Seconds, and what was returned."""
    start = time.perf_counter()
    returned = function(*args)
    return time.perf_counter() - start, returned


def measure(estimator, X, y, train, test, task):
    """Errors and seconds of one fit, as the last columns of a record."""
    fit_seconds, _ = timed(estimator.fit, X[train], y[train])
    loss = np.nan
    if hasattr(estimator, "predict_proba"):
        seconds, proba = timed(estimator.predict_proba, X[test])
        error = float(np.mean(estimator.classes_[proba.argmax(axis=1)] != y[test]))
        loss = log_loss(y[test], proba, estimator.classes_)
    else:
        seconds, predicted = timed(estimator.predict, X[test])
        wrong = relative_error if task == "regression" else lambda y, p: float(np.mean(y != p))
        error = wrong(y[test], predicted)
    return {
        "n_test": len(test),
        "error": float(f"{error:.6g}"),
        "log_loss": float(f"{loss:.6g}"),
        "fit_seconds": round(fit_seconds, 3),
        "predict_seconds": round(seconds, 3),
    }


def read_keys(path, columns=COLUMNS, n_keys=4):
    """First columns of what a file has already; a line that was cut off is taken away."""
    if not path.exists() or not path.stat().st_size:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(columns) + "\n")
    lines = path.read_text().splitlines(keepends=True)
    if not lines[-1].endswith("\n"):
        path.write_text("".join(lines[:-1]))
    with path.open() as file:
        return {tuple(row[name] for name in columns[:n_keys]) for row in csv.DictReader(file)}


def run(estimators, options, read=table):
    """Fit what the file does not have, a random state after the other, and append a line each.

    Parameters
    ----------
    estimators : dict of str to function
        Functions from the task, the number of labels and the random state to an estimator, or to
        None where it takes too long.
    options : argparse.Namespace
        As :func:`add_options` makes it.
    read : function of a name
        Features and targets of a table.
    """
    warnings.simplefilter("ignore")  # of fits that are meant to be as short as their defaults
    seen = read_keys(options.output)
    for state, size, name in product(options.states, options.sizes, options.sets):
        X, y = read(name)
        if len(y) - size < FEWEST_TEST_ROWS:
            continue
        task = task_of(name)
        train, test = split(y, size, state, task)
        for key in options.estimators:
            estimator = estimators[key](task, size, state)
            if estimator is None or (name, str(size), str(state), key) in seen:
                continue
            try:
                found = measure(estimator, X, y, train, test, task)
            except Exception:  # the others go on, and a later start tries this one again
                traceback.print_exc()
                continue
            record = Record(name, size, state, key, task, **found)
            append(options.output, record)


def append(path, record):
    """Add a record's line to the file, and show it."""
    line = ",".join(str(value) for value in astuple(record))
    with path.open("a") as file:
        file.write(line + "\n")
    print(time.strftime("%H:%M:%S"), line, flush=True)


def listed(of, among=None):
    """Parser of values with commas between them, for ``argparse``."""

    def parse(text):
        values = [of(word) for word in text.split(",")]
        unknown = [value for value in values if among is not None and value not in among]
        if unknown:
            raise ValueError(f"{unknown}, must be among {among}")
        return values

    return parse


def add_options(parser, estimators):
    """Options that choose cells."""
    names = list(estimators)
    parser.add_argument("--estimators", type=listed(str, names), default=names)
    parser.add_argument("--sets", type=listed(str, SETS), default=SETS)
    parser.add_argument("--sizes", type=listed(int), default=SIZES)
    parser.add_argument("--states", type=listed(int), default=STATES)
    parser.add_argument("--output", type=Path, default=Path("tabular.csv"))


def one_thread():
    """Environment of a process that computes with one thread."""
    kinds = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
    return {**os.environ, **{f"{kind}_NUM_THREADS": "1" for kind in kinds}}
