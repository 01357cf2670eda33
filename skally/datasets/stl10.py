"""STL-10: colour images of ten classes, larger than those of CIFAR-10."""

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download
from skally.datasets.images import (
    ImageSet,
    check_image_arguments,
    decoded_parts,
    image_bunch,
    image_part,
)
from skally.datasets.unpacking import TarFiles

FOLDER = "stl10_binary"
MAX_SIZE = 3_000_000_000
STL10 = DataFile(
    "stl10",
    "stl10_binary.tar.gz",
    "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
    Download("http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", max_size=MAX_SIZE),
    unpack=TarFiles(
        rf"{FOLDER}/(train|test)_[Xy]\.bin",
        max_unpacked=13000 * (3 * 96 * 96 + 1),
    ),
    max_size=MAX_SIZE,
)
STL10_SET = ImageSet(
    "STL-10",
    ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
    """\
STL-10
======

5000 training and 8000 test images, 96 x 96, colour, ten classes of the same size, taken from
ImageNet.

Target: the class. Images: red, green and blue from 0 to 1.

Licence: none stated; for research, as ImageNet. Source: A. Coates, H. Lee, A. Y. Ng, "An analysis
of single-layer networks in unsupervised feature learning", AISTATS, 2011.
""",
)


def fetch_stl10(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """STL-10, 96 x 96 colour images of ten classes (5000 training and 8000 test rows).

    The fetcher looks for the archive ``stl10/stl10_binary.tar.gz`` below `data_home`. If it is
    missing, or differs from the original, it is downloaded (2.6 GB), checked and kept there. Its
    labelled images are unpacked once and kept in the operating system's cache folder for skally;
    the 100000 images without labels are left out.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        This and the others are as in :func:`fetch_mnist`.
    flat : bool, default=False
    return_X_y : bool, default=False
    data_home : str or path-like, default=None

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        As that of :func:`fetch_mnist`; data of shape (n, 3, 96, 96) or (n, 27648).
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError, OSError
        As in :func:`fetch_mnist`.

    Examples
    --------
    >>> from skally.datasets import fetch_stl10
    >>> fetch_stl10(subset="train").data.shape  # doctest: +SKIP
    (5000, 3, 96, 96)
    """
    check_image_arguments(subset, flat, return_X_y)
    parts = decoded_parts([STL10], read_archive, subset, data_home)
    return image_bunch(STL10_SET, parts, flat, return_X_y)


def read_archive(contents):
    """Arrays of the archive's labelled images, which it stores column by column."""
    arrays = {}
    for part in PARTS["all"]:
        images = np.frombuffer(contents[f"{FOLDER}/{part}_X.bin"], np.uint8)
        labels = np.frombuffer(contents[f"{FOLDER}/{part}_y.bin"], np.uint8)
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = image_part(
            images.reshape(-1, 3, 96, 96).swapaxes(2, 3),
            labels - 1,  # from 1 to 10 in the file
        )
    return arrays
