"""Choose k rows together: the largest, at random, or far from each other."""

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
        Minus infinity for a weight of zero. Such rows are drawn last, uniformly.
    k : int, at most n
    rng : numpy.random.RandomState

    Returns
    -------
    chosen : int array of shape (k,), in the order in which they were drawn

    References
    ----------
    Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them", ICML 2019, 2.3.
    """
    return top_k(log_weights + rng.gumbel(size=len(log_weights)), k, rng)


def draw(weight, rng, size=None):
    """Positions drawn with probability proportional to their weight, with replacement.

    The same as ``rng.choice`` with ``p``, whose checks take longer than the drawing.

    Parameters
    ----------
    weight : array of shape (n,), not negative, not all zero
    rng : numpy.random.RandomState
    size : int, optional

    Returns
    -------
    position : int, or int array of shape (size,)
    """
    bounds = np.cumsum(weight, dtype=np.float64)
    return np.searchsorted(bounds[:-1], rng.random_sample(size) * bounds[-1], side="right")


def kmeans_plusplus(q, h, k, rng):
    """Seeding of k-means++ for rows q_i (x) h_i, which are never multiplied out.

    The longest row comes first. Each of the others is drawn with probability proportional to its
    squared distance to the nearest row already drawn.

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
    chosen, nearest_squared = [int(np.argmax(norms))], np.inf
    rest = np.ones(len(h))
    while len(chosen) < k:
        rest[chosen[-1]] = 0.0
        to_last = factored_squared_distance(q, h, norms, chosen[-1])
        nearest_squared = np.minimum(nearest_squared, to_last)  # (n,) to the nearest chosen row
        weight = nearest_squared * rest
        chosen.append(int(draw(weight if weight.any() else rest, rng)))
    return np.array(chosen)


def k_center(Z, nearest_squared, k):
    """Greedy k-center: each pick is the row farthest from all centres and earlier picks.

    Parameters
    ----------
    Z : array of shape (n, d)
    nearest_squared : array of shape (n,)
        Squared distance of each row to the nearest centre. Infinite if there is no centre: the
        first pick is then the row farthest from the mean of Z.
    k : int, at most n

    Returns
    -------
    chosen : int array of shape (k,)
    """
    no_centers = not np.isfinite(nearest_squared).all()
    first = int(np.argmax(squared_distance_to_mean(Z))) if no_centers else None
    return farthest_first((Z,), nearest_squared, k, first)


def farthest_first(spaces, to_nearest, k, first=None):
    """Each pick is the row farthest from its nearest centre, and a centre for the next picks.

    Distances to the nearest centre only shrink, so most picks need no more than a front: the rows
    whose distances were the largest. Once the largest distance in the front is below that of the
    other rows, one matrix product updates the distances of all rows and a new front is chosen. The
    picks are those of the plain algorithm, up to rounding.

    Parameters
    ----------
    spaces : sequence of arrays of shape (n, d), each with its own d
        A distance is the product of the squared distances in each of them.
    to_nearest : array of shape (n,)
        Distance to the nearest centre.
    k : int, at most n
    first : int or None
        The first pick. None means the row of largest distance.

    Returns
    -------
    chosen : int array of shape (k,)
    """
    n, chosen = len(to_nearest), [] if first is None else [first]
    n_rest, new = n - min(n, max(512, n // 32)), chosen
    while len(chosen) < k:
        if new:
            to_new = smallest_product(spaces, [Z[new] for Z in spaces])
            to_nearest = np.minimum(to_nearest, to_new)
            to_nearest[chosen] = -1  # behind every other row, duplicates too
        order = np.argpartition(to_nearest, n_rest) if n_rest else np.arange(n)
        front = np.sort(order[n_rest:])
        beyond = to_nearest[order[:n_rest]].max(initial=-1)
        new = picks_of_front([Z[front] for Z in spaces], to_nearest[front], k - len(chosen), beyond)
        new = front[new].tolist()
        chosen += new
    return np.array(chosen)


def picks_of_front(spaces, to_nearest, k, beyond):
    """Up to k picks of :func:`farthest_first` among few rows.

    It ends early once the largest distance is below ``beyond``, that of all other rows.
    """
    around_means = [(Z, Z.mean(axis=0), squared_distance_to_mean(Z)) for Z in spaces]
    chosen = []
    while len(chosen) < k:
        c = int(np.argmax(to_nearest))
        if to_nearest[c] < max(beyond, 0):  # negative once all of them are chosen
            break
        chosen.append(c)
        to_new = reduce(np.multiply, [squared_distance(*space, c) for space in around_means])
        to_nearest = np.minimum(to_nearest, to_new)
        to_nearest[chosen] = -1
    return chosen
