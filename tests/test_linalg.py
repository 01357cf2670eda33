import numpy as np
import pytest
from scipy.spatial.distance import cdist

from skally.linalg import (
    factored_norms,
    factored_squared_distance,
    nearest,
    squared_distance,
    squared_distance_to_nearest,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_equal_brute_force(rng, dtype):
    Z, centers = rng.normal(size=(50, 4)).astype(dtype), rng.normal(size=(7, 4)).astype(dtype)
    brute = cdist(Z, centers, "sqeuclidean")
    assert np.allclose(squared_distance_to_nearest(Z, centers), brute.min(axis=1), atol=1e-5)
    norms = (Z**2).sum(axis=1)
    assert np.allclose(squared_distance(Z, norms, 3), cdist(Z, Z[3:4], "sqeuclidean")[:, 0],
                       atol=1e-5)  # fmt: skip


def test_the_nearest_centre_is_that_of_brute_force(rng):
    Z, centers = rng.normal(size=(50, 4)), rng.normal(size=(7, 4))
    label, gap = nearest(Z, centers)
    brute = cdist(Z, centers, "sqeuclidean")
    assert np.array_equal(label, brute.argmin(axis=1)) and np.allclose(gap, brute.min(axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_factored_lengths_and_distances_equal_those_of_the_products(rng, dtype):
    q, h = rng.normal(size=(20, 3)).astype(dtype), rng.normal(size=(20, 5)).astype(dtype)
    g = np.einsum("nc,nd->ncd", q, h).reshape(20, 15)
    norms = factored_norms(q, h)
    assert np.allclose(norms, (g**2).sum(axis=1), rtol=1e-5)
    brute = cdist(g, g[4:5], "sqeuclidean")[:, 0]
    assert np.allclose(factored_squared_distance(q, h, norms, 4), brute, atol=1e-4)


def test_without_centres_every_distance_is_infinite():
    assert np.isinf(squared_distance_to_nearest(np.zeros((3, 2)), np.zeros((0, 2)))).all()
