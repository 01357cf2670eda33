"""Which k rows together: plain functions on arrays."""

from functools import reduce

import numpy as np

from skally.functional.distances import (
    factored_norms,
    factored_squared_distance,
    smallest_product,
    squared_distance,
    squared_distance_to_mean,
)


def top_k(utility, k, rng):
    """Positions of the k largest values, largest first, ties in random order.

    Parameters
    ----------
    utility : array of shape (n,)
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,)
    """
    return np.lexsort((rng.random_sample(len(utility)), -np.asarray(utility)))[:k]


def gumbel_top_k(log_weights, k, rng):
    """Positions of k rows drawn without replacement in proportion to their weights.

    Parameters
    ----------
    log_weights : array of shape (n,)
        Rows of weight zero, minus infinity, are drawn uniformly once no other is left.
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,), in the order drawn

    References
    ----------
    Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them", ICML 2019, 2.3.
    """
    return top_k(log_weights + rng.gumbel(size=len(log_weights)), k, rng)


def draw(weight, rng):
    """One position, with probability in proportion to its weight.

    Parameters
    ----------
    weight : array of shape (n,), not negative, not all zero
    rng : numpy.random.RandomState

    Returns
    -------
    position : int
    """
    bounds = np.cumsum(weight, dtype=np.float64)
    return int(np.searchsorted(bounds[:-1], rng.random_sample() * bounds[-1], side="right"))


def kmeans_plusplus(q, h, k, rng):
    """Rows q_i (x) h_i drawn by their squared distance to those already drawn, the longest first.

    Parameters
    ----------
    q : array of shape (n, C)
    h : array of shape (n, d)
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,)

    References
    ----------
    Arthur, Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007.
    """
    norms = factored_norms(q, h)
    chosen, gap = [int(np.argmax(norms))], np.inf
    rest = np.ones(len(h))
    while len(chosen) < k:
        rest[chosen[-1]] = 0.0
        gap = np.minimum(gap, factored_squared_distance(q, h, norms, chosen[-1]))
        weight = gap * rest  # (n,) squared distance to the nearest chosen row
        chosen.append(draw(weight if weight.any() else rest, rng))
    return np.array(chosen)


def k_center(Z, gap, k):
    """Greedy k-center: each pick is the row farthest from all centres and earlier picks.

    Parameters
    ----------
    Z : array of shape (n, d)
    gap : array of shape (n,)
        Squared distance of each row to the nearest centre. Infinite where there is no centre: the
        first pick is then the row farthest from the mean of Z.
    k : int, at most n

    Returns
    -------
    chosen : int array of shape (k,)
    """
    first = None if np.isfinite(gap).all() else int(np.argmax(squared_distance_to_mean(Z)))
    return farthest_first((Z,), gap, k, first)


def farthest_first(spaces, gap, k, first=None):
    """Each pick is the row of largest gap; then no gap exceeds the distance to that pick.

    Gaps only shrink, so for most picks it is enough to look at a front, the rows whose gaps were
    the largest. Once its largest is below that of the others, all gaps are brought up to date by
    one matrix product. The picks are those of the plain algorithm.

    Parameters
    ----------
    spaces : sequence of arrays of shape (n, d), each with its own d
        A distance is the product of the squared distances in each of them.
    gap : array of shape (n,)
        Distance to the nearest centre.
    k : int, at most n
    first : int or None
        The first pick. None means the row of largest gap.

    Returns
    -------
    chosen : int array of shape (k,)
    """
    n, chosen = len(gap), [] if first is None else [first]
    n_rest, new = n - min(n, max(512, n // 32)), chosen
    while len(chosen) < k:
        if new:
            gap = np.minimum(gap, smallest_product(spaces, [Z[new] for Z in spaces]))
            gap[chosen] = -1  # behind every other row, duplicates too
        order = np.argpartition(gap, n_rest) if n_rest else np.arange(n)
        front = np.sort(order[n_rest:])
        beyond = gap[order[:n_rest]].max(initial=-1)
        new = climb([Z[front] for Z in spaces], gap[front], k - len(chosen), beyond)
        new = front[new].tolist()
        chosen += new
    return np.array(chosen)


def climb(spaces, gap, k, beyond):
    """Up to k picks of :func:`farthest_first` among few rows, while none beyond them has more."""
    around_means = [(Z, Z.mean(axis=0), squared_distance_to_mean(Z)) for Z in spaces]
    chosen = []
    while len(chosen) < k:
        c = int(np.argmax(gap))
        if gap[c] < max(beyond, 0):  # negative once all of them are chosen
            break
        chosen.append(c)
        steps = [squared_distance(*space, c) for space in around_means]
        gap = np.minimum(gap, reduce(np.multiply, steps))
        gap[chosen] = -1
    return chosen
