"""SVHN: colour images of digits of house numbers."""

import io

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, read_originals
from skally.datasets.images import DIGITS, ImageSet, check_image_arguments, image_bunch, image_part

URL = "http://ufldl.stanford.edu/housenumbers"
MAX_SIZE = 200_000_000
MAX_IMAGES = 73257
SVHN = {
    "train": DataFile(
        "svhn",
        "train_32x32.mat",
        "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        Download(f"{URL}/train_32x32.mat", max_size=MAX_SIZE),
        max_size=MAX_SIZE,
    ),
    "test": DataFile(
        "svhn",
        "test_32x32.mat",
        "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        Download(f"{URL}/test_32x32.mat", max_size=MAX_SIZE),
        max_size=MAX_SIZE,
    ),
}
SVHN_SET = ImageSet(
    "SVHN",
    DIGITS,
    """\
Street View House Numbers, cropped digits
=========================================

73257 training and 26032 test images, 32 x 32, colour, of digits of house numbers. Parts of
neighbouring digits may be visible.

Target: the digit in the middle. Images: red, green and blue from 0 to 1.

Licence: none stated; for non-commercial use only. Source: Y. Netzer, T. Wang, A. Coates,
A. Bissacco, B. Wu, A. Y. Ng, "Reading digits in natural images with unsupervised feature learning",
NIPS Workshop on Deep Learning and Unsupervised Feature Learning, 2011.
""",
)


def fetch_svhn(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """SVHN, 32 x 32 colour images of digits of house numbers (73257 training and 26032 test rows).

    The fetcher looks below `data_home` for the files of the cropped digits,
    ``svhn/train_32x32.mat`` and ``svhn/test_32x32.mat``. A file that is missing, or differs from
    the original, is downloaded, checked and kept there. The source's 531131 extra images are left
    out.

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
        As that of :func:`fetch_mnist`; data of shape (n, 3, 32, 32) or (n, 3072). Class 0 is the
        digit 0, which has the label 10 in the files.
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError, OSError
        As in :func:`fetch_mnist`.

    Examples
    --------
    >>> from skally.datasets import fetch_svhn
    >>> fetch_svhn(subset="test").data.shape  # doctest: +SKIP
    (26032, 3, 32, 32)
    """
    check_image_arguments(subset, flat, return_X_y)
    parts = {part: read_originals([SVHN[part]], read_mat, data_home) for part in PARTS[subset]}
    return image_bunch(SVHN_SET, parts, flat, return_X_y)


def read_mat(content):
    """Images, (n, 3, 32, 32) bytes, and labels of a file's bytes, where the label 10 means 0."""
    from scipy.io import loadmat, whosmat

    # Only the headers are read at first, so no more is unpacked than they promise.
    shapes = {name: shape for name, shape, _ in whosmat(io.BytesIO(content))}
    n = shapes["y"][0]
    if shapes["X"] != (32, 32, 3, n) or shapes["y"] != (n, 1) or n > MAX_IMAGES:
        raise ValueError(f"it holds {shapes}, must be at most {MAX_IMAGES} images and labels")
    arrays = loadmat(io.BytesIO(content), variable_names=["X", "y"])
    images, labels = arrays["X"], arrays["y"].ravel()
    if images.dtype != np.uint8 or not np.isin(labels, np.arange(1, 11)).all():
        raise ValueError("images must be bytes, labels must be integers from 1 to 10")
    return image_part(images.transpose(3, 2, 0, 1), labels.astype(np.int64) % 10)
