"""Batches by a user's ``collate_fn``, beside which targets and row numbers find their way."""

import numpy as np
import torch
from torch.utils.data import Dataset, Subset, default_collate, default_convert

from skally.nets.data import Relabelled, RowNumbered
from skally.utils.validation import as_pair, as_plain


class WithUsersTarget(Dataset):
    """A data set of ours whose samples also have the target that the user's data set gives.

    Parameters
    ----------
    dataset : RowNumbered or Relabelled data set, or a subset of one
    """

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return sample_of(self.dataset, i)


def sample_of(dataset, i):
    """Input, the user's target and ours, (target, row number) for numbered data."""
    if isinstance(dataset, Subset):
        return sample_of(dataset.dataset, dataset.indices[i])
    if isinstance(dataset, RowNumbered):
        x, theirs, ours = sample_of(dataset.dataset, i)
        return x, theirs, (ours, dataset.rows[i])
    x, theirs = as_pair(dataset.dataset[i] if isinstance(dataset, Relabelled) else dataset[i])
    return x, theirs, dataset.y[i] if isinstance(dataset, Relabelled) else theirs


class UsersCollate:
    """A user's ``collate_fn`` for samples of :class:`WithUsersTarget`.

    It is given positions in the batch in the place of targets, in the form that targets have. So
    the rows are known whatever their order in the batch, and targets need not pass through it.

    Parameters
    ----------
    collate : function of a list of (input, target) pairs to (inputs, targets)
    in_order : bool
        Whether the rows have to keep their order.
    """

    def __init__(self, collate, in_order):
        self.collate, self.in_order = collate, in_order

    def __call__(self, samples):
        pairs = [(x, placeholder(theirs, i)) for i, (x, theirs, _) in enumerate(samples)]
        try:
            X, found = as_pair(self.collate(pairs))
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"collate_fn failed on its batch: {error!r}. {RULE}") from error
        order = positions(found, len(samples))
        if self.in_order and not np.array_equal(order, np.arange(len(samples))):
            raise ValueError(
                "iterator_valid__collate_fn must keep all rows in their order, or predictions "
                "would be of other rows. (pack_padded_sequence has enforce_sorted=False.)"
            )
        return X, default_collate([samples[i][2] for i in order])


RULE = (
    "In training it is given positions in the batch, integers, in the place of targets, and has to "
    "return (inputs, targets) with these in them, as they are: the net encodes targets itself. "
    "Work on targets in the data set instead."
)


def placeholder(target, i):
    """Integer i in the form of a target."""
    if isinstance(target, torch.Tensor):
        return torch.full(target.shape, i)
    return np.full(target.shape, i) if isinstance(target, np.ndarray) else i


def positions(found, n):
    """Positions of samples in a batch of n, from what a collate_fn has made of them."""
    try:
        values = np.asarray([as_plain(each) for each in found], dtype=float).reshape(len(found), -1)
    except (TypeError, ValueError):
        values = np.full((1, 1), np.nan)
    numbers = values[:, :1]
    is_right = values.size and np.all(values == numbers) and np.isin(numbers, np.arange(n)).all()
    if not is_right:
        raise ValueError(f"collate_fn has changed the targets of its batch. {RULE}")
    return numbers[:, 0].astype(int)


def users_collate(iterator):
    """Function that collects the batches of a torch loader or ours; None for torch's own ones."""
    collate = getattr(iterator, "collate_fn", None)
    return None if collate in (default_collate, default_convert) else collate


def has_our_targets(dataset):
    """Whether the targets of a data set are in the form that the loss wants."""
    while isinstance(dataset, RowNumbered | Subset):
        dataset = dataset.dataset
    return isinstance(dataset, Relabelled) or getattr(dataset, "y", None) is not None
