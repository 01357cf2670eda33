"""Display of the samples of a pool that a sampler picked."""

import numbers

import numpy as np
from sklearn.decomposition import PCA

from skally.benchmark.displays.common import MUTED, own_axes
from skally.pool.pool import Pool
from skally.samplers.ally import ALLYSampler
from skally.utils.random import clone_seeded, make_rng
from skally.utils.validation import check_number, num_samples, take_rows

PICK = "#d55e00"


class PicksDisplay:
    """The pool in two dimensions, with the picked samples, coloured by utility or predicted dual.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    points : array of shape (n, 2)
        The samples of the pool that are drawn.
    is_picked : bool array of shape (n,)
    values : array of shape (n,), default=None
        Values that give the points their colours. None draws the pool in grey.
    labelled : array of shape (n_labeled, 2), default=None
    rows : int array of shape (n,), default=None
        Positions in the pool of the points.
    n_pool : int, default=None
        Size of the pool, if not all of its samples are drawn.
    value_name : str, default="predicted dual variable"
        Label of the colour bar.

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    points_, picks_, labelled_ : matplotlib collections
        Samples of the pool that are not picked, the picked ones, and the labelled ones.
    colorbar_ : matplotlib colour bar, or None

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ALLYSampler, ConstrainedNetRegressor
    >>> from skally.benchmark import PicksDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0).fit(X[:100], y[:100])
    >>> picks = ALLYSampler(random_state=0).query(net, X[100:], n_instances=5)
    >>> display = PicksDisplay.from_estimator(net, X[100:], picks, random_state=0)
    >>> len(display.picks_.get_offsets())
    5
    """

    def __init__(
        self,
        points,
        is_picked,
        *,
        values=None,
        labelled=None,
        rows=None,
        n_pool=None,
        value_name="predicted dual variable",
    ):
        self.points = points
        self.is_picked = is_picked
        self.values = values
        self.labelled = labelled
        self.rows = rows
        self.n_pool = n_pool
        self.value_name = value_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X_pool,
        indices,
        *,
        X=None,
        projection=None,
        utility=None,
        regressor=None,
        max_points=5000,
        random_state=None,
        ax=None,
    ):
        """Draw a pool in two dimensions.

        Parameters
        ----------
        estimator : as in :meth:`skally.BaseSampler.query`
            For a net, its embedding is drawn, and for trees the columns of X, scaled by their
            importance; for any other estimator, or None, the columns of X.
        X_pool : array-like of shape (n_pool, ...)
        indices : int array of shape (n_picks,)
            Positions in the pool of the picked samples, as a sampler returns them.
        X : array-like of n_labeled rows, default=None
            The labelled samples. A modAL learner and a constrained net have stored theirs.
        projection : transformer with ``fit_transform``, default=None
            Projection to two dimensions, such as TSNE. None means the first two principal
            components, or the features themselves if there are at most two.
        utility : array-like of shape (n_pool,), default=None
            Values that give the points their colours, as ``query(..., return_utilities=True)``
            returns them. None means the predicted duals, or grey points for an estimator without
            dual variables.
        regressor : scikit-learn regressor, default=None
            Predicts the duals from the embedding, as in :class:`skally.ALLYSampler`.
        max_points : int, default=5000
            Maximum number of pool samples to draw, and of labelled samples. Of a larger pool a
            random part is drawn, which always includes all picks.
        random_state : None, int or RandomState, default=None
        ax : matplotlib axes, or None for a new figure, default=None

        Returns
        -------
        display : PicksDisplay

        Raises
        ------
        ValueError
            If ``indices`` are not in the pool, or an argument is not valid.
        """
        n_pool = num_samples(X_pool)
        indices = check_indices(indices, n_pool)
        utility = None if utility is None else check_utility(utility, n_pool)
        check_number("max_points", max_points, numbers.Integral, 1)
        rng = make_rng(random_state)
        rows = thin(n_pool, indices, max_points, rng)
        pool = Pool(estimator, take_rows(X_pool, rows), X)
        values = duals_of(pool, regressor, rng) if utility is None else utility[rows]
        points, labelled = flatten(pool, projection, max_points, rng)
        return cls(
            points,
            np.isin(rows, indices),
            values=values,
            labelled=labelled,
            rows=rows,
            n_pool=n_pool,
            value_name="predicted dual variable" if utility is None else "utility",
        ).plot(ax)

    def plot(self, ax=None):
        """Draw, into axes if given.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure, default=None

        Returns
        -------
        display : this object
        """
        self.ax_ = ax = own_axes(ax, figsize=(6.4, 4.4))
        self.figure_ = ax.figure
        look = {"lw": 0, "s": 14 if len(self.points) < 1000 else 7, "label": self._pool_label}
        pick = {"s": 46, "edgecolors": PICK, "linewidths": 1.8, "zorder": 4}
        pick["label"] = f"picked ({np.sum(self.is_picked)})"
        self.points_ = self._scatter(~self.is_picked, {"color": "0.78"}, look, rasterized=True)
        self.labelled_ = self._plot_labelled()
        self.picks_ = self._scatter(self.is_picked, {"facecolors": "white"}, pick)
        self.colorbar_ = None
        if self.values is not None:
            self.colorbar_ = self.figure_.colorbar(
                self.picks_, ax=ax, label=self.value_name, shrink=0.8, aspect=30
            )
            self.colorbar_.outline.set_visible(False)
        ax.set(xticks=[], yticks=[])
        ax.set_aspect("equal", adjustable="datalim")
        ax.spines[:].set_visible(False)
        options = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "ncols": 3}
        ax.legend(frameon=False, fontsize="small", **options)
        return self

    @property
    def _pool_label(self):
        n, n_pool = len(self.points), self.n_pool
        return "pool" if n_pool in (None, n) else f"pool ({n} of {n_pool} samples)"

    def _scatter(self, shown, plain, look, **options):
        """Draw some of the points, those with the largest values on top."""
        if self.values is None:
            return self.ax_.scatter(*self.points[shown].T, **plain, **look, **options)
        chosen = np.flatnonzero(shown)
        chosen = chosen[np.argsort(self.values[chosen], kind="stable")]
        limits = {"vmin": self.values.min(), "vmax": self.values.max()}
        colours = {"c": self.values[chosen], "cmap": "viridis", **limits}
        return self.ax_.scatter(*self.points[chosen].T, **colours, **look, **options)

    def _plot_labelled(self):
        points = np.empty((0, 2)) if self.labelled is None else self.labelled
        label = "labelled before" if len(points) else None
        look = {"marker": "x", "s": 16, "color": MUTED, "linewidths": 0.9, "zorder": 3}
        return self.ax_.scatter(*points.T, label=label, rasterized=True, **look)


