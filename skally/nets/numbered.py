"""Batches whose rows are known by their numbers in the data of the fit."""

from torch import nn
from torch.utils.data import ConcatDataset

from skally.nets.checks import check_evaluation, check_monitors
from skally.nets.collate import UsersCollate, WithUsersTarget, has_our_targets, users_collate
from skally.nets.data import RowNumbered, is_part, original_rows
from skally.nets.loader import BatchLoader
from skally.nets.loop import LeanLoop


class NumberedRows(LeanLoop):
    """skorch net that knows, in training, which row of X each sample of a batch is.

    Attributes
    ----------
    whole_, numbered_ : data sets
        In training: all rows, and those that are trained on with their numbers.
    rows_ : int tensor of shape (b,)
        Numbers of the rows of the present training batch, on the device of the duals.
    estimator_ : object
        In training. Its ``encoded(dataset)`` gives validation data in the form of the training
        data's.
    """

    def get_split_datasets(self, X, y=None, **fit_params):
        """Split as skorch does, and number the rows that are trained on."""
        self.whole_ = self.get_dataset(X, y)
        train, valid = super().get_split_datasets(self.whole_, y, **fit_params)
        self.numbered_ = RowNumbered(train, original_rows(train, self.whole_))
        self.get_iterator(self.numbered_)  # an error now, not after an epoch
        if valid is None:
            check_monitors(self.callbacks_)
            return train, None
        return train, self._encoded(valid)

    def _encoded(self, dataset):
        """Validation data, with targets in the form of the training data's."""
        if isinstance(dataset, ConcatDataset):
            return ConcatDataset(list(map(self._encoded, dataset.datasets)))
        if is_part(dataset, self.whole_):
            return dataset
        return self.get_dataset(*self.estimator_.encoded(dataset))

    def get_iterator(self, dataset, training=False):
        """Batches, with row numbers for the data set that is trained on."""
        numbered = getattr(self, "numbered_", None)
        if training and numbered is not None and dataset is numbered.dataset:
            dataset = numbered
        iterator = super().get_iterator(dataset, training=training)
        collate = users_collate(iterator)
        if collate is not None and has_our_targets(dataset):
            iterator = super().get_iterator(WithUsersTarget(dataset), training=training)
            iterator.collate_fn = UsersCollate(collate, in_order=not training)
        if not training:
            check_evaluation(iterator)
        elif isinstance(iterator, BatchLoader) and normalises(self.module_):
            iterator.joins = True
        return iterator

    def _without_row_numbers(self, iterator):
        self.rows_ = None
        for X, (y, rows) in iterator:
            self.rows_ = rows.to(self.criterion_.multipliers.dual.device)
            yield X, y
        if self.rows_ is None:
            raise ValueError(
                f"iterator_train gives no batch of {len(self.numbered_)} rows: with drop_last, "
                f"batch_size == {self.batch_size} must be at most that."
            )


def normalises(module):
    """Whether a module has batch normalisation that cannot train on a single row."""
    return any(isinstance(layer, nn.BatchNorm1d) for layer in module.modules())
