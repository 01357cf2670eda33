"""Checks of what comes from elsewhere: features, class probabilities and labels."""

from contextlib import contextmanager

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skally.pool.unwrapping import members_of, unwrap
from skally.utils.validation import as_plain, num_samples


def checking(check, compute, name="X"):
    """Function for :func:`skally.utils.chunks.by_parts` that checks each part when it is computed.

    So a large array is not read a second time, from a file perhaps.

    Parameters
    ----------
    check : function of (part, number of its first row), which returns the part to use
    compute : function from rows to an array, or to a tuple of arrays
    name : str
        What the rows are called in errors.
    """
    n_rows = 0

    def compute_and_check(X):
        nonlocal n_rows
        with naming_rows(X, name, n_rows):
            part = compute(X)
        part = check(part, n_rows)
        n_rows += num_samples(X)
        return part

    return compute_and_check


@contextmanager
def naming_rows(X, name, start=0):
    """Add to an error that comes of values which are not finite what rows have them.

    Parameters
    ----------
    X, name, start : rows, what they are called, and the number of the first one
    """
    try:
        yield
    except NotFittedError:
        raise
    except ValueError as error:
        is_of_values = "NaN" in str(error) or "infinity" in str(error)
        wrong = extreme_rows(X) if is_of_values else ()
        if len(wrong) == 0:
            raise
        raise ValueError(
            f"{name} has missing, infinite or very large values in {rows_in_words(wrong + start)}: "
            f"{error}"
        ) from error


def extreme_rows(X):
    """Numbers of the rows with a value whose square float32 cannot hold, as far as X is numeric."""
    largest = np.sqrt(np.finfo(np.float32).max)
    if sparse.issparse(X):
        X = X.tocoo()
        return np.unique(X.row[~(np.abs(X.data) <= largest)])
    try:
        values = np.asarray(as_plain(X), dtype=np.float64)
    except (TypeError, ValueError):  # text, or a data set
        return ()
    return np.flatnonzero(~(np.abs(values) <= largest).reshape(len(values), -1).all(axis=1))


def check_features(Z, name, start=0):
    """Features whose squared distances are finite, (n, d), in single precision at least.

    Parameters
    ----------
    Z : array of shape (n, d)
    name : str
        What the features are, for the error.
    start : int
        Number of the first row.

    Raises
    ------
    ValueError
        It names the rows whose features, or whose squares, are not finite.
    """
    Z = Z.astype(np.float32) if Z.dtype == np.float16 else Z
    if Z.dtype.kind != "f":
        return Z
    with np.errstate(over="ignore", invalid="ignore"):
        squared = np.einsum("ij,ij->i", Z, Z)
    # A squared distance is at most four times the largest squared norm, and distances are added.
    wrong = np.flatnonzero(~(squared <= np.finfo(Z.dtype).max / 16))
    if len(wrong):
        raise ValueError(
            f"{name} has values that are not finite, or whose squares are too large for {Z.dtype}, "
            f"in {rows_in_words(wrong + start)}: replace or leave out such rows, often a marker of "
            "missing data, or scale the columns."
        )
    return Z


