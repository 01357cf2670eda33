"""Greedy cover by smooth balls: which rows are together the most similar to all rows."""

from dataclasses import dataclass

import numpy as np

from skally.functional.distances import (
    distance_tiles,
    squared_distance,
    squared_distance_to_mean,
    squared_distances,
)

FEW, BLOCK = 32, 512  # rows whose gains are computed at once, at least and at most
# Two rows that cover just each other have equal gains. What a row adds by itself counts a little
# more, so that the one less covered is chosen, and not either of them by rounding.
ITSELF = 1.0001
LEAST_RADIUS = 0.01  # squared distances of unit rows are known to some 1e-7 in single precision


@dataclass(frozen=True)
class Cover:
    """Rows to choose from, and what they are to cover.

    The similarity of two rows is exp(-d^2 / radius^2), d their distance.

    Parameters
    ----------
    Z : array of shape (n, d), rows of length one or zero
    weight : array of shape (n,), not negative
        What it is worth to cover a row.
    targets : int array of shape (m,)
        Positions of the rows that stand for all rows.
    radius : float
    """

    Z: np.ndarray
    weight: np.ndarray
    targets: np.ndarray
    radius: float

    def similarity(self, squared):
        """Similarity of rows from their squared distances, from 0 to 1; may use the same array."""
        squared /= -(self.radius**2)
        return np.exp(squared, out=squared)


def gains(cover, covered, rows):
    """Increase of the coverage by each of some rows, (n_rows,).

    The coverage is the mean over all rows i of weight_i times the largest similarity of i to a
    labelled or chosen row. A row covers itself exactly; what it adds to the others is estimated
    from the targets, and is exact if all rows are targets.

    Parameters
    ----------
    cover : Cover
    covered : array of shape (n,)
        Largest similarity of each row to a labelled or chosen one, 0 if there is none.
    rows : int array of shape (n_rows,)
    """
    Z, weight, targets = cover.Z, cover.weight, cover.targets
    squared = squared_distances(Z[rows], Z[targets])
    place = np.minimum(np.searchsorted(targets, rows), len(targets) - 1)
    is_target = targets[place] == rows
    squared[np.flatnonzero(is_target), place[is_target]] = np.inf
    more = cover.similarity(squared)  # (n_rows, m)
    more -= covered[targets].astype(more.dtype)
    others = np.maximum(more, 0, out=more) @ weight[targets].astype(more.dtype)
    own = ITSELF * weight[rows] * (1 - covered[rows])
    scale = (len(Z) - 1) / np.maximum(len(targets) - is_target, 1)
    return (own + scale * others) / len(Z)


def all_gains(cover, covered):
    """As :func:`gains`, of every row, (n,)."""
    blocks = np.split(np.arange(len(cover.Z)), range(BLOCK, len(cover.Z), BLOCK))
    return np.concatenate([gains(cover, covered, rows) for rows in blocks])


def herd(cover, nearest_squared, k, eligible):
    """Rows chosen one by one, each with the largest gain.

    Gains only fall as rows are chosen, so that a gain computed before is a bound: it is computed
    again only for rows whose bound is above the best gain.

    Parameters
    ----------
    cover : Cover
    nearest_squared : array of shape (n,)
        Squared distance of each row to the nearest labelled one, infinite if there is none.
    k : int, at most n
    eligible : bool array of shape (n,)
        Rows that are taken before the others.

    Returns
    -------
    chosen : int array of shape (k,)
    """
    around_mean = cover.Z, cover.Z.mean(axis=0), squared_distance_to_mean(cover.Z)
    covered = cover.similarity(nearest_squared.copy())
    bound, chosen = np.where(eligible, np.inf, 0.0), []
    while len(chosen) < k:
        c = largest_gain(cover, covered, bound)
        chosen.append(c)
        bound[c] = -1.0  # behind every other row, duplicates too
        covered = np.maximum(covered, cover.similarity(squared_distance(*around_mean, c)))
        covered[c] = 1.0
    return np.array(chosen)


def largest_gain(cover, covered, bound):
    """Row of the largest gain; bounds that might be above it are replaced by gains, in place."""
    is_gain, size = bound <= 0, FEW
    while True:
        best = int(np.argmax(bound))
        if is_gain[best]:
            return best
        rows = np.flatnonzero(~is_gain & (bound >= bound[is_gain].max(initial=-1.0)))
        if len(rows) > size:
            rows = np.sort(rows[np.argpartition(-bound[rows], size)[:size]])
        bound[rows] = np.minimum(bound[rows], gains(cover, covered, rows))
        is_gain[rows], size = True, min(2 * size, BLOCK)


def smallest_distance(Z):
    """Smallest distance of two rows that are not the same, infinite if there are no two.

    Parameters
    ----------
    Z : array of shape (n, d), rows of length one or zero

    Returns
    -------
    distance : float
    """
    least = np.inf
    for _, _, squared in distance_tiles(Z.astype(np.float64), Z.astype(np.float64)):
        differs = squared > 1e-10  # by more than rounding in single precision
        least = min(least, squared[differs].min(initial=np.inf))
    return float(np.sqrt(least))
