"""What is computed of a large pool: by parts, into memory or into a file."""

import numbers
import os
import tempfile
from functools import partial

import numpy as np
from scipy import sparse
from skorch.utils import is_dataset

from skally.utils.validation import check_number, num_samples, take_rows

# Rows of a part. A number that batches divide, so that parts change no rounding.
ROWS = 8192


def by_parts(compute, X, memory_limit=None):
    """``compute(X)``, a part of the rows at a time, so that little is held beside the result.

    Parameters
    ----------
    compute : function
        From rows to an array of shape (n, ...), or to a tuple of them, in which each row depends on
        its own row of X alone.
    X : n rows of anything that the nets take
    memory_limit : int or None
        Bytes. A larger array is a memory map on a temporary file, which goes when the array does.
        None means half of the machine's memory.

    Returns
    -------
    result : as ``compute`` gives it

    Raises
    ------
    ValueError
        If ``memory_limit`` is less than one part takes.
    OSError
        If there is no room for the file.
    """
    limit = default_limit() if memory_limit is None else memory_limit
    check_number("memory_limit", limit, numbers.Integral, 1)
    n = num_samples(X)
    if n <= ROWS or is_dataset(X):
        return compute(X)
    if isinstance(X, list):
        X = np.asarray(X)
    elif sparse.issparse(X):
        X = X.tocsr()
    result = None
    for start in range(0, n, ROWS):
        rows = slice(start, min(start + ROWS, n))
        part = compute(take_rows(X, rows))
        if result is None:
            result = each(partial(allocate, n, memory_limit=limit), part)
        each(partial(put, rows), result, part)
    return result


def each(function, *results):
    """Function of an array, or of each array of a tuple."""
    if isinstance(results[0], tuple):
        return tuple(map(function, *results))
    return function(*results)


def put(rows, target, part):
    """Copy a part to its rows."""
    target[rows] = part


def allocate(n, part, memory_limit):
    """Array of n rows like those of a part, in memory or on a temporary file."""
    n_bytes = n * (part.nbytes // len(part))
    if part.nbytes > memory_limit:
        raise ValueError(
            f"memory_limit == {memory_limit} bytes, must be >= {part.nbytes}, what {len(part)} "
            "rows take."
        )
    shape = (n, *part.shape[1:])
    return np.empty(shape, part.dtype) if n_bytes <= memory_limit else on_file(shape, part.dtype)


def on_file(shape, dtype):
    """Memory map on a file that has no name, so that it goes with the map, whatever happens.

    Raises
    ------
    OSError
        If there is no room for it: now, and not when a row is written.
    """
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    with tempfile.TemporaryFile(prefix="skally-") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        return np.memmap(file, dtype, "r+", shape=shape)


def default_limit():
    """Half of the machine's memory in bytes; 4 GiB where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError):  # Windows
        return 2**32
