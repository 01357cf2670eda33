"""Bounds of columns and which of them are frozen, given by position or by name."""

import numpy as np

from skally.utils.validation import as_plain


def column_names(X):
    """Column names of a data frame; None for anything else."""
    return list(X.columns) if hasattr(X, "columns") else None


def in_form_of(X, values):
    """Rows as a data frame like X if X is one, with its index if the number of rows is equal."""
    if hasattr(X, "iloc"):
        index = X.index if len(values) == len(X) else None
        return type(X)(values, columns=X.columns, index=index)
    if hasattr(X, "columns"):
        return type(X)(values, schema=list(X.columns))  # polars
    return values


def bounds(clip, X, shape):
    """Lower and upper bound of each column.

    Parameters
    ----------
    clip : pair (low, high), or None
        Numbers, arrays, Series by column name, or None for no bound.
    X : array-like
        A data frame if bounds are Series.
    shape : tuple
        Shape of one row.

    Returns
    -------
    low, high : arrays of that shape

    Raises
    ------
    ValueError
        If a bound has another shape, if a lower one is above its upper one, or if the two are equal
        in all columns.
    """
    clip = (None, None) if clip is None else clip
    if isinstance(clip, str) or not hasattr(clip, "__len__") or len(clip) != 2:
        raise ValueError(f"clip == {clip!r}, must be None or a pair (low, high).")
    low = bound(clip[0], -np.inf, X, shape)
    high = bound(clip[1], np.inf, X, shape)
    wrong = ~(low <= high) | (low == high).all()  # true for NaN; some columns may have low == high
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise ValueError(
            f"clip has low == {low[at]} in column {name_of(at, X)}, must be below high == "
            f"{high[at]}."
        )
    return low, high


def bound(value, none, X, shape):
    """Lower or upper bound of each column as an array of the shape of a row, ``none`` for None."""
    if value is None:
        return np.full(shape, none)
    if hasattr(value, "reindex") and column_names(X) is not None:
        value = value.reindex(X.columns)
    try:
        return np.broadcast_to(np.asarray(as_plain(value), dtype=np.float64), shape)
    except (TypeError, ValueError):
        raise ValueError(
            f"clip has {value!r}, must have numbers, or arrays of shape {shape}."
        ) from None


def free_columns(frozen, X, shape):
    """Which entries of a row may change.

    Parameters
    ----------
    frozen : list of int or str, bool array of the shape of a row, or None
        Positions in axis 1, or column names.
    X : array-like
        A data frame if columns are given by name.
    shape : tuple
        Shape of one row.

    Returns
    -------
    free : bool array of that shape

    Raises
    ------
    ValueError
        If there is no such column, or if all are frozen.
    """
    free = np.ones(shape, dtype=bool)
    mask = np.asarray(() if frozen is None else as_plain(frozen))
    if mask.dtype == bool:
        if mask.shape != shape:
            raise ValueError(f"frozen has shape {mask.shape}, must have {shape}, that of one row.")
        free[mask] = False
    elif frozen is not None:
        for column in [frozen] if np.ndim(frozen) == 0 else frozen:
            free[position(column, X, shape[0])] = False
    if not free.any():
        raise ValueError(f"frozen == {frozen!r} holds all columns, must leave one free.")
    return free


def position(column, X, n_columns):
    """Position of a column that is given by position or by name."""
    names = column_names(X)
    if names is not None and column in names:
        return names.index(column)
    if isinstance(column, int | np.integer) and -n_columns <= column < n_columns:
        return int(column)
    known = f"below {n_columns}" if names is None else f"one of {names}"
    raise ValueError(f"frozen has {column!r}, must have columns: {known}.")


def check_start(X, rows, low, high, free):
    """Raise if a value that may change starts outside of its bounds."""
    outside = np.argwhere(free & ((rows < low) | (rows > high)))
    if len(outside):
        row, *at = outside[0]
        value, at = rows[tuple(outside[0])], tuple(at)
        raise ValueError(
            f"X has the value {value} in row {row}, column {name_of(at, X)}, must be within "
            f"clip, from {low[at]} to {high[at]}."
        )


def name_of(at, X):
    """Name or position of a column, for error messages."""
    names = column_names(X)
    if names is not None:
        return repr(names[at[0]])
    return str(at[0] if len(at) == 1 else tuple(int(i) for i in at))
