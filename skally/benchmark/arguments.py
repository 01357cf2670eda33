"""Checks of the arguments of learning curves, before anything is fitted."""

import numbers
import os
from collections.abc import Iterable

import numpy as np
from sklearn.metrics import check_scoring

from skally.utils.validation import check_number


def check_estimator(estimator):
    """Raise unless it is an estimator that can be cloned and fitted."""
    if isinstance(estimator, type):
        name = estimator.__name__
        raise ValueError(f"estimator == {estimator!r}, a class, must be an object: {name}().")
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        raise ValueError(f"estimator == {estimator!r}, must have fit and get_params.")


def check_scorer(estimator, scoring):
    """Scorer of one number."""
    if scoring is not None and not isinstance(scoring, str) and not callable(scoring):
        raise ValueError(
            f"scoring == {scoring!r}, must be one name or one function: a curve has one score."
        )
    if isinstance(scoring, type):
        raise ValueError(f"scoring == {scoring!r}, a class, must be a function.")
    return check_scoring(estimator, scoring)


def check_jobs(n_jobs):
    """Raise unless it is a number of processes as joblib takes."""
    if n_jobs is not None:
        check_number("n_jobs", n_jobs, numbers.Integral)
    if n_jobs == 0:
        raise ValueError("n_jobs == 0, must be at least 1, or negative to leave some cores free.")


def check_cache(cache):
    """Raise unless it is None or a path."""
    if cache is not None and not isinstance(cache, (str, os.PathLike)):
        raise ValueError(f"cache == {cache!r}, must be a file name, a path or None.")


def check_samplers(samplers):
    """Dict of samplers by name, checked."""
    if isinstance(samplers, type) or hasattr(samplers, "query") or isinstance(samplers, str):
        raise ValueError(f"samplers == {samplers!r}, must be a dict or list of samplers.")
    if not isinstance(samplers, dict):
        if not isinstance(samplers, Iterable):
            raise ValueError(f"samplers == {samplers!r}, must be a dict or list of samplers.")
        samplers = list(samplers)
        for i, each in enumerate(samplers):
            check_sampler(i, each)
        named = {getattr(each, "__name__", type(each).__name__): each for each in samplers}
        if len(named) < len(samplers):
            raise ValueError("samplers holds two of one class, must be a dict with their names.")
        samplers = named
    if not samplers:
        raise ValueError("samplers is empty, must hold at least one.")
    for name, each in samplers.items():
        check_sampler(name, each)
    named = {str(name): each for name, each in samplers.items()}
    if len(named) < len(samplers):
        raise ValueError(
            f"samplers has the names {list(samplers)}, of which two are the same as text, must be "
            "distinct."
        )
    return named


def check_sampler(name, sampler):
    """Raise unless it is a sampler, or a query strategy of modAL's kind."""
    if isinstance(sampler, type):
        raise ValueError(
            f"samplers[{name!r}] == {sampler!r}, a class, must be a sampler: {sampler.__name__}()."
        )
    is_sampler = hasattr(sampler, "query") and hasattr(sampler, "get_params")
    if not is_sampler and (hasattr(sampler, "query") or not callable(sampler)):
        raise ValueError(
            f"samplers[{name!r}] == {sampler!r}, must be a sampler or a query strategy."
        )


def check_stopping(stopping, has_scores):
    """Raise unless it is None, or a stopping criterion whose needs can be met."""
    if stopping is None:
        return
    if isinstance(stopping, type) or not hasattr(stopping, "is_reached"):
        raise ValueError(f"stopping == {stopping!r}, must be a criterion of skally.stopping.")
    stopping.is_reached([])  # checks its parameters
    if "score" in getattr(stopping, "needs", ()) and not has_scores:
        raise ValueError(f"stopping == {stopping!r} needs scores: give X_test and y_test.")


def check_random_states(random_states):
    """List of distinct seeds that numpy accepts."""
    seeds = list(random_states) if np.ndim(random_states) == 1 else [random_states]
    for seed in seeds:
        check_number("random_states", seed, numbers.Integral, 0)
    if not seeds or len(set(seeds)) < len(seeds) or max(seeds) >= 2**32:
        raise ValueError(f"random_states == {seeds}, must be distinct integers from 0 to 2^32 - 1.")
    return [int(seed) for seed in seeds]
