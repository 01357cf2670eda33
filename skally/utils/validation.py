"""Checks of parameters, and access to the rows of any kind of data that nets take."""

import numbers

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
    return np.shape(X[0][0]) if is_dataset(X) else X.shape[1:]


def take_rows(X, rows):
    """Some rows of anything that the nets take, as the same type; those of a list as an array."""
    # to skorch a list means several inputs
    X = np.asarray(X) if isinstance(X, list) else with_rows(X)
    return torch.utils.data.Subset(X, rows) if is_dataset(X) else multi_indexing(X, rows)


def as_array(X):
    """Dense array of a matrix, frame or tensor."""
    return X.toarray() if sparse.issparse(X) else np.asarray(as_plain(X))


def as_matrix(X):
    """Anything that the nets take, as a dense array of floats with flattened rows, (n, d)."""
    if is_dataset(X):
        X = np.stack([np.asarray(X[i][0]) for i in range(len(X))])
    X = as_plain(X)
    is_small = getattr(getattr(X, "dtype", None), "itemsize", 8) < 4  # uint8 images, float16
    dtype = np.float32 if is_small else (np.float64, np.float32)
    X = check_array(X, accept_sparse=True, allow_nd=True, dtype=dtype)
    return X.toarray() if sparse.issparse(X) else X.reshape(len(X), -1)


def dataset_targets(dataset):
    """Targets of a data set of pairs (x, target), each read once: array of shape (n, ...)."""
    return np.array([np.asarray(dataset[i][1]) for i in range(len(dataset))])


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
        values = np.asarray(as_plain(epsilon), dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"epsilon == {epsilon!r}, must be a number or {n} of them.") from None
    if values.ndim > 1 or (values.ndim == 1 and len(values) != n):
        raise ValueError(
            f"epsilon has shape {values.shape}, must be a number or of shape ({n},), one for each "
            "sample."
        )
    wrong = values[~((values >= 0) & np.isfinite(values))]
    if wrong.size:
        raise ValueError(f"epsilon == {wrong.flat[0]}, must be finite and >= 0.")
    return np.broadcast_to(values, (n,)).copy()
