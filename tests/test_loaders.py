import numpy as np
import pytest
import torch
from scipy import sparse
from torch.utils.data import Subset, TensorDataset

from skally.loaders import (
    ArrayDataset,
    BatchLoader,
    Relabelled,
    RowNumbered,
    can_take,
    original_rows,
)


def numbered(X, y):
    return RowNumbered(ArrayDataset(X, y), np.arange(len(X)))


@pytest.mark.parametrize("n", [1, 2, 5, 9, 10, 11])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_row_comes_once_with_its_own_target_and_number(n, batch_size, shuffle, rng):
    X = rng.normal(size=(n, 3)).astype(np.float32)
    loader = BatchLoader(numbered(X, X[:, 0]), batch_size, shuffle)
    batches = list(loader)
    assert len(batches) == len(loader)
    rows = torch.cat([rows for _, (_, rows) in batches]).numpy()
    assert sorted(rows) == list(range(n))
    for X_batch, (y_batch, rows) in batches:
        rows = rows.numpy()
        assert np.array_equal(X_batch, X[rows]) and np.array_equal(y_batch, X[rows, 0])


@pytest.mark.parametrize("n, sizes", [(9, [4, 5]), (10, [4, 4, 2]), (1, [1]), (5, [5])])
def test_shuffled_last_row_never_stands_alone(n, sizes):
    loader = BatchLoader(ArrayDataset(np.zeros((n, 1)), np.zeros(n)), 4, shuffle=True)
    assert [len(y) for _, y in loader] == sizes


def test_batches_are_those_of_torchs_loader():
    X, y = np.arange(14.0).reshape(7, 2), np.arange(7)
    dataset = ArrayDataset(X, y)
    for ours, theirs in zip(
        BatchLoader(dataset, 3), torch.utils.data.DataLoader(dataset, 3), strict=True
    ):
        assert torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1])


def test_sparse_rows_come_dense():
    X = sparse.random(6, 4, density=0.5, format="csr", random_state=0)
    (batch, _), *_ = BatchLoader(ArrayDataset(X, np.zeros(6)), 6)
    assert np.array_equal(batch, X.toarray())


def test_data_sets_without_take_go_through_torchs_loader():
    dataset = TensorDataset(torch.arange(4.0), torch.arange(4))
    assert not can_take(RowNumbered(dataset, np.arange(4)))
    X, (y, rows) = next(iter(BatchLoader(RowNumbered(dataset, np.arange(4)), 4)))
    assert torch.equal(rows, y)


def test_relabelled_keeps_inputs():
    dataset = Relabelled(TensorDataset(torch.arange(4.0), torch.arange(4)), np.array([9, 8, 7, 6]))
    assert len(dataset) == 4 and dataset[1] == (torch.tensor(1.0), 8)


def test_rows_are_traced_through_subsets_of_subsets():
    whole = ArrayDataset(np.zeros((5, 1)), np.zeros(5))
    inner = Subset(whole, [4, 2, 0])
    assert original_rows(whole, whole).tolist() == [0, 1, 2, 3, 4]
    assert original_rows(Subset(inner, [2, 0]), whole).tolist() == [0, 4]
    with pytest.raises(ValueError, match="train_split"):
        original_rows(ArrayDataset(np.zeros((5, 1))), whole)


def test_drawn_rows_come_in_batches_of_one_size(rng):
    X = rng.normal(size=(200, 2)).astype(np.float32)
    loader = BatchLoader(numbered(X, X[:, 0]), 64, shuffle=True)
    loader.weights = np.ones(200)
    assert [len(batch) for batch, _ in loader] == [50, 50, 50, 50]
