"""Compute an array for a large pool part by part, and keep it in memory or in a file."""

import numbers
import os
import tempfile
from functools import partial

import numpy as np
from sklearn.utils import gen_batches
from skorch.utils import is_dataset

from skally.utils.validation import check_number, num_samples, take_rows, with_rows

# Rows of a part, a multiple of the usual batch sizes, so that no part ends with a small batch.
ROWS = 8192


def by_parts(compute, X, memory_limit=None):
    """``compute(X)`` for one part of the rows after another, to save memory.

    Parameters
    ----------
    compute : function
        From rows to an array of shape (n, ...), or to a tuple of such arrays, in which each row
        depends only on the same row of X.
    X : n rows of anything that the nets take
    memory_limit : int or None
        Bytes. A larger array becomes a memory map of a temporary file, which is deleted together
        with the array. None means half of the machine's memory.

    Returns
    -------
    result : what ``compute`` returns, for all rows

    Raises
    ------
    ValueError
        If a single part takes more than ``memory_limit``.
    OSError
        If the disk has no room for the file.
    """
    limit = default_limit() if memory_limit is None else memory_limit
    check_number("memory_limit", limit, numbers.Integral, 1)
    n = num_samples(X)
    if n <= ROWS or is_dataset(X):
        return compute(X)
    X = np.asarray(X) if isinstance(X, list) else with_rows(X)
    result = None
    for rows in gen_batches(n, ROWS):
        part = compute(take_rows(X, rows))
        if result is None:
            result = each(partial(allocate, n, memory_limit=limit), part)
        each(partial(put, rows), result, part)
    return result


def each(function, *results):
    """Apply a function to arrays, or item by item to tuples of arrays."""
    if isinstance(results[0], tuple):
        return tuple(map(function, *results))
    return function(*results)


def put(rows, target, part):
    """Copy a part to its rows."""
    target[rows] = part


def allocate(n, part, memory_limit):
    """Array of n rows of the shape and type of those in a part, in memory or in a file."""
    n_bytes = n * (part.nbytes // len(part))
    if part.nbytes > memory_limit:
        raise ValueError(
            f"memory_limit == {memory_limit} bytes, must be >= {part.nbytes}, the size of "
            f"{len(part)} rows."
        )
    shape = (n, *part.shape[1:])
    return np.empty(shape, part.dtype) if n_bytes <= memory_limit else on_file(shape, part.dtype)


def on_file(shape, dtype):
    """Memory map of a temporary file without a name, which the system deletes with the map.

    Raises
    ------
    OSError
        If the disk has no room for it. It is reserved at once, for the lack of it would otherwise
        crash the process when rows are written.
    """
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    with tempfile.TemporaryFile(prefix="skally-") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        return np.memmap(file, dtype, "r+", shape=shape)


def default_limit():
    """Half of the machine's memory in bytes, or 4 GiB if its size is unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError):  # Windows
        return 2**32
