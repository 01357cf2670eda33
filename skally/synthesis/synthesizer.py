"""The estimator that synthesises inputs, and its result."""

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_array

from skally.nets.heads import DualRegressor
from skally.pool.samples import Samples
from skally.pool.unwrapping import check_fitted
from skally.synthesis.ascent import Box, climb
from skally.synthesis.columns import bounds, check_start, column_names, free_columns, in_form_of
from skally.synthesis.predicted_dual import PredictedDual, input_map, unit_of
from skally.utils.random import make_rng
from skally.utils.validation import as_array, check_number


class InputSynthesizer(BaseEstimator):
    """Synthesise inputs whose predicted dual variable is large, as experiments to run next.

    The generative mode of ALLY: gradient ascent, from given rows, on the dual that a
    :class:`skally.DualRegressor` predicts from the net's embedding. It is useful where any input
    can be labelled, as by a simulation or an experiment with free settings.

    Parameters
    ----------
    n_steps : int, default=100
    step_size : float, default=0.05
        Length of a step: the root mean square, over the columns that may change, of the change of
        the net's input. The unit is a column's standard deviation after a ``StandardScaler``, its
        range after a ``MinMaxScaler``, and the unit of X without a scaler. A step that does not
        raise the predicted dual is halved, and the next one is at most twice as long.
    clip : pair (low, high), or None, default=None
        Bounds of each column in the units of X: numbers, arrays of the shape of one row, or, for a
        data frame, Series by column. None in place of either means no bound.
    frozen : list of int or str, bool array of the shape of one row, or None, default=None
        Columns that keep their values, by position in axis 1 or, for a data frame, by name.
    regressor : DualRegressor or None, default=None
        A clone of it learns the duals from the embedding. None means ``DualRegressor()``.
    keep_every : int, default=1
        Number of steps between the rows that the path keeps. It always keeps the start and the end.
    random_state : None, int or RandomState, default=None
        Seed of the regressor's training.

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, Figure 1 and the section on generating informative inputs. The units of a step
    and its halving are our own.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skally import ConstrainedNetRegressor, InputSynthesizer
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0)
    >>> model = make_pipeline(StandardScaler(), net).fit(X[:200], y[:200])
    >>> synthesizer = InputSynthesizer(
    ...     n_steps=20, clip=(X.min(), X.max()), frozen=["age", "sex"], random_state=0
    ... )
    >>> found = synthesizer.synthesize(model, X[200:203])
    >>> bool((found.duals[-1] > found.duals[0]).all())
    True
    >>> found.inputs["age"].equals(X["age"][200:203])
    True
    """

    def __init__(
        self,
        *,
        n_steps=100,
        step_size=0.05,
        clip=None,
        frozen=None,
        regressor=None,
        keep_every=1,
        random_state=None,
    ):
        self.n_steps = n_steps
        self.step_size = step_size
        self.clip = clip
        self.frozen = frozen
        self.regressor = regressor
        self.keep_every = keep_every
        self.random_state = random_state

    def synthesize(self, estimator, X):
        """Change rows so that their predicted duals rise.

        Parameters
        ----------
        estimator : fitted constrained net
            Or a Pipeline, GridSearchCV, TransformedTargetRegressor or modAL learner around one, or
            a committee of them, whose mean prediction is used. Transformers before the net must be
            affine, as scikit-learn's scalers are.
        X : array-like of shape (n, ...)
            Rows to start from, usually ones with small predicted duals. It is not changed.

        Returns
        -------
        synthesis : Synthesis

        Raises
        ------
        ValueError
            If a parameter is out of its bounds, if a column that may change starts outside of
            ``clip``, if all columns are frozen, if a transformer is not affine, if X is not finite
            or has another width than the training data, or if the estimator has no duals.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        self._check_parameters()
        samples, rows = check_input(estimator, X)
        low, high = bounds(self.clip, X, rows.shape[1:])
        free = free_columns(self.frozen, X, rows.shape[1:])
        check_start(X, rows, low, high, free)
        rng = make_rng(self.random_state)
        maps = [input_map(member, X, rows, rng) for member in samples.members]
        predicted = PredictedDual(samples.members, maps, self.regressor, rows[:1], rng)
        box = Box(low, high, free, unit_of(maps))
        return self._climb(predicted, X, rows, box, batch_size(samples))

    def _climb(self, predicted, X, rows, box, size):
        steps = np.unique([*range(0, self.n_steps, self.keep_every), self.n_steps])
        path = np.empty((len(steps), *rows.shape))
        duals = np.empty((len(steps), len(rows)))
        for part in gen_batches(len(rows), size):
            course = climb(
                predicted.value, predicted.gradient, rows[part], box,
                n_steps=self.n_steps, step_size=self.step_size,
            )  # fmt: skip
            for step, (moved, heights) in enumerate(course):
                kept = np.searchsorted(steps, step)
                if steps[kept] == step:
                    path[kept, part], duals[kept, part] = moved, heights
        return Synthesis(in_form_of(X, path[-1].copy()), path, duals, steps, column_names(X))

    def _check_parameters(self):
        check_number("n_steps", self.n_steps, numbers.Integral, 1)
        check_number("keep_every", self.keep_every, numbers.Integral, 1)
        check_number("step_size", self.step_size, numbers.Real, 0)
        if self.step_size == 0:
            raise ValueError(f"step_size == {self.step_size!r}, must be > 0.")
        if not isinstance(self.regressor, DualRegressor | None):
            raise ValueError(
                f"regressor == {self.regressor!r}, must be None or a skally.DualRegressor, which "
                "has gradients."
            )


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Synthesised inputs, with the path of each from its start.

    Parameters
    ----------
    inputs : array of shape (n, ...), or data frame if the start was one
        The last rows of the path, in the units of the start.
    path : array of shape (n_kept_steps, n, ...)
        Rows after each of ``steps``, from the start to the end.
    duals : array of shape (n_kept_steps, n)
        Predicted dual variables of the path. They never fall from one step to the next.
    steps : int array of shape (n_kept_steps,)
        Numbers of the steps that the path keeps, from 0.
    columns : list of str, or None, default=None
        Names of the columns if the start was a data frame.

    Examples
    --------
    >>> import numpy as np
    >>> from skally.synthesis import Synthesis
    >>> path = np.array([[[0.0, 1.0]], [[0.5, 1.0]]])  # two steps of one row
    >>> synthesis = Synthesis(path[-1], path, np.array([[0.1], [0.3]]), np.array([0, 1]))
    >>> synthesis.to_frame()
       row  step  dual   x0   x1
    0    0     0   0.1  0.0  1.0
    1    0     1   0.3  0.5  1.0
    """

    inputs: Any
    path: np.ndarray
    duals: np.ndarray
    steps: np.ndarray
    columns: list | None = None

    def to_frame(self):
        """The path as a data frame in long form.

        Returns
        -------
        frame : pandas.DataFrame of n_kept_steps * n rows
            Columns ``row``, ``step`` and ``dual``, then the flattened inputs under their column
            names, or ``x0``, ``x1``, ... if there are none.
        """
        import pandas as pd

        n_kept, n = self.duals.shape
        values = self.path.reshape(n_kept * n, -1)
        names = self.columns or [f"x{j}" for j in range(values.shape[1])]
        frame = pd.DataFrame(values, columns=names)
        frame.insert(0, "row", np.tile(np.arange(n), n_kept))
        frame.insert(1, "step", np.repeat(self.steps, n))
        frame.insert(2, "dual", self.duals.ravel())
        return frame


def check_input(estimator, X):
    """Check the arguments of ``synthesize``: rows seen through the estimator, and as floats.

    Returns
    -------
    samples : skally.pool.samples.Samples
    rows : array of shape (n, ...)
    """
    check_fitted(estimator)
    for member in Samples(estimator, X).members:
        _ = member.dual_variables  # raises where there are none
        if not hasattr(member.net, "module_"):
            raise ValueError(
                f"{type(member.net).__name__} is no net, which must be there to be differentiated: "
                "use ConstrainedNetClassifier or ConstrainedNetRegressor."
            )
    rows = check_array(as_array(X), dtype=np.float64, allow_nd=True, input_name="X")
    samples = Samples(estimator, in_form_of(X, rows))
    _ = samples.embedding  # raises for another width or other names
    return samples, rows


def batch_size(samples):
    """Number of rows to move at once: as many as fitted into memory with gradients in training."""
    size = min(member.net.batch_size for member in samples.members)
    return size if size > 0 else np.iinfo(int).max
