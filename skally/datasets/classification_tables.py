"""The classification tables: to add one, add one entry to CLASSIFICATION."""

from dataclasses import dataclass

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, ZipMember
from skally.datasets.tables import read_table

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
    """What is known about a table.

    Parameters
    ----------
    files : dict from "train" and "test", or from "all", to DataFile
    columns : tuple of str
        Names of all columns, in the files' order; LABEL is the class.
    classes : dict of str to str
        From the label in the file to the name of the class. Classes are numbered in this order.
    descr : str
        ``DESCR`` of the Bunch.
    separator : str
    """

    files: dict
    columns: tuple
    classes: dict
    descr: str
    separator: str = ","

    def read(self, content):
        """Data frame of a file's bytes, with classes as numbers from 0."""
        table = read_table(content, list(self.columns), separator=self.separator, text=[LABEL])
        unknown = set(table[LABEL]) - set(self.classes)
        if unknown:
            raise ValueError(f"{LABEL} is {sorted(unknown)}, must be one of {list(self.classes)}")
        number = {label: i for i, label in enumerate(self.classes)}
        table[LABEL] = table[LABEL].map(number).astype(int)
        return table

    def parts(self, subset):
        """Keys of ``files`` that make up a subset, in the order of the rows."""
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
        descr="""\
Letter Recognition
==================

20000 rows, 16 features, 26 classes. Capital letters in 20 fonts, distorted at random. The first
16000 rows are often used to train and the last 4000 to test, but the split is not official.

Target: the letter, A to Z.
Features, integers from 0 to 15: position and size of the letter's box (x-box, y-box, width,
high), number of pixels that are on (onpix), means, variances and correlations of their positions
(x-bar, y-bar, x2bar, y2bar, xybar, x2ybr, xy2br), edges and their correlations with the position
(x-ege, xegvy, y-ege, yegvx).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 59.
P. W. Frey, D. J. Slate, "Letter recognition using Holland-style adaptive classifiers", Machine
Learning, 6(2), 1991.
""",
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
        descr="""\
MAGIC Gamma Telescope
=====================

19020 rows, 10 features, 2 classes. Simulated images of particle showers in the atmosphere.
The rows are sorted by class.

Target: hadron (6688 rows, the background) or gamma (12332 rows, the signal).
Features, of an ellipse around the image: fLength, fWidth (half axes, mm), fSize (logarithm of the
sum of the contents of all pixels), fConc, fConc1 (share of the two brightest pixels, of the
brightest), fAsym (from the brightest pixel to the centre, mm), fM3Long, fM3Trans (third root of the
third moment along both axes, mm), fAlpha (angle to the origin, degrees), fDist (from the origin to
the centre, mm).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 159,
by R. K. Bock.
""",
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
        descr="""\
Pen-Based Recognition of Handwritten Digits
===========================================

7494 training and 3498 test rows, 16 features, 10 classes. Digits written on a tablet by 44 people:
30 wrote the training set, the other 14 the test set.

Target: the digit.
Features: x1, y1 to x8, y8, eight points of the pen's path at equal distances, from 0 to 100.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 81.
F. Alimoglu, E. Alpaydin, "Methods of combining multiple classifiers based on different
representations for pen-based handwriting recognition", TAINN 96, 1996.
""",
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
        descr="""\
Landsat Satellite
=================

4435 training and 2000 test rows, 36 features, 6 classes. Pixels of a satellite image, each with its
eight neighbours. The source asks for its test set to be used instead of cross-validation.

Target: the soil at the middle pixel: red soil, cotton crop, grey soil, damp grey soil, soil with
vegetation stubble, very damp grey soil (in the file 1, 2, 3, 4, 5, 7).
Features: pixel1_band1 to pixel9_band4, brightness from 0 to 255 in four bands of each of nine
pixels, from left to right and from top to bottom; pixel5 is the middle one.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 146.
""",
    ),
}
