"""Base class of all samplers: a public method that validates, and two hooks that compute."""

import inspect
from abc import ABC

import numpy as np
from sklearn.base import BaseEstimator

from skally.functional.selection import top_k
from skally.pool.dask import DaskQuery, is_dask, query_blocks
from skally.pool.pool import Pool
from skally.pool.unwrapping import is_learner, learners_of
from skally.samplers.hooks import check_selection, check_utility
from skally.utils.random import make_rng
from skally.utils.validation import check_n_instances


class BaseSampler(BaseEstimator, ABC):
    """Choose the samples of a pool whose labels are worth having.

    A sampler overrides one or both of two :term:`hooks <hook>`: ``utility``, what each row is worth
    alone, and ``select``, which rows to take together. ``query`` checks what they return. Both get
    a :class:`skally.pool.Pool`, whose features are computed once: ``pool.embedding``,
    ``pool.proba``, ``pool.inputs``, and the same of the labelled samples, as in
    ``pool.labeled.embedding``. Distances are measured on the embedding: of a net the input of its
    last layer; of an estimator with ``feature_importances_``, such as a forest, its columns in
    standard deviations of the labelled samples (of the pool where fewer than two are known), times
    the root of importance times number of columns; of any other its inputs.

    Parameters
    ----------
    random_state : None, int or RandomState, default=None
        With an int, the same call gives the same answer.

    Attributes
    ----------
    uses_utility : bool
        Whether ``select`` reads the utilities. Where it does not, they are computed only for
        ``return_utilities=True``.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import BaseSampler
    >>> class RarestClassSampler(BaseSampler):
    ...     def utility(self, pool, rng):
    ...         return pool.proba[:, pool.proba.mean(axis=0).argmin()]
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> RarestClassSampler().query(model, [[-3.0], [-2.0], [4.0]])
    array([2])
    """

    uses_utility = True

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    def utility(self, pool, rng):
        """Worth of each row alone.

        Parameters
        ----------
        pool : skally.pool.Pool
            Features of the pool, and as ``pool.labeled`` those of the labelled samples.
        rng : numpy.random.RandomState
            Made from ``random_state`` once a query; where all random numbers come from.

        Returns
        -------
        utility : array of shape (n_pool,)
            More is better; minus infinity to take a row last. NaN is refused.
        """
        return np.zeros(len(pool))

    def select(self, pool, utility, k, rng):
        """The k rows to take together.

        Parameters
        ----------
        pool : skally.pool.Pool
        utility : array of shape (n_pool,), or None
            What the hook ``utility`` returned; None where ``uses_utility`` is False.
        k : int, from 1 to n_pool
            Number of rows to take.
        rng : numpy.random.RandomState

        Returns
        -------
        indices : int array of shape (k,)
            Distinct positions in the pool, best first.
        """
        return top_k(utility, k, rng)

    def prepare(self, pool, rng):
        """Copy with everything fitted that depends only on the labelled samples.

        All blocks of a dask pool are queried with the copy, so that their utilities are comparable.
        Most samplers fit nothing of this kind and return themselves; a wrapper prepares the sampler
        inside.

        Parameters
        ----------
        pool : skally.pool.Pool
            Some rows of the pool, with the labelled samples.
        rng : numpy.random.RandomState

        Returns
        -------
        sampler : sampler
        """
        return self

    def query(
        self,
        estimator,
        X_pool,
        n_instances=1,
        *,
        X=None,
        y=None,
        return_utilities=False,
        return_labels=False,
        memory_limit=None,
    ):
        """Positions in the pool of the samples to label next.

        Parameters
        ----------
        estimator : fitted estimator
            A net, a Pipeline, GridSearchCV or TransformedTargetRegressor around one, or a modAL
            learner around any of those. Samplers that need no labels take an unfitted one or None
            too, and then look at the columns of X.
        X_pool : array-like of shape (n_pool, ...)
            If it is a dask array or data frame, each block shortlists its own best ``n_instances``
            rows on the worker that has it, and the same sampler chooses among these. Only the
            shortlisted rows are sent.
        n_instances : int, from 1 to n_pool, default=1
        X, y : array-likes of n_labeled rows, default=None
            The labelled samples and their labels. A modAL learner has its own, and a constrained
            net keeps what most samplers need of them.
        return_utilities : bool, default=False
        return_labels : bool, default=False
            Whether to return the labels that the picks have in the index of the pool, a data frame
            of pandas. A learner of modAL needs no such argument: the second thing that its
            ``query`` returns is the rows, with their index.
        memory_limit : int or None, default=None
            Bytes that one array of features of the pool may take in memory. A larger array is a
            memory map on a temporary file. None means half of the machine's memory.

        Returns
        -------
        indices : int array of shape (n_instances,)
            Positions, for ``X_pool[indices]``, or ``X_pool.iloc[indices]`` of a data frame. They
            are distinct, and best first where order means something.
        utility : array of shape (n_pool,)
            Only with ``return_utilities``; more is better. In a dask pool each block computes those
            of its own rows, and sends 8 bytes for each.
        labels : pandas Index of shape (n_instances,)
            Only with ``return_labels``, and last: those of the index of ``X_pool``, in the order of
            ``indices``, for ``X_pool.loc[labels]``.

        Raises
        ------
        ValueError
            If ``n_instances`` is not an integer from 1 to n_pool, if the pool does not fit the
            estimator, if the estimator lacks what the sampler needs, if there is not one label for
            each row of X, if features, probabilities or labels that the sampler needs are not
            finite, if rows of probabilities do not add up to 1, if a hook of the sampler returns
            what it must not, if ``memory_limit`` is too small for a part of the pool, or if
            ``return_labels`` is asked of a pool without an index, or whose index has a label twice.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        OSError
            If there is no room for the file that ``memory_limit`` calls for.
        RuntimeError
            If the pool is a dask collection and the cluster went away.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn.linear_model import LogisticRegression
        >>> from skally import MarginSampler
        >>> X_pool = pd.DataFrame({"x": [-3.0, 0.5, 4.0]}, index=["ann", "bob", "eve"])
        >>> model = LogisticRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0, 1])
        >>> indices, labels = MarginSampler().query(model, X_pool, return_labels=True)
        >>> indices.tolist(), labels.tolist()
        ([1], ['bob'])
        """
        if return_labels:
            index = index_of(X_pool)
            answer = self.query(
                estimator, X_pool, n_instances, X=X, y=y,
                return_utilities=return_utilities, memory_limit=memory_limit,
            )  # fmt: skip
            answer = answer if return_utilities else (answer,)
            return (*answer, index[answer[0]])
        if is_dask(X_pool):
            query = DaskQuery(self, estimator, n_instances, X, y, return_utilities, memory_limit)
            return query_blocks(query, X_pool)
        pool = Pool(estimator, X_pool, X, y, memory_limit=memory_limit)
        check_n_instances(n_instances, len(pool))
        rng = make_rng(self.random_state)
        utility = utility_of(self, pool, rng) if self.uses_utility else None
        indices = selection_of(self, pool, utility, int(n_instances), rng)
        if not return_utilities:
            return indices
        return indices, utility_of(self, pool, rng) if utility is None else utility

    def __call__(self, learner, X_pool, n_instances=1, **kwargs):
        """modAL's ``query_strategy``: :meth:`query` with the learner first.

        Parameters
        ----------
        learner : modAL learner or committee
        X_pool : array-like of shape (n_pool, ...)
        n_instances : int, from 1 to n_pool, default=1
        **kwargs : dict
            Other arguments of :meth:`query`, but for ``return_labels``.

        Returns
        -------
        indices : int array of shape (n_instances,)
            With modAL 0.4.2, a pair of the indices and their utilities: its ``query``, which takes
            ``return_metrics``, calls a strategy a second time that does not return a pair.
        """
        if kwargs.pop("return_labels", False):
            raise ValueError(
                "return_labels == True, must be left to sampler.query: a learner's query returns "
                "the rows too, with their index."
            )
        if not returns_metrics(learner):
            return self.query(learner, X_pool, n_instances, **kwargs)
        indices, utility = self.query(learner, X_pool, n_instances, return_utilities=True, **kwargs)
        return indices, utility[indices]


