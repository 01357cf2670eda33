"""Checks of parameters: what they refuse, and what their errors name."""

import numbers
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy import sparse

from skally.utils.validation import (
    as_plain,
    check_epsilon,
    check_n_instances,
    check_number,
    take_rows,
)


@pytest.mark.parametrize("value", [1, 10**400, np.int64(5), np.uint8(5)])
def test_integers_of_any_type_and_size_are_integers(value):
    check_number("n", value, numbers.Integral, 1)
    check_number("n", value, numbers.Real, 1)


@pytest.mark.parametrize("value", [0.0, 1, -0.0, np.float32(0.5), Fraction(1, 3)])
def test_bounds_themselves_are_allowed(value):
    check_number("share", value, numbers.Real, 0, 1)


@pytest.mark.parametrize(
    "value", [np.nan, np.inf, -np.inf, True, np.bool_(True), "3", None, [3], 3j]
)
@pytest.mark.parametrize("kind, words", [
    (numbers.Integral, "an integer"), (numbers.Real, "a finite number"),
])  # fmt: skip
@pytest.mark.parametrize("bounds, shown", [
    ((), ""), ((0,), " >= 0"), ((0, 9), " >= 0 and <= 9"),
])  # fmt: skip
def test_what_is_no_finite_number_is_refused_with_its_bounds(value, kind, words, bounds, shown):
    with pytest.raises(ValueError) as error:
        check_number("share", value, kind, *bounds)
    assert str(error.value) == f"share == {value!r}, must be {words}{shown}."


@pytest.mark.parametrize("value, message", [
    (-1, "share == -1, must be >= 0"), (1.5, "share == 1.5, must be <= 1"),
])  # fmt: skip
def test_numbers_out_of_bounds_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        check_number("share", value, numbers.Real, 0, 1)


@pytest.mark.parametrize("value, message", [
    (41, "== 41, must be <= 40, the size of the pool"), (0, "== 0, must be >= 1"),
    (2.0, "== 2.0, must be an integer"),
])  # fmt: skip
def test_numbers_of_rows_that_a_pool_cannot_give_are_refused(value, message):
    check_n_instances(40, 40)
    with pytest.raises(ValueError, match=f"n_instances {message}"):
        check_n_instances(value, 40)


def test_a_tolerance_is_one_number_or_one_for_each_sample():
    assert check_epsilon(0.5, 3).tolist() == [0.5] * 3
    assert check_epsilon(torch.tensor([0.0, 0.5]), 2).tolist() == [0.0, 0.5]
    for bad in (-1, np.nan, np.inf, "much", [1, 2], [[1], [2], [3]]):
        with pytest.raises(ValueError, match="epsilon (==|has shape)"):
            check_epsilon(bad, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
def test_tensors_of_any_kind_are_arrays_of_their_numbers(dtype):
    X = torch.tensor([[0, 2], [3, 0]], dtype=dtype)
    assert as_plain(X).tolist() == as_plain(X.to_sparse()).tolist() == [[0, 2], [3, 0]]


def test_rows_of_every_sparse_format_can_be_taken():
    X = np.arange(12.0).reshape(4, 3)
    for form in (sparse.coo_matrix, sparse.dia_array, sparse.dok_matrix, sparse.bsr_array):
        assert take_rows(form(X), np.array([2, 0])).toarray().tolist() == X[[2, 0]].tolist()
