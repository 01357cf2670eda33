"""Grey images of handwritten digits."""

import gzip
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, gunzipped_sha256, local_copy
from skally.datasets.images import ImageSet, check_image_arguments, image_bunch

DIGITS = tuple("0123456789")
MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist"
USPS_URL = "https://hastie.su.domains/ElemStatLearn/datasets"


def mnist_file(name, sha256):
    """A file of MNIST, known by what lies in the gzip wrapper."""
    return DataFile("mnist", name, sha256, Download(f"{MNIST_URL}/{name}"), gunzipped_sha256)


MNIST = {
    "train": (
        mnist_file(
            "train-images-idx3-ubyte.gz",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        mnist_file(
            "train-labels-idx1-ubyte.gz",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        mnist_file(
            "t10k-images-idx3-ubyte.gz",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        mnist_file(
            "t10k-labels-idx1-ubyte.gz",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}
MNIST_SET = ImageSet(
    "MNIST",
    DIGITS,
    """\
MNIST
=====

60000 training and 10000 test images, 28 x 28, grey, of handwritten digits. The people who wrote the
training set wrote none of the test set.

Target: the digit. Images: from 0, the paper, to 1, the ink.

Licence: Creative Commons Attribution-ShareAlike 3.0. Source: Y. LeCun, C. Cortes, C. J. C. Burges,
"The MNIST database of handwritten digits"; Y. LeCun, L. Bottou, Y. Bengio, P. Haffner,
"Gradient-based learning applied to document recognition", Proceedings of the IEEE, 86(11), 1998.
""",
)


def read_idx(path):
    """Array of bytes in a gzip file of the IDX format: its sizes, big-endian, and its bytes."""
    with gzip.open(path) as unpacked:
        content = unpacked.read()
    n_axes = content[3]
    shape = np.frombuffer(content, ">i4", count=n_axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def usps_sha256(path):
    """Hash of the values of USPS in thousandths: a zip wrapper may be written anew."""
    digest = hashlib.sha256()
    # np.load leaves a file open that it can't read, if it has opened it itself.
    with open(path, "rb") as file, np.load(file) as arrays:
        for name in ("X_train", "y_train", "X_test", "y_test"):
            digest.update(np.round(1000 * arrays[name]).astype("<i2").tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class UspsText:
    """The two text files of the source: a row is the digit, then its pixels."""

    url: str

    def __call__(self, path):
        """Write both as arrays into one .npz file."""
        arrays = {}
        with tempfile.TemporaryDirectory() as scratch:
            for part in ("train", "test"):
                packed = str(Path(scratch, f"zip.{part}.gz"))
                Download(f"{self.url}/zip.{part}.gz")(packed)
                rows = np.loadtxt(packed, dtype=np.float32)
                arrays[f"X_{part}"] = rows[:, 1:].reshape(-1, 16, 16)
                arrays[f"y_{part}"] = rows[:, 0].astype(np.int64)
        np.savez_compressed(path, **arrays)


USPS = DataFile(
    folder="usps",
    name="usps.npz",
    sha256="8622e47e07c7a3d5e0592d0a32a6c4fdd28c7bc65fa1349d47e67a65f9b377c7",
    source=UspsText(USPS_URL),
    digest=usps_sha256,
)
USPS_SET = ImageSet(
    "USPS",
    DIGITS,
    """\
USPS
====

7291 training and 2007 test images, 16 x 16, grey, of digits of postcodes on envelopes. The test set
is harder than the training set.

Target: the digit. Images: from 0, the paper, to 1, the ink; the source has them from -1 to 1.

Licence: none stated; made free for research by the neural network group at AT&T. Source: files
zip.train and zip.test of T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical
Learning"; Y. LeCun and others, "Handwritten digit recognition with a back-propagation network",
NIPS, 1990.
""",
)


def fetch_mnist(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """MNIST, 28 x 28 images of handwritten digits (60000 training and 10000 test rows).

    Its four gzip files are looked for in the folder ``mnist`` below `data_home`. Where one is
    missing, or not the original, it is downloaded, checked and kept there.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        The official training set, test set, or both, the training set first.
    flat : bool, default=False
        Make each image a row, as scikit-learn's estimators need it, instead of channels, height
        and width, as torch's modules do.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    data_home : str or path-like, default=None
        Folder of the data sets. None means the environment variable SKALLY_DATA, and without it
        the operating system's cache folder for skally.

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
            So many rows, the first ones, are of the training set.
        target_names : list of str
            Names of the classes, by their numbers.
        name : str
            What to call the data where results are shown.
        DESCR : str
            Where the data come from and what the values mean.
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
    >>> from skally.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="train", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (60000, 1, 28, 28)
    """
    check_image_arguments(subset, flat, return_X_y)
    paths = {part: [local_copy(file, data_home) for file in MNIST[part]] for part in PARTS[subset]}
    parts = {
        part: (read_idx(images)[:, None], read_idx(labels))
        for part, (images, labels) in paths.items()
    }
    return image_bunch(MNIST_SET, parts, flat, return_X_y)


def fetch_usps(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """USPS, 16 x 16 images of digits of postcodes (7291 training and 2007 test rows).

    The file ``usps/usps.npz`` is looked for below `data_home`. Where it is missing, or not the
    original, it is made of two text files that are downloaded, checked and kept there.

    Parameters
    ----------
    subset, flat, return_X_y, data_home
        As in :func:`fetch_mnist`.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        As that of :func:`fetch_mnist`; data of shape (n, 1, 16, 16) or (n, 256).
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError, OSError
        As in :func:`fetch_mnist`.

    Examples
    --------
    >>> from skally.datasets import fetch_usps
    >>> usps = fetch_usps(flat=True)  # doctest: +SKIP
    >>> usps.data.shape, usps.n_train  # doctest: +SKIP
    ((9298, 256), 7291)
    """
    check_image_arguments(subset, flat, return_X_y)
    with np.load(local_copy(USPS, data_home)) as arrays:
        parts = {
            part: ((arrays[f"X_{part}"][:, None] + 1) / 2, arrays[f"y_{part}"])
            for part in PARTS[subset]
        }
    return image_bunch(USPS_SET, parts, flat, return_X_y)
