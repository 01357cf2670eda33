"""Checks of parameters, and access to the rows of any kind of data that nets take."""

import numbers
from collections.abc import Mapping
from contextlib import contextmanager

import numpy as np
import torch
from scipy import sparse
from sklearn.utils import check_scalar
from sklearn.utils.validation import (
    _num_samples,  # private, but the public checks read all the data
    check_array,
)
from skorch.utils import is_dataset, multi_indexing


def as_plain(X):
    """Array of a torch tensor or of a masked array without masked values; others as they are.

    Raises
    ------
    ValueError
        If values are masked, which NumPy would silently take as they are under the mask.
    """
    if isinstance(X, np.ma.MaskedArray):
        n_masked = np.ma.count_masked(X)
        if n_masked:
            raise ValueError(
                f"A masked array has {n_masked} masked values, must have none: fill or drop them."
            )
        return X.data
    if not isinstance(X, torch.Tensor):
        return X
    X = X.detach().cpu().to_dense()
    return (X.float() if X.dtype == torch.bfloat16 else X).numpy()  # NumPy has no bfloat16


def with_rows(X):
    """Samples in a form whose rows can be taken: sparse ones of any format as CSR."""
    X = as_plain(X)
    return X.tocsr() if sparse.issparse(X) else X


def num_samples(X):
    """Number of rows of anything that the nets take."""
    return len(X) if is_dataset(X) else _num_samples(X)


def sample_shape(X):
    """Shape of one row of anything that the nets take."""
    if not is_dataset(X):
        return X.shape[1:]
    x = as_input(X[0])
    return tuple(getattr(x, "shape", ())) or (np.shape(x) if isinstance(x, list) else ())


def check_has_rows(X):
    """Raise ValueError for a loader, a dict, or a data set without rows or without a length."""
    if isinstance(X, torch.utils.data.DataLoader):
        raise ValueError("X is a DataLoader, must be its data set: the net makes batches itself.")
    if isinstance(X, torch.utils.data.IterableDataset):
        raise ValueError(
            "X is an IterableDataset, must be a data set with a length and rows by number: every "
            "row gets a dual variable."
        )
    if isinstance(X, Mapping) and not sparse.issparse(X):  # a DOK matrix is a dict
        raise ValueError("X is a dict, must be an array, a frame or a torch data set of dicts.")
    if is_dataset(X) and len(X) == 0:
        raise ValueError("X has 0 samples, must have at least 1.")


@contextmanager
def columns_named(X, name="X", before="the net"):
    """Inside, the error for words in the place of numbers names the columns of a frame.

    Parameters
    ----------
    X : rows
    name, before : str
        What they are called, and what takes numbers, for the error.
    """
    try:
        yield
    except ValueError as error:
        if "could not convert" not in str(error) or not hasattr(X, "columns"):
            raise
        wrong = [name for name in X.columns if not is_numeric(X[name])]
        if not wrong:
            raise
        raise ValueError(
            f"{name} has columns that are not numbers: {wrong}. Encode them before {before}, by a "
            f"OneHotEncoder in a Pipeline, say. ({error})"
        ) from error


def is_numeric(column):
    """Whether the values of a frame's column are numbers, or words for numbers."""
    try:
        np.asarray(column).astype(float)
    except (TypeError, ValueError):
        return False
    return True


def take_rows(X, rows):
    """Some rows of anything that the nets take, as the same type; those of a list as an array."""
    # to skorch a list means several inputs
    X = np.asarray(X) if isinstance(X, list) else with_rows(X)
    return torch.utils.data.Subset(X, rows) if is_dataset(X) else multi_indexing(X, rows)


def as_array(X):
    """Dense array of a matrix, frame or tensor."""
    return X.toarray() if sparse.issparse(X) else np.asarray(as_plain(X))


def as_matrix(X, finite=True):
    """Anything that the nets take, as a dense array of floats with flattened rows, (n, d).

    Parameters
    ----------
    X : n rows
    finite : True, False or "allow-nan", default=True
        What values must be, as ``ensure_all_finite`` of scikit-learn's ``check_array``.
    """
    if is_dataset(X):
        X = np.stack([np.asarray(X[i][0]) for i in range(len(X))])
    X = as_plain(X)
    is_small = getattr(getattr(X, "dtype", None), "itemsize", 8) < 4  # uint8 images, float16
    dtype = np.float32 if is_small else (np.float64, np.float32)
    X = check_array(X, accept_sparse=True, allow_nd=True, dtype=dtype, ensure_all_finite=finite)
    return X.toarray() if sparse.issparse(X) else X.reshape(len(X), -1)


def dataset_targets(dataset):
    """Targets of a data set of pairs (x, target), each read once: array of shape (n, ...)."""
    return np.array([np.asarray(as_pair(dataset[i])[1]) for i in range(len(dataset))])


def as_pair(sample):
    """Input and target of a sample of a torch data set, or of a batch."""
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise ValueError(f"A data set must give pairs (x, target); this one gives {kind(sample)}.")
    return sample


def as_input(sample):
    """Input of a sample of a torch data set, which is a pair, or a tuple of the input alone."""
    return sample[0] if isinstance(sample, tuple) and len(sample) == 1 else as_pair(sample)[0]


def kind(sample):
    """What a sample is, for errors."""
    if isinstance(sample, tuple | list):
        return f"a {type(sample).__name__} of {len(sample)}"
    return f"a {type(sample).__name__}"


def check_number(name, value, kind, least=None, most=None):
    """Raise unless a parameter is a finite number of some kind between two bounds.

    scikit-learn's ``check_scalar`` checks the bounds; by itself it would let NaN and True pass.

    Parameters
    ----------
    name : str
    value : anything
    kind : numbers.Integral or numbers.Real
    least, most : number or None
        Bounds that the value may equal, None for no bound.

    Raises
    ------
    ValueError
        It names the argument, the value and the bound.
    """
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    if not is_number or not -np.inf < value < np.inf:
        words = "an integer" if kind is numbers.Integral else "a finite number"
        above = "" if least is None else f" >= {least}"
        below = "" if most is None else f" and <= {most}"
        raise ValueError(f"{name} == {value!r}, must be {words}{above}{below}.")
    check_scalar(value, name, kind, min_val=least, max_val=most)


def check_n_instances(n_instances, n_pool):
    """Raise unless it is an integer from 1 to the size of the pool."""
    check_number("n_instances", n_instances, numbers.Integral, 1)
    if n_instances > n_pool:
        raise ValueError(
            f"n_instances == {n_instances}, must be <= {n_pool}, the size of the pool."
        )


def check_epsilon(epsilon, n):
    """Check a tolerance and return it as one value for each of n samples.

    Parameters
    ----------
    epsilon : float or array-like of shape (n,)

    Returns
    -------
    epsilon : array of shape (n,)

    Raises
    ------
    ValueError
        If it is negative, not finite, or of another length.
    """
    try:
        if epsilon is None:
            raise TypeError
        values = np.asarray(as_plain(epsilon), dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"epsilon == {epsilon!r}, must be a number, {n} of them, or 'auto'."
        ) from None
    if values.ndim > 1 or (values.ndim == 1 and len(values) != n):
        raise ValueError(
            f"epsilon has shape {values.shape}, must be a number or of shape ({n},), one for each "
            "sample."
        )
    wrong = values[~((values >= 0) & np.isfinite(values))]
    if wrong.size:
        raise ValueError(f"epsilon == {wrong.flat[0]}, must be finite and >= 0.")
    return np.broadcast_to(values, (n,)).copy()
