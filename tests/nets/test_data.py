import numpy as np
import pytest
import torch
from scipy import sparse
from torch.utils.data import Subset, TensorDataset

from skally import ConstrainedNetRegressor
from skally.nets import data, residence
from skally.nets.data import (
    ArrayDataset,
    BatchLoader,
    Relabelled,
    RowNumbered,
    original_rows,
    systematic_draw,
    taker,
)
from skally.nets.residence import HOST, sent


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


# On a device

META = torch.device("meta")  # has shapes and no numbers
OTHER_HOST = "cpu:0"  # the same memory under a name that is not the host's


@pytest.fixture
def shapes_sent(monkeypatch):
    """Shapes of the tensors that go to a device."""
    shapes = []

    def recording(tensor, device):
        if tensor.device != device:
            shapes.append(tuple(tensor.shape))
        return sent(tensor, device)

    monkeypatch.setattr(data, "sent", recording)
    monkeypatch.setattr(residence, "sent", recording)
    return shapes


def dataset_on(device, X):
    """Data set of 20 rows for a device, which is asked for rows where its data are."""
    dataset = ArrayDataset(X, np.zeros(20, dtype=np.float32))
    dataset.device, take = device, dataset.take

    def checking(rows):
        assert rows.device == dataset.home
        return take(rows)

    dataset.take = checking
    return dataset


def batches_on(device, X):
    """Batches of four from the even rows, of two epochs."""
    evens = RowNumbered(Subset(dataset_on(device, X), range(0, 20, 2)), np.arange(10))
    loader = BatchLoader(evens, 4, shuffle=True)
    return [*loader, *loader]


def test_data_go_to_a_device_once_and_batches_are_cut_there(shapes_sent, monkeypatch):
    monkeypatch.setattr(data, "free_bytes", lambda device: 2 * 4 * (20 * 3 + 20))
    batches = batches_on(META, np.ones((20, 3), dtype=np.float32))
    assert shapes_sent == [(20, 3), (20,)]
    assert [len(X) for X, _ in batches] == [4, 4, 2] * 2
    assert {part.device for X, (y, rows) in batches for part in (X, y, rows)} == {META}


def test_rows_without_numbers_are_asked_for_where_the_data_are(monkeypatch):
    monkeypatch.setattr(data, "free_bytes", lambda device: 10**9)
    loader = BatchLoader(dataset_on(META, np.ones((20, 3), dtype=np.float32)), 8)
    assert [X.device for X, _ in loader] == [META] * 3


def test_data_that_leave_a_device_no_room_go_there_batch_by_batch(shapes_sent, monkeypatch):
    monkeypatch.setattr(data, "free_bytes", lambda device: 2 * 4 * (20 * 3 + 20) - 1)
    batches = batches_on(META, np.ones((20, 3), dtype=np.float32))
    assert shapes_sent == [(4, 3), (4,), (4, 3), (4,), (2, 3), (2,)] * 2
    assert {part.device for X, (y, _) in batches for part in (X, y)} == {META}
    assert {rows.device for _, (_, rows) in batches} == {HOST}


def test_sparse_data_go_to_a_device_as_dense_batches(shapes_sent, monkeypatch):
    monkeypatch.setattr(data, "free_bytes", lambda device: 10**9)
    batches = batches_on(META, sparse.eye(20, 3, format="csr"))
    assert [X.shape for X, _ in batches] == shapes_sent[::2]
    assert {X.device for X, _ in batches} == {META}


def test_a_device_of_unknown_memory_is_not_filled(shapes_sent):
    batches_on(META, np.ones((20, 3), dtype=np.float32))
    assert max(shapes_sent) == (4, 3)


@pytest.mark.parametrize("dual_update", ["epoch", "batch"])
@pytest.mark.parametrize("fits", [True, False])
def test_nets_learn_the_same_from_data_on_a_device(
    dual_update, fits, diabetes, shapes_sent, monkeypatch
):
    params = {"max_epochs": 3, "batch_size": 64, "iterator_valid__batch_size": 30}
    params |= {"dual_update": dual_update, "random_state": 0}
    plain = ConstrainedNetRegressor(**params).fit(*diabetes)
    monkeypatch.setattr(data, "free_bytes", lambda device: 10**9 if fits else 0)
    net = ConstrainedNetRegressor(**params, device=OTHER_HOST).fit(*diabetes)
    assert [shapes_sent.count(shape) for shape in ((200, 10), (200, 1))] == [fits, fits]
    assert np.array_equal(net.dual_variables_, plain.dual_variables_)
    shapes_sent.clear()
    assert np.array_equal(net.predict(diabetes[0]), plain.predict(diabetes[0]))
    assert shapes_sent.count((200, 10)) == fits
    assert np.array_equal(net.embed(diabetes[0]), plain.embed(diabetes[0]))