def check_indices(indices, n_pool):
    """Positions in the pool as an int array of shape (n_picks,), checked."""
    indices = np.asarray(indices)
    if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
        raise ValueError(f"indices == {indices!r}, must be a list of integers.")
    outside = indices[(indices < 0) | (indices >= n_pool)]
    if len(outside):
        raise ValueError(
            f"indices holds {outside[0]}, must be from 0 to {n_pool - 1}, positions in X_pool."
        )
    return indices


def check_utility(utility, n_pool):
    """Utilities as a float array of shape (n_pool,), checked."""
    utility = np.asarray(utility, dtype=float)
    if utility.shape != (n_pool,):
        raise ValueError(
            f"utility has shape {utility.shape}, must be ({n_pool},), one for each row of X_pool."
        )
    if not np.isfinite(utility).all():
        raise ValueError(f"utility holds {utility[~np.isfinite(utility)][0]}, must be finite.")
    return utility


def thin(n, keep, at_most, rng):
    """Sorted positions of a random part of n rows that includes the rows to keep.

    Parameters
    ----------
    n : int
    keep : int array
        These rows are included even if there are more than ``at_most``.
    at_most : int
    rng : numpy.random.RandomState
    """
    keep = np.unique(np.asarray(keep, dtype=int))
    others = np.setdiff1d(np.arange(n), keep)
    if n > at_most:
        others = rng.permutation(others)[: max(at_most - len(keep), 0)]
    return np.sort(np.r_[keep, others])


def duals_of(pool, regressor, rng):
    """Predicted dual of each row, (n_pool,), or None for an estimator without dual variables."""
    if not all(hasattr(member.net, "dual_variables_") for member in pool.members):
        return None
    return ALLYSampler(regressor=regressor).utility(pool, rng)


def flatten(pool, projection, at_most, rng):
    """Pool and at most ``at_most`` labelled samples, projected to two dimensions.

    Returns
    -------
    points : array of shape (n_pool, 2)
    labelled : array of shape (n_labeled, 2)
    """
    labelled = labelled_features(pool)
    labelled = labelled[thin(len(labelled), [], at_most, rng)]
    flat = project(np.vstack([pool.features, labelled]), projection, rng)
    return flat[: len(pool)], flat[len(pool) :]


def labelled_features(pool):
    """Features of the labelled samples, (n_labeled, d), with no rows if they are not known."""
    is_known = pool.labeled.X is not None or hasattr(pool.net, "train_embedding_")
    return pool.labeled.features if is_known else pool.features[:0]


def project(features, projection, rng):
    """Features projected to two dimensions, (n, 2)."""
    n, d = features.shape
    if projection is None and d <= 2:
        return np.hstack([features, np.zeros((n, 2 - d))])
    projection = PCA(2) if projection is None else projection
    flat = np.asarray(clone_seeded(projection, rng).fit_transform(features))
    if flat.shape != (n, 2):
        raise ValueError(f"projection returned an array of shape {flat.shape}, must be ({n}, 2).")
    return flat
