"""Ascent on hills whose shape is known."""

import numpy as np
import pytest

from skally.synthesis.ascent import Box, climb

TOP = np.array([1.0, -2.0, 0.5])


def height(X):
    return -np.square(X - TOP).sum(axis=1)


def gradient(X):
    return -2 * (X - TOP)


def box(low=-np.inf, high=np.inf, free=True, unit=1.0):
    return Box(*(np.broadcast_to(value, 3) for value in (low, high, free, unit)))


def course(X, where, n_steps=200, step_size=0.1, hill=(height, gradient)):
    steps = list(climb(*hill, X, where, n_steps=n_steps, step_size=step_size))
    return np.array([X for X, _ in steps]), np.array([heights for _, heights in steps])


def test_rows_reach_the_top_and_never_fall(rng):
    path, heights = course(5 * rng.normal(size=(20, 3)), box())
    assert np.abs(path[-1] - TOP).max() < 1e-3
    assert (np.diff(heights, axis=0) >= 0).all()
    assert np.allclose(heights[-1], height(path[-1]), rtol=1e-12)  # of a part of the rows


def test_the_top_within_bounds_is_reached_and_bounds_are_exact(rng):
    low, high = np.array([-5, -5, 0.6]), np.array([0.1, 5, 5])
    path, _ = course(rng.uniform(low, high, size=(20, 3)), box(low, high))
    assert (path >= low).all() and (path <= high).all()
    assert np.abs(path[-1] - np.clip(TOP, low, high)).max() < 1e-3
    assert np.array_equal(path[-1][:, 0], np.full(20, 0.1))


def test_a_full_step_has_the_size_asked_for_in_units_of_the_columns(rng):
    unit = np.array([1.0, 1e3, 1e-3])
    X = 100 * unit * rng.normal(size=(5, 3))
    free = np.array([True, True, False])
    path, _ = course(X, box(unit=unit, free=free), n_steps=1, step_size=0.2)
    moved = (path[1] - path[0]) / unit
    assert np.allclose(np.sqrt(np.square(moved[:, free]).mean(axis=1)), 0.2)
    steepest = gradient(X) * unit * free
    cosine = (moved * steepest).sum(axis=1) / np.linalg.norm(moved, axis=1)
    assert np.allclose(cosine, np.linalg.norm(steepest, axis=1))


def test_a_column_pressed_against_its_bound_takes_nothing_from_the_others():
    path, _ = course(np.array([[0.0, 9.0, 9.0]]), box(high=[0.0, 9.0, 9.0]), 1, 0.2)
    moved = path[1, 0] - path[0, 0]
    assert moved[0] == 0.0 and np.isclose(np.sqrt(np.square(moved).mean()), 0.2)


def test_other_units_of_the_columns_change_nothing(rng):
    """With powers of two both courses are the same but for exponents, without any rounding."""
    X, factor = 3 * rng.normal(size=(5, 3)), np.array([2.0**10, 1.0, 2.0**-13])
    hill = (lambda X: height(X / factor), lambda X: gradient(X / factor) / factor)
    path, heights = course(X, box())
    other, other_heights = course(X * factor, box(unit=factor), hill=hill)
    assert np.allclose(other / factor, path, atol=1e-6)
    assert np.allclose(other_heights, heights, atol=1e-6)


def test_frozen_columns_keep_every_bit():
    X = np.array([[-0.0, 0.1, 5e-324], [3.0, -0.0, 5.0]])
    free = np.array([False, True, False])
    path, _ = course(X, box(low=-1.0, high=1.0, free=free))  # not bounds of what is frozen
    for step in path:
        assert step[:, ~free].tobytes() == X[:, ~free].tobytes()
    assert not np.array_equal(path[-1], X)


def test_a_row_that_cannot_rise_stays_while_others_go_on():
    X = np.array([TOP, TOP + 3.0])
    path, heights = course(X, box())
    assert np.array_equal(path[:, 0], np.tile(TOP, (201, 1)))
    assert heights[-1, 1] > heights[0, 1]


def test_a_slope_that_is_no_number_leads_nowhere():
    hill = (height, lambda X: np.where(X > 2, np.nan, gradient(X)))
    path, _ = course(np.array([[3.0, 3.0, 3.0], [3.0, 0.0, 0.0]]), box(), hill=hill)
    assert np.array_equal(path[-1, 0], [3.0, 3.0, 3.0])
    assert path[-1, 1, 0] == 3.0 and np.allclose(path[-1, 1, 1:], TOP[1:], atol=1e-3)


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-500, 2.0**500])
def test_the_scale_of_the_heights_does_not_matter(scale, rng):
    """Powers of two round nothing, except heights below 1e-308, that is within 1e-3 of the top."""
    X = 3 * rng.normal(size=(5, 3))
    hill = (lambda X: scale * height(X), lambda X: scale * gradient(X))
    assert np.allclose(course(X, box(), hill=hill)[0], course(X, box())[0], atol=1e-3)


def test_the_start_is_not_changed(rng):
    X = rng.normal(size=(4, 3))
    before = X.copy()
    course(X, box())
    assert np.array_equal(X, before)
