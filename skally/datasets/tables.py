"""What all tables share: reading a text file, and the Bunch of a table."""

import io

import numpy as np
from sklearn.utils import Bunch


def read_table(content, columns, *, separator=",", n_header=0, text=()):
    """Data frame of a text file, in which each float is the closest to the written number.

    Parameters
    ----------
    content : bytes
    columns : list of str
        Names of the columns; a header in the file is not used.
    separator : str
        A character, or a regular expression.
    n_header : int
        Number of lines at the top that are not rows.
    text : collection of str
        Columns that hold text and not floats.

    Raises
    ------
    ValueError
        If a row has another number of fields, a field is empty, or a number is not finite.
    """
    import pandas as pd

    # Read as text: old pandas may parse a float wrong in the last digit, and its
    # ``float_precision`` option warns in new pandas.
    table = pd.read_csv(
        io.BytesIO(content), sep=separator, header=None, skiprows=n_header, dtype=str
    )
    if table.shape[1] != len(columns):
        raise ValueError(f"it has {table.shape[1]} columns, must be {len(columns)}")
    table = table.set_axis(list(columns), axis=1)
    numbers = [name for name in columns if name not in text]
    table = table.astype(dict.fromkeys(numbers, float))
    bad = table.isna() | np.isinf(table[numbers]).reindex(columns=columns, fill_value=False)
    if bad.any(axis=None):
        row, column = np.argwhere(bad.to_numpy())[0]
        raise ValueError(f"row {row} has no value, or no finite one, in {columns[column]!r}")
    return table


def column_reader(table, as_frame):
    """Function that takes a column name, or a list of them, and returns these columns.

    With `as_frame` it returns pandas objects. Otherwise it returns arrays of floats, in which an
    ordered category is its position in the order, from 0.
    """
    if as_frame:
        return lambda names: table[names].copy()
    coded = table.apply(
        lambda column: column.cat.codes if column.dtype.name == "category" else column
    )
    return lambda names: coded[names].to_numpy(dtype=float, copy=True)


def table_bunch(take, feature_names, target, **more):
    """Bunch of a table.

    Parameters
    ----------
    take : callable
        Of :func:`column_reader`.
    feature_names : list of str
    target : str or list of str
    **more : further attributes
    """
    names = [target] if isinstance(target, str) else list(target)
    X, y = take(feature_names), take(target if isinstance(target, str) else names)
    frame = take([*feature_names, *names]) if hasattr(X, "columns") else None
    attributes = {"feature_names": list(feature_names), "target_names": names, **more}
    return Bunch(data=X, target=y, frame=frame, **attributes)
