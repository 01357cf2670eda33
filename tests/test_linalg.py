import numpy as np
import pytest
from scipy.spatial.distance import cdist

from skally.linalg import squared_distance, squared_distance_to_nearest


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_equal_brute_force(rng, dtype):
    Z, centers = rng.normal(size=(50, 4)).astype(dtype), rng.normal(size=(7, 4)).astype(dtype)
    brute = cdist(Z, centers, "sqeuclidean")
    assert np.allclose(squared_distance_to_nearest(Z, centers), brute.min(axis=1), atol=1e-5)
    norms = (Z**2).sum(axis=1)
    assert np.allclose(squared_distance(Z, norms, 3), cdist(Z, Z[3:4], "sqeuclidean")[:, 0],
                       atol=1e-5)  # fmt: skip


def test_without_centres_every_distance_is_infinite():
    assert np.isinf(squared_distance_to_nearest(np.zeros((3, 2)), np.zeros((0, 2)))).all()
