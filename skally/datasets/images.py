"""What all image sets share: from parts with grey values to a Bunch that nets take."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import Bunch

from skally.datasets.arguments import PARTS, check_choice, check_flags


@dataclass(frozen=True)
class ImageSet:
    """How an image set is called and what it holds: goes into its Bunch as it is.

    Parameters
    ----------
    name : str
        What results with these images are to be called.
    target_names : tuple of str
        Classes by their numbers.
    descr : str
    """

    name: str
    target_names: tuple
    descr: str


def check_image_arguments(subset, flat, return_X_y):
    """Raise unless all are values that the fetchers of images take."""
    check_choice("subset", subset, list(PARTS))
    check_flags(flat=flat, return_X_y=return_X_y)


def image_bunch(image_set, parts, flat, return_X_y):
    """Bunch of an image set, or its data and targets.

    The images stay single bytes until the one array of floats is made of them.

    Parameters
    ----------
    image_set : ImageSet
    parts : dict from "train" or "test", in this order, to images and labels
        Images of shape (n, channels, height, width), bytes from 0 to 255 or floats from 0 to 1;
        labels from 0, of shape (n,).
    flat : bool
        Whether an image becomes a row.
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
