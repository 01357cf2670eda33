"""Base class of samplers that fit a regressor on the labelled samples to value the pool."""

from abc import abstractmethod

import numpy as np
from sklearn.frozen import FrozenEstimator

from skally.samplers.base import BaseSampler, selection_of
from skally.samplers.hooks import check_utility
from skally.utils.random import clone_seeded


class HeadSampler(BaseSampler):
    """Rows valued by a regressor, the head, that predicts a number from their embedding.

    A class overrides ``head`` and ``training_data`` instead of ``utility``. The head depends only
    on the labelled samples, so that one fit serves all blocks of a dask pool.
    """

    @abstractmethod
    def head(self):
        """Regressor, of which a seeded clone is fitted.

        Returns
        -------
        regressor : scikit-learn regressor
        """

    @abstractmethod
    def training_data(self, pool):
        """What the head is fitted on.

        Parameters
        ----------
        pool : skally.pool.Pool
            The pool as one learner sees it, where the estimator is a committee.

        Returns
        -------
        Z : array of shape (n, d)
            Embedding of the labelled samples.
        target : array of shape (n,)
            What to predict of them.
        """

    def utility(self, pool, rng):
        training_sets = self._training_sets(pool)
        for member in pool.members:
            member.embedding  # noqa: B018 (its errors must come before any training)
        return predictions(self._learn(training_sets, rng), pool)

    def prepare(self, pool, rng):
        heads = self._learn(self._training_sets(pool), rng)
        return PreparedSampler(self, [FrozenEstimator(head) for head in heads])

    def _training_sets(self, pool):
        return [self.training_data(member) for member in pool.members]

    def _learn(self, training_sets, rng):
        return [clone_seeded(self.head(), rng).fit(Z, target) for Z, target in training_sets]


class PreparedSampler(BaseSampler):
    """A :class:`HeadSampler` with its heads already fitted.

    Parameters
    ----------
    sampler : sampler
        Selects; the heads predict the utilities.
    heads : list of ``FrozenEstimator``, which ``clone`` does not reset
        One fitted regressor for each learner of a committee.
    random_state : None, int or RandomState
    """

    def __init__(self, sampler, heads, *, random_state=None):
        super().__init__(random_state=random_state)
        self.sampler = sampler
        self.heads = heads

    def utility(self, pool, rng):
        return predictions(self.heads, pool)

    def select(self, pool, utility, k, rng):
        return selection_of(self.sampler, pool, utility, k, rng)


def predictions(heads, pool):
    """Prediction of the head for each row, (n_pool,); the mean over the learners of a committee."""
    predicted = []
    for head, member in zip(heads, pool.members, strict=True):
        origin = f"{type(getattr(head, 'estimator', head)).__name__}.predict"
        predicted.append(check_utility(head.predict(member.embedding), len(pool), origin))
    return np.mean(predicted, axis=0)
