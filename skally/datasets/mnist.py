"""MNIST: grey images of handwritten digits."""

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, read_originals
from skally.datasets.images import DIGITS, ImageSet, check_image_arguments, image_bunch, image_part
from skally.datasets.unpacking import gzip_content

URL = "https://ossci-datasets.s3.amazonaws.com/mnist"


def mnist_file(name, sha256, size):
    """One of the four files, checked by what is inside its gzip wrapper."""
    return DataFile("mnist", name, sha256, Download(f"{URL}/{name}"), gzip_content, size)


MNIST = {
    "train": (
        mnist_file(
            "train-images-idx3-ubyte.gz",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            size=47040016,
        ),
        mnist_file(
            "train-labels-idx1-ubyte.gz",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            size=60008,
        ),
    ),
    "test": (
        mnist_file(
            "t10k-images-idx3-ubyte.gz",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            size=7840016,
        ),
        mnist_file(
            "t10k-labels-idx1-ubyte.gz",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            size=10008,
        ),
    ),
}
MNIST_SET = ImageSet(
    "MNIST",
    DIGITS,
    """\
MNIST
=====

60000 training and 10000 test images, 28 x 28, grey, of handwritten digits. The writers of the
training set and those of the test set are different people.

Target: the digit. Images: values from 0 (paper) to 1 (ink).

Licence: Creative Commons Attribution-ShareAlike 3.0. Source: Y. LeCun, C. Cortes, C. J. C. Burges,
"The MNIST database of handwritten digits"; Y. LeCun, L. Bottou, Y. Bengio, P. Haffner,
"Gradient-based learning applied to document recognition", Proceedings of the IEEE, 86(11), 1998.
""",
)


def read_idx(content):
    """Array of the bytes of an IDX file: the header has its sizes as big-endian integers."""
    if content[:3] != b"\0\0\x08":
        raise ValueError("it is no IDX file of bytes")
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", count=n_axes, offset=4).tolist()
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def read_pair(images, labels):
    """Images, (n, 1, 28, 28) bytes, and labels of the contents of two files."""
    return image_part(read_idx(images)[:, None], read_idx(labels))


def fetch_mnist(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """MNIST, 28 x 28 images of handwritten digits (60000 training and 10000 test rows).

    The fetcher looks for four gzip files in the folder ``mnist`` below `data_home`. A file that is
    missing, or differs from the original, is downloaded, checked and kept there.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        The official training set, the official test set, or both with the training set first.
    flat : bool, default=False
        Return each image as one row, as scikit-learn's estimators expect it, instead of an array
        of channels, height and width, as torch's modules expect it.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        Folder of the data sets. None means the folder in the environment variable SKALLY_DATA, or
        without that variable the operating system's cache folder for skally.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        Dictionary-like object with the attributes

        data : float32 array of shape (n, 1, 28, 28) or (n, 784)
            Grey values from 0 to 1.
        target : int array of shape (n,)
            Number of the class, from 0.
        image_shape : tuple
            Channels, height and width.
        n_train : int
            Number of rows, from the top, that belong to the training set.
        target_names : list of str
            Names of the classes; class i has the name at position i.
        name : str
            Name of the data set, for tables and titles of results.
        DESCR : str
            Where the data come from and what the values mean.
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
    >>> from skally.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="train", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 1, 28, 28)
    """
    check_image_arguments(subset, flat, return_X_y)
    parts = {part: read_originals(MNIST[part], read_pair, data_home) for part in PARTS[subset]}
    return image_bunch(MNIST_SET, parts, flat, return_X_y)
