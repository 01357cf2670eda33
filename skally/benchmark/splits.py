"""Which samples a curve may label, which are labelled at first, and which it is scored on."""

import copy
import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, check_cv

from skally.utils.validation import check_number, num_samples, take_rows


@dataclass(frozen=True)
class Start:
    """What the curves of one seed have in common.

    Parameters
    ----------
    train : int array
        Positions in X that may be labelled.
    initial : int array
        Positions that are labelled at the start.
    X_test, y_test : samples to score on, or None and None
    test_ratio : float
        Test samples per sample that may be labelled; 0 if all seeds have the same test samples.
    """

    train: np.ndarray
    initial: np.ndarray
    X_test: Any
    y_test: Any
    test_ratio: float = 0.0


def make_starts(estimator, X, y, X_test, y_test, cv, groups, n_initial, n_queried, seeds):
    """Start of the curves of each seed, checked.

    Parameters
    ----------
    y : array of checked labels, or function
    n_queried : int
        Number of samples that all rounds together label after the initial ones.
    seeds : list of int
    others : as in :func:`skally.benchmark.learning_curves`

    Returns
    -------
    starts : dict of int to Start
    """
    check_test(X, y, X_test, y_test, cv, groups)
    n = num_samples(X)
    starts = {}
    for i, seed in enumerate(seeds):
        train, test = np.arange(n), np.array([], dtype=int)
        if X_test is None and not callable(y):
            train, test = split(estimator, n, y, cv, groups, seed, i)
            held = (take_rows(X, test), y[test])
        else:
            held = (X_test, y_test)
        initial = first_rows(n_initial, train, test, seed)
        check_room(n_initial, n_queried, len(train))
        starts[seed] = Start(train, initial, *held, test_ratio=len(test) / len(train))
    return starts


def check_test(X, y, X_test, y_test, cv, groups):
    """Raise unless there is at most one source of test samples, and they are like X."""
    if (X_test is None) != (y_test is None):
        raise ValueError("One of X_test and y_test is given, must be both or none.")
    if X_test is not None and (cv is not None or groups is not None):
        raise ValueError("X_test and cv or groups are given, must be one or the other.")
    if callable(y) and (cv is not None or groups is not None):
        raise ValueError(
            "cv or groups are given and y is a function, must be an array: a split needs labels. "
            "Give X_test and y_test instead."
        )
    if groups is not None and num_samples(groups) != num_samples(X):
        raise ValueError(
            f"groups has {num_samples(groups)} rows, must have {num_samples(X)}, as many as X."
        )
    if X_test is None:
        return
    check_columns(X, X_test)
    check_separate(X, X_test)


def check_columns(X, X_test):
    """Raise if the test samples have other columns than X."""
    shapes = getattr(X, "shape", None), getattr(X_test, "shape", None)
    if None not in shapes and tuple(shapes[0][1:]) != tuple(shapes[1][1:]):
        raise ValueError(
            f"X_test has shape {tuple(shapes[1])}, must be as X, {tuple(shapes[0])}, but for the "
            "first number."
        )
    if hasattr(X, "columns") and hasattr(X_test, "columns"):
        names, given = list(X.columns), list(X_test.columns)
        if names != given:
            at = next(i for i in range(len(names)) if names[i] != given[i])
            raise ValueError(
                f"X_test has column {given[at]!r} where X has {names[at]!r}, must have the same "
                "columns in the same order."
            )


def check_separate(X, X_test):
    """Raise if two arrays share memory, since scores would be computed on labelled samples."""
    if not (isinstance(X, np.ndarray) and isinstance(X_test, np.ndarray)):
        shared = X is X_test
    else:
        try:
            shared = np.shares_memory(X, X_test, max_work=10**6)
        except RuntimeError:  # too hard to decide within max_work
            shared = False
    if shared:
        raise ValueError("X_test overlaps with X, must hold other samples.")


def split(estimator, n, y, cv, groups, seed, i):
    """Positions to label and to score on, (train, test), for the seed at position i."""
    if cv is None:
        Split = ShuffleSplit if groups is None else GroupShuffleSplit
        cv = Split(n_splits=1, test_size=0.25, random_state=seed)
    cv = copy.copy(check_cv(cv, y, classifier=is_classifier(estimator)))
    if getattr(cv, "random_state", seed) is None:
        cv.random_state = seed
    splits = list(cv.split(np.zeros((n, 1)), y, groups))
    if not splits:
        raise ValueError("cv yields no splits, must yield at least one.")
    if len(splits[i % len(splits)]) != 2:
        raise ValueError(f"cv yields {splits[i % len(splits)]!r:.80}, must yield (train, test).")
    train, test = splits[i % len(splits)]
    train, test = check_rows("train", train, n), check_rows("test", test, n)
    both = np.intersect1d(train, test)
    if len(both):
        raise ValueError(
            f"cv has {len(both)} samples in both train and test, such as position {both[0]}, must "
            "have none."
        )
    return train, test


def check_rows(name, rows, n):
    """Positions of one side of a split, checked; a mask is taken as the positions it holds."""
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (n,):
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer) or len(rows) == 0:
        raise ValueError(
            f"cv yields {name} rows of shape {rows.shape} and type {rows.dtype}, must be at least "
            "one int, the positions of samples."
        )
    if rows.min() < 0 or rows.max() >= n:
        raise ValueError(
            f"cv yields {name} rows from {rows.min()} to {rows.max()}, must be from 0 to {n - 1}."
        )
    if len(np.unique(rows)) < len(rows):
        raise ValueError(f"cv yields {name} rows that hold a position twice, must be distinct.")
    return rows


def as_splits(cv):
    """What can be split several times: the list of an iterator, anything else as it is."""
    if isinstance(cv, type):
        raise ValueError(f"cv == {cv!r}, a class, must be an object: {cv.__name__}().")
    if not isinstance(cv, Iterator):
        return cv
    splits = list(cv)
    if not splits:
        raise ValueError("cv yields no splits, must yield at least one. Was it used before?")
    return splits


def first_rows(n_initial, train, test, seed):
    """Positions of the samples that are labelled at the start."""
    if np.ndim(n_initial) == 0:
        return np.random.RandomState(seed).permutation(train)[: int(n_initial)]
    initial = np.asarray(n_initial)
    tested = np.intersect1d(initial, test)
    if len(tested):
        raise ValueError(
            f"n_initial holds {len(tested)} test samples, such as position {tested[0]}, must hold "
            "none."
        )
    unknown = np.setdiff1d(initial, train)
    if len(unknown):
        raise ValueError(
            f"n_initial holds position {unknown[0]}, must hold positions of the train set."
        )
    return initial.astype(int)


def check_initial(n_initial):
    """Raise unless it is a number of samples, or distinct positions."""
    if np.ndim(n_initial) == 0:
        check_number("n_initial", n_initial, numbers.Integral, 1)
        return
    initial = np.asarray(n_initial)
    if initial.ndim != 1 or not np.issubdtype(initial.dtype, np.integer) or len(initial) == 0:
        raise ValueError(f"n_initial == {n_initial!r}, must be an int or distinct positions in X.")
    if len(np.unique(initial)) < len(initial):
        raise ValueError("n_initial holds a position twice, must hold distinct positions.")


def check_room(n_initial, n_queried, n_train):
    """Raise unless there are enough samples for all rounds."""
    n_initial = int(n_initial) if np.ndim(n_initial) == 0 else len(n_initial)
    if n_initial + n_queried > n_train:
        raise ValueError(
            f"n_initial + n_rounds * n_instances == {n_initial + n_queried}, must be <= {n_train}, "
            "the number of samples that may be labelled."
        )