def check_proba(proba, estimator, start=0):
    """Class probabilities as an array of floats of shape (n, n_classes), none of them negative.

    Parameters
    ----------
    proba : what ``predict_proba`` returned
    estimator : the estimator that it is of, or a committee, for the error
    start : int
        Number of the first row.

    Raises
    ------
    ValueError
        If rows are negative or not finite beyond rounding, or do not add up to 1.
    """
    nets = [unwrap(member)[1] for member in members_of(estimator)]
    method = f"{type(nets[0]).__name__}.predict_proba"
    if isinstance(proba, list) and np.ndim(proba[0]) == 2:
        raise ValueError(
            f"{method} gives {len(proba)} arrays, must be one: classifiers with several outputs "
            "are not supported. Fit one classifier for each output."
        )
    proba = np.asarray(as_plain(proba))
    if proba.ndim != 2 or proba.shape[1] == 0 or proba.dtype.kind not in "biuf":
        raise ValueError(
            f"{method} gives an array of shape {proba.shape} and type {proba.dtype}, must be "
            "numbers of shape (n, n_classes)."
        )
    proba = proba if proba.dtype.kind == "f" else proba.astype(np.float64)
    least, total = proba.min(axis=1), proba.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero(~((least >= -1e-6) & (np.abs(total - 1) <= 1e-3)))
    if len(wrong):
        row = proba[wrong[0]]
        raise ValueError(
            f"{method} gives no probabilities in {rows_in_words(wrong + start)}: values from "
            f"{row.min():.4g} to {row.max():.4g} that add up to {total[wrong[0]]:.4g}, must be >= "
            f"0 and add up to 1.{remedy(nets, row)}"
        )
    return np.maximum(proba, 0) if least.min(initial=0) < 0 else proba  # rounding


def remedy(nets, row):
    """What to do where a row of ``predict_proba`` has no probabilities."""
    if not np.isfinite(row).all():
        return " Has the training diverged?"
    if any(hasattr(net, "predict_nonlinearity") for net in nets):
        return (
            " With a loss of your own, predict_nonlinearity must turn the output of the module "
            "into probabilities: predict_nonlinearity=torch.nn.Softmax(dim=-1), for example."
        )
    return ""


def check_same_length(X, y):
    """Raise unless there is one label for each row."""
    if num_samples(X) != num_samples(y):
        raise ValueError(
            f"y has {num_samples(y)} labels, must have {num_samples(X)}, one for each row of X."
        )


def as_labels(y):
    """Labels as an array of shape (n,), or (n, m) if there are several for each sample.

    Raises
    ------
    ValueError
        If the shape is another one or a label is missing: NaN, None, NA or infinite.
    """
    given = y if isinstance(y, list) else None  # NumPy turns NaN beside strings into "nan"
    y = np.asarray(as_plain(y))
    if y.ndim not in (1, 2):
        raise ValueError(f"y has shape {y.shape}, must be (n,) or (n, m).")
    labels = y if given is None else np.array(given, dtype=object)
    if labels.dtype.kind == "O":
        missing = np.reshape([is_missing(label) for label in labels.ravel()], labels.shape)
    else:
        missing = ~np.isfinite(y) if y.dtype.kind in "fc" else np.zeros(y.shape, dtype=bool)
    wrong = np.argwhere(missing)
    if len(wrong):
        raise ValueError(
            f"y has {labels[tuple(wrong[0])]} in {rows_in_words(np.unique(wrong[:, 0]))}, must "
            "have a finite label for each row: leave out samples without one."
        )
    return y[:, 0] if y.shape[1:] == (1,) else y


def is_missing(label):
    """Whether an object stands for no label: None, NaN, NaT, pandas' NA, infinity."""
    try:
        return label is None or bool(label != label) or bool(label in (np.inf, -np.inf))
    except TypeError:  # NA is neither equal to itself nor not
        return True


def as_columns(y, n_columns):
    """Numeric labels as floats, one column for each prediction, (n, n_columns).

    Raises
    ------
    ValueError
        If there are more columns or fewer.
    """
    columns = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    if len(y) and columns.shape[1] != n_columns:
        raise ValueError(
            f"y has {columns.shape[1]} columns, must have {n_columns}, as the predictions have."
        )
    return columns


def rows_in_words(rows):
    """A few row numbers, and how many there are."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = ", ".join(map(str, rows[:5]))
    return f"rows {shown}" + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")


def check_any_labeled(Z):
    """Raise unless there is a row among the features of the labelled samples."""
    if len(Z) == 0:
        raise ValueError("X has 0 rows, must have at least 1, which this sampler needs.")


def need(name, value):
    """The value, which a sampler cannot do without."""
    if value is None:
        what = {"X": "the labelled samples", "y": "the labels of X"}[name]
        raise ValueError(f"{name} == None, must be {what}, which this sampler needs.")
    return value
