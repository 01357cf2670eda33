"""Display of how often one sampler beats another."""

import numpy as np
import pandas as pd

from skally.benchmark.displays.common import INK, check_complete, own_axes


class WinLossDisplay:
    """How often each sampler beats each other, over data sets or random states.

    Use :meth:`from_curves` to create one.

    Parameters
    ----------
    wins : data frame
        Number of comparisons in which the sampler of the row beats that of the column. Ties count
        for neither.
    n : int
        Number of comparisons of each pair.
    unit : str, default="data sets"
        What is counted, "data sets" or "random states".

    Attributes
    ----------
    ax_ : matplotlib axes
    figure_ : matplotlib figure
    image_ : matplotlib image
        Wins minus losses.
    texts_ : dict of (row, column) to matplotlib text

    Examples
    --------
    >>> import pandas as pd
    >>> from skally.benchmark import WinLossDisplay
    >>> names = ["margin", "random"]
    >>> wins = pd.DataFrame([[0, 7], [2, 0]], index=names, columns=names)
    >>> display = WinLossDisplay(wins, n=9, unit="data sets").plot()
    >>> display.texts_["margin", "random"].get_text()
    '7'
    """

    def __init__(self, wins, *, n, unit="data sets"):
        self.wins = wins
        self.n = n
        self.unit = unit

    @classmethod
    def from_curves(cls, curves, *, ax=None):
        """Draw wins by the mean area on each data set, or by the area of each random state on one.

        Parameters
        ----------
        curves : LearningCurves
        ax : matplotlib axes, or None for a new figure, default=None

        Returns
        -------
        display : WinLossDisplay
            Its samplers are sorted by their number of wins.

        Raises
        ------
        ValueError
            If there are fewer than two samplers, or scores are missing.
        """
        areas, unit = check_complete(curves), "random states"
        if len(curves.data_sets) > 1:
            areas, unit = areas.groupby("data_set").mean(), "data sets"
        wins = count_wins(areas)
        order = wins.sum(axis=1).sort_values(ascending=False, kind="stable").index
        return cls(wins.loc[order, order], n=len(areas), unit=unit).plot(ax)

    def plot(self, ax=None):
        """Draw, into axes if given.

        Parameters
        ----------
        ax : matplotlib axes, or None for a new figure, default=None

        Returns
        -------
        display : this object
        """
        names, k = list(self.wins.index), len(self.wins)
        self.ax_ = ax = own_axes(ax, figsize=(1.9 + 0.5 * k, 1.3 + 0.45 * k))
        self.figure_ = ax.figure
        lead = (self.wins - self.wins.T).mask(np.eye(k, dtype=bool)).to_numpy(dtype=float)
        # Limits beyond n, since numbers are hard to read on the darkest colours of the map.
        self.image_ = ax.imshow(lead, cmap="RdBu", vmin=-1.4 * self.n, vmax=1.4 * self.n)
        ax.set_xticks(range(k), names, rotation=40, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(k), names)
        ax.set_title(f"Row beats column on … of {self.n} {self.unit}", fontsize="medium")
        self._separate_cells()
        self.texts_ = {
            (names[i], names[j]): self._write(i, j, lead[i, j])
            for i, j in zip(*np.nonzero(np.isfinite(lead)), strict=True)
        }
        return self

    def _separate_cells(self):
        edges = np.arange(len(self.wins) + 1) - 0.5
        self.ax_.set_xticks(edges, minor=True)
        self.ax_.set_yticks(edges, minor=True)
        self.ax_.grid(which="minor", color="white", lw=2)
        self.ax_.tick_params(which="both", length=0)
        self.ax_.spines[:].set_visible(False)
        self.ax_.set_facecolor("0.93")

    def _write(self, i, j, lead):
        colour = "white" if abs(lead) > 0.8 * self.n else INK
        count = f"{self.wins.iloc[i, j]}"
        return self.ax_.text(j, i, count, color=colour, ha="center", va="center")


def count_wins(areas):
    """Number of rows in which one column is larger than another, for all pairs: data frame."""
    values = areas.to_numpy()
    wins = (values[:, :, None] > values[:, None, :]).sum(axis=0)
    return pd.DataFrame(wins, index=list(areas.columns), columns=list(areas.columns))
