"""Checks of what the hooks of a sampler return, whoever wrote them."""

import numpy as np

from skally.pool.checks import rows_in_words
from skally.utils.validation import as_plain


def check_utility(utility, n, origin):
    """Utilities as a new array of floats, (n,): a hook that selects may change it.

    Parameters
    ----------
    utility : what a hook returned
    n : int
        Number of rows of the pool.
    origin : str
        Class and method that returned it, for the error.

    Raises
    ------
    ValueError
        If it is not one number for each row, finite or minus infinity. A row of utility minus
        infinity is taken last.
    """
    values = as_numbers(utility, origin)
    if values.shape != (n,):
        raise ValueError(f"{origin} returned shape {values.shape}, must be ({n},).")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{origin} returned values of type {values.dtype}, must be numbers.")
    values = values.astype(np.result_type(values, np.float32))
    wrong = np.flatnonzero(~(values < np.inf))
    if len(wrong):
        raise ValueError(
            f"{origin} returned {values[wrong[0]]} in {rows_in_words(wrong)}, must be finite, or "
            "minus infinity for rows to take last."
        )
    return values


def check_selection(indices, k, n, origin):
    """Selected positions as an int array, (k,).

    Parameters
    ----------
    indices : what a hook returned
    k, n : int
        Numbers of rows to take, and of rows of the pool.
    origin : as in :func:`check_utility`

    Raises
    ------
    ValueError
        If they are not k different integers from 0 to n - 1.
    """
    values = as_numbers(indices, origin)
    if values.shape != (k,):
        raise ValueError(f"{origin} returned shape {values.shape}, must be ({k},).")
    if values.dtype.kind not in "iu":
        raise ValueError(f"{origin} returned values of type {values.dtype}, must be integers.")
    wrong = values[(values < 0) | (values >= n)]
    if len(wrong):
        raise ValueError(f"{origin} returned position {wrong[0]}, must be from 0 to {n - 1}.")
    found, counts = np.unique(values, return_counts=True)
    if len(found) < k:
        raise ValueError(
            f"{origin} returned position {found[counts.argmax()]} {counts.max()} times, must be "
            f"{k} different ones."
        )
    return values.astype(np.intp)


def as_numbers(values, origin):
    """Array of what a hook returned."""
    if values is None:
        raise ValueError(f"{origin} returned None, must be an array.")
    try:
        return np.asarray(as_plain(values))
    except ValueError as error:  # lists of different lengths
        raise ValueError(f"{origin} returned no array: {error}") from error
