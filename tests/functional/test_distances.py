import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from skally.functional.distances import (
    blocks,
    count_similar,
    factored_norms,
    factored_squared_distance,
    mean_neighbor_distance,
    nearest,
    smallest_product,
    squared_distance,
    squared_distance_to_mean,
    squared_distance_to_nearest,
    squared_distances,
    take_from,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_equal_brute_force(rng, dtype):
    Z, centers = rng.normal(size=(50, 4)).astype(dtype), rng.normal(size=(7, 4)).astype(dtype)
    brute = cdist(Z, centers, "sqeuclidean")
    assert np.allclose(squared_distance_to_nearest(Z, centers), brute.min(axis=1), atol=1e-5)
    for origin in (np.zeros(4, dtype), Z[5]):
        norms = ((Z - origin) ** 2).sum(axis=1)
        gap = squared_distance(Z, origin, norms, 3)
        assert np.allclose(gap, cdist(Z, Z[3:4], "sqeuclidean")[:, 0], atol=1e-5)


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


# More rows than a tile has, in every direction.
SIZES = pytest.mark.parametrize("n, m", [(3, 1), (1500, 7), (7, 1500), (1100, 2100)])


@pytest.mark.parametrize("n", [0, 1, 1024, 1025])
def test_blocks_hold_each_row_once(n):
    assert [row for block in blocks(n) for row in range(n)[block]] == list(range(n))


@SIZES
def test_tiles_cover_all_pairs(rng, n, m):
    A, B = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
    brute = cdist(A, B, "sqeuclidean")
    assert np.allclose(squared_distances(A, B), brute)
    assert np.allclose(squared_distance_to_nearest(A, B), brute.min(axis=1))
    assert np.array_equal(count_similar(A, B, 0.5), (A @ B.T >= 0.5).sum(axis=1))
    C, D = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    product = brute * cdist(C, D, "sqeuclidean")
    assert np.allclose(smallest_product((A, C), (B, D)), product.min(axis=1))


def test_single_precision_stays_single(rng):
    Z = rng.normal(size=(20, 3)).astype(np.float32)
    for value in (squared_distances(Z, Z), squared_distance_to_nearest(Z, Z[:2]),
                  squared_distance_to_mean(Z), mean_neighbor_distance(Z, 2)):  # fmt: skip
        assert value.dtype == np.float32


def test_distance_to_mean(rng):
    Z = rng.normal(size=(20, 3)) + 5
    assert np.allclose(squared_distance_to_mean(Z), ((Z - Z.mean(axis=0)) ** 2).sum(axis=1))


@pytest.mark.parametrize("n", [2, 30, 1100])
def test_neighbours_are_those_of_scikit_learn(rng, n):
    Z = rng.normal(size=(n, 3))
    k = min(20, n - 1)
    expected = NearestNeighbors(n_neighbors=k).fit(Z).kneighbors()[0].mean(axis=1)
    assert np.allclose(mean_neighbor_distance(Z, 20), expected, atol=1e-6)
    assert mean_neighbor_distance(Z[:1], 20).tolist() == [0]


def test_rows_of_several_arrays_are_numbered_through(rng):
    parts = [rng.normal(size=(n, 2)) for n in (3, 0, 5)]
    whole = np.vstack(parts)
    for rows in ([], [0], [2, 3], [0, 1, 7], list(range(8))):
        assert np.array_equal(take_from(parts, np.array(rows, dtype=int)), whole[rows])
    assert np.array_equal(take_from(parts, None), whole)
    assert take_from(parts[:1], None) is parts[0]
