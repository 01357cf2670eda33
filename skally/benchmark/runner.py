"""Runner of learning curves: samplers are paired by seed, and a run can be resumed."""

import numbers

import numpy as np
from sklearn.base import is_classifier

from skally.benchmark.answers import check_alike, check_labels, kind_of_array
from skally.benchmark.arguments import (
    check_cache,
    check_estimator,
    check_jobs,
    check_random_states,
    check_samplers,
    check_scorer,
    check_stopping,
)
from skally.benchmark.classes import check_scores
from skally.benchmark.curves import LearningCurves
from skally.benchmark.fingerprint import describe, fingerprint, fingerprint_labels
from skally.benchmark.frames import warn_if_alike
from skally.benchmark.limits import score_limits
from skally.benchmark.oracle import Labels, errors_say_where_labels_are
from skally.benchmark.rounds import Task
from skally.benchmark.run import Run
from skally.benchmark.splits import as_splits, check_initial, make_starts
from skally.benchmark.store import Store
from skally.utils.random import clone_seeded
from skally.utils.validation import check_number, num_samples


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
    """Scores by number of labels, of several samplers under the same conditions.

    A :term:`round` labels a batch, fits a new clone of the estimator on all labelled samples,
    scores it, and lets the sampler choose the next batch. For one random state, all samplers start
    from the same labelled samples, are scored on the same test samples, and train from the same
    initial weights in every round. All curves reach a round before any of them goes on to the next.

    With ``cache``, each round is stored as soon as it is done. After a crash or a power cut, the
    same call continues from the stored rounds, and ends with the scores and indices of a run that
    was not interrupted. Later calls can add rounds, random states or samplers to the same file;
    stored rounds are not computed again.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn estimator that the samplers accept. Its ``random_state`` parameters, and
        those of estimators inside it, are set from the random state of the curve.
    samplers : dict of str to sampler, or sequence of samplers
        The samplers of a sequence are named after their classes. A sampler may also be a query
        strategy of modAL's kind: a function of estimator, X_pool and ``n_instances``.
    X : array-like or data frame of n rows
    y : array-like of shape (n,) or (n, n_outputs), or function
        A function is an :term:`oracle`, such as a person who labels. It takes an int array of
        positions in X and returns their labels, or yields them one by one; a label that is yielded
        is stored before the next is asked for. Each position is asked for once, for all samplers
        and random states together. In the place of a label it may give an
        :class:`~skally.benchmark.Answer`, with the name of who labelled, or yield an
        :class:`~skally.benchmark.Undo`; what it returns may also be a dict from position to label.
        The labels are in ``curves.labels``.
    X_test, y_test : array-likes, default=None
        Samples to score on, the same for all random states. If they are not given and ``y`` is a
        function, there are no scores.
    cv : int, splitter or iterable of (train, test), default=None
        Splits that replace ``X_test``: the random state at position i takes split i, modulo the
        number of splits. A splitter whose ``random_state`` is None gets that of the curve. Without
        ``cv`` and ``X_test``, a random quarter of the rows, or of the groups, is held out.
    groups : array-like of shape (n,), default=None
        For ``cv``.
    n_initial : int, or int array-like, default=100
        Number of samples that are labelled at the start, drawn at random, or their positions in X.
    n_instances : int, default=200
        Number of labels per round.
    n_rounds : int, default=10
        Number of queries. A curve has one point more, for the initial labels.
    random_states : sequence of distinct int, from 0, default=(0, 1, 2, 3, 4)
        There is one curve for each of them and each sampler.
    scoring : str or callable, default=None
        As in scikit-learn, where more is better; one score, no list or dict. None uses the
        estimator's ``score``. Classes that the first labels lack have probability zero.
    stopping : stopping criterion, default=None
        A criterion of ``skally.stopping``. A curve ends with the round in which it is reached. Its
        stop set are 2,000 random samples that have no label at the start, or all if there are
        fewer.
    n_jobs : int, default=None
        Number of curves to compute in parallel, as in joblib.
    cache : str or path-like, default=None
        File to store the results in, locked by a second one, CACHE.lock; None keeps them in memory
        only.
    verbose : int, default=0
        Above 0, a progress bar of the rounds is shown, or a line for each tenth of them where
        stderr is no terminal.

    Returns
    -------
    curves : LearningCurves

    Raises
    ------
    ValueError
        Before anything is fitted: if an argument is not valid, if initial and test samples overlap,
        if the rounds need more samples than there are, or if ``cache`` holds results of other
        settings. During the run: if a sampler does not return ``n_instances`` different positions,
        a score is not finite, or the oracle does not label all that it was asked for, labels what
        it was not asked for, or gives two labels for one sample. All labels given before are kept:
        a note of the error, whatever it is, says where.
    RuntimeError
        If the estimator, a sampler or the scorer fails; the message says in which round. The rounds
        before are in ``cache``.
    OSError
        If ``cache`` cannot be opened or written, or another run has it open.
    KeyboardInterrupt
        If Ctrl-C is pressed. The round is not stored, even if the estimator goes on after it.

    Warns
    -----
    UserWarning
        If all random states give the same curve, so that bands and tests say nothing.

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
    check_estimator(estimator)
    samplers = check_samplers(samplers)
    check_number("n_instances", n_instances, numbers.Integral, 1)
    check_number("n_rounds", n_rounds, numbers.Integral, 0)
    check_initial(n_initial)
    check_jobs(n_jobs)
    check_cache(cache)
    seeds = check_random_states(random_states)
    check_stopping(stopping, has_scores=X_test is not None or not callable(y))
    scorer = check_scorer(estimator, scoring)
    if not callable(y):
        y = check_labels("y", y, num_samples(X), estimator)
    if X_test is not None and y_test is not None:
        y_test = check_labels("y_test", y_test, num_samples(X_test), estimator, of="X_test")
        check_alike(y, y_test)
    cv = as_splits(cv)
    starts = make_starts(
        estimator, X, y, X_test, y_test, cv, groups, n_initial, n_instances * n_rounds, seeds
    )
    if isinstance(scoring, str) and is_classifier(estimator) and not callable(y) and y.ndim == 1:
        check_scores(scoring, scorer, y, starts)
    task = Task(estimator, scorer, stopping, X, int(n_instances))
    settings = {
        "estimator": describe_seeded(estimator),
        "cv": describe(cv),
        "n_initial": describe(np.asarray(n_initial).tolist()),
        "n_instances": int(n_instances),
        "n_samples": num_samples(X),
        "scoring": describe(scoring),
        "stopping": describe(stopping),
    }
    if cache is not None:  # a file is only continued with the data that it was begun with
        labels = {"y": y, "y_test": y_test, "groups": groups}
        settings |= {name: fingerprint_labels(each) for name, each in labels.items()}
        settings |= {"X": describe_data(X), "X_test": describe_data(X_test)}
    with Store(cache) as store:
        labels = Labels(y, store, kind_of_array(y_test, estimator))
        labels.check_positions(num_samples(X))
        store.agree("settings", settings)
        store.agree("samplers", {name: describe_seeded(each) for name, each in samplers.items()})
        store.keep_largest("test_ratio", max(start.test_ratio for start in starts.values()))
        store.note("score_limits", score_limits(estimator, scoring))
        run = Run(task, samplers, starts, labels, store, int(n_rounds))
        with errors_say_where_labels_are(labels, cache):
            run.go(n_jobs, verbose)
        curves = LearningCurves.from_store(store, list(samplers), seeds, n_rounds)
    warn_if_alike(curves.frame)
    return curves


def describe_seeded(estimator):
    """Description of an estimator or sampler, without its random states: each curve sets them."""
    if not hasattr(estimator, "get_params"):
        return describe(estimator)
    return describe(clone_seeded(estimator, np.random.RandomState(0)))


def describe_data(X):
    """Description of samples, without the index of a data frame."""
    return None if X is None else fingerprint(X, index=False)
