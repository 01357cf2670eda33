"""The fetcher of regression tables that papers on regression and active learning report."""

from skally.datasets.arguments import check_choice, check_flags, check_target
from skally.datasets.files import read_originals
from skally.datasets.regression_tables import REGRESSION
from skally.datasets.tables import column_reader, table_bunch


def fetch_uci_regression(name, *, target=None, return_X_y=False, as_frame=False, data_home=None):
    """One of seven regression tables, 768 to 53940 rows.

    The fetcher looks for its file in the folder ``regression`` below `data_home`. If the file is
    missing, or differs from the original, it is downloaded, checked and kept there. These tables
    have no official test set.

    Parameters
    ----------
    name : {"kin8nm", "naval", "power-plant", "concrete", "energy", "protein", "diamonds"}
        The table. :doc:`/datasets` lists their sizes; ``DESCR`` describes the table.
    target : str or list of str, default=None
        What to predict, for a table with several targets; the other targets are not used as
        features. None means the first target. Only "naval" has two: "compressor_decay" and
        "turbine_decay".
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects instead of arrays.
    data_home : str or path-like, default=None
        Folder of the data sets. None means the folder in the environment variable SKALLY_DATA, or
        without that variable the operating system's cache folder for skally.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        Dictionary-like object with the attributes

        data : float array or DataFrame of shape (n, d)
            The features. Cut, colour and clarity of "diamonds" are numbers from 0, the worst, in
            an array, and ordered categories in a frame.
        target : float array or Series of shape (n,), or of shape (n, n_targets)
            In the units that ``DESCR`` gives.
        frame : DataFrame or None
            Data and target together, with `as_frame`.
        feature_names, target_names : lists of str
            Names of the columns.
        DESCR : str
            Where the data come from and what the columns mean.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError
        If an argument has a value that is not listed above.
    OSError
        If the file is missing and cannot be downloaded, or the download differs from the original.

    Examples
    --------
    >>> from skally.datasets import fetch_uci_regression
    >>> naval = fetch_uci_regression("naval", target="turbine_decay")  # doctest: +SKIP
    >>> naval.data.shape, naval.target_names  # doctest: +SKIP
    ((11934, 16), ['turbine_decay'])
    """
    check_choice("name", name, list(REGRESSION))
    table = REGRESSION[name]
    target = table.targets[0] if target is None else target
    check_target(target, list(table.targets))
    check_flags(return_X_y=return_X_y, as_frame=as_frame)

    frame = read_originals(
        [table.file], lambda content: table.read(content, list(table.columns)), data_home
    )
    take = column_reader(frame, as_frame)
    bunch = table_bunch(take, table.features, target, DESCR=table.descr)
    return (bunch.data, bunch.target) if return_X_y else bunch
