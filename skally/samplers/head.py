"""Samplers that learn from the labelled samples what a row is worth."""

from abc import abstractmethod

import numpy as np
from sklearn.frozen import FrozenEstimator

from skally.samplers.base import BaseSampler
from skally.utils.random import clone_seeded


class HeadSampler(BaseSampler):
    """Rows by what a regressor, the head, predicts from their embedding.

    A class overrides ``head`` and ``training_data`` in the place of ``utility``. The head depends
    on the labelled samples alone, so that it is learned once for all blocks of a dask pool.
    """

    @abstractmethod
    def head(self):
        """Regressor that is not fitted; a clone of it is, with a seed of its own."""

    @abstractmethod
    def training_data(self, pool):
        """What it learns: embedding of the labelled samples, (n, d), and the target, (n,)."""

    def utility(self, pool, rng):
        training_sets = self._training_sets(pool)
        for member in pool.members:
            member.embedding  # noqa: B018 (errors come before any training)
        return predictions(self._learn(training_sets, rng), pool)

    def prepare(self, pool, rng):
        heads = self._learn(self._training_sets(pool), rng)
        return PreparedSampler(self, [FrozenEstimator(head) for head in heads])

    def _training_sets(self, pool):
        return [self.training_data(member) for member in pool.members]

    def _learn(self, training_sets, rng):
        return [clone_seeded(self.head(), rng).fit(Z, target) for Z, target in training_sets]


class PreparedSampler(BaseSampler):
    """A sampler that has learned its heads.

    Parameters
    ----------
    sampler : sampler
        Its utilities are predicted by the heads, the selection is its own.
    heads : list of fitted regressors that ``clone`` leaves as they are
        One for each learner of a committee.
    random_state : None, int or RandomState
    """

    def __init__(self, sampler, heads, *, random_state=None):
        super().__init__(random_state=random_state)
        self.sampler = sampler
        self.heads = heads

    def utility(self, pool, rng):
        return predictions(self.heads, pool)

    def select(self, pool, utility, k, rng):
        return self.sampler.select(pool, utility, k, rng)


def predictions(heads, pool):
    """What the heads predict of each row, (n_pool,); the mean over the learners of a committee."""
    predicted = [
        head.predict(member.embedding) for head, member in zip(heads, pool.members, strict=True)
    ]
    return np.mean(predicted, axis=0)
