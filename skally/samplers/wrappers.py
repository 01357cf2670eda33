"""Samplers made of other samplers: composed, randomised, on a part of the pool, matched."""

import numbers

import numpy as np
from sklearn.base import clone

from skally.functional.distances import squared_distance_to_nearest
from skally.functional.matching import match_batches, simulate_sequences
from skally.functional.selection import gumbel_top_k, top_k
from skally.samplers.base import BaseSampler, selection_of, utility_of
from skally.utils.validation import check_number


class ComposedSampler(BaseSampler):
    """Utility of one sampler with the selection of another.

    Parameters
    ----------
    utility : sampler
        Values each row.
    selection : sampler
        Chooses the rows. Samplers with ``uses_utility=False`` choose without the utilities.
    random_state : None, int or RandomState, default=None

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import ComposedSampler, EntropySampler, RandomSampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> sampler = ComposedSampler(EntropySampler(), RandomSampler())
    >>> sampler.query(model, [[-3.0], [0.5], [4.0]])
    array([1])
    """

    def __init__(self, utility, selection, *, random_state=None):
        super().__init__(random_state=random_state)
        self.utility = utility
        self.selection = selection

    def prepare(self, pool, rng):
        return clone(self).set_params(utility=self.utility.prepare(pool, rng))

    def utility(self, pool, rng):  # found on the class: see utility_of
        return utility_of(self.utility, pool, rng)

    def select(self, pool, utility, k, rng):
        return selection_of(self.selection, pool, utility, k, rng)


class StochasticSampler(BaseSampler):
    """Rows drawn at random, those of larger utility more often.

    A cheap way to make a batch diverse with any utility.

    Parameters
    ----------
    sampler : sampler
        Values each row.
    kind : "power", "softmax" or "softrank", default="power"
        Weight by which a row is drawn. "power": its utility to the power of beta, for utilities
        that are not negative. "softmax": the exponential of beta times its utility. "softrank": its
        rank, 1 for the best, to the power of minus beta.
    beta : float, more than 0, default=1.0
        Near 0 the draws are uniform; the larger beta, the more the largest utilities are preferred.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron, Gal, "Stochastic Batch Acquisition: A
    Simple Baseline for Deep Active Learning", TMLR 2023 (arXiv 2106.12059), Table 1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import EntropySampler, StochasticSampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> sampler = StochasticSampler(EntropySampler(), beta=8.0, random_state=0)
    >>> sampler.query(model, [[-9.0], [0.5], [9.0]])
    array([1])
    """

    def __init__(self, sampler, kind="power", beta=1.0, *, random_state=None):
        super().__init__(random_state=random_state)
        self.sampler = sampler
        self.kind = kind
        self.beta = beta

    def prepare(self, pool, rng):
        return clone(self).set_params(sampler=self.sampler.prepare(pool, rng))

    def utility(self, pool, rng):
        return utility_of(self.sampler, pool, rng)

    def select(self, pool, utility, k, rng):
        if not 0 < self.beta < np.inf:
            raise ValueError(f"beta == {self.beta!r}, must be a finite number > 0.")
        if self.kind not in LOG_WEIGHTS:
            raise ValueError(f"kind == {self.kind!r}, must be one of {sorted(LOG_WEIGHTS)}.")
        return gumbel_top_k(self.beta * LOG_WEIGHTS[self.kind](utility, rng), k, rng)


def log_utility(utility, rng):
    """Logarithm of utilities, which must not be negative."""
    least = np.min(utility)
    if least < 0:
        raise ValueError(
            f"kind == 'power' needs utilities >= 0, the least is {least:.4g}: use 'softmax' or "
            "'softrank'."
        )
    with np.errstate(divide="ignore"):
        return np.log(utility)


def minus_log_rank(utility, rng):
    """Minus the logarithm of ranks, 1 for the best, ties in random order."""
    log_weights = np.empty(len(utility))
    log_weights[top_k(utility, len(utility), rng)] = -np.log(np.arange(1, len(utility) + 1))
    return log_weights


LOG_WEIGHTS = {
    "power": log_utility,
    "softmax": lambda utility, rng: utility,
    "softrank": minus_log_rank,
}


