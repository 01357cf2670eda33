"""CIFAR-10: colour images of ten classes, from the official archive or from a JPEG copy."""

import csv
import io
import pickle
import re
from functools import partial

import numpy as np

from skally.datasets.arguments import PARTS
from skally.datasets.files import DataFile, Download, data_folder, read_originals
from skally.datasets.images import (
    ImageSet,
    check_image_arguments,
    decoded_parts,
    image_bunch,
    image_part,
)
from skally.datasets.unpacking import TarFiles

FOLDER = "cifar-10-batches-py"
BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
JPEG_NAME = r"(train|test)/([a-z]+)/(\d+)\.jpg"
MAX_SIZE = 200_000_000
CIFAR10 = DataFile(
    "cifar10",
    "cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    Download("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", max_size=MAX_SIZE),
    unpack=TarFiles(rf"{FOLDER}/(data_batch_[1-5]|test_batch)", max_unpacked=MAX_SIZE),
    max_size=MAX_SIZE,
)
# A lossy copy of the same images, for machines that cannot have the original.
CIFAR10_JPEG = DataFile(
    "cifar10_jpeg",
    "cifar10_jpeg_60000.tar.xz",
    "07566ca646092632b050b784f207dbcc923052a7ace42a53fc6d8441c2b9b47b",
    source=None,
    unpack=TarFiles(JPEG_NAME, max_unpacked=MAX_SIZE),
)
CIFAR10_JPEG_LABELS = DataFile(
    "cifar10_jpeg",
    "CIFAR-10_Train_Labels.csv",
    "eceab30f4fbf7617694fa195e5ef923a1e7e656740908c492a80ac763f137a00",
    source=None,
)
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
DESCR = """\
CIFAR-10
========

50000 training and 10000 test images, 32 x 32, colour, ten classes of the same size.

Target: the class. Images: red, green and blue from 0 to 1.

Licence: none stated; for research. Source: A. Krizhevsky, "Learning multiple layers of features
from tiny images", technical report, University of Toronto, 2009.
"""
JPEG_DESCR = """
These images are a JPEG copy of quality about 75. Results on them cannot be compared with published
results on CIFAR-10, so call the data "CIFAR-10 (JPEG copy)". Training rows are in the official
order, test rows are sorted by class.
"""
CIFAR10_SET = ImageSet("CIFAR-10", CLASSES, DESCR)
CIFAR10_JPEG_SET = ImageSet("CIFAR-10 (JPEG copy)", CLASSES, DESCR + JPEG_DESCR)


def fetch_cifar10(*, subset="all", flat=False, return_X_y=False, data_home=None):
    """CIFAR-10, 32 x 32 colour images of ten classes (50000 training and 10000 test rows).

    The fetcher looks below `data_home` for the official archive
    ``cifar10/cifar-10-python.tar.gz``. If it is missing, and a JPEG copy
    ``cifar10_jpeg/cifar10_jpeg_60000.tar.xz`` is there, the images come from that copy, and the
    Bunch's ``name`` says so. If neither is there, or the archive differs from the original, the
    archive is downloaded, checked and kept.

    The JPEG copy holds all images, with the losses of JPEG compression. Its training rows are put
    in the official order, by ``cifar10_jpeg/CIFAR-10_Train_Labels.csv`` and the number of each
    image within its class. Its test rows are sorted by class. Reading it needs Pillow; the decoded
    images are kept in the operating system's cache folder for skally.

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
        As that of :func:`fetch_mnist`; data of shape (n, 3, 32, 32) or (n, 3072). Its ``name`` is
        "CIFAR-10" or "CIFAR-10 (JPEG copy)".
    (data, target) : tuple
        With `return_X_y`.

    Raises
    ------
    ValueError, OSError
        As in :func:`fetch_mnist`.
    ImportError
        If only the JPEG copy is there, and Pillow is not installed.

    Examples
    --------
    >>> from skally.datasets import fetch_cifar10
    >>> cifar10 = fetch_cifar10(subset="train")  # doctest: +SKIP
    >>> cifar10.data.shape, cifar10.target_names[6]  # doctest: +SKIP
    ((50000, 3, 32, 32), 'frog')
    """
    check_image_arguments(subset, flat, return_X_y)
    if has_only_jpegs(data_home):
        files = [CIFAR10_JPEG, CIFAR10_JPEG_LABELS]
        parts = decoded_parts(files, read_jpegs, subset, data_home)
        return image_bunch(CIFAR10_JPEG_SET, parts, flat, return_X_y)
    parts = read_originals([CIFAR10], partial(read_batches, subset=subset), data_home)
    return image_bunch(CIFAR10_SET, parts, flat, return_X_y)


