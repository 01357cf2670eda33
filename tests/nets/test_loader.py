import numpy as np
import pytest
import torch
from scipy import sparse
from torch.utils.data import TensorDataset

from skally.nets.data import ArrayDataset, RowNumbered, taker
from skally.nets.loader import BatchLoader, systematic_draw


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
    assert taker(RowNumbered(dataset, np.arange(4))) is None
    X, (y, rows) = next(iter(BatchLoader(RowNumbered(dataset, np.arange(4)), 4)))
    assert torch.equal(rows, y)


def test_rows_are_drawn_as_often_as_their_weights_ask(rng):
    """Each as often as expected, rounded up or down; on average exactly."""
    weights = rng.gamma(0.3, size=20) + 0.01
    expected = 20 * weights / weights.sum()
    counts = np.array([np.bincount(systematic_draw(weights), minlength=20) for _ in range(4000)])
    assert np.all(counts.sum(axis=1) == 20)
    assert np.all((counts >= np.floor(expected)) & (counts <= np.ceil(expected)))
    assert np.allclose(counts.mean(axis=0), expected, atol=0.05)


def test_equal_weights_draw_every_row_once():
    assert np.array_equal(systematic_draw(np.full(7, 3.0)), np.arange(7))


def test_batches_follow_the_weights_of_a_loader_that_can_draw():
    X = np.arange(6.0, dtype=np.float32)[:, None]
    loader = BatchLoader(numbered(X, X[:, 0]), 2, shuffle=True)
    assert loader.can_draw
    loader.weights = np.array([1.0, 1, 1, 1, 1, 1e9])
    loader.batch_size = 5
    assert [len(X) for X, _ in loader] == [3, 3]
    rows = torch.cat([rows for _, (_, rows) in loader]).tolist()
    assert rows.count(5) >= 5
    for other in (
        BatchLoader(numbered(X, X[:, 0]), 2),
        BatchLoader(numbered(X, X[:, 0]), 6, shuffle=True),
        BatchLoader(numbered(X, X[:, 0]), 2, shuffle=True, num_workers=1),
        BatchLoader(TensorDataset(torch.zeros(6, 1)), 2, shuffle=True),
    ):
        assert not other.can_draw
