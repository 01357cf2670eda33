"""USPS: grey images of digits of postcodes."""

import io
from dataclasses import dataclass

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import MAX_SIZE, DataFile, Download, read_originals
from skally.datasets.images import DIGITS, ImageSet, check_image_arguments, image_bunch, image_part
from skally.datasets.unpacking import npz_arrays, unpacked_gzip


@dataclass(frozen=True)
class UspsText:
    """The source's two text files, where a line is the digit and then its pixels."""

    url: str

    def __call__(self, path):
        """Download both and write them as arrays into one .npz file."""
        arrays = {}
        for part in ("train", "test"):
            packed = io.BytesIO()
            Download(f"{self.url}/zip.{part}.gz")(packed)
            packed.seek(0)
            rows = np.loadtxt(io.BytesIO(unpacked_gzip(packed, MAX_SIZE)), dtype=np.float32)
            arrays[f"X_{part}"] = rows[:, 1:].reshape(-1, 16, 16)
            arrays[f"y_{part}"] = rows[:, 0].astype(np.int64)
        np.savez_compressed(path, **arrays)


USPS = DataFile(
    folder="usps",
    name="usps.npz",
    sha256="5a0aac9b312af13b7f9bb27ea2c82fbd8037453d336fb718a2f77613b6e1c2a4",
    source=UspsText("https://hastie.su.domains/ElemStatLearn/datasets"),
    unpack=npz_arrays,
    max_size=10_000_000,
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
    subset : {"all", "train", "test"}, default="all"
        This and the others are as in :func:`fetch_mnist`.
    flat : bool, default=False
    return_X_y : bool, default=False
    data_home : str or path-like, default=None

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
    contents = read_originals([USPS], read_arrays, data_home)
    parts = {part: contents[part] for part in PARTS[subset]}
    return image_bunch(USPS_SET, parts, flat, return_X_y)


def read_arrays(arrays):
    """Images, (n, 1, 16, 16) from 0 to 1, and labels of each part."""
    return {
        part: image_part((arrays[f"X_{part}"][:, None] + 1) / 2, arrays[f"y_{part}"])
        for part in PARTS["all"]
    }
