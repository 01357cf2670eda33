"""Largest cluster, maximum distance: plain, weighted by any utility, weighted by duals."""

import numbers

import numpy as np
from sklearn.base import clone

from skally.functional.central import central_rows
from skally.functional.clustering import as_weight, geometric_mean, largest_cluster
from skally.functional.distances import nearest
from skally.nets.heads import DualRegressor
from skally.pool.duals import duals_to_learn
from skally.samplers.ally import ALLYSampler, check_max_dual
from skally.samplers.base import BaseSampler, check_hooks, utility_of
from skally.samplers.head import HeadSampler
from skally.samplers.uncertainty import MarginSampler, SpreadSampler, mean_and_spread
from skally.utils.validation import check_number


class LCMDSampler(BaseSampler):
    """Rows far from all labelled ones, where many rows are: largest cluster, maximum distance.

    The labelled samples and the earlier picks are centres, and each row of the pool belongs to the
    cluster of its nearest centre. The next pick is the farthest row of the cluster with the largest
    sum of squared distances. Cost: O((n_labeled + k) n_pool d). The utility of a row is this sum
    for its cluster, times its own squared distance as a share of the largest in the cluster.

    Parameters
    ----------
    features : "embedding" or "gradient", default="embedding"
        What distances are measured on. "embedding" is that of a net; of trees and forests the
        columns, each by the root of its importance; and of any other estimator its inputs.
        "gradient" means random projections of the gradient of the net's output with respect to the
        weights of all its ``nn.Linear`` layers. This needs a net, and labelled samples from ``X``
        or a modAL learner, and takes a backward pass for each output.
    sketch_size : int, default=512
        Number of random projections of the gradient.
    random_state : None, int or RandomState, default=None
        Draws the projections; unused for ``features="embedding"``.

    References
    ----------
    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skally import LCMDSampler
    >>> X, y = [[0.0], [10.0]], [0.0, 1.0]
    >>> model = LinearRegression().fit(X, y)
    >>> LCMDSampler().query(model, [[1.0], [2.0], [2.5], [13.0]], n_instances=2, X=X)
    array([2, 3])
    """

    uses_utility = False

    def __init__(self, *, features="embedding", sketch_size=512, random_state=None):
        super().__init__(random_state=random_state)
        self.features = features
        self.sketch_size = sketch_size

    def utility(self, pool, rng):
        _, label, to_center = clusters(self, pool, rng)  # squared distances
        size = np.bincount(label, weights=to_center)  # (n_clusters,)
        largest = np.zeros(len(size))
        np.maximum.at(largest, label, to_center)
        share = np.zeros(len(label))
        np.divide(to_center, largest[label], out=share, where=to_center > 0)
        return size[label] * share

    def select(self, pool, utility, k, rng):
        return largest_cluster(*clusters(self, pool, rng), k)


class WeightedLCMDSampler(BaseSampler):
    r"""Rows of large utility, far from all labelled ones, where many such rows are.

    The same as :class:`skally.LCMDSampler`, but each row's squared distances are multiplied by a
    power of its utility. The utility by itself would choose many rows alike, the distances by
    themselves rows that the estimator predicts well already.

    The factor of a row of utility u is (u + offset * mean u)\ :sup:`power`, with negative
    utilities as zero. If no utility is more than zero, all factors are 1, and the picks are those
    of :class:`skally.LCMDSampler`. The units of the utilities do not matter.

    The row that is farthest may be an outlier, from which other rows learn little. So with
    ``central`` each pick is a central row instead, as in greedy k-means++: of 32 that are drawn
    with probability proportional to their weighted squared distance, the one that leaves the
    smallest sum of these distances. It is the better one for classes, and for numbers where the
    targets are noisy or little is known of them yet.

    Parameters
    ----------
    utility : "auto", "margin", "spread", "dual", "both", sampler or list, default="auto"
        Values each row. "margin" is :class:`skally.MarginSampler`: how close the two most probable
        classes are. "spread" is :class:`skally.SpreadSampler`: how far the members of an ensemble,
        or its trees, disagree. "dual" is the predicted dual of :class:`skally.ALLYSampler`, learned
        from the duals of withheld rows if the net has several members. "both" is the list of the
        last two. "auto" is "margin" for classifiers, and for regressors "spread" if they have
        members and "dual" if not. Of a list the geometric mean is taken, without utilities that
        are nowhere more than zero.
    power : float, not negative, or None, default=None
        0 means unweighted distances, and 0.5 the root of the utility. None means 4 for "margin",
        and for all others 1 where picks are central rows and 0.5 where not.
    central : bool or None, default=None
        Whether picks are central rows. If not, they are the farthest of the largest clusters. None
        means for classifiers, and for regressors whose members or trees disagree on a row more than
        their mean differs from row to row: the mean of their variance is more than the variance of
        their mean.
    offset : float, not negative, default=0.0
        Multiple of the mean utility that is added to each, so that rows of utility zero count too.
    features : "embedding" or "gradient", default="embedding"
    sketch_size : int, default=512
        Both as in :class:`skally.LCMDSampler`.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023, for largest cluster, maximum distance.

    Arthur, Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007, for the best
    of several drawn rows. The weights are ours.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from skally import WeightedLCMDSampler
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ExtraTreesRegressor(20, random_state=0).fit(X[:100], y[:100])
    >>> WeightedLCMDSampler().query(model, X[100:], n_instances=5, X=X[:100]).shape
    (5,)
    """

    def __init__(
        self,
        utility="auto",
        power=None,
        *,
        central=None,
        offset=0.0,
        features="embedding",
        sketch_size=512,
        random_state=None,
    ):
        super().__init__(random_state=random_state)
        self.utility = utility
        self.power = power
        self.central = central
        self.offset = offset
        self.features = features
        self.sketch_size = sketch_size

    def prepare(self, pool, rng):
        parts = [part.prepare(pool, rng) for part in self._parts(pool)]
        return clone(self).set_params(utility=parts, power=self._power(pool))

    def utility(self, pool, rng):  # found on the class: see utility_of
        self._check_parameters()
        utilities = [utility_of(part, pool, rng) for part in self._parts(pool)]
        return utilities[0] if len(utilities) == 1 else geometric_mean(utilities)

    def select(self, pool, utility, k, rng):
        self._check_parameters()
        is_central, power = self._is_central(pool, rng), self._power(pool)
        if power is None:
            power = 1.0 if is_central else 0.5
        weight = as_weight(utility, power, self.offset)
        Z, label, to_center = clusters(self, pool, rng)
        rows = np.flatnonzero(utility > -np.inf)
        if k <= len(rows) < len(Z):  # those of minus infinity come last
            Z, label, to_center, weight = Z[rows], label[rows], to_center[rows], weight[rows]
        else:
            rows = np.arange(len(Z))
        if is_central:
            return rows[central_rows(Z, to_center, k, weight, rng)]
        return rows[largest_cluster(Z, label, to_center, k, weight)]

    def _kind(self, pool):
        """Parameter ``utility``, with a name in the place of "auto"."""
        if not isinstance(self.utility, str) or self.utility != "auto":
            return self.utility
        if not pool.is_regression:
            return "margin"
        return "spread" if pool.has_members or not pool.has_duals else "dual"

    def _parts(self, pool):
        """Samplers whose utilities are multiplied."""
        parts = self._kind(pool)
        if isinstance(parts, str):
            parts = UTILITIES.get(parts, ())
        parts = list(parts) if isinstance(parts, list | tuple) else [parts]
        if not parts:
            raise ValueError(
                f"utility == {self.utility!r}, must be 'auto', one of {sorted(UTILITIES)}, a "
                "sampler or a list of samplers."
            )
        for part in parts:
            check_hooks(part)
        return parts

    def _is_central(self, pool, rng):
        if self.central is not None:
            return self.central
        if not pool.is_regression or not pool.has_members:
            return not pool.is_regression
        mean, spread = mean_and_spread(SpreadSampler(), pool, rng)
        return bool(spread.mean() > mean.var(axis=0).sum())

    def _power(self, pool):
        """The power, None where it depends on whether picks are central."""
        is_margin = isinstance(self.utility, str) and self._kind(pool) == "margin"
        return 4.0 if self.power is None and is_margin else self.power

    def _check_parameters(self):
        if self.central not in (None, True, False):
            raise ValueError(f"central == {self.central!r}, must be None, True or False.")
        if self.power is not None:
            check_number("power", self.power, numbers.Real, 0)
        check_number("offset", self.offset, numbers.Real, 0)


