"""Which samples a curve may label, which it starts from, and which it is scored on."""

import copy
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, check_cv

from skally.utils.validation import as_plain, check_number, num_samples, take_rows


@dataclass(frozen=True)
class Start:
    """What the curves of one seed share.

    Parameters
    ----------
    train : int array
        Positions in X that may be labelled.
    initial : int array
        Those of them that are labelled first.
    X_test, y_test : samples to score on, or None and None
    test_ratio : float
        Test samples per sample that may be labelled, 0 if they are the same for all seeds.
    """

    train: np.ndarray
    initial: np.ndarray
    X_test: Any
    y_test: Any
    test_ratio: float = 0.0


def make_starts(estimator, X, y, X_test, y_test, cv, groups, n_initial, n_queried, seeds):
    """What the curves of each seed share, checked.

    Parameters
    ----------
    n_queried : int
        Samples that all rounds together label after the initial ones.
    seeds : list of int
    the rest : as in :func:`skally.benchmark.learning_curves`

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
            train, test = split(estimator, n, np.asarray(as_plain(y)), cv, groups, seed, i)
            held = (take_rows(X, test), np.asarray(as_plain(y))[test])
        else:
            held = (X_test, y_test)
        initial = first_rows(n_initial, train, test, seed)
        check_room(len(initial), n_queried, len(train))
        starts[seed] = Start(train, initial, *held, test_ratio=len(test) / len(train))
    return starts


def check_test(X, y, X_test, y_test, cv, groups):
    """Raise unless test samples come in one way, and with labels."""
    if not callable(y) and num_samples(y) != num_samples(X):
        raise ValueError(f"y has {num_samples(y)} rows, must have {num_samples(X)}, as many as X.")
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test must be given together.")
    if X_test is not None and (cv is not None or groups is not None):
        raise ValueError("cv or groups and X_test are given, must be one of them.")
    if callable(y) and (cv is not None or groups is not None):
        raise ValueError(
            "cv or groups and a function as y are given: a split needs labels. Give X_test, y_test."
        )
    if X_test is None:
        return
    if num_samples(X_test) != num_samples(y_test) or num_samples(X_test) == 0:
        raise ValueError(
            f"X_test has {num_samples(X_test)} rows and y_test {num_samples(y_test)}, must be as "
            "many, and one at least."
        )
    check_separate(X, X_test)


def check_separate(X, X_test):
    """Raise if two arrays hold some of the same memory: scores would be of labelled samples."""
    if not (isinstance(X, np.ndarray) and isinstance(X_test, np.ndarray)):
        shared = X is X_test
    else:
        try:
            shared = np.shares_memory(X, X_test, max_work=10**6)
        except RuntimeError:  # numpy found it too hard to tell
            shared = False
    if shared:
        raise ValueError("X_test overlaps with X, must hold other samples.")


def split(estimator, n, y, cv, groups, seed, i):
    """Positions to label and to score on, of the random state number i: (train, test)."""
    if cv is None:
        Split = ShuffleSplit if groups is None else GroupShuffleSplit
        cv = Split(n_splits=1, test_size=0.25, random_state=seed)
    cv = copy.copy(check_cv(cv, y, classifier=is_classifier(estimator)))
    if getattr(cv, "random_state", seed) is None:
        cv.random_state = seed
    splits = list(cv.split(np.zeros((n, 1)), y, groups))
    train, test = (np.asarray(rows) for rows in splits[i % len(splits)])
    both = np.intersect1d(train, test)
    if len(both):
        raise ValueError(
            f"cv has {len(both)} samples in both train and test, such as number {both[0]}, must "
            "have none."
        )
    return train, test


def first_rows(n_initial, train, test, seed):
    """Positions of the samples that are labelled at the start."""
    if np.ndim(n_initial) == 0:
        check_number("n_initial", n_initial, numbers.Integral, 1)
        return np.random.RandomState(seed).permutation(train)[: int(n_initial)]
    initial = np.asarray(n_initial)
    if initial.ndim != 1 or not np.issubdtype(initial.dtype, np.integer) or len(initial) == 0:
        raise ValueError(f"n_initial == {n_initial!r}, must be an int or distinct positions in X.")
    if len(np.unique(initial)) < len(initial):
        raise ValueError("n_initial holds some position twice, must hold distinct ones.")
    tested = np.intersect1d(initial, test)
    if len(tested):
        raise ValueError(
            f"n_initial holds {len(tested)} test samples, such as number {tested[0]}, must hold "
            "none."
        )
    unknown = np.setdiff1d(initial, train)
    if len(unknown):
        raise ValueError(f"n_initial holds position {unknown[0]}, which cv has in no train set.")
    return initial.astype(int)


def check_room(n_initial, n_queried, n_train):
    """Raise unless there are as many samples as are to be labelled."""
    if n_initial + n_queried > n_train:
        raise ValueError(
            f"n_initial + n_rounds * n_instances == {n_initial + n_queried}, must be <= {n_train}, "
            "the number of samples that may be labelled."
        )
