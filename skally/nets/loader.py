"""Batches of data in memory by one slice each, where torch's loader collects them row by row."""

from itertools import pairwise

import numpy as np
import torch
from torch.utils.data import DataLoader

from skally.nets.data import ArrayDataset, home_of, taker


class BatchLoader:
    """Loader that takes each batch by one slice, and torch's ``DataLoader`` where that cannot be.

    Parameters
    ----------
    dataset : torch data set
    batch_size : int
    shuffle : bool
    **kwargs : other parameters of ``DataLoader``, which is used if there are any

    Attributes
    ----------
    weights : array of shape (n,), or None
        May be set between epochs where ``can_draw``. Each epoch then draws n rows, each row in
        proportion to its weight, in batches of nearly one size: a short last one would be noisier.

    Notes
    -----
    A shuffled last batch of one row joins the batch before it: batch normalisation cannot train
    on one row.
    """

    def __init__(self, dataset, batch_size=1, shuffle=False, **kwargs):
        self.dataset, self.batch_size, self.shuffle, self.kwargs = (
            dataset, batch_size, shuffle, kwargs)  # fmt: skip
        self.weights = None
        self.take = None if kwargs else taker(dataset)

    @property
    def can_draw(self):
        """Whether batches may be drawn by ``weights``."""
        return self.take is not None and self.shuffle and len(self) > 1

    def __len__(self):
        return len(self._edges()) - 1

    def __iter__(self):
        if self.take is None:
            yield from DataLoader(self.dataset, self.batch_size, self.shuffle, **self.kwargs)
            return
        order = self._order().to(home_of(self.dataset))
        for start, stop in pairwise(self._edges()):
            yield self.take(order[start:stop])

    def _order(self):
        n = len(self.dataset)
        if not self.shuffle:
            return torch.arange(n)
        order = torch.randperm(n)
        return order if self.weights is None else systematic_draw(self.weights)[order]

    def _edges(self):
        n = len(self.dataset)
        if self.weights is not None:
            return np.linspace(0, n, -(-n // self.batch_size) + 1).astype(int)
        edges = [*range(0, n, self.batch_size), n]
        if self.shuffle and len(edges) > 2 and edges[-1] - edges[-2] == 1:
            del edges[-2]
        return edges


def systematic_draw(weights):
    """Rows drawn in proportion to their weights, each as often as expected, rounded up or down.

    Parameters
    ----------
    weights : array of shape (n,), positive

    Returns
    -------
    rows : int tensor of shape (n,), ascending
    """
    n = len(weights)
    edges = np.cumsum(weights) * (n / np.sum(weights))
    marks = np.arange(n) + torch.rand(1, dtype=torch.float64).numpy()
    return torch.as_tensor(np.minimum(np.searchsorted(edges, marks), n - 1))


# Parameters of a skorch net that is a part of another estimator: on arrays, and printing nothing.
IN_MEMORY = {
    "dataset": ArrayDataset,
    "iterator_train": BatchLoader,
    "iterator_train__shuffle": True,
    "iterator_valid": BatchLoader,
    "train_split": None,
    "callbacks": "disable",
    "verbose": 0,
}
