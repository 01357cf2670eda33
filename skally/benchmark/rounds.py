"""What one round of one curve does."""

import numbers
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from skally.benchmark.classes import fit, with_all_classes
from skally.benchmark.processes import end_with, interrupts_raised
from skally.stopping import RoundState
from skally.utils.random import clone_seeded
from skally.utils.validation import num_samples, take_rows


@dataclass(frozen=True)
class Task:
    """What all rounds of all curves have in common.

    Parameters
    ----------
    estimator : estimator, not fitted
    scorer : function of estimator, X and y
    stopping : stopping criterion, or None
    X : samples, n rows
    n_instances : int
    pid : int
        The process that runs all; the processes of ``n_jobs`` end when it does.
    """

    estimator: Any
    scorer: Any
    stopping: Any
    X: Any
    n_instances: int
    pid: int = field(default_factory=os.getpid)


@dataclass(frozen=True)
class Round:
    """One round of one curve: what it needs to know of the rounds before.

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
        Whether the curve ends here, so that no batch is queried.
    classes : array
        All classes of the labels and of the test samples; empty unless the estimator classifies.
    """

    sampler: Any
    curve: tuple
    number: int
    labelled: np.ndarray
    y_labeled: Any
    seen: list
    is_last: bool
    classes: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """Result of a round.

    Parameters
    ----------
    score : float, or None without test samples
    fit_seconds, query_seconds : float
    observation : what the stopping criterion measured, or None
    indices : int array or None
        Positions in X to label next.
    """

    score: Any
    fit_seconds: float
    query_seconds: float
    observation: Any
    indices: Any


def run_round(task, start, this):
    """Fit on the labelled samples, score, and query the samples to label next.

    For one seed the estimator has the same initial weights in every round, with every sampler.

    Parameters
    ----------
    task : Task
    start : Start
    this : Round

    Returns
    -------
    this : Round
        As given, since joblib returns results in any order.
    outcome : Outcome
    """
    end_with(task.pid)
    X_labeled = take_rows(task.X, this.labelled)
    estimator = clone_seeded(task.estimator, np.random.RandomState(this.curve[1]))
    with errors_name_round("fit", this):
        began = perf_counter()
        fit(estimator, X_labeled, this.y_labeled, this.classes)
        fit_seconds = perf_counter() - began
    score = score_of(task, start, estimator, this)
    if this.is_last and task.stopping is None:
        return this, Outcome(score, fit_seconds, 0.0, None, None)
    pool = np.setdiff1d(start.train, this.labelled)
    X_pool = take_rows(task.X, pool)
    observation = None
    if task.stopping is not None:
        observation = observe(task, start, estimator, this, X_labeled, X_pool, score)
    if this.is_last or is_stopped(task, [*this.seen, observation]):
        return this, Outcome(score, fit_seconds, 0.0, observation, None)
    with errors_name_round("query", this):
        began = perf_counter()
        picks = query(task, this, estimator, X_pool, X_labeled)
        query_seconds = perf_counter() - began
    return this, Outcome(score, fit_seconds, query_seconds, observation, pool[picks])


def query(task, this, estimator, X_pool, X_labeled):
    """Positions in the pool that the sampler picks, checked."""
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
    """Raise unless a sampler picked k different rows of the pool."""
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
    with errors_name_round("scoring", this):
        score = task.scorer(with_all_classes(estimator, this.classes), start.X_test, start.y_test)
        if np.ndim(score) or not isinstance(score, numbers.Real):
            raise ValueError(f"The scorer returned {score!r:.80}, must be one number.")
        score = float(score)
        if not np.isfinite(score):
            raise ValueError(f"The score is {score}, must be finite.")
    return score


def observe(task, start, estimator, this, X_labeled, X_pool, score):
    """What the stopping criterion measures in this round."""
    state = RoundState(
        estimator=estimator,
        X_labeled=X_labeled,
        y_labeled=this.y_labeled,
        X_pool=X_pool,
        X_stop=take_rows(task.X, stop_rows(start, this.curve[1])),
        n_labeled=len(this.labelled),
        score=score,
        n_instances=task.n_instances,
    )
    with errors_name_round("stopping", this):
        return task.stopping.observe(state)


def is_stopped(task, observations):
    """Whether the stopping criterion ends a curve, by the observations of its rounds so far."""
    return task.stopping is not None and bool(task.stopping.is_reached(observations))


def stop_rows(start, seed, at_most=2000):
    """Positions of the stop set of a seed: unlabelled at the start, the same in every round."""
    rows = np.setdiff1d(start.train, start.initial)
    return np.random.RandomState(seed).permutation(rows)[:at_most]


@contextmanager
def errors_name_round(step, this):
    """Add to an error's message in which round of which curve it was raised.

    A ValueError stays one. Any other is raised again as a RuntimeError, since the constructors of
    some exceptions take more than a message. Ctrl-C ends the run even if the step goes on after
    it, as the fits of some estimators do.
    """
    try:
        with interrupts_raised():
            yield
    except Exception as error:
        name, seed = this.curve
        raise (ValueError if isinstance(error, ValueError) else RuntimeError)(
            f"{step} failed for sampler {name!r}, random state {seed}, round {this.number}, with "
            f"{len(this.labelled)} labels: {error}{classes_hint(this)}"
        ) from error


def classes_hint(this):
    """Sentence on the classes that the labels of a round lack, empty if they lack none."""
    missing = np.setdiff1d(this.classes, this.y_labeled) if len(this.classes) else []
    if not len(missing):
        return ""
    return f" (The labelled samples have none of the classes {missing.tolist()}.)"
