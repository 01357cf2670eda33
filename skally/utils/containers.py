"""Rows and labels in any container, stacked in the form of what comes first.

A frame or series of pandas or polars keeps its type and its columns. What goes below it may be a
frame, series, array, list or sparse matrix. Columns with names go by their names.
"""

import sys

import numpy as np
from scipy import sparse


def is_pandas(data):
    """Whether it is a frame or series of pandas, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, (pandas.DataFrame, pandas.Series))


def is_polars(data):
    """Whether it is a frame or series of polars, without importing polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(data, (polars.DataFrame, polars.Series))


def take(data, rows):
    """Some rows of any container, by position.

    Parameters
    ----------
    data : array, list, sparse matrix, frame or series
    rows : int array
    """
    if is_pandas(data):
        return data.iloc[rows]
    if isinstance(data, list):
        return [data[row] for row in rows]
    return (data.tocsr() if sparse.issparse(data) else data)[rows]


def stack_pandas(first, rest):
    """Blocks below a frame or series of pandas; only blocks of pandas bring an index.

    Raises
    ------
    ValueError
        If a block has other columns than the first.
    """
    import pandas as pd

    blocks, n = [first], len(first)
    for block in rest:
        columns = columns_like(block, first)
        index = range(n, n + len(columns[0]))
        if is_pandas(block):
            index = [block.name] if is_row(block, first) else block.index
        names = first.columns if is_frame(first) else [first.name]
        values = [column.array if is_pandas(column) else np.asarray(column) for column in columns]
        frame = pd.DataFrame(dict(enumerate(values)))
        frame = frame.infer_objects().set_axis(names, axis=1).set_axis(index)
        if frame.index.nlevels == first.index.nlevels:
            frame.index.names = first.index.names
        blocks.append(frame if is_frame(first) else frame.iloc[:, 0])
        n += len(frame)
    return pd.concat(blocks)


def stack_polars(first, rest):
    """Blocks below a frame or series of polars; integers and floats give floats.

    Raises
    ------
    ValueError
        If a block has other columns than the first.
    """
    import polars as pl

    top = first if is_frame(first) else first.to_frame()
    blocks = [top]
    for block in rest:
        columns = [np.asarray(column).tolist() for column in columns_like(block, first)]
        blocks.append(pl.DataFrame(dict(zip(top.columns, columns, strict=True))))
    stacked = pl.concat(blocks, how="vertical_relaxed")
    return stacked if is_frame(first) else stacked.to_series()


def columns_like(block, first):
    """Columns of a block in the order of those of a frame, or the only one if first is a series.

    Returns
    -------
    columns : list of arrays or series, each of shape (n,)
    """
    names = list(first.columns) if is_frame(first) else None
    if is_frame(block):
        found = list(block.columns)
        if names is None and len(found) != 1:
            raise ValueError(f"y has columns {found}, must have one.")
        if names is None or found == names:
            return [block.iloc[:, j] if is_pandas(block) else block[:, j] for j in each(found)]
        if sorted(map(str, found)) != sorted(map(str, names)):
            raise ValueError(f"X has columns {found}, must have {names}, as the rows before.")
        return [block[name] for name in names]
    if names is None or is_series(block) and not is_row(block, first):
        if not is_series(block) and np.ndim(block) != 1:
            raise ValueError(f"y has shape {np.shape(block)}, must be (n,), as the labels before.")
        return [block]
    rows = block.toarray() if sparse.issparse(block) else as_rows(block)
    if rows.ndim == 1:  # one row, or the only column
        rows = rows.reshape(-1, 1) if len(names) == 1 else rows.reshape(1, -1)
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(f"X has shape {rows.shape}, must have {len(names)} columns, as before.")
    return list(rows.T)


def as_rows(block):
    """Array of what is no frame; objects where a list has columns of several types."""
    return np.array(block, dtype=object) if isinstance(block, list) else np.asarray(block)


def each(columns):
    """Positions of columns."""
    return range(len(columns))


def is_frame(data):
    """Whether it has columns with names."""
    return hasattr(data, "columns")


def is_series(data):
    """Whether it is a series of pandas or polars."""
    return (is_pandas(data) or is_polars(data)) and not is_frame(data)


def is_row(block, first):
    """Whether a series of pandas is a row of a frame, as ``frame.iloc[0]`` gives it."""
    if not is_pandas(block) or is_frame(block) or not is_frame(first):
        return False
    return len(first.columns) > 1 or list(block.index) == list(first.columns)
