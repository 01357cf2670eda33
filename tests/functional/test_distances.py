import numpy as np
import pytest
from scipy.spatial.distance import cdist

from skally.functional.distances import (
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


def rounding(dtype, n_terms, size):
    """Largest error of a sum of ``n_terms`` terms whose absolute values add up to ``size``."""
    return n_terms * np.finfo(dtype).eps * size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_equal_brute_force(rng, dtype):
    Z, centers = rng.normal(size=(50, 4)).astype(dtype), rng.normal(size=(7, 4)).astype(dtype)
    brute = cdist(Z, centers, "sqeuclidean")
    # |a|^2 - 2 a b + |b|^2: four products and two norms, of rows no longer than 4, or 8 apart.
    atol = rounding(dtype, 6, 4 * 8**2)
    assert np.abs(Z).max() < 4 and (Z**2).sum(axis=1).max() < 4**2
    to_nearest = squared_distance_to_nearest(Z, centers)
    assert np.allclose(to_nearest, brute.min(axis=1), rtol=0, atol=atol)
    for origin in (np.zeros(4, dtype), Z[5]):
        norms = ((Z - origin) ** 2).sum(axis=1)
        squared = squared_distance(Z, origin, norms, 3)
        assert np.allclose(squared, cdist(Z, Z[3:4], "sqeuclidean")[:, 0], rtol=0, atol=atol)


def test_the_nearest_centre_is_that_of_brute_force(rng):
    Z, centers = rng.normal(size=(50, 4)), rng.normal(size=(7, 4))
    label, nearest_squared = nearest(Z, centers)
    brute = cdist(Z, centers, "sqeuclidean")
    assert np.allclose(brute[np.arange(50), label], brute.min(axis=1))
    assert np.allclose(nearest_squared, brute.min(axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_factored_lengths_and_distances_equal_those_of_the_products(rng, dtype):
    q, h = rng.normal(size=(20, 3)).astype(dtype), rng.normal(size=(20, 5)).astype(dtype)
    g = np.einsum("nc,nd->ncd", q.astype(float), h.astype(float)).reshape(20, 15)
    norms = factored_norms(q, h)
    assert np.allclose(norms, (g**2).sum(axis=1), rtol=rounding(dtype, 10, 1))  # 3 + 5 terms, 2 mul
    brute = cdist(g, g[4:5], "sqeuclidean")[:, 0]
    atol = rounding(dtype, 10, 4 * norms.max())
    assert np.allclose(factored_squared_distance(q, h, norms, 4), brute, rtol=0, atol=atol)


def test_without_centres_every_distance_is_infinite_and_no_target_is_similar():
    Z, none = np.zeros((3, 2)), np.zeros((0, 2))
    assert np.isinf(squared_distance_to_nearest(Z, none)).all()
    assert count_similar(Z, none, -1.0).tolist() == [0, 0, 0]
    assert len(squared_distance_to_nearest(none, Z)) == len(count_similar(none, Z, 0.5)) == 0


# More rows than a tile has, in every direction.
SIZES = pytest.mark.parametrize("n, m", [(3, 1), (1500, 7), (7, 1500), (1100, 2100)])


@SIZES
def test_tiles_cover_all_pairs(rng, n, m):
    A, B = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
    brute = cdist(A, B, "sqeuclidean")
    assert np.allclose(squared_distances(A, B), brute)
    assert np.allclose(squared_distance_to_nearest(A, B), brute.min(axis=1))
    C, D = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    product = brute * cdist(C, D, "sqeuclidean")
    assert np.allclose(smallest_product((A, C), (B, D)), product.min(axis=1))


@SIZES
def test_similar_targets_are_counted_across_tiles(rng, n, m):
    A, B = rng.randint(-3, 4, size=(n, 3)) / 1.0, rng.randint(-3, 4, size=(m, 3)) / 1.0  # exact
    assert np.array_equal(count_similar(A, B, 2.0), (A @ B.T >= 2.0).sum(axis=1))


def test_single_precision_stays_single(rng):
    Z = rng.normal(size=(20, 3)).astype(np.float32)
    for value in (squared_distances(Z, Z), squared_distance_to_nearest(Z, Z[:2]),
                  squared_distance_to_mean(Z)):  # fmt: skip
        assert value.dtype == np.float32


def test_distance_to_mean(rng):
    Z = rng.normal(size=(20, 3)) + 5
    assert np.allclose(squared_distance_to_mean(Z), ((Z - Z.mean(axis=0)) ** 2).sum(axis=1))


@pytest.mark.parametrize("n", [2, 30, 1100])
def test_neighbours_are_the_nearest_other_rows(rng, n):
    Z = rng.normal(size=(n, 3))
    expected = np.sort(cdist(Z, Z), axis=1)[:, 1:21].mean(axis=1)
    # Squared distances are differences of norms up to 30, right to 1e-14: roots of them to 1e-7.
    assert np.allclose(mean_neighbor_distance(Z, 20), expected, rtol=0, atol=1e-7)


def test_a_row_without_others_is_at_no_distance_and_duplicates_are_neighbours():
    assert mean_neighbor_distance(np.ones((1, 3)), 20).tolist() == [0]
    assert mean_neighbor_distance(np.ones((0, 3)), 20).tolist() == []
    assert mean_neighbor_distance(np.zeros((5, 3)), 2).tolist() == [0] * 5


def test_rows_of_several_arrays_are_numbered_through(rng):
    parts = [rng.normal(size=(n, 2)) for n in (3, 0, 5)]
    whole = np.vstack(parts)
    for rows in ([], [0], [2, 3], [0, 1, 7], list(range(8))):
        assert np.array_equal(take_from(parts, np.array(rows, dtype=int)), whole[rows])
    assert np.array_equal(take_from(parts, None), whole)
    assert take_from(parts[:1], None) is parts[0]
