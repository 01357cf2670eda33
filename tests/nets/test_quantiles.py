import numpy as np
import pytest
import torch
from scipy import sparse

from skally.nets.quantiles import MOST_VALUES, check_quantiles, column_quantiles, quantile_at


def test_quantiles_are_values_at_evenly_spaced_levels(rng):
    X = rng.permutation(101.0 * np.arange(101)).reshape(-1, 1)
    assert column_quantiles(X, 5)[:, 0].tolist() == [0, 2525, 5050, 7575, 10100]


def test_quantiles_follow_increasing_functions(rng):
    X = rng.normal(size=(50, 3)).astype(np.float32)
    assert np.allclose(column_quantiles(np.exp(X)), np.exp(column_quantiles(X)), rtol=1e-6)


@pytest.mark.parametrize("form", [
    sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array, sparse.lil_matrix, torch.tensor,
    lambda X: X.astype(np.float64), lambda X: X.reshape(-1, 2, 3),
])  # fmt: skip
def test_every_form_of_data_has_the_same_quantiles(form, rng):
    """To the bit: quantiles are values of the data, which are compared and not computed with."""
    X = (rng.normal(size=(300, 6)) * (rng.uniform(size=(300, 6)) < 0.2)).astype(np.float32)
    X[:, 5] = 0
    expected = column_quantiles(X, max_rows=200, rng=0)
    assert expected.shape == (129, 6) and expected.dtype == np.float32
    assert np.array_equal(column_quantiles(form(X), max_rows=200, rng=0), expected)


def test_no_more_rows_of_a_data_set_are_read_than_asked_for():
    rows = set()

    class Reads(torch.utils.data.Dataset):
        def __len__(self):
            return 500

        def __getitem__(self, i):
            rows.add(i)
            return torch.full((2, 3), i), 0

    quantiles = column_quantiles(Reads(), max_rows=200, rng=0)
    assert len(rows) <= 201 and quantiles.shape == (129, 6)  # the first tells the shape
    # The median of 200 of these rows has a standard error of 500 / 2 / sqrt(200), 18.
    assert np.allclose(quantiles[64], 250, atol=80)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, np.float16])
def test_numbers_of_any_type_have_quantiles(dtype):
    X = np.array([[0, 1], [1, 1], [1, 1]]).astype(dtype)
    assert column_quantiles(X, 3).tolist() == [[0, 1], [1, 1], [1, 1]]


def test_few_rows_of_a_long_table_are_enough_and_extremes_are_those_of_all(rng):
    X = rng.normal(size=(20_000, 1))
    X[7], X[8] = -50, 60
    quantiles = column_quantiles(X, max_rows=2_000, rng=0)
    assert (quantiles[0, 0], quantiles[-1, 0]) == (-50, 60)
    # The median of 2,000 rows has a standard error of 1.25 / sqrt(2,000), 0.03.
    assert np.allclose(quantiles[[32, 64, 96], 0], [-0.67, 0, 0.67], atol=0.15)


def test_a_column_of_a_wide_table_that_is_rarely_not_zero_keeps_its_extremes():
    d = MOST_VALUES // 100
    X = sparse.csr_array(([1.0], ([777], [d - 1])), shape=(1_000, d))
    quantiles = column_quantiles(X, rng=0)
    assert quantiles[-1, -1] == 1 and quantiles[:-1, -1].max() == 0


def test_quantiles_stay_within_single_precision():
    X = np.array([[-1e300, 1e-300], [1e300, 0.0]])
    quantiles = column_quantiles(X)
    assert np.isfinite(quantiles).all() and quantiles[-1, 0] > 1e37


@pytest.mark.parametrize("level", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("q", [2, 3, 6, 129])
def test_levels_between_rows_are_interpolated(q, level):
    line = np.linspace(0, 1, q)[:, None] * [1, 10]
    assert np.allclose(quantile_at(line, level), [level, 10 * level])


def test_any_order_of_the_levels_will_do(rng):
    X = rng.normal(size=(30, 2))
    assert np.array_equal(check_quantiles(X, 2), np.sort(X, axis=0))


def test_no_quantiles_are_those_of_a_normal_distribution(rng):
    expected = np.quantile(rng.normal(size=200_000), np.linspace(0, 1, 129)[1:-1])
    # The extreme levels, of 1,500 values, have standard errors of about 0.01.
    assert np.allclose(check_quantiles(None, 1)[1:-1, 0], expected, atol=0.05)


@pytest.mark.parametrize("quantiles, message", [
    (np.zeros((5, 2)), r"quantiles has shape \(5, 2\), must be of shape \(q, 3\)"),
    (np.zeros((1, 3)), "q >= 2"), (np.zeros(3), r"shape \(3,\)"),
    ([[0, 0, np.nan], [1, 1, 1]], "column 2 are not finite"),
    ([[0, 0, 0], [1, np.inf, 1]], "column 1 are not finite"),
])  # fmt: skip
def test_bad_quantiles_are_named(quantiles, message):
    with pytest.raises(ValueError, match=message):
        check_quantiles(quantiles, 3)


@pytest.mark.parametrize("params", [{"n_quantiles": 1}, {"max_rows": 0}])
def test_bad_numbers_are_named(params):
    with pytest.raises(ValueError, match=f"{next(iter(params))} == "):
        column_quantiles(np.zeros((3, 2)), **params)
