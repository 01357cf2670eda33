"""Transformations of rows that are affine, found by trying them."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils import gen_batches

# Largest difference between what a map foretells and what comes out, as a share of the largest
# value that comes out.
TOLERANCE = 1e-6

# Rows that a map is tried on, beside those that it was found from.
N_TRIALS = 20


@dataclass(frozen=True)
class AffineMap:
    """Map of rows, x -> value + slope (x - origin).

    Parameters
    ----------
    origin : array of the shape of one row
    value : array of the shape of one row that comes out
    slope : array of that shape too, or of shape (d, d_out) for flat rows
    mixes : bool
        Whether columns are mixed, by a product of matrices, or each has its own slope.
    """

    origin: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    mixes: bool = False

    def __call__(self, X):
        """What becomes of n rows; torch tensors, where the fields are."""
        gap = X - self.origin
        return self.value + (gap @ self.slope if self.mixes else gap * self.slope)

    @property
    def unit(self):
        """Change of each column that moves the outcome by 1, of the shape of one row.

        A column without influence has 0.
        """
        size = np.linalg.norm(self.slope, axis=1) if self.mixes else np.abs(self.slope)
        return np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)

    def with_fields(self, convert):
        """The same with its arrays converted by a function."""
        fields = {name: convert(getattr(self, name)) for name in ("origin", "value", "slope")}
        return replace(self, **fields)


def identity(shape):
    """Map that leaves rows of a shape as they are."""
    return AffineMap(np.zeros(shape), np.zeros(shape), np.ones(shape))


def find_affine(transform, X, rng):
    """Map that a function of rows is, where it is affine.

    It is found by moving one row along its columns, as far as the columns are from zero, and tried
    on the rows given and on others far from and near to these.

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
        If it is not affine.
    """
    trials = near_and_far(X, rng)
    expected = outcome(transform, trials)
    for find in (columnwise, matrix):
        affine = find(transform, X)
        if affine is not None and agrees(affine(trials), expected, len(X)):
            return affine
    raise ValueError("not an affine function of its input")


def columnwise(transform, X):
    """Map with a slope for each column, from two rows; None where the shape of rows changes."""
    reach = column_reach(X)
    value, moved = outcome(transform, np.stack([X[0], X[0] + reach]))
    if value.shape != reach.shape:
        return None
    return AffineMap(X[0], value, (moved - value) / reach)


def matrix(transform, X):
    """Map that mixes columns, from one row for each; None for rows that are not flat."""
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
    """What comes out, without a word on numbers that are none."""
    with np.errstate(all="ignore"):
        return np.asarray(transform(X), dtype=np.float64)


def column_reach(X):
    """Largest distance of each column from zero, 1 for a column of zeros."""
    size = np.abs(X).max(axis=0)
    return np.where(size > 0, size, 1.0)


def near_and_far(X, rng):
    """Rows given, the first few, and rows from a thousandth to thousand times as far apart."""
    scale = 10.0 ** np.linspace(-3, 3, N_TRIALS).reshape(-1, *[1] * (X.ndim - 1))
    noise = rng.normal(size=(N_TRIALS, *X.shape[1:])) * column_reach(X) * scale
    return np.concatenate([X[:N_TRIALS], X[np.arange(N_TRIALS) % len(X)] + noise])


def agrees(found, expected, n_given):
    """Whether rows are what a map foretells, beside their own size and that of the rows given."""
    if found.shape != expected.shape or not np.isfinite(expected).all():
        return False
    gap, size = (
        np.abs(each).reshape(len(each), -1).max(axis=1) for each in (found - expected, expected)
    )
    return bool(np.all(gap <= TOLERANCE * np.maximum(size, size[:n_given].max())))
