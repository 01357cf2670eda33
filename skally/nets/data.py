"""Batches of an in-memory data set without a per-sample collate."""

from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from scipy import sparse
from skorch.dataset import Dataset
from torch.utils.data import DataLoader, Subset

from skally.nets.residence import HOST, free_bytes, resident, sent


class ArrayDataset(Dataset):
    """skorch's data set over arrays, with a whole batch by one index.

    Parameters
    ----------
    X : array or sparse matrix, n rows
    y : array, n rows, or None

    Attributes
    ----------
    device : torch.device
        Where batches are wanted; set before the first one.
    """

    device = HOST

    def take(self, rows):
        """Rows of X (dense) and of y as tensors, in the order that an int tensor asks for."""
        X, y = self._arrays
        return sent(rows_of(X, rows), self.device), sent(rows_of(y, rows), self.device)

    @property
    def home(self):
        """Device of the data, where ``take`` wants its rows."""
        X, _ = self._arrays
        return X.device if isinstance(X, torch.Tensor) else HOST

    @cached_property
    def _arrays(self):
        """X and y, as tensors that share their memory where that can be, or on their device."""
        y = np.zeros(len(self), dtype=np.float32) if self.y is None else self.y
        return resident((self.X, y), self.device, free_bytes(self.device))


class Relabelled(torch.utils.data.Dataset):
    """A user's data set with targets in the form that the loss wants.

    Parameters
    ----------
    dataset : data set of (x, target) pairs, n long
    y : array, n rows, the encoded targets
    """

    def __init__(self, dataset, y):
        self.dataset, self.y = dataset, y

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.dataset[i][0], self.y[i]


class RowNumbered(torch.utils.data.Dataset):
    """A data set whose target is the pair (target, row number).

    Parameters
    ----------
    dataset : data set of (x, target) pairs, n long
    rows : int array (n,), the numbers
    """

    def __init__(self, dataset, rows):
        self.dataset, self.rows = dataset, rows

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return x, (y, self.rows[i])


def taker(dataset):
    """Function from an int tensor of positions to a batch, None where rows come one by one.

    Parameters
    ----------
    dataset : torch data set, numbered or not, or a subset of one

    Returns
    -------
    take : function, or None
    """
    if not isinstance(dataset, RowNumbered | Subset):
        return getattr(dataset, "take", None)
    inner = taker(dataset.dataset)
    if inner is None:
        return None
    rows = dataset.rows if isinstance(dataset, RowNumbered) else dataset.indices
    rows = np.array(rows, dtype=int)
    numbers = torch.as_tensor(rows, device=home_of(dataset))
    if isinstance(dataset, Subset):
        return lambda positions: inner(numbers[positions])
    in_order = np.array_equal(rows, np.arange(len(rows)))

    def take(positions):
        X, y = inner(positions)
        return X, (y, positions if in_order else numbers[positions])

    return take


def home_of(dataset):
    """Device on which the ``take`` of a data set, numbered or not, wants its rows."""
    while isinstance(dataset, RowNumbered | Subset):
        dataset = dataset.dataset
    return getattr(dataset, "home", HOST)


def rows_of(array, rows):
    """Some rows of an array, sparse matrix or tensor, as a dense tensor."""
    if isinstance(array, torch.Tensor):
        return array.index_select(0, rows)
    part = array[rows.numpy()]
    return torch.as_tensor(part.toarray() if sparse.issparse(part) else np.ascontiguousarray(part))


def original_rows(dataset, whole):
    """Row in ``whole`` of each sample of ``dataset``, a subset of it (or of a subset of it).

    Returns
    -------
    rows : int array (len(dataset),)

    Raises
    ------
    ValueError
        If the rows cannot be traced back.
    """
    if dataset is whole:
        return np.arange(len(whole))
    if isinstance(dataset, Subset):
        return original_rows(dataset.dataset, whole)[np.asarray(dataset.indices)]
    raise ValueError(
        "train_split must return the data set it was given, or a torch.utils.data.Subset of it: "
        "the dual variables of other data sets cannot be assigned to rows of X."
    )


class BatchLoader:
    """torch's ``DataLoader`` where it is needed, one slice a batch where the data allow it.

    Parameters
    ----------
    dataset : torch data set
    batch_size : int
    shuffle : bool
    **kwargs : the rest of ``DataLoader``'s parameters; with any of them set it is used

    Attributes
    ----------
    weights : array of shape (n,), or None
        Set between epochs where ``can_draw``: a row is then drawn in proportion to its weight,
        n rows an epoch, in batches of one size: a short last one would be the noisiest.

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


# Parameters of a small skorch net that serves another estimator, on arrays and without a word.
IN_MEMORY = {
    "dataset": ArrayDataset,
    "iterator_train": BatchLoader,
    "iterator_train__shuffle": True,
    "iterator_valid": BatchLoader,
    "train_split": None,
    "callbacks": "disable",
    "verbose": 0,
}
