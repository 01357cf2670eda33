"""Classification tables of the UCI repository, two of them with an official test set."""

from dataclasses import dataclass

from sklearn.utils import Bunch

from skally.datasets.arguments import PARTS, check_choice, check_flags
from skally.datasets.classification_descr import DESCR
from skally.datasets.files import DataFile, ZipMember, local_copy
from skally.datasets.tables import column_reader, read_table

UCI = "https://archive.ics.uci.edu/static/public"
LETTER_ZIP = f"{UCI}/59/letter+recognition.zip"
MAGIC_ZIP = f"{UCI}/159/magic+gamma+telescope.zip"
PENDIGITS_ZIP = f"{UCI}/81/pen+based+recognition+of+handwritten+digits.zip"
SATIMAGE_ZIP = f"{UCI}/146/statlog+landsat+satellite.zip"
LABEL = "label"


def without_spaces(content):
    """Bytes of a table without the spaces that align its columns, and without empty lines."""
    lines = (b"".join(line.split()) for line in content.splitlines())
    return b"".join(line + b"\n" for line in lines if line)


@dataclass(frozen=True)
class ClassificationTable:
    """A table: its files, its columns in the files' order, and its classes by their labels."""

    files: dict  # "train" and "test", or "all"
    columns: tuple
    classes: dict  # from the label in the file to the name, in the order of the numbers
    separator: str = ","

    def read(self, path):
        """Data frame of a file, with the numbers of the classes as labels."""
        table = read_table(path, list(self.columns), separator=self.separator, text=[LABEL])
        number = {label: i for i, label in enumerate(self.classes)}
        table[LABEL] = table[LABEL].map(number).astype(int)
        return table

    def parts(self, subset):
        """Names of the files of a subset, in the order of the rows."""
        return PARTS[subset] if "train" in self.files else ["all"]


CLASSIFICATION = {
    "letter": ClassificationTable(
        {
            "all": DataFile(
                "classification",
                "letter-recognition.data",
                "2b89f3602cf768d3c8355267d2f13f2417809e101fc2b5ceee10db19a60de6e2",
                ZipMember(LETTER_ZIP, "letter-recognition.data"),
            )
        },
        columns=(
            *(LABEL, "x-box", "y-box", "width", "high", "onpix", "x-bar", "y-bar", "x2bar"),
            *("y2bar", "xybar", "x2ybr", "xy2br", "x-ege", "xegvy", "y-ege", "yegvx"),
        ),
        classes={letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    ),
    "magic": ClassificationTable(
        {
            "all": DataFile(
                "classification",
                "magic04.data",
                "e9314b7ebd4b4b59a3b3d65f7316663963777b16a46786877651dbbaa640b36a",
                ZipMember(MAGIC_ZIP, "magic04.data"),
            )
        },
        columns=(
            *("fLength", "fWidth", "fSize", "fConc", "fConc1", "fAsym", "fM3Long", "fM3Trans"),
            *("fAlpha", "fDist", LABEL),
        ),
        classes={"h": "hadron", "g": "gamma"},
    ),
    "pendigits": ClassificationTable(
        {
            "train": DataFile(
                "classification",
                "pendigits_uci_layout.tra",
                "13a29b9cc1b40503c51030840092d32e0e99efcbd5331146f832a2e815bb4c35",
                ZipMember(PENDIGITS_ZIP, "pendigits.tra", without_spaces),
            ),
            "test": DataFile(
                "classification",
                "pendigits_uci_layout.tes",
                "70124fa8a06bc820d38591f297271c364b215174410d9711ffafcfc857ff945f",
                ZipMember(PENDIGITS_ZIP, "pendigits.tes", without_spaces),
            ),
        },
        columns=(*(f"{axis}{i}" for i in range(1, 9) for axis in "xy"), LABEL),
        classes={str(digit): str(digit) for digit in range(10)},
    ),
    "satimage": ClassificationTable(
        {
            "train": DataFile(
                "classification",
                "sat_uci_layout.trn",
                "e896dc88a960fa2404160fc4c3cb3dc53fcf4afd80ba920bf2d261bd42d12613",
                ZipMember(SATIMAGE_ZIP, "sat.trn"),
            ),
            "test": DataFile(
                "classification",
                "sat_uci_layout.tst",
                "4b9167b8a92baafafed7c8809aef86d0683a5e685c19d98d119fa6974f0f2479",
                ZipMember(SATIMAGE_ZIP, "sat.tst"),
            ),
        },
        columns=(*(f"pixel{i}_band{k}" for i in range(1, 10) for k in range(1, 5)), LABEL),
        classes={
            "1": "red soil",
            "2": "cotton crop",
            "3": "grey soil",
            "4": "damp grey soil",
            "5": "soil with vegetation stubble",
            "7": "very damp grey soil",
        },
        separator=" ",
    ),
}


def fetch_uci_classification(
    name, *, subset="all", return_X_y=False, as_frame=False, data_home=None
):
    """One of four classification tables, 6435 to 20000 rows.

    Its files are looked for in the folder ``classification`` below `data_home`. Where one is
    missing, or not the original, it is downloaded, checked and kept there.

    Parameters
    ----------
    name : {"letter", "magic", "pendigits", "satimage"}
        The table. :doc:`/datasets` has their sizes, and ``DESCR`` tells of each.
    subset : {"all", "train", "test"}, default="all"
        The official training set, test set, or both, the training set first. "letter" and "magic"
        have no official split, so for them it must be "all".
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects instead of arrays.
    data_home : str or path-like, default=None
        Folder of the data sets. None means the environment variable SKALLY_DATA, and without it
        the operating system's cache folder for skally.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        Dictionary-like object with the attributes

        data : float array or DataFrame of shape (n, d)
            The features that ``DESCR`` tells of.
        target : int array or Series of shape (n,)
            Number of the class, from 0.
        frame : DataFrame or None
            Data and target together, with `as_frame`.
        n_train : int or None
            So many rows, the first ones, are of the official training set. None: there is no
            official split.
        feature_names : list of str
            Names of the columns.
        target_names : list of str
            Names of the classes, by their numbers.
        DESCR : str
            Where the data come from and what the columns mean.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError
        If an argument has a value that is not offered.
    OSError
        If a file is not there and can't be downloaded, or the download is not the original.

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

    paths = {part: local_copy(table.files[part], data_home) for part in table.parts(subset)}
    frames = {part: table.read(path) for part, path in paths.items()}
    bunch = class_bunch(table, frames, as_frame)
    bunch.DESCR = DESCR[name]
    return (bunch.data, bunch.target) if return_X_y else bunch


def class_bunch(table, frames, as_frame):
    """Bunch of the parts of a table.

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
