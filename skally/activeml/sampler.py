"""A query strategy of scikit-activeml as a sampler."""

import numpy as np

from skally.activeml.questions import check_strategy, question
from skally.samplers.base import BaseSampler
from skally.utils.random import clone_seeded


class ActiveMLSampler(BaseSampler):
    """Rows that a query strategy of scikit-activeml picks.

    A strategy that asks an estimator gets the one of the query, as it is fitted, and sees the rows
    as the last step of a pipeline does; one that asks none sees the embedding, as a sampler does,
    or the columns of X before a fit. It gets NaN, or None beside labels that are no numbers, for
    the labels of the pool, whatever its own ``missing_label``. The utilities are those before its
    first pick, minus infinity for rows that it leaves out.

    Parameters
    ----------
    query_strategy : strategy of scikit-activeml for a pool and one annotator
        Cloned for each query, and each ``random_state`` in it is set to a seed from the sampler's.
    query_params : dict or None, default=None
        Further arguments of its ``query``, such as ``{"discriminator": classifier}``. An estimator
        among them takes the place of the one of the query.
    random_state : None, int or RandomState, default=None

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skactiveml.pool import UncertaintySampling
    >>> from skally.activeml import ActiveMLSampler
    >>> X, y = [[0.0], [1.0]], [0, 1]
    >>> model = LogisticRegression().fit(X, y)
    >>> sampler = ActiveMLSampler(UncertaintySampling("margin_sampling"), random_state=0)
    >>> sampler.query(model, [[-3.0], [0.5], [4.0]], X=X, y=y)
    array([1])
    """

    uses_utility = False

    def __init__(self, query_strategy, query_params=None, *, random_state=None):
        super().__init__(random_state=random_state)
        self.query_strategy = query_strategy
        self.query_params = query_params

    def utility(self, pool, rng):
        _, first = self._first_answer(pool, lambda: self._ask(pool, 1, rng))
        return np.where(np.isnan(first), -np.inf, first)

    def select(self, pool, utility, k, rng):
        answer = self._ask(pool, k, rng)
        self._first_answer(pool, lambda: answer)
        return answer[0]

    def _first_answer(self, pool, answer):
        """The first answer about a pool, so that utilities are those of the picks beside them."""
        return pool.cached((id(self), "answer"), answer)

    def _ask(self, pool, k, rng):
        """Picks (k,) and the utilities before the first of them (n_pool,)."""
        check_strategy(self.query_strategy)
        strategy = clone_seeded(self.query_strategy, rng)
        asked = question(strategy, pool, self.query_params or {})
        n_labeled = len(asked["X"]) - len(pool)
        indices, utilities = strategy.query(**asked, batch_size=k, return_utilities=True)
        # Badge of 1.0 returns a list, RegressionTreeBasedAL a column.
        return np.ravel(indices) - n_labeled, utilities[0, n_labeled:]
