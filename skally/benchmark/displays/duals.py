"""Display of the dual variables of a fitted net."""

import numpy as np

from skally.benchmark.displays.common import one_of, pyplot, strip_frame
from skally.pool.unwrapping import unwrap


class DualVariablesDisplay:
    """Dual variables over training, their distribution, and the slack of each sample by its dual.

    Use :meth:`from_estimator` to create one.

    Parameters
    ----------
    dual_variables, slacks : arrays of shape (n,)
        Rows that were held out have NaN duals and are left out.
    dual_mean, dual_max, max_violation : arrays of shape (n_epochs,)
    unit : str, default="epoch"
        What the three have a value for each of.

    Attributes
    ----------
    axes_ : array of three matplotlib axes
        Duals over training, duals in descending order, dual by slack.
    figure_ : matplotlib figure

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ConstrainedNetRegressor
    >>> from skally.benchmark import DualVariablesDisplay
    >>> net = ConstrainedNetRegressor(max_epochs=10, random_state=0)
    >>> net = net.fit(*load_diabetes(return_X_y=True))
    >>> display = DualVariablesDisplay.from_estimator(net)
    >>> len(display.axes_)
    3
    """

    def __init__(self, dual_variables, slacks, *, dual_mean, dual_max, max_violation, unit="epoch"):
        self.dual_variables = dual_variables
        self.slacks = slacks
        self.dual_mean = dual_mean
        self.dual_max = dual_max
        self.max_violation = max_violation
        self.unit = unit

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, axes=None):
        """Draw the dual variables of a fitted net or of another estimator that has them.

        Parameters
        ----------
        estimator : fitted net, or a Pipeline, GridSearchCV or modAL learner around one
        ax : three matplotlib axes, or None for a new figure, default=None
        axes : another name of ``ax``, default=None

        Returns
        -------
        display : DualVariablesDisplay
        """
        net = unwrap(estimator)[1]
        if not hasattr(net, "dual_variables_"):
            raise ValueError(
                f"estimator is a {type(net).__name__} without dual_variables_, must have them."
            )
        epochs = [row for row in net.history_ if "dual_max" in row]
        names = ("dual_mean", "dual_max", "max_violation")
        columns = {name: np.array([row[name] for row in epochs]) for name in names}
        unit = "epoch" if "epoch" in epochs[0] else "update"  # of an estimator without epochs
        display = cls(net.dual_variables_, net.slacks_, unit=unit, **columns)
        return display.plot(one_of(ax, axes))

    def plot(self, ax=None, *, axes=None):
        """Draw, into three axes if given.

        Parameters
        ----------
        ax : three matplotlib axes, or None for a new figure, default=None
        axes : another name of ``ax``, default=None

        Returns
        -------
        display : this object
        """
        ax = one_of(ax, axes)
        if ax is None:
            _, ax = pyplot().subplots(1, 3, figsize=(12, 3.4), layout="constrained")
        self.axes_ = np.ravel(ax)
        if len(self.axes_) != 3:
            raise ValueError(f"ax holds {len(self.axes_)}, must be 3 axes.")
        self.figure_ = self.axes_[0].figure
        self._plot_course(self.axes_[0])
        self._plot_distribution(self.axes_[1])
        self._plot_slacks(self.axes_[2])
        for ax in self.axes_:
            strip_frame(ax)
        return self

    def _plot_course(self, ax):
        steps = np.arange(len(self.dual_mean)) + (self.unit == "epoch")  # update 0 is none yet
        for name, colour in (("dual_max", "C3"), ("dual_mean", "C0"), ("max_violation", "0.5")):
            label = name.replace("_", " ").replace("max dual", "dual max")
            ax.plot(steps, getattr(self, name), color=colour, label=label)
        ax.set(title="Over training", xlabel=self.unit)
        ax.set_yscale("symlog", linthresh=smallest_scale(self.dual_mean))
        ax.legend(frameon=False, loc="best")

    def _plot_distribution(self, ax):
        duals = np.sort(self._active[0])[::-1]
        share, duals = np.mean(duals > 0), duals[duals > 0]
        ranks = np.arange(1, len(duals) + 1)
        ax.plot(ranks, duals, color="C0")
        ax.fill_between(ranks, duals, color="C0", alpha=0.2, lw=0)
        title = f"Largest first; {share:.0%} are above 0"
        ax.set(title=title, xlabel="sample", ylabel="dual variable")

    def _plot_slacks(self, ax):
        duals, slacks = self._active
        colours = np.where(slacks > 0, "C3", "C0")
        ax.axvline(0, color="0.5", lw=1)
        ax.scatter(slacks, duals, s=9, c=colours, alpha=0.6, lw=0)
        ax.set(
            title="Slack and dual", xlabel="slack (right of 0: violated)", ylabel="dual variable"
        )

    @property
    def _active(self):
        has = np.isfinite(self.dual_variables)
        return self.dual_variables[has], self.slacks[has]


def smallest_scale(values):
    """Value below which the symmetric log axis is linear: a tenth of the largest mean."""
    return max(float(np.max(values, initial=0.0)) / 10, 1e-6)
