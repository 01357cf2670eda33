"""Find the coefficients of a transformation of rows that is affine, by calling it."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils import gen_batches

# Largest difference between the output of a map and that of the transformation, as a share of the
# largest output.
TOLERANCE = 1e-6

# Random rows, and as many of the given ones, on which a map is compared with the transformation.
N_TRIALS = 20


@dataclass(frozen=True)
class AffineMap:
    """Map of rows, x -> value + slope (x - origin).

    Parameters
    ----------
    origin : array of the shape of an input row
    value : array of the shape of an output row
        Output for the origin.
    slope : array of the shape of a row, or of shape (d, d_out)
    mixes : bool
        Whether ``slope`` is a matrix, so that an output may depend on several columns. Otherwise it
        is multiplied column by column.
    """

    origin: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    mixes: bool = False

    def __call__(self, X):
        """Map n rows. They are torch tensors if the fields are."""
        shift = X - self.origin
        return self.value + (shift @ self.slope if self.mixes else shift * self.slope)

    @property
    def unit(self):
        """Change of each column that moves the output by a distance of 1, of the shape of one row.

        It is 0 for a column without influence.
        """
        size = np.linalg.norm(self.slope, axis=1) if self.mixes else np.abs(self.slope)
        return np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)

    def with_fields(self, convert):
        """Copy with each of the three arrays converted by a function."""
        fields = {name: convert(getattr(self, name)) for name in ("origin", "value", "slope")}
        return replace(self, **fields)


def identity(shape):
    """Map that leaves rows of a given shape as they are."""
    return AffineMap(np.zeros(shape), np.zeros(shape), np.ones(shape))


def find_affine(transform, X, rng):
    """Coefficients of a function of rows that is affine.

    They follow from its outputs for one row moved along each column, by the largest value in that
    column. The map is then compared with the function on the given rows, and on random rows near to
    and far from them.

    Parameters
    ----------
    transform : function of an array of shape (n, ...) to one of shape (n, ...)
    X : array of shape (n, ...)
    rng : numpy.random.RandomState

    Returns
    -------
    affine : AffineMap

    Raises
    ------
    ValueError
        If the function is not affine.
    """
    trials = near_and_far(X, rng)
    expected = outcome(transform, trials)
    for find in (columnwise, matrix):
        affine = find(transform, X)
        if affine is not None and agrees(affine(trials), expected, len(X)):
            return affine
    raise ValueError("not an affine function of its input")


def columnwise(transform, X):
    """Map with one slope for each column, from two rows; None if the shape of rows changes."""
    reach = column_reach(X)
    value, moved = outcome(transform, np.stack([X[0], X[0] + reach]))
    if value.shape != reach.shape:
        return None
    return AffineMap(X[0], value, (moved - value) / reach)


def matrix(transform, X):
    """Map whose slope is a matrix, from one row for each column; None if rows are not flat."""
    if X.ndim != 2:
        return None
    reach = column_reach(X)
    value = outcome(transform, X[:1])[0]
    slope = np.empty((len(reach), len(value)))
    for rows in gen_batches(len(reach), 1024):
        moved = X[0] + np.diag(reach)[rows]
        slope[rows] = (outcome(transform, moved) - value) / reach[rows, None]
    return AffineMap(X[0], value, slope, mixes=True)


def outcome(transform, X):
    """Output of the transformation as float64; infinite or NaN outputs raise no warnings."""
    with np.errstate(all="ignore"):
        return np.asarray(transform(X), dtype=np.float64)


def column_reach(X):
    """Largest distance of each column from zero, 1 for a column of zeros."""
    size = np.abs(X).max(axis=0)
    return np.where(size > 0, size, 1.0)


def near_and_far(X, rng):
    """The first given rows, and random rows 1/1000 to 1000 times the columns' reach from them."""
    scale = 10.0 ** np.linspace(-3, 3, N_TRIALS).reshape(-1, *[1] * (X.ndim - 1))
    noise = rng.normal(size=(N_TRIALS, *X.shape[1:])) * column_reach(X) * scale
    return np.concatenate([X[:N_TRIALS], X[np.arange(N_TRIALS) % len(X)] + noise])


def agrees(found, expected, n_given):
    """Whether two arrays of rows are equal, relative to the largest value in a row.

    Where a row is smaller than the largest of the first ``n_given``, that one counts instead.
    """
    if found.shape != expected.shape or not np.isfinite(expected).all():
        return False
    error, size = (
        np.abs(each).reshape(len(each), -1).max(axis=1) for each in (found - expected, expected)
    )
    return bool(np.all(error <= TOLERANCE * np.maximum(size, size[:n_given].max())))
