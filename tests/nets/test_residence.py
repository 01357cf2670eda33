from unittest.mock import Mock

import numpy as np
import pytest
import torch

from skally.nets.residence import HOST, resident, sent

OTHER_HOST = torch.device("cpu:0")  # the same memory under a name that is not the host's


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
    (moved,) = resident((X,), OTHER_HOST, 10**9)
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
