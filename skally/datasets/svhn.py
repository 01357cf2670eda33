"""SVHN: colour images of digits of house numbers."""

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, local_copy
from skally.datasets.images import DIGITS, ImageSet, check_image_arguments, image_bunch

URL = "http://ufldl.stanford.edu/housenumbers"
SVHN = {
    "train": DataFile(
        "svhn",
        "train_32x32.mat",
        "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        Download(f"{URL}/train_32x32.mat"),
    ),
    "test": DataFile(
        "svhn",
        "test_32x32.mat",
        "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        Download(f"{URL}/test_32x32.mat"),
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
    subset, flat, return_X_y, data_home
        As in :func:`fetch_mnist`.

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
    paths = {part: local_copy(SVHN[part], data_home) for part in PARTS[subset]}
    parts = {part: read_mat(path) for part, path in paths.items()}
    return image_bunch(SVHN_SET, parts, flat, return_X_y)


def read_mat(path):
    """Images, (n, 3, 32, 32) bytes, and labels of a file, where the label 10 means 0."""
    from scipy.io import loadmat

    content = loadmat(path)
    return content["X"].transpose(3, 2, 0, 1), content["y"].ravel() % 10