class SubsampledSampler(BaseSampler):
    """Query of a random part of the pool; the other rows are never embedded or predicted.

    Their utility is minus infinity.

    Parameters
    ----------
    sampler : sampler
        Queries the part.
    size : int or float, default=10000
        Number of rows of the part, or its share of the pool, above 0 and at most 1. If more rows
        are queried than the part has, all of it is taken and the others are drawn at random.
    random_state : None, int or RandomState, default=None

    Examples
    --------
    >>> import numpy as np
    >>> from skally import CoreSetSampler, SubsampledSampler
    >>> X_pool = np.arange(1000.0).reshape(-1, 1)
    >>> sampler = SubsampledSampler(CoreSetSampler(), size=0.1, random_state=0)
    >>> sampler.query(None, X_pool, n_instances=3).shape
    (3,)
    """

    def __init__(self, sampler, size=10_000, *, random_state=None):
        super().__init__(random_state=random_state)
        self.sampler = sampler
        self.size = size

    def prepare(self, pool, rng):
        return clone(self).set_params(sampler=self.sampler.prepare(pool, rng))

    def utility(self, pool, rng):
        utility = np.full(len(pool), -np.inf)
        rows = np.sort(rng.permutation(len(pool))[: self._n_rows(pool)])
        utility[rows] = utility_of(self.sampler, pool.subset(rows), rng)
        return utility

    def select(self, pool, utility, k, rng):
        rows = np.flatnonzero(utility > -np.inf)  # the part, if the utilities are this sampler's
        rows = np.sort(rng.permutation(rows)[: self._n_rows(pool)])
        subset, n_part = pool.subset(rows), min(k, len(rows))
        part = selection_of(self.sampler, subset, utility[rows], n_part, rng)
        rest = np.setdiff1d(np.arange(len(pool)), rows)
        return np.concatenate([rows[part], rng.permutation(rest)[: k - len(part)]])

    def _n_rows(self, pool):
        if isinstance(self.size, numbers.Integral):
            check_number("size", self.size, numbers.Integral, 1)
            return self.size
        if not isinstance(self.size, numbers.Real) or not 0 < self.size <= 1:
            raise ValueError(
                f"size == {self.size!r}, must be an integer >= 1 or a share in (0, 1]."
            )
        return int(np.ceil(self.size * len(pool)))


class CoordinatedMatchingSampler(BaseSampler):
    """Batch that comes closest to what querying one by one might have chosen.

    A sequential policy takes the row of largest utility, sees its label and updates the utilities.
    It is simulated several times. The batch chosen has the least total distance to all simulated
    batches, where each of its rows is matched with one row of each of them.

    A simulated label is drawn from the estimator's probabilities. In the place of training again,
    it lowers the utility of every other row, measured from the smallest of the pool, by the
    fraction that the label explains: the similarity of the two rows in feature space, times the
    probability that they have the same label, which is 1 for regressors.

    Only the rows of largest utility are simulated, 20 for each queried one. Time grows with the
    cube of the batch size, and does not depend on the size of the pool.

    Parameters
    ----------
    sampler : sampler
        Values each row before the first label.
    n_simulations : int, default=10
    length : float or None, default=None
        Distance in feature space at which a label explains 61 %. None means the median distance of
        the simulated rows to the nearest of as many random ones as are queried.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Azimi, Fern, Zhang-Fern, Borradaile, Heeringa, "Batch Active Learning via Coordinated Matching",
    ICML 2012. In the paper the model is trained on the simulated labels, and the matching is
    greedy.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import CoordinatedMatchingSampler, EntropySampler
    >>> model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> sampler = CoordinatedMatchingSampler(EntropySampler(), length=0.5, random_state=0)
    >>> sorted(sampler.query(model, [[0.5], [0.51], [1.5], [9.0]], n_instances=2).tolist())
    [0, 2]
    """

    def __init__(self, sampler, n_simulations=10, length=None, *, random_state=None):
        super().__init__(random_state=random_state)
        self.sampler = sampler
        self.n_simulations = n_simulations
        self.length = length

    def prepare(self, pool, rng):
        return clone(self).set_params(sampler=self.sampler.prepare(pool, rng))

    def utility(self, pool, rng):
        return utility_of(self.sampler, pool, rng)

    def select(self, pool, utility, k, rng):
        check_number("n_simulations", self.n_simulations, numbers.Integral, 1)
        rows = top_k(utility, 20 * k, rng)
        finite = utility[utility > -np.inf]
        least = finite.min() if len(finite) else 0.0
        worth, Z = np.maximum(utility[rows], least) - least, pool.features[rows]
        if not worth.max() > 0:
            worth = np.ones(len(rows))
        proba = np.ones((len(rows), 1)) if pool.is_regression else pool.proba[rows]
        length = self._length(Z, k, rng)
        batches = simulate_sequences(worth, Z, proba, length, k, self.n_simulations, rng)
        return rows[match_batches(Z, batches)]

    def _length(self, Z, k, rng):
        if self.length is not None:
            if not 0 < self.length < np.inf:
                raise ValueError(f"length == {self.length!r}, must be None or a finite number > 0.")
            return self.length
        order = rng.permutation(len(Z))
        if k >= len(Z):
            return 1.0
        median = np.median(squared_distance_to_nearest(Z[order[k:]], Z[order[:k]]))
        return float(np.sqrt(median)) if median > 0 else 1.0
