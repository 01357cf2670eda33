"""Columns by name and position."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skally.synthesis.columns import bounds, check_start, free_columns, in_form_of

FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [5.0, 6.0]}, index=[7, 9])


@pytest.mark.parametrize("frozen, expected", [
    (None, [1, 1, 1]), ([], [1, 1, 1]), ([0], [0, 1, 1]), ([-1, 1], [1, 0, 0]), (["c"], [1, 1, 0]),
    ("b", [1, 0, 1]), (np.array([2]), [1, 1, 0]), ([True, False, True], [0, 1, 0]),
    (FRAME.columns[:2], [0, 0, 1]), (1, [1, 0, 1]),
])  # fmt: skip
def test_frozen_columns_by_position_name_or_mask(frozen, expected):
    assert free_columns(frozen, FRAME, (3,)).tolist() == [bool(each) for each in expected]


def test_a_position_of_an_image_is_a_channel_and_a_mask_has_its_shape(rng):
    assert not free_columns([1], None, (3, 2, 2))[1].any()
    assert free_columns([1], None, (3, 2, 2))[[0, 2]].all()
    mask = rng.uniform(size=(3, 2, 2)) > 0.5
    assert np.array_equal(free_columns(mask, None, (3, 2, 2)), ~mask)


@pytest.mark.parametrize("frozen, X, message", [
    (["d"], FRAME, "frozen has 'd', must have columns: one of"), ([3], None, "frozen has 3"),
    (["a"], None, "frozen has 'a', must have columns: below 3"), ([-4], None, "frozen has -4"),
    ([1.0], None, "frozen has 1.0"), ([0, 1, 2], None, "must leave one free"),
    ([True], None, r"frozen has shape \(1,\), must have \(3,\)"),
])  # fmt: skip
def test_frozen_columns_that_cannot_be_are_named(frozen, X, message):
    with pytest.raises(ValueError, match=message):
        free_columns(frozen, X, (3,))


def test_bounds_of_any_form():
    for clip in [(0, 1), (None, 1), (0, [1, 1, 1]), (np.zeros(3), None)]:
        low, high = bounds(clip, None, (3,))
        assert set(low) == {-np.inf if clip[0] is None else 0.0}
        assert set(high) == {np.inf if clip[1] is None else 1.0}
    assert np.isinf(bounds(None, None, (2, 2))).all()


def test_bounds_by_name_are_in_the_order_of_the_columns():
    shuffled = FRAME.max()[["c", "a", "b"]]
    low, high = bounds((FRAME.min(), shuffled), FRAME, (3,))
    assert low.tolist() == [1, 3, 5] and high.tolist() == [2, 4, 6]


def test_a_column_between_equal_bounds_is_allowed_among_others():
    low, high = bounds(([0, 1, 0], 1), None, (3,))
    assert low.tolist() == [0, 1, 0] and high.tolist() == [1, 1, 1]


@pytest.mark.parametrize("clip, message", [
    ((1, 0), "clip has low == 1.0 in column 0, must be below high == 0.0"),
    ((1, 1), "clip has low == 1.0 in column 0, must be below"), ((np.nan, 1), "low == nan"),
    (([0, 0, 2], 1), "low == 2.0 in column 2"), (3.0, "must be None or a pair"),
    ((0, 1, 2), "must be None or a pair"), (([0, 0], 1), r"of shape \(3,\)"),
    (("x", 1), "clip has 'x', must have numbers"), ("ab", "must be None or a pair"),
])  # fmt: skip
def test_bounds_that_cannot_be_are_named(clip, message):
    with pytest.raises(ValueError, match=message):
        bounds(clip, None, (3,))


def test_bounds_that_lack_a_column_name_it():
    with pytest.raises(ValueError, match="low == nan in column 'c'"):
        bounds((FRAME.min()[["a", "b"]], None), FRAME, (3,))


def test_a_start_outside_is_named_unless_frozen():
    limits = np.zeros(3), np.array([9.0, 9.0, 5.5])
    with pytest.raises(ValueError, match="value 6.0 in row 1, column 'c', .* from 0.0 to 5.5"):
        check_start(FRAME, FRAME.to_numpy(), *limits, np.ones(3, dtype=bool))
    check_start(FRAME, FRAME.to_numpy(), *limits, np.array([True, True, False]))


def test_rows_in_the_form_of_a_frame():
    same = in_form_of(FRAME, FRAME.to_numpy())
    pd.testing.assert_frame_equal(same, FRAME)
    assert in_form_of(FRAME, np.zeros((3, 3))).index.tolist() == [0, 1, 2]
    polars = pl.DataFrame({"a": [1.0], "b": [2.0]})
    assert in_form_of(polars, np.array([[1.0, 2.0]])).equals(polars)
