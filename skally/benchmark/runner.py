"""Learning curves of several samplers, paired by seed, that go on where they were stopped."""

import numbers

import numpy as np
from sklearn.metrics import check_scoring

from skally.benchmark.curves import LearningCurves
from skally.benchmark.fingerprint import describe, fingerprint
from skally.benchmark.oracle import Labels
from skally.benchmark.rounds import Task
from skally.benchmark.schedule import Run
from skally.benchmark.splits import make_starts
from skally.benchmark.store import Store
from skally.utils.validation import check_number


def learning_curves(
    estimator,
    samplers,
    X,
    y,
    *,
    X_test=None,
    y_test=None,
    cv=None,
    groups=None,
    n_initial=100,
    n_instances=200,
    n_rounds=10,
    random_states=(0, 1, 2, 3, 4),
    scoring=None,
    stopping=None,
    n_jobs=None,
    cache=None,
    verbose=0,
):
    """Score by number of labels, for several samplers under the same conditions.

    A round labels a batch, fits a fresh clone of the estimator on all labelled samples, scores it,
    and lets the sampler choose the next batch. For one random state, all samplers start from the
    same labelled samples, are scored on the same test samples, and fit from the same start weights
    in every round. All curves reach a round before any goes on to the next.

    With ``cache``, each round is stored when it is done. The same call after a crash, or after the
    power went, goes on from there and ends with the same scores and indices. More rounds, more
    random states or more samplers can be asked for later; what is there is not computed again.

    Parameters
    ----------
    estimator : estimator
        Any of scikit-learn's kind that the samplers take. Its ``random_state`` parameters, nested
        ones too, are set from the curve's.
    samplers : dict of str to sampler, or sequence of samplers
        A sequence is named by class. Query strategies of modAL's kind, functions of estimator,
        X_pool and ``n_instances``, will do too.
    X : array-like or data frame of n rows
    y : array-like of shape (n,) or (n, n_outputs), or function
        A function is an oracle: it takes an int array of positions in X and returns their labels,
        or yields one after the other, which are then stored one by one. It is asked once for each
        position, for all samplers and random states together.
    X_test, y_test : array-likes, optional
        Samples to score on, the same for all random states. Without them, and with ``y`` a
        function, there are no scores.
    cv : int, splitter or iterable of (train, test), optional
        In place of ``X_test``: random state number i takes split i, and begins again after the
        last. A splitter without a random state of its own gets the curve's. None holds out a
        random quarter of the rows, or of the groups.
    groups : array-like of shape (n,), optional
        For ``cv``.
    n_initial : int, or int array-like
        Number of samples labelled at random at the start, or their positions in X.
    n_instances : int
        Labels a round.
    n_rounds : int
        Queries; each curve has one point more.
    random_states : sequence of distinct int, from 0
        One curve for each, and each sampler.
    scoring : str or callable, optional
        As in scikit-learn, more is better. None takes the estimator's ``score``.
    stopping : stopping criterion, optional
        Of ``skally.stopping``. A curve ends with the round in which it is reached. Its stop set are
        2,000 random samples, or all, that have no label at the start.
    n_jobs : int, optional
        Curves that are worked on at a time, by joblib.
    cache : str or path-like, optional
        File that keeps the results; None keeps them in memory only.
    verbose : int
        Above 0: a progress bar of rounds.

    Returns
    -------
    curves : LearningCurves

    Raises
    ------
    ValueError
        If an argument has no sense, if initial and test samples overlap, if the rounds need more
        samples than there are, or if ``cache`` holds results of other settings: before anything is
        fitted. While it runs: if a sampler returns anything but ``n_instances`` different
        positions, a score is not finite, or the oracle does not label all that it was asked for.
    RuntimeError
        If the estimator, a sampler or the scorer fails; the message says where. What was done
        before is in ``cache``.
    OSError
        If ``cache`` cannot be opened, or another run has it open.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import EntropySampler, RandomSampler
    >>> from skally.benchmark import learning_curves
    >>> X, y = load_iris(return_X_y=True)
    >>> curves = learning_curves(
    ...     LogisticRegression(max_iter=1000),
    ...     {"random": RandomSampler(), "entropy": EntropySampler()},
    ...     X,
    ...     y,
    ...     n_initial=12,
    ...     n_instances=4,
    ...     n_rounds=3,
    ...     random_states=[0, 1],
    ... )
    >>> curves.frame[["sampler", "seed", "n_labeled", "score"]].shape
    (16, 4)
    >>> sorted(curves.summary(reference="random").index)
    ['entropy', 'random']
    """
    samplers = check_samplers(samplers)
    check_number("n_instances", n_instances, numbers.Integral, 1)
    check_number("n_rounds", n_rounds, numbers.Integral, 0)
    seeds = check_random_states(random_states)
    check_stopping(stopping, has_scores=X_test is not None or not callable(y))
    starts = make_starts(
        estimator, X, y, X_test, y_test, cv, groups, n_initial, n_instances * n_rounds, seeds
    )
    task = Task(estimator, check_scoring(estimator, scoring), stopping, X, int(n_instances))
    settings = {
        "estimator": describe(estimator),
        "cv": describe(cv),
        "n_initial": describe(np.asarray(n_initial).tolist()),
        "n_instances": int(n_instances),
        "scoring": describe(scoring),
        "stopping": describe(stopping),
    }
    if cache is not None:  # hashes of the data serve to know the file's
        data = {"X": X, "y": y, "X_test": X_test, "y_test": y_test, "groups": groups}
        settings |= {name: fingerprint(each) for name, each in data.items()}
    with Store(cache) as store:
        store.agree("settings", settings)
        store.agree("samplers", {name: describe(each) for name, each in samplers.items()})
        store.keep_largest("test_ratio", max(start.test_ratio for start in starts.values()))
        run = Run(task, samplers, starts, Labels(y, store), store, int(n_rounds))
        run.go(n_jobs, verbose)
        return LearningCurves.from_store(store, list(samplers), seeds, n_rounds)


def check_samplers(samplers):
    """Samplers by name."""
    if not isinstance(samplers, dict):
        named = {type(each).__name__: each for each in samplers}
        if len(named) < len(samplers):
            raise ValueError("samplers holds two of one class, must be a dict that names them.")
        samplers = named
    if not samplers:
        raise ValueError("samplers is empty, must hold one at least.")
    for name, each in samplers.items():
        if isinstance(each, type) or not (hasattr(each, "query") or callable(each)):
            raise ValueError(
                f"samplers[{name!r}] == {each!r}, must be a sampler or a query strategy."
            )
    return {str(name): each for name, each in samplers.items()}


def check_stopping(stopping, has_scores):
    """Raise unless it is None, or a criterion that can be asked."""
    if stopping is None:
        return
    if isinstance(stopping, type) or not hasattr(stopping, "is_reached"):
        raise ValueError(f"stopping == {stopping!r}, must be a criterion of skally.stopping.")
    stopping.is_reached([])  # checks its parameters
    if "score" in getattr(stopping, "needs", ()) and not has_scores:
        raise ValueError(f"stopping == {stopping!r} needs scores: give X_test and y_test.")


def check_random_states(random_states):
    """Distinct seeds that numpy takes, a list of int."""
    seeds = list(random_states) if np.ndim(random_states) == 1 else [random_states]
    for seed in seeds:
        check_number("random_states", seed, numbers.Integral, 0)
    if not seeds or len(set(seeds)) < len(seeds) or max(seeds) >= 2**32:
        raise ValueError(f"random_states == {seeds}, must be distinct integers from 0 to 2^32 - 1.")
    return [int(seed) for seed in seeds]
