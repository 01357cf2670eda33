"""Batches of simulated sequential policies, and the single batch closest to all of them."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from skally.functional.distances import squared_distances


def simulate_sequences(worth, Z, proba, length, k, n_simulations, rng):
    """Batches of a sequential policy that takes the best row, sees its label, and takes the next.

    A label is drawn for each row c that is taken. The worth of every row i then falls by a share:
    exp(-|z_i - z_c|^2 / (2 length^2)) times the probability that i has the label drawn.

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
    picks : int array of shape (n_simulations, k)
        Positions, distinct within each row.
    """
    worth = np.repeat(worth[:, None].astype(float), n_simulations, axis=1)
    each, picks = np.arange(n_simulations), np.empty((n_simulations, k), dtype=int)
    for step in range(k):
        c = picks[:, step] = worth.argmax(axis=0)
        passed = proba[c].cumsum(axis=1) < rng.random_sample((n_simulations, 1))
        label = np.minimum(passed.sum(axis=1), proba.shape[1] - 1)  # sums may end below one
        near = np.exp(-squared_distances(Z, Z[c]) / (2 * length**2))  # (m, n_simulations)
        worth *= 1 - near * proba[:, label]
        worth[picks[:, : step + 1].T, each] = -1  # behind every other row
    return picks


def match_batches(Z, batches, n_rounds=10):
    """Batch with the least total distance to several batches.

    The distance of two batches is the sum over pairs of rows in the best one-to-one matching.
    Starting from the first batch, two steps alternate until nothing changes: the batch is matched
    with every other, then each of its rows is replaced by the candidate nearest to the rows matched
    with it. Both are assignment problems that are solved exactly, so the total distance never
    grows. The result is a local optimum.

    Parameters
    ----------
    Z : array of shape (m, d)
    batches : int array of shape (n_batches, k)
        Positions, distinct within each row.
    n_rounds : int
        Largest number of alternations.

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
            to_batch = np.sqrt(squared_distances(Z[candidates[chosen]], Z[batch]))
            match = linear_sum_assignment(to_batch)[1]
            cost += np.sqrt(squared_distances(Z[candidates], Z[batch[match]]))
        better = linear_sum_assignment(cost.T)[1]
        if not cost[better, each].sum() < cost[chosen, each].sum():
            break
        chosen = better
    return candidates[chosen]
