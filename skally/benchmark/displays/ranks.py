"""Display of mean ranks over data sets: a critical difference diagram."""

import numpy as np

from skally.benchmark.displays.common import INK, MUTED, check_complete, own_axes, styles


class RankDisplay:
    """Critical difference diagram: mean ranks over data sets, and which of them differ.

    Each sampler is drawn at its mean rank over data sets. A bar joins samplers of which no two
    differ significantly. Use :meth:`from_curves` to create one.

    Parameters
    ----------
    ranks : series
        Mean rank of each sampler, 1 for the best.
    groups : list of list of str
        The samplers that each bar joins.
    n_data_sets : int
    alpha : float in (0, 1), default=0.05
        Level of significance, for the caption.

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    lines_ : dict of str to matplotlib line
        Line from the mean rank of a sampler to its name.
    bars_ : list of matplotlib lines
        One for each group.

    References
    ----------
    Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", Journal of Machine
    Learning Research 7, 2006, for the diagram. Benavoli, Corani, Mangili, "Should We Really Use
    Post-Hoc Tests Based on Mean-Ranks?", ibid. 17, 2016, for Wilcoxon's test in place of
    Nemenyi's, whose verdict on two samplers depends on which others are compared.

    Examples
    --------
    >>> import pandas as pd
    >>> from skally.benchmark import RankDisplay
    >>> ranks = pd.Series({"random": 2.9, "entropy": 1.6, "margin": 1.5})
    >>> display = RankDisplay(ranks, [["margin", "entropy"]], n_data_sets=10).plot()
    >>> len(display.bars_)
    1
    """

    def __init__(self, ranks, groups, *, n_data_sets, alpha=0.05):
        self.ranks = ranks
        self.groups = groups
        self.n_data_sets = n_data_sets
        self.alpha = alpha

    @classmethod
    def from_curves(cls, curves, *, alpha=0.05, ax=None):
        """Draw the ranks of curves on two data sets or more.

        Parameters
        ----------
        curves : LearningCurves
        alpha : float in (0, 1), default=0.05
            Two samplers differ if their p-value by
            :meth:`~skally.benchmark.LearningCurves.compare_across` (Wilcoxon's signed-rank test,
            adjusted by Holm's method) is at most this. If there are too few data sets for any
            difference to be significant, the caption says so.
        ax : matplotlib axes, or None for a new figure, default=None

        Returns
        -------
        display : RankDisplay

        Raises
        ------
        ValueError
            If there are fewer than two data sets or samplers, scores are missing, or ``alpha`` is
            not between 0 and 1.
        """
        if not 0 < alpha < 1:
            raise ValueError(f"alpha == {alpha!r}, must be between 0 and 1.")
        check_complete(curves)
        n = len(curves.data_sets)
        if n < 2:
            raise ValueError(f"curves has {n} data set, must have at least two data sets.")
        ranks = curves.ranks()
        groups = groups_of(in_order(ranks), curves.compare_across(), alpha)
        return cls(ranks, groups, n_data_sets=n, alpha=alpha).plot(ax)

    def plot(self, ax=None):
        """Draw, into axes if given.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure, default=None

        Returns
        -------
        display : this object
        """
        bars = stack(self._spans)
        top = 0.9 + 0.35 * (1 + max((level for *_, level in bars), default=-1))
        bottom = top + (len(self.ranks) + 1) // 2 - 0.5
        self.ax_ = own_axes(ax, figsize=(7.2, 1.1 + 0.27 * bottom))
        self.figure_ = self.ax_.figure
        self._plot_axis(bottom)
        self._plot_leaders(top)
        self.bars_ = [
            self.ax_.plot(
                [low, high], [0.55 + 0.35 * level] * 2, color=INK, lw=4, solid_capstyle="butt"
            )[0]
            for low, high, level in bars
        ]
        return self

    @property
    def _spans(self):
        """Ends of the bars, which extend a little beyond their outermost samplers."""
        pad = 0.01 * (len(self.ranks) - 1)
        ranks = [self.ranks[group] for group in self.groups]
        return [(each.min() - pad, each.max() + pad) for each in ranks]

    def _plot_axis(self, bottom):
        ax, n = self.ax_, len(self.ranks)
        room = 0.06 * (n - 1)
        ax.set(xlim=(1 - room, n + room), ylim=(bottom, 0), xticks=range(1, n + 1), yticks=[])
        ax.xaxis.set_ticks_position("top")
        ax.xaxis.set_label_position("top")
        ax.set_xlabel("mean rank (1 is the best)")
        ax.spines[["left", "right", "bottom"]].set_visible(False)
        ax.spines["top"].set_bounds(1, n)
        ax.text(
            0.5, -0.04, self.caption, transform=ax.transAxes, color=MUTED, fontsize="small",
            ha="center", va="top",
        )  # fmt: skip

    @property
    def caption(self):
        """The test that was used, and whether there are enough data sets for it."""
        n, k = self.n_data_sets, len(self.ranks)
        needed = data_sets_needed(k, self.alpha)
        test = f"α = {self.alpha:g} (Wilcoxon, Holm)"
        text = f"{n} data sets. Bars: no significant difference, {test}"
        if n >= needed:
            return text
        few = (
            f"With {k} samplers, no difference can be significant on fewer than {needed} data sets."
        )
        return f"{text}\n{few}"

    def _plot_leaders(self, top):
        looks, self.lines_ = styles(list(self.ranks.index)), {}
        names = in_order(self.ranks)
        half = (len(names) + 1) // 2
        left, right = self.ax_.get_xlim()
        for i, name in enumerate(names):
            is_left = i < half
            row = top + (i if is_left else len(names) - 1 - i)
            self._plot_leader(name, row, left if is_left else right, looks[name])

    def _plot_leader(self, name, row, end, look):
        ax, rank = self.ax_, self.ranks[name]
        self.lines_[name] = ax.plot([rank, rank, end], [0, row, row], color=INK, lw=0.8)[0]
        ax.plot(rank, 0, **look, markersize=7, markeredgecolor="white", clip_on=False, zorder=3)
        is_left = end < rank
        ax.annotate(
            f"{name}  {rank:.2f}" if is_left else f"{rank:.2f}  {name}",
            (end, row),
            xytext=(-4 if is_left else 4, 0),
            textcoords="offset points",
            ha="right" if is_left else "left",
            va="center",
            color=INK,
            annotation_clip=False,
        )


