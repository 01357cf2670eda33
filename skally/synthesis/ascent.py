"""Gradient ascent of rows, each on its own, within bounds."""

from dataclasses import dataclass

import numpy as np

# Halvings of a step after which a row counts as one that cannot rise.
N_HALVINGS = 20


@dataclass(frozen=True)
class Box:
    """Where rows may go, and how far a step takes each column. All of the shape of one row.

    Parameters
    ----------
    low, high : arrays of float, infinite where there is no bound
    free : bool array
        Columns that may move.
    unit : array of float, not negative
        Length 1 in each column.
    """

    low: np.ndarray
    high: np.ndarray
    free: np.ndarray
    unit: np.ndarray

    def uphill(self, X, gradient):
        """Direction of each row: the gradient in these units, with a root mean square of 1.

        The mean is over the columns that may move. A column at a bound does not press against it,
        and a row with nowhere to go has zeros.
        """
        slope = np.where(self.free & np.isfinite(gradient), gradient * self.unit, 0.0)
        against = (slope < 0) & (X <= self.low) | (slope > 0) & (X >= self.high)
        slope[against] = 0.0
        slope /= np.maximum(row_max(np.abs(slope)), np.finfo(float).tiny)  # squares could vanish
        norm = np.sqrt(np.square(slope).sum(axis=row_axes(X), keepdims=True) / self.free.sum())
        return np.divide(slope, norm, out=np.zeros_like(slope), where=norm > 0) * self.unit

    def moved(self, X, step):
        """Rows after a step, within the bounds; columns that do not move keep every bit."""
        return np.where(step != 0, np.clip(X + step, self.low, self.high), X)


def climb(height, gradient, X, box, *, n_steps, step_size):
    """Rows after 0, 1, ..., n_steps steps, none of which lowers a row's height.

    Parameters
    ----------
    height : function of rows (n, ...) to their heights (n,), of each row alone
    gradient : function of rows (n, ...) to the gradients of their heights (n, ...)
    X : array of shape (n, ...)
    box : Box
    n_steps : int
    step_size : float
        Root mean square of a step's length, in the box's units, over the columns that may move.

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
    """One step of each row, halved until it rises; a row that cannot stays where it is.

    Returns
    -------
    X, heights : arrays of shape (n, ...) and (n,)
    taken : array of shape (n,)
        Length of each step, 0 of a row that stays.
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
    """Axes of one row, of an array of rows."""
    return tuple(range(1, X.ndim))


def row_max(X):
    """Largest value of each row, with the axes kept."""
    return X.max(axis=row_axes(X), keepdims=True)
