"""Stopping criterion on predicted dual variables."""

import numbers

from skally.pool.pool import Pool
from skally.samplers.ally import ALLYSampler
from skally.samplers.base import utility_of
from skally.stopping.base import StoppingCriterion, as_finite, level
from skally.utils.random import make_rng
from skally.utils.validation import check_number, num_samples


class PredictedDualLevel(StoppingCriterion):
    """Stop when the predicted dual variables of the pool have fallen to a share of their largest.

    The duals of the pool are predicted as by :class:`skally.ALLYSampler`. Reached when their mean
    has been at most ``share`` times the largest mean of any round for ``patience`` rounds in a row.
    An empty pool has a mean of 0. While the largest mean is 0 the criterion is not reached.

    The criterion is our own. Its motivation is the paper's reading of a dual variable: how much the
    objective would gain from relaxing the constraint of a sample, and so how much is left to be
    learned from it.

    Where labels contradict each other, duals stay large whatever is learned. The level then does
    not fall and the criterion may never be reached: combine it with
    :class:`~skally.stopping.Budget`.

    Parameters
    ----------
    share : float, from 0 to 1, default=0.1
    patience : int, at least 1, default=2
        Rounds.
    quantile : float, from 0 to 1, or None, default=None
        None means the mean of the predicted duals. 0.9 means the dual that a tenth of the pool
        exceeds.
    regressor : scikit-learn regressor or None, default=None
        As in :class:`skally.ALLYSampler`.
    max_dual : float or None, default=None
        As in :class:`skally.ALLYSampler`.
    random_state : None or int, default=None
        Seed of the regressor. A generator is refused, for its state would change between rounds.

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, for the duals and their prediction.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ConstrainedNetRegressor
    >>> from skally.stopping import PredictedDualLevel, RoundState
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0).fit(X[:100], y[:100])
    >>> criterion = PredictedDualLevel(random_state=0)
    >>> now = criterion.observe(RoundState(net, X_pool=X[100:]))
    >>> criterion.is_reached([now, now]), criterion.is_reached([now, now / 20, now / 30])
    (False, True)
    """

    needs = ("estimator", "X_pool")

    def __init__(
        self, *, share=0.1, patience=2, quantile=None, regressor=None, max_dual=None,
        random_state=None,
    ):  # fmt: skip
        self.share = share
        self.patience = patience
        self.quantile = quantile
        self.regressor = regressor
        self.max_dual = max_dual
        self.random_state = random_state

    def check_parameters(self):
        check_number("share", self.share, numbers.Real, 0, 1)
        check_number("patience", self.patience, numbers.Integral, 1)
        if self.quantile is not None:
            check_number("quantile", self.quantile, numbers.Real, 0, 1)
        if self.random_state is not None and not isinstance(self.random_state, numbers.Integral):
            raise ValueError(f"random_state == {self.random_state!r}, must be None or an int.")

    def measure(self, state):
        if num_samples(state.X_pool) == 0:
            return 0.0
        pool = Pool(state.estimator, state.X_pool)
        sampler = ALLYSampler(regressor=self.regressor, max_dual=self.max_dual)
        duals = utility_of(sampler, pool, make_rng(self.random_state))
        return as_finite("predicted dual of X_pool", level(duals, self.quantile))

    def decide(self, observations):
        levels = [as_finite("predicted dual of X_pool", each) for each in observations]
        largest, last = max(levels), levels[-self.patience :]
        return largest > 0 and len(last) == self.patience and max(last) <= self.share * largest
