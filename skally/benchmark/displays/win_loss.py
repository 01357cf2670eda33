"""Which sampler beats which, as a picture."""

import numpy as np
import pandas as pd

from skally.benchmark.displays.checks import check_complete
from skally.benchmark.displays.drawing import INK, own_axes


class WinLossDisplay:
    """See which sampler beats which, and how often.

    Make one with :meth:`from_curves`.

    Parameters
    ----------
    wins : data frame
        On how many the sampler of the row beats that of the column. Ties are nobody's.
    n : int
        On how many they met.
    unit : str
        What they are: "data sets" or "random states".

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
        """Picture of curves: by mean area on each data set, or on one by that of each random state.

        Parameters
        ----------
        curves : LearningCurves
        ax : matplotlib axes, or None for a figure of their own

        Returns
        -------
        display : WinLossDisplay
            Samplers in order of their wins.

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

        Returns
        -------
        display : this object
        """
        names, k = list(self.wins.index), len(self.wins)
        self.ax_ = ax = own_axes(ax, figsize=(1.9 + 0.5 * k, 1.3 + 0.45 * k))
        self.figure_ = ax.figure
        lead = (self.wins - self.wins.T).mask(np.eye(k, dtype=bool)).to_numpy(dtype=float)
        # The deepest colours of the map are too deep for a number on them.
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
    """How many rows have a larger value in one column than in the other: data frame."""
    values = areas.to_numpy()
    wins = (values[:, :, None] > values[:, None, :]).sum(axis=0)
    return pd.DataFrame(wins, index=list(areas.columns), columns=list(areas.columns))
