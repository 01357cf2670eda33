"""Picks against their definition, step by step, where rounding may choose between equals."""

import numpy as np
from scipy.spatial.distance import cdist


def assert_greedy(picks, score, rtol=1e-4):
    """Each pick has the largest score of all rows not picked before it, but for a share ``rtol``.

    Scores of float32 embeddings are sums of squares of differences: what two routes to the same
    embedding differ by is some 1e-7 of the embedding's squared length, far below 1e-4 of the
    largest distance.

    Parameters
    ----------
    picks : int array of shape (k,)
    score : function of the list of earlier picks to an array of shape (n,)
    """
    picks = np.asarray(picks).tolist()
    assert len(set(picks)) == len(picks)
    for i, pick in enumerate(picks):
        scores = np.array(score(picks[:i]), dtype=float)
        scores[picks[:i]] = -np.inf
        assert scores[pick] >= scores.max() - rtol * abs(scores.max()), (i, pick, scores.argmax())


def assert_drawn(picks, g, rng, rtol=1e-4):
    """Picks are k-means++'s on the rows of g, but for draws within ``rtol`` of a row's bounds.

    Parameters
    ----------
    picks : int array of shape (k,)
    g : array of shape (n, d)
    rng : numpy.random.RandomState, as the sampler had it before the first draw
    """
    lengths = (g**2).sum(axis=1)
    assert lengths[picks[0]] >= lengths.max() * (1 - rtol)
    weight = np.full(len(g), np.inf)
    for before, pick in zip(picks[:-1], picks[1:], strict=True):
        weight = np.minimum(weight, ((g - g[before]) ** 2).sum(axis=1))
        bounds = np.cumsum(weight) / weight.sum()
        drawn = rng.random_sample()
        assert bounds[pick] - weight[pick] / weight.sum() - rtol <= drawn <= bounds[pick] + rtol
    assert len(set(np.asarray(picks).tolist())) == len(picks)


def assert_largest_cluster(picks, Z, centers, weight=1.0, rtol=1e-4):
    """Each pick is the farthest row of the heaviest cluster, and a centre from then on.

    Both but for a share ``rtol``, for the reason that :func:`assert_greedy` gives.

    Parameters
    ----------
    picks : int array of shape (k,)
    Z : array of shape (n, d)
    centers : array of shape (m, d)
    weight : float or array of shape (n,), factor of each row's squared distances
    """
    chosen = []
    for pick in np.asarray(picks).tolist():
        squared = cdist(Z, np.vstack([centers, Z[chosen]]), "sqeuclidean")
        label, own = squared.argmin(axis=1), squared.min(axis=1) * weight
        mass = np.bincount(label, weights=own)
        assert mass[label[pick]] >= mass.max() * (1 - rtol), (len(chosen), pick)
        assert own[pick] >= own[label == label[pick]].max() * (1 - rtol), (len(chosen), pick)
        assert pick not in chosen
        chosen.append(pick)


def is_settled(query, X_pool, n_tries=3):
    """Whether rows moved by a hundred times the rounding of float32 give the same picks.

    Two routes to the same picks can then not differ by rounding alone.

    Parameters
    ----------
    query : function of a pool to picks
    X_pool : array of shape (n, d)
    """
    rng, picks = np.random.RandomState(0), query(X_pool)
    for _ in range(n_tries):
        moved = X_pool * (1 + 1e-5 * rng.normal(size=X_pool.shape))
        if not np.array_equal(query(moved.astype(X_pool.dtype)), picks):
            return False
    return True