def in_order(ranks):
    """Names by rank, the best first."""
    return list(ranks.sort_values(kind="stable").index)


def groups_of(names, comparison, alpha):
    """Longest runs of at least two names in which no pair differs significantly.

    Parameters
    ----------
    names : list of str, by rank
    comparison : data frame
        Of :meth:`skally.benchmark.LearningCurves.compare_across`.
    alpha : float

    Returns
    -------
    groups : list of list of str
    """
    differ = comparison[comparison["p_adjusted"] <= alpha]
    pairs = {frozenset(pair) for pair in zip(differ["sampler"], differ["reference"], strict=True)}
    groups, end = [], 0
    for start in range(len(names)):
        before = end  # no pair in names[start:end] differs, since none in the previous run does
        while end < len(names) and not any(
            frozenset((name, names[end])) in pairs for name in names[start:end]
        ):
            end += 1
        if end > before and end - start > 1:
            groups.append(names[start:end])
    return groups


def stack(spans):
    """Spans with the lowest level at which they overlap no other: list of (low, high, level)."""
    ends, placed = [], []
    for low, high in spans:
        level = next((i for i, end in enumerate(ends) if end < low), len(ends))
        ends[level : level + 1] = [high]
        placed.append((low, high, level))
    return placed


def data_sets_needed(n_samplers, alpha):
    """Number of data sets from which a difference can be significant by Wilcoxon and Holm."""
    n_pairs = n_samplers * (n_samplers - 1) / 2
    return int(np.ceil(1 + np.log2(n_pairs / alpha)))
