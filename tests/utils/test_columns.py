import numpy as np
import pandas as pd
import polars as pl
import pytest

from skally.utils.columns import columns_of, in_order_of


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
