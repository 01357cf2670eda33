"""Batches of data in memory by one slice each, where torch's loader collects them row by row."""

from itertools import pairwise

import numpy as np
import torch
from torch.utils.data import DataLoader, default_collate

from skally.nets.checks import check_arguments
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
    joins : bool
        Whether a last batch of one row joins the batch before it; may be set. As ``shuffle`` at
        first.

    Notes
    -----
    Batch normalisation cannot train on a batch of one row.
    """

    def __init__(self, dataset, batch_size=1, shuffle=False, **kwargs):
        self.dataset, self.batch_size, self.shuffle, self.kwargs = (
            dataset, batch_size, shuffle, kwargs)  # fmt: skip
        check_arguments(DataLoader, kwargs, "iterator")
        self.weights = None
        self.joins = shuffle
        self.take = None if kwargs else taker(dataset)

    @property
    def collate_fn(self):
        """Function that collects a batch; may be set."""
        return self.kwargs.get("collate_fn", default_collate)

    @collate_fn.setter
    def collate_fn(self, collate):
        self.kwargs["collate_fn"] = collate
        self.take = None

    @property
    def drop_last(self):
        """Whether a last batch with fewer rows is left out."""
        return self.kwargs.get("drop_last", False)

    @property
    def can_draw(self):
        """Whether batches may be drawn by ``weights``."""
        return self.take is not None and self.shuffle and len(self) > 1

    def __len__(self):
        return len(self._edges()) - 1

    def __iter__(self):
        if self.take is None:
            try:
                yield from self._torchs_loader()
            except RuntimeError as error:
                if "equal size" not in str(error):
                    raise
                raise ValueError(
                    "X has inputs of several shapes, which need a function that pads them: "
                    "iterator_train__collate_fn and iterator_valid__collate_fn."
                ) from error
            return
        order = self._order().to(home_of(self.dataset))
        for start, stop in pairwise(self._edges()):
            yield self.take(order[start:stop])

    def _torchs_loader(self):
        kwargs = self.kwargs
        if "batch_sampler" in kwargs:
            return DataLoader(self.dataset, **kwargs)
        if kwargs.get("sampler") is not None:
            return DataLoader(self.dataset, self.batch_size, **kwargs)
        if not self._joins or self.drop_last:
            return DataLoader(self.dataset, self.batch_size, self.shuffle, **kwargs)
        order = self._order(kwargs.get("generator")).tolist()
        batches = [order[start:stop] for start, stop in pairwise(self._edges())]
        kwargs = {name: value for name, value in kwargs.items() if name != "drop_last"}
        return DataLoader(self.dataset, batch_sampler=batches, **kwargs)

    @property
    def _joins(self):
        """Whether a last batch of one row joins the batch before it."""
        n, size = len(self.dataset), self.batch_size
        return self.joins and size is not None and n > size > 1 and n % size == 1

    def _order(self, generator=None):
        n = len(self.dataset)
        if not self.shuffle:
            return torch.arange(n)
        order = torch.randperm(n, generator=generator)
        return order if self.weights is None else systematic_draw(self.weights)[order]

    def _edges(self):
        n = len(self.dataset)
        if self.weights is not None:
            return np.linspace(0, n, -(-n // self.batch_size) + 1).astype(int)
        edges = [*range(0, n, self.batch_size), n]
        if self._joins:
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
