from unittest.mock import Mock

import numpy as np
import pytest
import torch
from one_net import one_regressor
from scipy import sparse
from torch.utils.data import Subset, TensorDataset

from skally.nets import data
from skally.nets.data import (
    HOST,
    ArrayDataset,
    Relabelled,
    RowNumbered,
    original_rows,
    resident,
    sent,
)
from skally.nets.loader import BatchLoader


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
    plain = one_regressor(**params).fit(*diabetes)
    monkeypatch.setattr(data, "free_bytes", lambda device: 10**9 if fits else 0)
    net = one_regressor(**params, device=OTHER_HOST).fit(*diabetes)
    assert [shapes_sent.count(shape) for shape in ((200, 10), (200, 1))] == [fits, fits]
    # Batches are cut in another way. A sum of 256 float32 terms is off by 3e-5 of their size.
    assert np.allclose(net.dual_variables_, plain.dual_variables_, rtol=1e-4, atol=1e-6)
    shapes_sent.clear()
    assert np.allclose(net.predict(diabetes[0]), plain.predict(diabetes[0]), rtol=1e-4)
    assert shapes_sent.count((200, 10)) == fits
    assert np.allclose(net.embed(diabetes[0]), plain.embed(diabetes[0]), atol=1e-4)


@pytest.mark.parametrize("form", ["plain", "read-only", "reversed", "columns first"])
def test_arrays_of_any_form_are_the_same_on_a_device(form, rng):
    X = rng.normal(size=(6, 4))
    expected = X.copy()
    if form == "read-only":
        X.flags.writeable = False
    elif form == "reversed":
        X, expected = X[::-1], expected[::-1]
    elif form == "columns first":
        X = np.asfortranarray(X)
    (moved,) = resident((X,), torch.device(OTHER_HOST), 10**9)
    assert np.array_equal(moved.numpy(), expected)
    assert not np.shares_memory(moved.numpy(), X)
    (kept,) = resident((X,), HOST, 10**9)
    assert np.shares_memory(np.asarray(kept), X)


def test_what_goes_to_a_gpu_goes_from_pinned_memory():
    tensor, there, device = Mock(device=HOST), Mock(device="cuda:0"), torch.device("cuda")
    assert sent(tensor, device) is tensor.pin_memory().to.return_value
    tensor.pin_memory().to.assert_called_once_with(device, non_blocking=True)
    assert sent(there, device) is there.to.return_value
    there.pin_memory.assert_not_called()