UTILITIES = {
    "margin": [MarginSampler()],
    "spread": [SpreadSampler()],
    "dual": [ALLYSampler()],
    "both": [SpreadSampler(), ALLYSampler()],
}


class DualLCMDSampler(HeadSampler):
    """Rows of large predicted dual, far from all labelled ones, where many such rows are.

    The same as :class:`skally.LCMDSampler` on the embedding, but each row's squared distances are
    multiplied by its predicted dual plus the mean predicted dual of the pool. The utility is the
    predicted dual. A warning says where the duals are all alike, as for :class:`ALLYSampler`. The
    same as ``WeightedLCMDSampler(ALLYSampler(regressor, max_dual), 1, central=False, offset=1)``.

    Parameters
    ----------
    regressor : scikit-learn regressor or None, default=None
        Learns the duals from the embedding. None means :class:`skally.DualRegressor`.
    max_dual : float or None, default=None
        Cap on the duals that the regressor learns from.
    random_state : None, int or RandomState, default=None

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, for the duals.

    Holzmueller, Zaverkin, Kaestner, Steinwart, "A Framework and Benchmark for Deep Batch Active
    Learning for Regression", JMLR 24, 2023, for largest cluster, maximum distance. Weighting one
    by the other is ours.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ConstrainedNetRegressor, DualLCMDSampler
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0).fit(X[:100], y[:100])
    >>> DualLCMDSampler(random_state=0).query(net, X[100:], n_instances=5).shape
    (5,)
    """

    def __init__(self, regressor=None, max_dual=None, *, random_state=None):
        super().__init__(random_state=random_state)
        self.regressor = regressor
        self.max_dual = max_dual

    def head(self):
        return DualRegressor() if self.regressor is None else self.regressor

    def training_data(self, pool):
        check_max_dual(self.max_dual)
        return duals_to_learn(pool, self.max_dual)

    def select(self, pool, utility, k, rng):
        check_max_dual(self.max_dual)
        weight = as_weight(utility, power=1.0, offset=1.0)
        return largest_cluster(pool.embedding, *pool.nearest_labeled, k, weight)


def clusters(sampler, pool, rng):
    """Features of each row, its nearest labelled sample, and the squared distance to that.

    Parameters
    ----------
    sampler : sampler with the parameters ``features`` and ``sketch_size``
    pool : skally.pool.pool.Pool
    rng : numpy.random.RandomState
    """
    check_number("sketch_size", sampler.sketch_size, numbers.Integral, 1)
    if sampler.features == "embedding":
        return pool.embedding, *pool.nearest_labeled
    if sampler.features == "gradient":
        Z, Z_labeled = pool.gradient_sketches(sampler.sketch_size, rng)
        return Z, *nearest(Z, Z_labeled)
    raise ValueError(f"features == {sampler.features!r}, must be 'embedding' or 'gradient'.")