def has_only_jpegs(data_home):
    """Whether the data folder holds the JPEG copy and not the archive."""
    home = data_folder(data_home)
    jpegs, archive = (home / file.folder / file.name for file in (CIFAR10_JPEG, CIFAR10))
    return jpegs.is_file() and not archive.is_file()


class BatchUnpickler(pickle.Unpickler):
    """Reads a batch, and refuses all classes and functions but those of an array of bytes."""

    def find_class(self, module, name):
        """What builds an array; everything else is refused."""
        reconstruct = np.ndarray(0).__reduce__()[0]
        found = {
            ("numpy.core.multiarray", "_reconstruct"): reconstruct,  # before numpy 2
            ("numpy._core.multiarray", "_reconstruct"): reconstruct,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): byte_type,
            ("_codecs", "encode"): encoded,
        }.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"a batch must not hold {module}.{name}")
        return found


def byte_type(name, *flags):
    """A copy of the type of bytes, without an old pickle's flags, of which new numpy warns."""
    if name not in ("u1", b"u1"):
        raise pickle.UnpicklingError(f"values have type {name}, must be bytes")
    return np.dtype(np.uint8, copy=True)


def encoded(text, encoding):
    """Bytes, which Python 3 stores as text in the pickles of Python 2."""
    return text.encode("latin1")


def read_batches(contents, subset):
    """Images, (n, 3, 32, 32) bytes, and labels of the parts of the official archive.

    Parameters
    ----------
    contents : dict of str to bytes
        Pickles by their names in the archive.
    subset : {"all", "train", "test"}
    """
    parts = {}
    for part in PARTS[subset]:
        packed = [io.BytesIO(contents[f"{FOLDER}/{name}"]) for name in BATCHES[part]]
        batches = [BatchUnpickler(batch, encoding="bytes").load() for batch in packed]
        images = np.concatenate([batch[b"data"] for batch in batches])
        labels = np.concatenate([batch[b"labels"] for batch in batches])
        parts[part] = image_part(images.reshape(-1, 3, 32, 32), labels)
    return parts


def read_jpegs(files, label_file):
    """Arrays of the JPEG copy.

    Parameters
    ----------
    files : dict of str to bytes
        JPEG files by their names, such as ``train/frog/0041.jpg``, numbered within their class.
    label_file : bytes
        CSV file with the class of each training image, in the official order, in its column
        ``label``.
    """
    found = {"train": {}, "test": {}}  # part -> (class, number) -> image
    for path, content in files.items():
        part, name, number = re.fullmatch(JPEG_NAME, path).groups()
        found[part][CLASSES.index(name), int(number)] = decode_jpeg(content)
    names = [row["label"] for row in csv.DictReader(io.StringIO(label_file.decode()))]
    order = {"train": official_order(names), "test": sorted(found["test"])}
    arrays = {}
    for part, keys in order.items():
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = image_part(
            np.stack([found[part][key] for key in keys]), np.array([label for label, _ in keys])
        )
    return arrays


def official_order(names):
    """Class, and number within the class, of each row, from the class names of the rows."""
    seen = dict.fromkeys(CLASSES, 0)
    keys = []
    for name in names:
        keys.append((CLASSES.index(name), seen[name]))
        seen[name] += 1
    return keys


def decode_jpeg(content):
    """Array of shape (3, 32, 32) from the bytes of a JPEG file."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "The JPEG copy of CIFAR-10 needs Pillow: pip install pillow. The official archive "
            "does not need it."
        ) from error

    image = Image.open(io.BytesIO(content), formats=["JPEG"])
    if image.size != (32, 32):  # known before anything is decoded
        raise ValueError(f"an image has size {image.size}, must be (32, 32)")
    return np.asarray(image.convert("RGB")).transpose(2, 0, 1)
