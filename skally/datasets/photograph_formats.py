"""Readers of the colour images: bytes of shape (n, channels, height, width), and labels."""

import csv
import io
import pickle
import tarfile
from pathlib import PurePosixPath

import numpy as np

from skally.datasets.photograph_descr import CIFAR10_CLASSES

BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}


def read_cifar_batches(path, part):
    """Images and labels of a part of CIFAR-10 in its Python version.

    Only for a checked archive: a pickle can run any code.
    """
    with tarfile.open(path) as archive:
        batches = [
            pickle.load(archive.extractfile(f"cifar-10-batches-py/{name}"), encoding="bytes")
            for name in BATCHES[part]
        ]
    images = np.concatenate([batch[b"data"] for batch in batches])
    return images.reshape(-1, 3, 32, 32), np.concatenate([batch[b"labels"] for batch in batches])


def read_cifar_jpegs(path, label_path):
    """Arrays of the JPEG copy of CIFAR-10.

    Parameters
    ----------
    path : path-like
        Archive with members such as ``train/frog/0041.jpg``, numbered within their class.
    label_path : path-like
        CSV file with the class of each training image, in the official order, in its column
        ``label``.
    """
    found = {"train": {}, "test": {}}  # part -> (class, number) -> image
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".jpg"):
                part, name, file = PurePosixPath(member.name).parts[-3:]
                key = (CIFAR10_CLASSES.index(name), int(file.removesuffix(".jpg")))
                found[part][key] = decode_jpeg(archive.extractfile(member).read())
    with open(label_path, newline="") as lines:
        names = [row["label"] for row in csv.DictReader(lines)]
    order = {"train": official_order(names), "test": sorted(found["test"])}
    arrays = {}
    for part, keys in order.items():
        arrays[f"{part}_images"] = np.stack([found[part][key] for key in keys])
        arrays[f"{part}_labels"] = np.array([label for label, _ in keys])
    return arrays


def official_order(names):
    """Class and number within it of each row, from the names of the rows' classes."""
    seen = dict.fromkeys(CIFAR10_CLASSES, 0)
    keys = []
    for name in names:
        keys.append((CIFAR10_CLASSES.index(name), seen[name]))
        seen[name] += 1
    return keys


def decode_jpeg(content):
    """Array of shape (3, height, width) of the bytes of a JPEG file."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "The JPEG copy of CIFAR-10 needs Pillow: pip install pillow. The official archive "
            "needs nothing more."
        ) from error

    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).transpose(2, 0, 1)


def read_svhn(path):
    """Images and labels of a file of SVHN's cropped digits, where the label 10 means 0."""
    from scipy.io import loadmat

    content = loadmat(path)
    return content["X"].transpose(3, 2, 0, 1), content["y"].ravel() % 10


def read_stl10(path):
    """Arrays of the labelled images of STL-10's archive, whose images are stored by columns."""
    arrays = {}
    with tarfile.open(path) as archive:
        for member in archive:
            part, _, kind = PurePosixPath(member.name).stem.partition("_")
            if part in ("train", "test") and kind in ("X", "y"):
                content = np.frombuffer(archive.extractfile(member).read(), np.uint8)
                if kind == "X":
                    arrays[f"{part}_images"] = content.reshape(-1, 3, 96, 96).swapaxes(2, 3)
                else:
                    arrays[f"{part}_labels"] = content - 1  # from 1 to 10 in the file
    return arrays
