"""Refine: what several strategies would pick, filtered again and again, then covered."""

import numbers

import numpy as np
from sklearn.base import clone

from skally.samplers.base import BaseSampler, check_hooks, selection_of, utility_of
from skally.samplers.herding import MaxHerdingSampler
from skally.utils.validation import check_number


class RefineSampler(BaseSampler):
    """Rows that several strategies would pick, chosen among these to cover them.

    In each round every strategy picks several times as many rows as are queried, from what the
    round before has left, and the union of their picks is left. The batch is chosen from the last
    union. So no strategy needs to be trusted alone, and rows that none of them values are left out
    before the cover, which by itself would pick whatever is typical.

    The utilities are those of the selection for the rows that a query of one row would leave, and
    minus infinity for the others.

    Parameters
    ----------
    samplers : list of samplers
        The strategies.
    selection : sampler or None, default=None
        Chooses the batch from the last union. None means :class:`skally.MaxHerdingSampler`.
    sizes : sequence of int, default=(4, 2)
        Rows that each strategy picks in each round, as multiples of the rows queried.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Huseljic, Herde, Rauch, Hahn, Sick, "Cleaning the Pool: Progressive Filtering of Unlabeled Pools
    in Deep Active Learning", arXiv 2511.22344, 2025. The sizes are ours.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import BADGESampler, MarginSampler, RefineSampler, TypiClustSampler
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000).fit(X[::10], y[::10])
    >>> strategies = [MarginSampler(), BADGESampler(), TypiClustSampler()]
    >>> sampler = RefineSampler(strategies, random_state=0)
    >>> sampler.query(model, X, n_instances=3, X=X[::10]).shape
    (3,)
    """

    uses_utility = False

    def __init__(self, samplers, selection=None, sizes=(4, 2), *, random_state=None):
        super().__init__(random_state=random_state)
        self.samplers = samplers
        self.selection = selection
        self.sizes = sizes

    def prepare(self, pool, rng):
        samplers = [sampler.prepare(pool, rng) for sampler in self.samplers]
        return clone(self).set_params(
            samplers=samplers, selection=self._selection().prepare(pool, rng)
        )

    def utility(self, pool, rng):
        rows, left = self._refine(pool, 1, rng)
        utility = np.full(len(pool), -np.inf)
        utility[rows] = utility_of(self._selection(), left, rng)
        return utility

    def select(self, pool, utility, k, rng):
        rows, left = self._refine(pool, k, rng)
        return rows[picks_of(self._selection(), left, k, rng)]

    def _selection(self):
        return MaxHerdingSampler() if self.selection is None else self.selection

    def _refine(self, pool, k, rng):
        """Rows that the last round leaves, k at least: their ascending positions, their pool."""
        if not isinstance(self.samplers, list | tuple) or len(self.samplers) == 0:
            raise ValueError(f"samplers == {self.samplers!r}, must be a list of samplers.")
        for sampler in (*self.samplers, self._selection()):
            check_hooks(sampler)
        for size in self.sizes:
            check_number("sizes", size, numbers.Integral, 1)
        rows, left = np.arange(len(pool)), pool
        for size in self.sizes:
            n_picks = min(size * k, len(left))
            picks = [picks_of(sampler, left, n_picks, rng) for sampler in self.samplers]
            kept = np.unique(np.concatenate(picks))
            rows, left = rows[kept], left.subset(kept)
        return rows, left


def picks_of(sampler, pool, k, rng):
    """The k positions that a sampler picks from a pool, (k,)."""
    utility = utility_of(sampler, pool, rng) if sampler.uses_utility else None
    return selection_of(sampler, pool, utility, k, rng)
