"""What all image sets share: checks of arguments, decoded copies, and the Bunch."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import Bunch

from skally.datasets.arguments import PARTS, check_choice, check_flags
from skally.datasets.decoded import cached_arrays
from skally.datasets.files import read_originals

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class ImageSet:
    """Name, classes and description of an image set, as they appear in its Bunch.

    Parameters
    ----------
    name : str
        For tables and titles of results.
    target_names : tuple of str
        Name of class i at position i.
    descr : str
    """

    name: str
    target_names: tuple
    descr: str


def check_image_arguments(subset, flat, return_X_y):
    """Raise unless all arguments have values that the fetchers of images accept."""
    check_choice("subset", subset, list(PARTS))
    check_flags(flat=flat, return_X_y=return_X_y)


def image_part(images, labels, n_classes=10):
    """The arguments, or an error unless there is one image for each label, from 0 to 9."""
    if images.ndim != 4 or labels.ndim != 1 or len(images) != len(labels) or len(labels) == 0:
        raise ValueError(f"images have shape {images.shape}, labels {labels.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels must be integers from 0 to {n_classes - 1}")
    return images, labels


def decoded_parts(files, read, subset, data_home):
    """Parts of an image set that is slow to decode: decoded once, then read from the cache.

    Parameters
    ----------
    files : list of DataFile
    read : callable
        Function from their contents to a dictionary with ``train_images``, ``train_labels``,
        ``test_images`` and ``test_labels``.
    subset : str
    data_home : str, path-like or None

    Returns
    -------
    parts : dict from "train" or "test" to images and labels
    """
    arrays = cached_arrays(
        key="-".join(file.sha256[:16] for file in files),
        names=[f"{part}_{what}" for part in PARTS[subset] for what in ("images", "labels")],
        make=lambda: read_originals(files, read, data_home),
    )
    return {part: (arrays[f"{part}_images"], arrays[f"{part}_labels"]) for part in PARTS[subset]}


def image_bunch(image_set, parts, flat, return_X_y):
    """Bunch of an image set, or its data and targets.

    Images of single bytes are converted to floats only after the parts are joined, to save memory.

    Parameters
    ----------
    image_set : ImageSet
    parts : dict from "train" or "test", in this order, to images and labels
        Images of shape (n, channels, height, width), bytes from 0 to 255 or floats from 0 to 1;
        labels from 0, of shape (n,).
    flat : bool
        Whether to return each image as one row.
    return_X_y : bool
    """
    images = np.concatenate([images for images, _ in parts.values()])
    if images.dtype == np.uint8:
        images = np.divide(images, 255, dtype=np.float32, order="C")
    y = np.concatenate([labels for _, labels in parts.values()]).astype(np.int64)
    shape = images.shape[1:]
    X = images.reshape(len(images), -1) if flat else images
    if return_X_y:
        return X, y
    return Bunch(
        data=X,
        target=y,
        image_shape=shape,
        n_train=len(parts["train"][1]) if "train" in parts else 0,
        target_names=list(image_set.target_names),
        name=image_set.name,
        DESCR=image_set.descr,
    )
