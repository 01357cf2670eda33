"""Gradient ascent on a function of a row, within bounds, for many rows at once."""

from dataclasses import dataclass

import numpy as np

# A row stays where it is for good if no step rises, even after so many halvings.
N_HALVINGS = 20


@dataclass(frozen=True)
class Box:
    """Bounds of rows, and the unit of a step in each column. All arrays have the shape of a row.

    Parameters
    ----------
    low, high : arrays of float, infinite where there is no bound
    free : bool array
        Columns that may change.
    unit : array of float, not negative
        Change of each column that counts as a length of 1.
    """

    low: np.ndarray
    high: np.ndarray
    free: np.ndarray
    unit: np.ndarray

    def uphill(self, X, gradient):
        """Direction of steepest ascent in these units, for each row.

        Its root mean square over the columns that may change is 1. The gradient of a column that is
        at a bound and would cross it is left out. The direction is zero if nothing is left.
        """
        slope = np.where(self.free & np.isfinite(gradient), gradient * self.unit, 0.0)
        against = (slope < 0) & (X <= self.low) | (slope > 0) & (X >= self.high)
        slope[against] = 0.0
        slope /= np.maximum(row_max(np.abs(slope)), np.finfo(float).tiny)  # or squares underflow
        norm = np.sqrt(np.square(slope).sum(axis=row_axes(X), keepdims=True) / self.free.sum())
        return np.divide(slope, norm, out=np.zeros_like(slope), where=norm > 0) * self.unit

    def moved(self, X, step):
        """Rows after a step, within the bounds. Columns with a step of 0 keep their exact value."""
        return np.where(step != 0, np.clip(X + step, self.low, self.high), X)


def climb(height, gradient, X, box, *, n_steps, step_size):
    """Yield rows after 0, 1, ..., n_steps steps of gradient ascent, none of which lowers a height.

    Parameters
    ----------
    height : function of rows (n, ...) to their heights (n,)
        The height of a row depends on that row only.
    gradient : function of rows (n, ...) to the gradients of their heights (n, ...)
    X : array of shape (n, ...)
    box : Box
    n_steps : int
    step_size : float
        Root mean square of a step over the columns that may change, in units of the box.

    Yields
    ------
    X : array of shape (n, ...)
    heights : array of shape (n,)
    """
    heights, length = height(X), np.full(len(X), float(step_size))
    yield X, heights
    for _ in range(n_steps):
        rows = np.flatnonzero(length)
        if len(rows):
            X, heights, length = X.copy(), heights.copy(), length.copy()
            direction = box.uphill(X[rows], gradient(X[rows]))
            X[rows], heights[rows], taken = rise(
                height, X[rows], heights[rows], direction, length[rows], box
            )
            length[rows] = np.minimum(2 * taken, step_size)
        yield X, heights


def rise(height, X, heights, direction, length, box):
    """One step of each row, halved until its height rises. A row that cannot rise stays.

    Returns
    -------
    X, heights : arrays of shape (n, ...) and (n,)
    taken : array of shape (n,)
        Length of each row's step, 0 if it stays.
    """
    X, heights, taken = X.copy(), heights.copy(), np.zeros(len(X))
    rows = np.flatnonzero(direction.any(axis=row_axes(X)))
    for _ in range(N_HALVINGS):
        if not len(rows):
            break
        step = length[rows].reshape(-1, *[1] * (X.ndim - 1)) * direction[rows]
        tried = box.moved(X[rows], step)
        found = height(tried)
        higher = found > heights[rows]
        risen = rows[higher]
        X[risen], heights[risen], taken[risen] = tried[higher], found[higher], length[risen]
        rows = rows[~higher]
        length = np.where(taken > 0, length, length / 2)
    return X, heights, taken


def row_axes(X):
    """All axes but the first."""
    return tuple(range(1, X.ndim))


def row_max(X):
    """Largest value of each row, with its axes kept."""
    return X.max(axis=row_axes(X), keepdims=True)
