"""Data sets that give a whole batch at once, and hold their rows on the device if it has room."""

from copy import deepcopy
from functools import cached_property

import numpy as np
import torch
from scipy import sparse
from skorch.dataset import Dataset
from torch.utils.data import Subset

from skally.utils.validation import as_input

HOST = torch.device("cpu")


class ArrayDataset(Dataset):
    """skorch's data set over arrays, which gives a whole batch at once.

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
        """Rows of X (dense) and of y as tensors, in the order of an int tensor."""
        X, y = self._arrays
        return sent(rows_of(X, rows), self.device), sent(rows_of(y, rows), self.device)

    @property
    def home(self):
        """Device of the data, on which ``take`` expects its rows."""
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
        return as_input(self.dataset[i]), self.y[i]


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
    """Function from an int tensor of positions to a batch; None if a data set has no ``take``.

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
    """Device of the positions that the ``take`` of a data set, numbered or not, expects."""
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


def is_part(dataset, whole):
    """Whether a data set is another one, or a subset of it (or of a subset of it)."""
    while dataset is not whole and isinstance(dataset, Subset):
        dataset = dataset.dataset
    return dataset is whole


def resident(arrays, device, free_bytes):
    """Whole arrays on a device, or on the host if the device has too little memory.

    Parameters
    ----------
    arrays : tuple of arrays or sparse matrices
    device : torch.device
    free_bytes : int
        On the device. The arrays may take half; the net, gradients and outputs need the rest.

    Returns
    -------
    arrays : tuple of tensors; an array that torch cannot share stays as it is on the host
    """
    is_dense = not any(map(sparse.issparse, arrays))
    if device == HOST or not is_dense or 2 * sum(a.nbytes for a in arrays) > free_bytes:
        return tuple(map(as_shared, arrays))
    writeable = [np.require(array, requirements="CW") for array in arrays]
    return tuple(sent(torch.as_tensor(array), device) for array in writeable)


def free_bytes(device):
    """Free memory of a device; 0 if torch cannot tell."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def on_host(value):
    """A parameter that can be read on a machine without its device: tensors on the CPU."""
    if isinstance(value, torch.Tensor):
        return value.cpu()
    if isinstance(value, torch.nn.Module):
        parts = [*value.parameters(), *value.buffers()]
        return value if all(part.device == HOST for part in parts) else deepcopy(value).cpu()
    return value


def sent(tensor, device):
    """Tensor on a device, copied to a GPU from pinned memory without waiting for it."""
    if device == HOST:
        return tensor
    is_pinned = device.type == "cuda" and tensor.device == HOST
    return (tensor.pin_memory() if is_pinned else tensor).to(device, non_blocking=is_pinned)


def as_shared(array):
    """Tensor over the memory of an array, or the array itself where torch cannot share it."""
    if not isinstance(array, np.ndarray) or not array.flags.writeable or min(array.strides) < 0:
        return array
    return torch.as_tensor(array)
