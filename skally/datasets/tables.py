"""Tables as pandas read them, and the Bunch of one."""

from sklearn.utils import Bunch


def read_table(path, columns, *, separator=",", n_header=0, text=()):
    """Data frame of a text file, each float the nearest to its digits.

    Parameters
    ----------
    path : path-like
    columns : list of str
        Names of the columns, whatever the file calls them.
    separator : str
        A character, or a regular expression.
    n_header : int
        So many lines at the top are no rows.
    text : collection of str
        Columns that hold no floats, but text.
    """
    import pandas as pd

    # Old pandas' own floats can be off in the last place, and new ones warn when asked for better.
    table = pd.read_csv(
        path, sep=separator, header=None, skiprows=n_header, names=columns, dtype=str
    )
    return table.astype({name: float for name in columns if name not in text})


def column_reader(table, as_frame):
    """Function from one column name or a list of them to these columns of a data frame.

    It gives pandas objects with `as_frame`; otherwise arrays of floats, where an ordered category
    is the number of its place in the order, from 0.
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