def index_of(X_pool):
    """Index of a data frame, of pandas or dask, checked: it names each row."""
    index = getattr(X_pool, "index", None)
    if index is None or callable(index):
        raise ValueError(
            f"return_labels == True, must be False for a {type(X_pool).__name__}: X_pool has no "
            "index."
        )
    index = index.compute() if hasattr(index, "compute") else index
    if not index.is_unique:
        twice = index[index.duplicated()]
        raise ValueError(
            f"X_pool has {len(twice)} rows whose index label another row has too, such as "
            f"{twice[0]!r}, must have none for return_labels == True. Positions need no index."
        )
    return index


def utility_of(sampler, pool, rng):
    """What the ``utility`` hook of a sampler returns, checked, as an array of its own, (n_pool,).

    The sampler may have a parameter of that name too, so that the hook is looked up in its class.
    """
    check_hooks(sampler)
    utility = type(sampler).utility(sampler, pool, rng)
    return check_utility(utility, len(pool), f"{type(sampler).__name__}.utility")


def selection_of(sampler, pool, utility, k, rng):
    """What the ``select`` hook of a sampler returns, checked, (k,)."""
    check_hooks(sampler)
    utility = None if utility is None else utility.copy()  # which the hook may change
    indices = sampler.select(pool, utility, k, rng)
    return check_selection(indices, k, len(pool), f"{type(sampler).__name__}.select")


def check_hooks(sampler):
    """Raise unless it is a sampler whose class overrides a hook."""
    cls = type(sampler)
    if not isinstance(sampler, BaseSampler):
        raise ValueError(f"sampler == {sampler!r}, must be a sampler, which has a method query.")
    if cls.utility is BaseSampler.utility and cls.select is BaseSampler.select:
        raise ValueError(
            f"{cls.__name__} overrides neither utility nor select, must override one of them."
        )


def returns_metrics(learner):
    """Whether a modAL learner wants (indices, metrics) from its strategy."""
    if not is_learner(learner) and learners_of(learner) is None:
        return False
    return "return_metrics" in inspect.signature(learner.query).parameters
