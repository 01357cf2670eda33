"""Choices of an oracle that rounding cannot turn, whatever processor computes them."""

import numpy as np


def clear_argmax(values, margin=1e-9):
    """Position of the largest value, which leads the second by a share ``margin`` of its size.

    In double precision, sums of up to a thousand terms of one size are right to about 1e-13 of it.
    So an algorithm that adds in another order makes the same choice.
    """
    values = np.asarray(values, dtype=np.float64)
    best = int(values.argmax())
    others = np.delete(values, best).max(initial=-np.inf)
    assert values[best] - others > margin * abs(values[best]), "rounding could turn this choice"
    return best


def clear_argsort(values, margin=1e-9):
    """Order of values, all of which differ by more than a share ``margin`` of the largest."""
    order = np.argsort(values)
    steps = np.diff(np.asarray(values)[order])
    assert np.all(steps > margin * np.abs(values).max()), "rounding could turn this order"
    return order


def clear_draw(weight, rng, margin=1e-9):
    """Position drawn in proportion to its weight, by a random number far from the next position."""
    bounds = np.cumsum(np.asarray(weight, dtype=np.float64))
    drawn = rng.random_sample() * bounds[-1]
    assert np.abs(bounds - drawn).min() > margin * bounds[-1], "rounding could turn this draw"
    return int(np.searchsorted(bounds, drawn, side="right"))
