"""Modules that read their sizes from the data."""

import math
from collections import OrderedDict
from itertools import pairwise

from torch import nn


class MLP(nn.Sequential):
    """Fully connected net for tabular data.

    Parameters
    ----------
    n_features : int
        Length of one input, flattened. The nets fill it in at ``fit``.
    n_outputs : int
        Number of classes or of targets. The nets fill it in at ``fit``.
    hidden_layer_sizes : sequence of int, default=(256, 256)
        Units of each hidden layer; empty for a linear model.
    activation : nn.Module class, default=nn.ReLU
    dropout : float in [0, 1), default=0.0
        Share of hidden units dropped in training.

    Examples
    --------
    >>> from skally.modules import MLP
    >>> MLP(n_features=3, n_outputs=1, hidden_layer_sizes=(8,))
    MLP(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=3, out_features=8, bias=True)
      (2): ReLU()
      (3): Linear(in_features=8, out_features=1, bias=True)
    )
    """

    def __init__(
        self, n_features, n_outputs, hidden_layer_sizes=(256, 256), activation=nn.ReLU, dropout=0.0
    ):
        check_sizes(hidden_layer_sizes)
        sizes = [n_features, *map(int, hidden_layer_sizes), n_outputs]
        super().__init__(nn.Flatten(), *dense_layers(sizes, activation, dropout))


def dense_layers(sizes, activation, dropout, linear=nn.Linear, drop=nn.Dropout):
    """Linear layers from one size to the next, with an activation and dropout between two."""
    layers = [linear(sizes[0], sizes[1])]
    for n_in, n_out in pairwise(sizes[1:]):
        layers += [activation(), *([drop(dropout)] if dropout else []), linear(n_in, n_out)]
    return layers


def check_sizes(hidden_layer_sizes):
    """Raise ValueError unless they are a sequence of positive integers."""
    try:
        is_right = all(size == int(size) >= 1 for size in hidden_layer_sizes)
    except (TypeError, ValueError):
        is_right = False
    if not is_right:
        raise ValueError(
            f"hidden_layer_sizes == {hidden_layer_sizes!r}, must be a sequence of integers >= 1, "
            "such as (64,)."
        )


class ResNet18(nn.Sequential):
    """Narrow residual net of 18 layers for small images, such as 32 x 32 or 96 x 96.

    The first convolution is 3 x 3 with stride 1 and without pooling. Four stages of two basic
    blocks follow, with 1, 2, 4 and 8 times ``width`` channels, each after the first at half the
    resolution; then the mean over the image, and a linear layer. The embedding, the input of that
    layer, has 8 times ``width`` features.

    Parameters
    ----------
    n_outputs : int
        Number of classes or of targets. The nets fill it in at ``fit``.
    n_features : int or None, default=None
        Length of one input, flattened, to check ``n_channels`` against. The nets fill it in at
        ``fit``.
    n_channels : int, default=3
        Colours of the images.
    width : int, default=16
        Channels of the first stage. 16 is the paper's: the embedding has 128 features.

    Raises
    ------
    ValueError
        If ``width`` or ``n_channels`` is less than 1, if ``n_channels`` does not divide
        ``n_features``, or, by ``forward``, if the input is no such images.

    Notes
    -----
    Inputs are of shape (n, n_channels, height, width), or (n, height, width) for one channel, or
    (n, n_features) for square images flattened from the first form.

    References
    ----------
    He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.

    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, for the width.

    Examples
    --------
    >>> import numpy as np
    >>> from skally import ConstrainedNetClassifier
    >>> from skally.modules import ResNet18
    >>> rng = np.random.RandomState(0)
    >>> X, y = rng.uniform(size=(8, 3, 32, 32)), np.arange(8) % 2
    >>> net = ConstrainedNetClassifier(ResNet18, max_epochs=1, random_state=0).fit(X, y)
    >>> net.train_embedding_.shape
    (8, 128)
    """

    def __init__(self, n_outputs, n_features=None, n_channels=3, width=16):
        for name, value in (("n_channels", n_channels), ("width", width)):
            if value < 1:
                raise ValueError(f"{name} == {value}, must be at least 1.")
        if n_features is not None and n_features % n_channels:
            raise ValueError(
                f"n_channels == {n_channels}, must divide {n_features}, the length of one input."
            )
        layers = OrderedDict(
            images=Images(n_channels),
            convolution=convolution(n_channels, width),
            norm=nn.BatchNorm2d(width),
            activation=nn.ReLU(),
        )
        n_in = width
        for stage, n_out in enumerate((width, 2 * width, 4 * width, 8 * width), start=1):
            first = BasicBlock(n_in, n_out, stride=1 if stage == 1 else 2)
            layers[f"stage{stage}"] = nn.Sequential(first, BasicBlock(n_out, n_out))
            n_in = n_out
        layers.update(
            mean=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), head=nn.Linear(n_in, n_outputs)
        )
        super().__init__(layers)


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut, which is a convolution where the shape changes.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    stride : int
        Of the first convolution and of the shortcut.
    """

    def __init__(self, n_in, n_out, stride=1):
        super().__init__()
        self.residual = nn.Sequential(
            convolution(n_in, n_out, stride=stride),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            convolution(n_out, n_out),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            shortcut = convolution(n_in, n_out, size=1, stride=stride)
            self.shortcut = nn.Sequential(shortcut, nn.BatchNorm2d(n_out))

    def forward(self, X):
        """Images of shape (n, n_out, height / stride, width / stride)."""
        return nn.functional.relu(self.residual(X) + self.shortcut(X))


def convolution(n_in, n_out, size=3, stride=1):
    """Convolution without bias, which batch normalisation would take out again."""
    return nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)


class Images(nn.Module):
    """Give inputs the shape (n, n_channels, height, width).

    Parameters
    ----------
    n_channels : int
    """

    def __init__(self, n_channels):
        super().__init__()
        self.n_channels = n_channels

    def forward(self, X):
        """Images as they are, flat rows as square images, (n, height, width) as of one channel."""
        shape = tuple(X.shape[1:])
        if X.ndim == 2:
            side = math.isqrt(shape[0] // self.n_channels)
            if self.n_channels * side**2 == shape[0]:
                return X.reshape(len(X), self.n_channels, side, side)
        elif X.ndim == 3 and self.n_channels == 1:
            return X.unsqueeze(1)
        elif X.ndim == 4 and shape[0] == self.n_channels:
            return X
        raise ValueError(
            f"X has rows of shape {shape}, must have images with n_channels == {self.n_channels} "
            "as their first axis, or square ones flattened."
        )
