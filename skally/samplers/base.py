"""What every sampler is: a public method that validates, then two hooks that compute."""

import inspect
from abc import ABC

import numpy as np
from sklearn.base import BaseEstimator

from skally.functional.selection import top_k
from skally.pool.dask import DaskQuery, is_dask, query_blocks
from skally.pool.pool import Pool
from skally.pool.unwrapping import is_learner, learners_of
from skally.utils.random import make_rng
from skally.utils.validation import check_n_instances


class BaseSampler(BaseEstimator, ABC):
    """Choose the samples of a pool whose labels are worth having.

    A sampler overrides one or both of two hooks, and nothing else: ``utility``, what each row is
    worth alone, and ``select``, which rows to take together.

    Parameters
    ----------
    random_state : None, int or RandomState
        With an int, the same call gives the same answer.

    Attributes
    ----------
    uses_utility : bool
        Whether ``select`` looks at the utilities. Those of a class where it does not are computed
        only for who asks to see them.
    """

    uses_utility = True

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    def utility(self, pool, rng):
        """Worth of each row alone, (n_pool,), more is better."""
        return np.zeros(len(pool))

    def select(self, pool, utility, k, rng):
        """The k rows to take together, as distinct positions, best first."""
        return top_k(utility, k, rng)

    def prepare(self, pool, rng):
        """Sampler that asks as this one, and has learned what the labelled samples alone teach.

        All blocks of a dask pool are asked by the one that is returned, so that they value rows
        alike. Most samplers learn nothing of the kind; a wrapper learns what the one within does.
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
            Of a dask array or data frame, each block shortlists its own best ``n_instances`` rows
            where it lies, and the same sampler chooses among these. Only they move.
        n_instances : int, from 1 to n_pool
        X, y : array-likes of n_labeled rows, optional
            The labelled samples; a modAL learner and a constrained net bring their own.
        return_utilities : bool
        memory_limit : int or None
            Bytes that an array of features of the pool may have in memory. A larger one is a memory
            map on a temporary file. None means half of the machine's memory.

        Returns
        -------
        indices : int array of shape (n_instances,)
            Distinct, best first where order means something.
        utility : array of shape (n_pool,)
            Only with ``return_utilities``; more is better. Of a dask pool: each block's own, of
            which 8 bytes a row move.

        Raises
        ------
        ValueError
            If ``n_instances`` is no integer from 1 to n_pool, if the pool does not fit the
            estimator, if the estimator lacks what the sampler needs, or if ``memory_limit`` is too
            small for a part of the pool.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        OSError
            If there is no room for the file that ``memory_limit`` calls for.
        RuntimeError
            If the pool is a dask collection and the cluster went away.
        """
        if is_dask(X_pool):
            query = DaskQuery(self, estimator, n_instances, X, y, return_utilities, memory_limit)
            return query_blocks(query, X_pool)
        pool = Pool(estimator, X_pool, X, y, memory_limit)
        check_n_instances(n_instances, len(pool))
        rng = make_rng(self.random_state)
        utility = utility_of(self, pool, rng) if self.uses_utility else None
        indices = np.asarray(self.select(pool, utility, int(n_instances), rng))
        if not return_utilities:
            return indices
        return indices, utility_of(self, pool, rng) if utility is None else utility

    def __call__(self, learner, X_pool, n_instances=1, **kwargs):
        """modAL's ``query_strategy``: :meth:`query` with the learner first.

        Returns
        -------
        indices : int array of shape (n_instances,)
            With modAL 0.4.2, whose ``query`` takes ``return_metrics`` and calls a strategy again
            that does not return a pair, the pair of them and their utilities.
        """
        if not returns_metrics(learner):
            return self.query(learner, X_pool, n_instances, **kwargs)
        indices, utility = self.query(learner, X_pool, n_instances, return_utilities=True, **kwargs)
        return indices, utility[indices]


def utility_of(sampler, pool, rng):
    """The ``utility`` hook of a sampler, which may have a parameter of that name too."""
    return type(sampler).utility(sampler, pool, rng)


def returns_metrics(learner):
    """Whether a modAL learner wants (indices, metrics) from its strategy."""
    if not is_learner(learner) and learners_of(learner) is None:
        return False
    return "return_metrics" in inspect.signature(learner.query).parameters
