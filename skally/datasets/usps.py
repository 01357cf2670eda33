"""USPS: grey images of digits of postcodes."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, local_copy
from skally.datasets.images import DIGITS, ImageSet, check_image_arguments, image_bunch


def usps_sha256(path):
    """Hash of the values in thousandths, since the zip wrapper of an .npz file may vary."""
    digest = hashlib.sha256()
    # Given a path that it cannot read, np.load leaves the file open; so open it here.
    with open(path, "rb") as file, np.load(file) as arrays:
        for name in ("X_train", "y_train", "X_test", "y_test"):
            digest.update(np.round(1000 * arrays[name]).astype("<i2").tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class UspsText:
    """The source's two text files, where a line is the digit and then its pixels."""

    url: str

    def __call__(self, path):
        """Download both and write them as arrays into one .npz file."""
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
    source=UspsText("https://hastie.su.domains/ElemStatLearn/datasets"),
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

Target: the digit. Images: values from 0 (paper) to 1 (ink); in the source they go from -1 to 1.

Licence: none stated; made free for research by the neural network group at AT&T. Source: files
zip.train and zip.test of T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical
Learning"; Y. LeCun and others, "Handwritten digit recognition with a back-propagation network",
NIPS, 1990.
""",
)


def fetch_usps(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """USPS, 16 x 16 images of digits of postcodes (7291 training and 2007 test rows).

    The fetcher looks for the file ``usps/usps.npz`` below `data_home`. If it is missing, or differs
    from the original, it is made from two text files that are downloaded, and checked.

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
