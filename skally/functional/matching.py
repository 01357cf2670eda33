"""The batch that stands for several batches: plain functions on arrays."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from skally.functional.distances import distance_tiles


def simulate_sequences(worth, Z, proba, length, k, n_simulations, rng):
    """Batches of a policy that takes the best row, sees its label, and changes its mind.

    A label drawn for row c explains row i by exp(-|z_i - z_c|^2 / (2 length^2)) times the
    probability that i has that label too; the worth of i falls by that share.

    Parameters
    ----------
    worth : array of shape (m,), not negative
    Z : array of shape (m, d)
    proba : array of shape (m, n_classes)
    length : float
    k : int, at most m
    n_simulations : int
    rng : numpy.random.RandomState

    Returns
    -------
    picks : int array of shape (n_simulations, k), each row distinct positions
    """
    worth = np.repeat(worth[:, None].astype(float), n_simulations, axis=1)
    each, picks = np.arange(n_simulations), np.empty((n_simulations, k), dtype=int)
    for step in range(k):
        c = picks[:, step] = worth.argmax(axis=0)
        passed = proba[c].cumsum(axis=1) < rng.random_sample((n_simulations, 1))
        label = np.minimum(passed.sum(axis=1), proba.shape[1] - 1)  # sums may end below one
        near = np.exp(-all_distances(Z, Z[c]) / (2 * length**2))  # (m, n_simulations)
        worth *= 1 - near * proba[:, label]
        worth[picks[:, : step + 1].T, each] = -1  # behind every other row
    return picks


def all_distances(A, B):
    """Squared distances of every row of A to every row of B, (n, m), for small sets."""
    gap = np.empty((len(A), len(B)))
    for rows, columns, tile in distance_tiles(A, B):
        gap[rows, columns] = tile
    return gap


def match_batches(Z, batches, n_rounds=10):
    """Batch at the least distance from several, each row matched with one row of each of them.

    The first batch is moved until it stays: it is matched with every other, and then the best row
    takes the place of each of its rows for the rows matched with it. Both steps are assignment
    problems that are solved exactly, so the total distance never grows.

    Parameters
    ----------
    Z : array of shape (m, d)
    batches : int array of shape (n_batches, k), each row distinct positions
    n_rounds : int

    Returns
    -------
    chosen : int array of shape (k,), distinct positions among those in ``batches``
    """
    candidates = np.unique(batches)
    chosen = np.searchsorted(candidates, batches[0])
    each = np.arange(len(chosen))
    for _ in range(n_rounds):
        cost = np.zeros((len(candidates), len(chosen)))  # of a candidate in the place of each row
        for batch in batches:
            match = linear_sum_assignment(all_distances(Z[candidates[chosen]], Z[batch]) ** 0.5)[1]
            cost += all_distances(Z[candidates], Z[batch[match]]) ** 0.5
        better = linear_sum_assignment(cost.T)[1]
        if not cost[better, each].sum() < cost[chosen, each].sum():
            break
        chosen = better
    return candidates[chosen]
