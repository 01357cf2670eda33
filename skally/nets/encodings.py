"""Encodings of the columns of a table: functions of one column each, for a net to start from.

With the parameters of K members, stacked, each gives a tensor with a first axis of length K.
"""

import math

import numpy as np
import torch
from torch import nn

from skally.nets.quantiles import as_float, divisor

N_BINS, BIN_SIZE = 32, 8  # of the piecewise linear encoding: bins, and units of a column
N_FREQUENCIES, PERIODIC_SIZE = 16, 3  # of the periodic encoding, likewise
FREQUENCY_SCALE = 0.1


class Plain(nn.Module):
    """No encoding.

    Parameters
    ----------
    quantiles : array of shape (q, d)
    """

    size = 0

    def __init__(self, quantiles):
        super().__init__()

    def forward(self, X, scaled):
        """Empty tensor of shape (n, d, 0)."""
        return scaled.new_zeros((*scaled.shape, 0))


class PiecewiseLinear(nn.Module):
    """Piecewise linear encoding: how far a value is through each of its column's bins.

    With the edges b_0 < b_1 < ... of the bins, at the column's quantiles, the entry of bin t is
    clip((x - b_{t-1}) / (b_t - b_{t-1}), 0, 1). A linear layer and ReLU of its own for each column
    follow. Columns of few values have few bins; entries of the others are 0.

    Parameters
    ----------
    quantiles : array of shape (q, d)

    References
    ----------
    Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning",
    NeurIPS 2022, Section 3.2. There the first bin and the last have no outer bound.
    """

    size = BIN_SIZE

    def __init__(self, quantiles):
        super().__init__()
        left, width = bins_of(quantiles)
        self.register_buffer("left", as_float(left))
        self.register_buffer("width", as_float(width))
        self.weight, self.bias = column_linear(len(left), N_BINS, self.size)

    def forward(self, X, scaled):
        """Tensor of shape (n, d, size), of X of shape (n, d) and at most LARGEST in size."""
        encoded = torch.einsum("...ndt,...dts->...nds", self.encode(X), self.weight)
        return (encoded + self.bias.unsqueeze(-3)).relu()

    def encode(self, X):
        """Entries of the bins, (..., n, d, N_BINS)."""
        left, width = of_one(self.left, 2), of_one(self.width, 2)
        return ((X.unsqueeze(-1) - left) / width).clamp(0, 1)


class Periodic(nn.Module):
    """Periodic encoding: a linear layer of cos(2 pi (w x + b)) for each column.

    The frequencies w and the phases b are learned. The scaled x stands beside what this gives,
    which makes it the paper's PBLD (periodic with bias, linear, as in a DenseNet).

    Parameters
    ----------
    quantiles : array of shape (q, d)

    References
    ----------
    Holzmueller, Grinsztajn, Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees
    on Tabular Data", NeurIPS 2024, Section 3.
    """

    size = PERIODIC_SIZE

    def __init__(self, quantiles):
        super().__init__()
        shape = quantiles.shape[1], N_FREQUENCIES
        self.frequency = nn.Parameter(FREQUENCY_SCALE * torch.randn(shape))
        self.phase = nn.Parameter(torch.empty(shape).uniform_(-math.pi, math.pi))
        self.weight, self.bias = column_linear(*shape, self.size)

    def forward(self, X, scaled):
        """Tensor of shape (n, d, size), of the scaled columns (n, d)."""
        frequency, phase = self.frequency.unsqueeze(-3), self.phase.unsqueeze(-3)
        waves = (2 * math.pi * (scaled.unsqueeze(-1) * frequency + phase)).cos()
        return torch.einsum("...ndf,...dfs->...nds", waves, self.weight) + self.bias.unsqueeze(-3)


ENCODINGS = {"plain": Plain, "ple": PiecewiseLinear, "pbld": Periodic}


def of_one(buffer, n_axes):
    """A buffer that follows from the columns, or that of one of members, who have it alike."""
    return buffer if buffer.dim() == n_axes else buffer[0]


def column_linear(d, n_in, n_out):
    """Weights (d, n_in, n_out) and biases (d, n_out) of linear layers, drawn as nn.Linear's."""
    bound = n_in**-0.5
    shapes = (d, n_in, n_out), (d, n_out)
    return [nn.Parameter(torch.empty(shape).uniform_(-bound, bound)) for shape in shapes]


def bins_of(quantiles):
    """Bins between those of N_BINS + 1 quantiles that differ in single precision.

    Parameters
    ----------
    quantiles : array of shape (q, d)

    Returns
    -------
    left, width : arrays of shape (d, N_BINS)
        A column's bins in ascending order, and then bins of infinite width.
    """
    rows = np.rint(np.linspace(0, len(quantiles) - 1, N_BINS + 1)).astype(int)
    left = np.zeros((quantiles.shape[1], N_BINS))
    width = np.full_like(left, np.inf)
    for column, edges in enumerate(quantiles[rows].T):
        edges = np.unique(edges.astype(np.float32)).astype(np.float64)
        n_bins = max(len(edges) - 1, 0)
        left[column, :n_bins] = edges[:-1]
        width[column, :n_bins] = divisor(np.diff(edges))
    return left, width
