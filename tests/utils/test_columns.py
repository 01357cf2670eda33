import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skally.utils.columns import columns_of, in_form_of, in_order_of


def test_frames_have_names_and_arrays_have_none():
    assert columns_of(pd.DataFrame({"a": [1], "b": [2]})) == ["a", "b"]
    assert columns_of(pl.DataFrame({"a": [1], "b": [2]})) == ["a", "b"]
    assert columns_of(np.ones((1, 2))) is None


@pytest.mark.parametrize("columns", [["b", "a"], [1, 0], [("x", "b"), ("x", "a")]])
def test_columns_of_any_kind_of_name_are_put_in_order(columns):
    X = pd.DataFrame([[1, 2]], columns=columns)
    other = X[columns[::-1]]
    assert in_order_of(X, other, "X", "Z").equals(other)
    assert in_order_of(other, other, "X", "Z") is other


def test_one_name_twice_has_no_order():
    X, other = (pd.DataFrame([[1, 2, 3]], columns=list(names)) for names in ("aab", "aba"))
    with pytest.raises(ValueError, match=r"there more than once: \['a'\]"):
        in_order_of(X, other, "X", "Z")


def test_numbers_take_the_form_of_other_rows():
    Z = np.arange(6.0).reshape(3, 2)
    for frame in (pd.DataFrame(np.zeros((3, 2)), columns=["b", "a"], index=[5, 6, 7]),
                  pl.DataFrame({"b": [0.0] * 3, "a": [0.0] * 3})):  # fmt: skip
        found = in_form_of(frame, Z)
        assert type(found) is type(frame) and list(found.columns) == ["b", "a"]
        assert np.array_equal(found.to_numpy(), Z)
    assert in_form_of(np.zeros((3, 1, 2)), Z).shape == (3, 1, 2)
    for rows in ([[0.0, 0.0]] * 3, sparse.csr_matrix((3, 2))):
        assert np.array_equal(in_form_of(rows, Z), Z)
