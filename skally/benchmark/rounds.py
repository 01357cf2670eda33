"""One round of a learning curve: fit, score, choose. It knows nothing of the other rounds."""

from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from skally.stopping import RoundState
from skally.utils.random import clone_seeded
from skally.utils.validation import num_samples, take_rows


@dataclass(frozen=True)
class Task:
    """What all rounds of all curves share.

    Parameters
    ----------
    estimator : estimator, not fitted
    scorer : function of estimator, X and y
    stopping : stopping criterion, or None
    X : samples, n rows
    n_instances : int
    """

    estimator: Any
    scorer: Any
    stopping: Any
    X: Any
    n_instances: int


@dataclass(frozen=True)
class Round:
    """One round of one curve.

    Parameters
    ----------
    sampler : sampler, or query strategy of modAL's kind
    curve : tuple of the sampler's name and the seed
    number : int
    labelled : int array
        Positions in X, in the order in which they were labelled.
    y_labeled : their labels
    seen : list
        Observations of the stopping criterion in the rounds before.
    is_last : bool
        Whether nothing is to be chosen any more.
    """

    sampler: Any
    curve: tuple
    number: int
    labelled: np.ndarray
    y_labeled: Any
    seen: list
    is_last: bool


@dataclass(frozen=True)
class Outcome:
    """What came of a round.

    Parameters
    ----------
    score : float, or None without test samples
    fit_seconds, query_seconds : float
    observation : what the stopping criterion saw, or None
    indices : int array or None
        Positions in X to label next.
    """

    score: Any
    fit_seconds: float
    query_seconds: float
    observation: Any
    indices: Any


def run_round(task, start, this):
    """Fit on what is labelled, score, and choose what to label next.

    The estimator starts from the same weights in every round of a seed, whatever the sampler.

    Parameters
    ----------
    task : Task
    start : Start
    this : Round

    Returns
    -------
    outcome : Outcome
    """
    X_labeled = take_rows(task.X, this.labelled)
    estimator = clone_seeded(task.estimator, np.random.RandomState(this.curve[1]))
    with blame("fit", this):
        began = perf_counter()
        estimator.fit(X_labeled, this.y_labeled)
        fit_seconds = perf_counter() - began
    score = score_of(task, start, estimator, this)
    if this.is_last and task.stopping is None:
        return Outcome(score, fit_seconds, 0.0, None, None)
    pool = np.setdiff1d(start.train, this.labelled)
    X_pool = take_rows(task.X, pool)
    observation = None
    if task.stopping is not None:
        labelled = (X_labeled, this.y_labeled)
        observation = observe(task, start, estimator, this, labelled, X_pool, score)
    if this.is_last or is_stopped(task, this, observation):
        return Outcome(score, fit_seconds, 0.0, observation, None)
    with blame("query", this):
        began = perf_counter()
        picks = ask(task, this, estimator, X_pool, X_labeled)
        query_seconds = perf_counter() - began
    return Outcome(score, fit_seconds, query_seconds, observation, pool[picks])


def ask(task, this, estimator, X_pool, X_labeled):
    """Checked positions in the pool that the sampler asks for."""
    k, sampler = task.n_instances, this.sampler
    if hasattr(sampler, "query"):
        sampler = clone_seeded(sampler, np.random.RandomState([this.curve[1], this.number]))
        answer = sampler.query(estimator, X_pool, k, X=X_labeled, y=this.y_labeled)
    else:
        answer = sampler(estimator, X_pool, n_instances=k)
    picks = np.asarray(answer[0] if isinstance(answer, tuple) else answer)
    check_picks(picks, k, num_samples(X_pool))
    return picks.astype(int)


def check_picks(picks, k, n_pool):
    """Raise unless a sampler chose k different rows of the pool."""
    if picks.shape != (k,) or not np.issubdtype(picks.dtype, np.integer):
        raise ValueError(
            f"The sampler returned an array of shape {picks.shape} and type {picks.dtype}, must be "
            f"of {k} integers."
        )
    if picks.min() < 0 or picks.max() >= n_pool:
        raise ValueError(
            f"The sampler returned positions from {picks.min()} to {picks.max()}, must be from 0 "
            f"to {n_pool - 1}, in the pool of rows without labels."
        )
    if len(np.unique(picks)) < k:
        raise ValueError(f"The sampler returned {k} positions, of which some are the same.")


def score_of(task, start, estimator, this):
    """Score on the test samples, None without any."""
    if start.X_test is None:
        return None
    with blame("scoring", this):
        score = float(task.scorer(estimator, start.X_test, start.y_test))
        if not np.isfinite(score):
            raise ValueError(f"The score is {score}, must be finite.")
    return score


def observe(task, start, estimator, this, labelled, X_pool, score):
    """What the stopping criterion sees in this round."""
    state = RoundState(
        estimator=estimator,
        X_labeled=labelled[0],
        y_labeled=labelled[1],
        X_pool=X_pool,
        X_stop=take_rows(task.X, stop_rows(start, this.curve[1])),
        n_labeled=len(this.labelled),
        score=score,
        n_instances=task.n_instances,
    )
    with blame("stopping", this):
        return task.stopping.observe(state)


def is_stopped(task, this, observation):
    """Whether this round is the last by the stopping criterion."""
    return task.stopping is not None and bool(task.stopping.is_reached([*this.seen, observation]))


def stop_rows(start, seed, at_most=2000):
    """Positions of the same unlabelled rows in every round of a seed."""
    rows = np.setdiff1d(start.train, start.initial)
    return np.random.RandomState(seed).permutation(rows)[:at_most]


@contextmanager
def blame(step, this):
    """Errors inside say which round of which curve they are from."""
    try:
        yield
    except Exception as error:
        name, seed = this.curve
        raise type_of(error)(
            f"{step} failed for sampler {name!r}, random state {seed}, round {this.number}, with "
            f"{len(this.labelled)} labels: {error}"
        ) from error


def type_of(error):
    """ValueError for one, RuntimeError for all the rest: some exceptions can't be made anew."""
    return ValueError if isinstance(error, ValueError) else RuntimeError
