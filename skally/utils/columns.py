"""Names of the columns of data frames, which decide where two frames differ in order."""

import numpy as np


def columns_of(X):
    """Names of the columns of a pandas or polars frame, a list; None for anything else."""
    return list(X.columns) if hasattr(X, "columns") and hasattr(X, "dtypes") else None


def in_order_of(X, other, name, other_name):
    """A data frame with its columns in the order of another; anything else as it is.

    Parameters
    ----------
    X, other : array-likes
    name, other_name : str
        What errors call them.

    Raises
    ------
    ValueError
        If the two have different columns, whose names it gives, or another number of them.
    """
    check_width(X, other, name, other_name)
    columns, wanted = columns_of(X), columns_of(other)
    if columns is None or wanted is None or columns == wanted:
        return X
    if len(set(columns)) < len(columns) or set(columns) != set(wanted):
        raise ValueError(
            f"{name} must have the columns of {other_name}, but for their order: "
            f"{difference(columns, wanted)}."
        )
    return X[wanted]


def check_width(X, other, name, other_name):
    """Raise if two arrays or frames of two dimensions have another number of columns."""
    widths = [getattr(each, "shape", ()) for each in (X, other)]
    if all(len(shape) == 2 for shape in widths) and widths[0][1] != widths[1][1]:
        found = (columns_of(X), columns_of(other))
        named = "" if None in found else f": {difference(*found)}"
        raise ValueError(
            f"{name} has {widths[0][1]} columns, must have {widths[1][1]}, as {other_name}{named}."
        )


def difference(columns, wanted):
    """In words, which columns are missing, which are too many, and which there are twice."""
    missing = [each for each in wanted if each not in columns]
    others = [each for each in columns if each not in wanted]
    twice = sorted({str(each) for each in columns if columns.count(each) > 1})
    parts = {"missing": missing, "not expected": others, "there more than once": twice}
    return "; ".join(f"{what}: {names}" for what, names in parts.items() if names)


def in_form_of(X, Z):
    """Numbers in the form of X: a frame with its columns, or an array of its shape.

    Parameters
    ----------
    X : array-like, frame or sparse matrix of n rows
    Z : array of shape (n, d), its numbers with flattened rows
    """
    columns = columns_of(X)
    if columns is None:
        return Z.reshape(getattr(X, "shape", None) or np.shape(X))
    named = "schema" if hasattr(X, "schema") else "columns"  # of polars, or of pandas
    return type(X)(Z, **{named: columns})
