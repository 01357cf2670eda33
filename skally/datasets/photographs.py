"""Colour images: CIFAR-10, SVHN and STL-10."""

from functools import partial

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, cached_arrays, data_folder, local_copy
from skally.datasets.images import check_image_arguments, image_bunch
from skally.datasets.photograph_descr import CIFAR10_JPEG_SET, CIFAR10_SET, STL10_SET, SVHN_SET
from skally.datasets.photograph_formats import (
    read_cifar_batches,
    read_cifar_jpegs,
    read_stl10,
    read_svhn,
)

CIFAR10 = DataFile(
    "cifar10",
    "cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    Download("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"),
)
# A lossy copy of the same images, for machines that can't have the original.
CIFAR10_JPEG = DataFile(
    "cifar10_jpeg",
    "cifar10_jpeg_60000.tar.xz",
    "07566ca646092632b050b784f207dbcc923052a7ace42a53fc6d8441c2b9b47b",
    source=None,
)
CIFAR10_JPEG_LABELS = DataFile(
    "cifar10_jpeg",
    "CIFAR-10_Train_Labels.csv",
    "eceab30f4fbf7617694fa195e5ef923a1e7e656740908c492a80ac763f137a00",
    source=None,
)
SVHN_URL = "http://ufldl.stanford.edu/housenumbers"
SVHN = {
    "train": DataFile(
        "svhn",
        "train_32x32.mat",
        "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        Download(f"{SVHN_URL}/train_32x32.mat"),
    ),
    "test": DataFile(
        "svhn",
        "test_32x32.mat",
        "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        Download(f"{SVHN_URL}/test_32x32.mat"),
    ),
}
STL10 = DataFile(
    "stl10",
    "stl10_binary.tar.gz",
    "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
    Download("http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"),
)


def fetch_cifar10(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """CIFAR-10, 32 x 32 colour images of ten classes (50000 training and 10000 test rows).

    The official archive ``cifar10/cifar-10-python.tar.gz`` is looked for below `data_home`. Where
    it is missing, but a JPEG copy ``cifar10_jpeg/cifar10_jpeg_60000.tar.xz`` is there, the images
    come from that, and the Bunch's ``name`` says so. Where neither is there, or the archive is not
    the original, it is downloaded, checked and kept.

    The JPEG copy holds all images, but lossy. Its training rows are in the official order, given by
    ``cifar10_jpeg/CIFAR-10_Train_Labels.csv`` and the numbers of the images in their classes. Its
    test rows come class by class. It needs Pillow, and is decoded once, into the operating
    system's cache folder for skally.

    Parameters
    ----------
    subset, flat, return_X_y, data_home
        As in :func:`fetch_mnist`.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        As that of :func:`fetch_mnist`; data of shape (n, 3, 32, 32) or (n, 3072). Its ``name`` is
        "CIFAR-10" or "CIFAR-10 (JPEG copy)".
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError, OSError
        As in :func:`fetch_mnist`.
    ImportError
        If there is only the JPEG copy, and no Pillow.

    Examples
    --------
    >>> from skally.datasets import fetch_cifar10
    >>> cifar10 = fetch_cifar10(subset="train")  # doctest: +SKIP
    >>> cifar10.data.shape, cifar10.target_names[6]  # doctest: +SKIP
    ((50000, 3, 32, 32), 'frog')
    """
    check_image_arguments(subset, flat, return_X_y)
    if has_only_jpegs(data_home):
        parts = decoded_parts(
            [CIFAR10_JPEG, CIFAR10_JPEG_LABELS], read_cifar_jpegs, subset, data_home
        )
        return image_bunch(CIFAR10_JPEG_SET, parts, flat, return_X_y)
    path = local_copy(CIFAR10, data_home)
    parts = {part: read_cifar_batches(path, part) for part in PARTS[subset]}
    return image_bunch(CIFAR10_SET, parts, flat, return_X_y)


def has_only_jpegs(data_home):
    """Whether the data folder holds the JPEG copy of CIFAR-10 and not the archive."""
    home = data_folder(data_home)
    jpegs, archive = (home / file.folder / file.name for file in (CIFAR10_JPEG, CIFAR10))
    return jpegs.is_file() and not archive.is_file()


def fetch_svhn(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """SVHN, 32 x 32 colour images of digits of house numbers (73257 training and 26032 test rows).

    The files ``svhn/train_32x32.mat`` and ``svhn/test_32x32.mat``, the cropped digits, are looked
    for below `data_home`. Where one is missing, or not the original, it is downloaded, checked and
    kept there. The 531131 extra images of the source are left out.

    Parameters
    ----------
    subset, flat, return_X_y, data_home
        As in :func:`fetch_mnist`.

    Returns
    -------
    dataset : :class:`sklearn.utils.Bunch`
        As that of :func:`fetch_mnist`; data of shape (n, 3, 32, 32) or (n, 3072). Class 0 is the
        digit 0, which the files call 10.
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
    parts = {part: read_svhn(path) for part, path in paths.items()}
    return image_bunch(SVHN_SET, parts, flat, return_X_y)


def fetch_stl10(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """STL-10, 96 x 96 colour images of ten classes (5000 training and 8000 test rows).

    The archive ``stl10/stl10_binary.tar.gz`` is looked for below `data_home`. Where it is missing,
    or not the original, it is downloaded (2.6 GB), checked and kept there. Its labelled images are
    unpacked once, into the operating system's cache folder for skally; the 100000 without labels
    are left out.

    Parameters
    ----------
    subset, flat, return_X_y, data_home
        As in :func:`fetch_mnist`.

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
    parts = decoded_parts([STL10], read_stl10, subset, data_home)
    return image_bunch(STL10_SET, parts, flat, return_X_y)


def decoded_parts(files, read, subset, data_home):
    """Parts of an image set that is slow to read, from the cache once they are there.

    Parameters
    ----------
    files : list of DataFile
    read : callable
        Function from their paths to a dictionary with ``train_images``, ``train_labels``,
        ``test_images`` and ``test_labels``.
    subset : str
    data_home : str, path-like or None
    """
    arrays = cached_arrays(
        key="-".join(file.sha256[:16] for file in files),
        names=[f"{part}_{what}" for part in PARTS["all"] for what in ("images", "labels")],
        make=lambda: read(*(local_copy(file, data_home) for file in files)),
    )
    take = partial(map, arrays.__getitem__)
    return {part: tuple(take([f"{part}_images", f"{part}_labels"])) for part in PARTS[subset]}
