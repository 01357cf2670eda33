"""Quantiles of the columns of a table, and what nets for tables derive from them."""

import math
import numbers
from statistics import NormalDist

import numpy as np
import torch
from sklearn.utils import gen_batches
from skorch.utils import is_dataset

from skally.utils.random import make_rng
from skally.utils.validation import (
    as_array,
    as_input,
    as_plain,
    check_number,
    sample_shape,
    take_rows,
    with_rows,
)

# Levels at which a column's quantiles are taken, from its smallest value to its largest.
N_QUANTILES = 129

# Values that are sorted for quantiles at most, as long as there is a row for each level.
MOST_VALUES = 5_000_000

# Where values are cut, so that no difference of two is beyond single precision.
LARGEST = 8e37

# Smallest number of single precision that has all its digits.
SMALLEST = float(np.finfo(np.float32).tiny)

# Size at which the quantiles of a normal distribution are cut.
MOST_DEVIATIONS = 3.0


def column_quantiles(X, n_quantiles=N_QUANTILES, max_rows=10_000, rng=None):
    """Quantiles of each column at evenly spaced levels, for :class:`skally.modules.TabularMLP`.

    They are values that the column has, so that they follow any increasing function of it. The
    first and the last are the extremes of all rows; the others may be those of a random part. Of a
    torch data set no more than this part is read.

    Parameters
    ----------
    X : array, sparse matrix or tensor of shape (n, ...), or torch data set of inputs of one shape
        Rows are flattened.
    n_quantiles : int
    max_rows : int
        Of the random part; tables of more than 500 columns get fewer.
    rng : None, int or numpy.random.RandomState
        Drawn from where there are more rows.

    Returns
    -------
    quantiles : float32 array of shape (n_quantiles, d)
    """
    check_number("n_quantiles", n_quantiles, numbers.Integral, 2)
    check_number("max_rows", max_rows, numbers.Integral, 1)
    if is_dataset(X):
        X = some_inputs(X, n_quantiles, max_rows, rng)
    X = with_rows(X)
    n, d = X.shape[0], math.prod(X.shape[1:])
    part = flat(take_rows(X, some_rows(n, d, n_quantiles, max_rows, rng)))
    levels = np.linspace(0, 1, n_quantiles)
    quantiles = np.empty((n_quantiles, d), dtype=np.float32)
    for columns in gen_batches(d, 256) if d else ():
        values = as_array(part[:, columns]).astype(np.float64)
        values = np.quantile(values, levels, axis=0, method="inverted_cdf")
        quantiles[:, columns] = values.clip(-LARGEST, LARGEST)
    for row, extreme in ((0, flat(X).min(axis=0)), (-1, flat(X).max(axis=0))):
        quantiles[row] = as_array(extreme).reshape(d).astype(np.float64).clip(-LARGEST, LARGEST)
    return quantiles


def some_rows(n, d, n_quantiles, max_rows, rng):
    """Random part of n rows of d columns, sorted, or a slice for all of them."""
    n_rows = min(n, max_rows, max(MOST_VALUES // max(d, 1), n_quantiles))
    if n_rows == n:
        return slice(None)
    return np.sort(make_rng(rng).choice(n, n_rows, replace=False))


def some_inputs(dataset, n_quantiles, max_rows, rng):
    """Inputs of a random part of the rows of a torch data set, an array of shape (n, ...)."""
    n, d = len(dataset), math.prod(sample_shape(dataset))
    rows = np.arange(n)[some_rows(n, d, n_quantiles, max_rows, rng)]
    return np.stack([as_plain(as_input(dataset[int(row)])) for row in rows])


def flat(X):
    """Array or sparse matrix with rows of one axis."""
    return X if X.ndim == 2 else X.reshape(X.shape[0], -1)


def check_quantiles(quantiles, n_features):
    """Quantiles in ascending order and double precision, LARGEST at most in size.

    Parameters
    ----------
    quantiles : array-like of shape (q, n_features), or None
        None means those of a standard normal distribution.
    n_features : int

    Returns
    -------
    quantiles : array of shape (q, n_features)

    Raises
    ------
    ValueError
        If they are not finite or of another shape.
    """
    if quantiles is None:
        levels = np.linspace(0, 1, N_QUANTILES)[1:-1]
        normal = [-MOST_DEVIATIONS, *map(NormalDist().inv_cdf, levels), MOST_DEVIATIONS]
        return np.repeat(np.array(normal)[:, None], n_features, axis=1)
    quantiles = np.asarray(as_plain(quantiles), dtype=np.float64)
    if quantiles.ndim != 2 or len(quantiles) < 2 or quantiles.shape[1] != n_features:
        raise ValueError(
            f"quantiles has shape {quantiles.shape}, must be of shape (q, {n_features}) with "
            f"q >= 2 and a column for each of n_features == {n_features}."
        )
    wrong = np.flatnonzero(~np.isfinite(quantiles).all(axis=0))
    if wrong.size:
        raise ValueError(f"quantiles of column {wrong[0]} are not finite, must be.")
    return np.sort(quantiles, axis=0).clip(-LARGEST, LARGEST)


def quantile_at(quantiles, level):
    """Quantile of each column at a level, (d,), between the two next to it where it has no row."""
    position = level * (len(quantiles) - 1)
    below, above = quantiles[math.floor(position)], quantiles[math.ceil(position)]
    return below + (position % 1) * (above - below)


def divisor(scale):
    """Scale to divide by: infinite, which gives 0, where single precision has no such number."""
    return np.where(scale > SMALLEST, scale, np.inf)


def as_float(array):
    """Tensor of torch's default precision."""
    return torch.as_tensor(array, dtype=torch.get_default_dtype())
