"""The fetcher of the classification tables, two of which have an official test set."""

from sklearn.utils import Bunch

from skally.datasets.arguments import PARTS, check_choice, check_flags
from skally.datasets.classification_tables import CLASSIFICATION, LABEL
from skally.datasets.files import read_originals
from skally.datasets.tables import column_reader


def fetch_uci_classification(
    name, *, subset="all", return_X_y=False, as_frame=False, data_home=None
):
    """One of four classification tables, 6435 to 20000 rows.

    The fetcher looks for its files in the folder ``classification`` below `data_home`. A file that
    is missing, or differs from the original, is downloaded, checked and kept there.

    Parameters
    ----------
    name : {"letter", "magic", "pendigits", "satimage"}
        The table. :doc:`/datasets` lists their sizes; ``DESCR`` describes the table.
    subset : {"all", "train", "test"}, default="all"
        The official training set, the official test set, or both with the training set first.
        "letter" and "magic" have no official split, so for them it must be "all".
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
            The features, which ``DESCR`` describes.
        target : int array or Series of shape (n,)
            Number of the class, from 0.
        frame : DataFrame or None
            Data and target together, with `as_frame`.
        n_train : int or None
            Number of rows, from the top, that belong to the official training set. None if there
            is no official split.
        feature_names : list of str
            Names of the columns.
        target_names : list of str
            Names of the classes; class i has the name at position i.
        DESCR : str
            Where the data come from and what the columns mean.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError
        If an argument has a value that is not listed above.
    OSError
        If a file is missing and cannot be downloaded, or the download differs from the original.

    Examples
    --------
    >>> from skally.datasets import fetch_uci_classification
    >>> digits = fetch_uci_classification("pendigits")  # doctest: +SKIP
    >>> digits.data.shape, digits.n_train  # doctest: +SKIP
    ((10992, 16), 7494)
    """
    check_choice("name", name, list(CLASSIFICATION))
    check_choice("subset", subset, list(PARTS))
    check_flags(return_X_y=return_X_y, as_frame=as_frame)
    table = CLASSIFICATION[name]
    if "all" in table.files and subset != "all":
        raise ValueError(f"subset == {subset!r}, must be 'all': {name!r} has no official split.")

    frames = {
        part: read_originals([table.files[part]], table.read, data_home)
        for part in table.parts(subset)
    }
    bunch = class_bunch(table, frames, as_frame)
    bunch.DESCR = table.descr
    return (bunch.data, bunch.target) if return_X_y else bunch


def class_bunch(table, frames, as_frame):
    """Bunch of one table, from the data frames of its parts.

    Parameters
    ----------
    table : ClassificationTable
    frames : dict from part to DataFrame
    as_frame : bool
    """
    import pandas as pd

    whole = pd.concat(frames.values(), ignore_index=True)
    features = [name for name in table.columns if name != LABEL]
    take = column_reader(whole, as_frame)
    return Bunch(
        data=take(features),
        target=take(LABEL).astype(int),
        frame=take([*features, LABEL]) if as_frame else None,
        n_train=None if "all" in frames else len(frames.get("train", ())),
        feature_names=features,
        target_names=list(table.classes.values()),
    )
