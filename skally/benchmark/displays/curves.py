"""Display of learning curves."""

import numpy as np

from skally.benchmark.displays.common import (
    MUTED,
    check_curves,
    one_of,
    pyplot,
    strip_frame,
    styles,
)


class LearningCurveDisplay:
    """Mean score by number of labels, with its confidence interval, for each sampler.

    Use :meth:`from_curves` to create one.

    Parameters
    ----------
    bands : data frame
        As returned by :meth:`skally.benchmark.LearningCurves.bands`: columns data_set, sampler,
        n_labeled, mean, low and high, the last two NaN if there is one random state.
    level : float in (0, 1), default=0.95
        Level of the confidence intervals, for the legend.

    Attributes
    ----------
    axes_ : array of matplotlib axes
        One for each data set, in their order.
    figure_ : matplotlib figure
    lines_ : dict of (data set, sampler) to matplotlib line
        Mean scores.
    fills_ : dict of (data set, sampler) to matplotlib collection
        Confidence bands, where there are any.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally import EntropySampler, RandomSampler
    >>> from skally.benchmark import learning_curves
    >>> from skally.benchmark import LearningCurveDisplay
    >>> curves = learning_curves(
    ...     LogisticRegression(max_iter=1000),
    ...     {"random": RandomSampler(), "entropy": EntropySampler()},
    ...     *load_iris(return_X_y=True),
    ...     n_initial=12,
    ...     n_instances=4,
    ...     n_rounds=3,
    ...     random_states=[0, 1],
    ... )
    >>> display = LearningCurveDisplay.from_curves(curves, score_name="accuracy")
    >>> display.axes_[0].get_ylabel()
    'accuracy'
    """

    def __init__(self, bands, *, level=0.95):
        self.bands = bands
        self.level = level

    @classmethod
    def from_curves(
        cls,
        curves,
        *,
        level=0.95,
        negate_score=False,
        score_name=None,
        log_scale=False,
        colors=None,
        clip=True,
        ax=None,
        axes=None,
    ):
        """Draw learning curves.

        Parameters
        ----------
        curves : LearningCurves
        level : float in (0, 1), default=0.95
            Level of the confidence interval of the mean over random states, by Student's t, for
            each number of labels separately.
        clip : as in :meth:`skally.benchmark.LearningCurves.bands`, default=True
        negate_score, log_scale : as in :meth:`plot`, default=False
        score_name, colors, ax, axes : as in :meth:`plot`, default=None

        Returns
        -------
        display : LearningCurveDisplay

        Raises
        ------
        ValueError
            If there are no scores, or an argument is not valid.
        """
        display = cls(check_curves(curves).bands(level, clip=clip), level=level)
        return display.plot(
            one_of(ax, axes),
            negate_score=negate_score,
            score_name=score_name,
            log_scale=log_scale,
            colors=colors,
        )

    def plot(
        self,
        ax=None,
        *,
        negate_score=False,
        score_name=None,
        log_scale=False,
        colors=None,
        axes=None,
    ):
        """Draw, into axes if given.

        Parameters
        ----------
        ax : matplotlib axes, one for each data set, or None for a new figure, default=None
        negate_score : bool, default=False
            Change the sign of the scores, to show errors for ``"neg_mean_squared_error"`` and
            similar scores, as in :class:`sklearn.model_selection.LearningCurveDisplay`.
        score_name : str, default=None
            Title of the vertical axis. None means "score", or "error" for negated scores.
        log_scale : bool, default=False
            Whether the vertical axis is logarithmic.
        colors : dict of str to colour, default=None
            Colours of some or all samplers. The default colours are safe for colour-blind readers;
            samplers named random, reference or baseline are grey.
        axes : another name of ``ax``, default=None

        Returns
        -------
        display : this object
        """
        ax = one_of(ax, axes)
        bands = negated(self.bands) if negate_score else self.bands
        check_positive(bands["mean"], log_scale)
        samplers = list(dict.fromkeys(bands["sampler"]))
        looks = styles(samplers, colors)
        self.axes_ = self._make_axes(ax)
        self.figure_ = self.axes_[0].figure
        self.lines_, self.fills_ = {}, {}
        for place, data_set in zip(self.axes_, self._data_sets, strict=True):
            panel = bands[bands["data_set"] == data_set]
            for sampler, rows in panel.groupby("sampler", sort=False):
                self._plot_curve(place, (data_set, sampler), rows, looks[sampler])
            finish_panel(place, data_set, panel, log_scale)
        default = "error" if negate_score else "score"
        self._label(default if score_name is None else score_name)
        self._add_legend(samplers, is_own=ax is None)
        return self

    @property
    def _data_sets(self):
        return list(dict.fromkeys(self.bands["data_set"]))

    def _make_axes(self, ax):
        n = len(self._data_sets)
        if ax is not None:
            given = np.ravel(ax)
            if len(given) != n:
                raise ValueError(f"ax holds {len(given)}, must be {n}, one for each data set.")
            return given
        n_columns = n if n <= 3 else int(np.ceil(np.sqrt(n)))
        n_rows = -(-n // n_columns)
        width = 6.4 if n == 1 else 3.2 * n_columns
        height = 4.0 if n == 1 else 2.6 * n_rows + 0.6
        _, grid = pyplot().subplots(
            n_rows, n_columns, figsize=(width, height), layout="constrained", squeeze=False
        )
        for unused in grid.flat[n:]:
            unused.remove()
        return grid.ravel()[:n]

    def _plot_curve(self, ax, key, rows, look):
        line = ax.plot(
            rows["n_labeled"],
            rows["mean"],
            label=key[1],
            markersize=5.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            markevery=max(1, len(rows) // 12),
            **look,
        )
        self.lines_[key] = line[0]
        if rows["low"].notna().all():
            columns = (rows["n_labeled"], rows["low"], rows["high"])
            alpha = min(0.2, 0.6 / self.bands["sampler"].nunique())
            self.fills_[key] = ax.fill_between(*columns, color=look["color"], alpha=alpha, lw=0)

    def _label(self, score_name):
        for ax in self.axes_:
            place = ax.get_subplotspec()
            if len(self.axes_) == 1 or place is None or place.is_first_col():
                ax.set_ylabel(score_name)
            ax.set_xlabel("labelled samples")

    def _add_legend(self, samplers, is_own):
        line_of = {sampler: line for (_, sampler), line in self.lines_.items()}
        title = f"mean over random states\nand its {100 * self.level:g} % interval"
        options = {"frameon": False, "title_fontsize": "small"}
        parent = self.figure_ if is_own else self.axes_[0]
        if not is_own:
            options["loc"] = "best"
        elif len(self.axes_) == 1:
            options["loc"] = "outside right upper"
        else:
            title = title.replace("\n", " ")
            n_rows = -(-len(samplers) // 5)
            options |= {"loc": "outside lower center", "ncols": -(-len(samplers) // n_rows)}
        options["title"] = title if self.fills_ else None
        legend = parent.legend([line_of[name] for name in samplers], samplers, **options)
        legend.get_title().set_color(MUTED)


def check_positive(values, log_scale):
    """Raise if the axis is to be logarithmic and a value is not positive."""
    if log_scale and not (values > 0).all():
        raise ValueError(
            f"log_scale == {log_scale!r}, must be False with a value of {values.min():.3g}, not "
            "above 0. negate_score=True turns negative scores into errors."
        )


def negated(bands):
    """Bands of the negated scores."""
    return bands.assign(mean=-bands["mean"], low=-bands["high"], high=-bands["low"])


def finish_panel(ax, data_set, panel, log_scale):
    """Set title, scale and frame of one panel."""
    strip_frame(ax)
    if data_set:
        ax.set_title(data_set, fontsize="medium", loc="left")
    if log_scale:
        values = panel[["mean", "low", "high"]].to_numpy()
        # On a logarithmic axis, the end of a band close to 0 would leave no room for the means.
        set_log_scale(ax, values[values > panel["mean"].min() / 4])


def set_log_scale(ax, values):
    """Set a logarithmic vertical axis whose ticks are plain numbers, about 3 to 9 of them.

    Parameters
    ----------
    values : array, positive
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

    ratio = values.max() / values.min()
    ax.set_yscale("log")
    margin = max(ratio, 1.1) ** 0.05
    ax.set_ylim(values.min() / margin, values.max() * margin)
    if ratio < 6:
        ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    else:
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < 1e3 else (1.0,)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
