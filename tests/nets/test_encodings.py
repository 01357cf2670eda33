import numpy as np
import pytest
import torch

from skally.nets.encodings import ENCODINGS, N_BINS, Periodic, PiecewiseLinear, bins_of
from skally.nets.quantiles import column_quantiles


def through_bins(x, edges):
    """Entries of the piecewise linear encoding, by its definition."""
    entries = np.zeros(N_BINS)
    for t, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        entries[t] = min(max((x - low) / (high - low), 0), 1)
    return entries


@pytest.fixture
def table(rng):
    """Columns that are normal, binary, integer, constant, and rarely not zero."""
    n = 400
    columns = [
        rng.normal(size=n), rng.randint(2, size=n), rng.randint(-2, 4, size=n), np.full(n, 7.0),
        rng.exponential(size=n) * (rng.uniform(size=n) < 0.02),
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)


def test_piecewise_linear_encoding_follows_its_definition(table, rng):
    quantiles = column_quantiles(table).astype(np.float64)
    X = np.concatenate([table[:50], 3 * rng.normal(size=(50, 5))]).astype(np.float32)
    encoded = PiecewiseLinear(quantiles).encode(torch.tensor(X))
    edges = [np.unique(column) for column in quantiles[::4].T]
    expected = [[through_bins(x, e) for x, e in zip(row, edges, strict=True)] for row in X]
    # Each entry is a quotient of differences that single precision rounds, of which the smaller
    # are some thousandths of the numbers.
    assert np.allclose(encoded, expected, atol=1e-3)


def test_columns_of_few_values_have_few_bins(table):
    left, width = bins_of(column_quantiles(table))
    assert left.shape == width.shape == (5, N_BINS)
    n_bins = np.isfinite(width).sum(axis=1)
    assert n_bins[:4].tolist() == [N_BINS, 1, 5, 0] and 1 <= n_bins[4] <= 2


def test_layers_of_the_piecewise_linear_encoding_look_at_one_column_each(table):
    encoding = PiecewiseLinear(column_quantiles(table))
    X = torch.tensor(table[:20])
    encoded, output = encoding.encode(X), encoding(X, X)
    for d in range(5):
        expected = (encoded[:, d] @ encoding.weight[d] + encoding.bias[d]).relu()
        assert torch.allclose(output[:, d], expected, atol=1e-5)


def test_periodic_encoding_follows_its_definition(table):
    encoding = Periodic(column_quantiles(table))
    Z = torch.tensor(table[:20]).clamp(-3, 3)
    output = encoding(Z, Z)
    for d in range(5):
        argument = 2 * np.pi * (Z[:, [d]] * encoding.frequency[d] + encoding.phase[d])
        expected = argument.cos() @ encoding.weight[d] + encoding.bias[d]
        assert torch.allclose(output[:, d], expected, atol=1e-4)


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings_have_the_size_they_tell(name, table):
    encoding = ENCODINGS[name](column_quantiles(table))
    X = torch.tensor(table[:3])
    assert encoding(X, X).shape == (3, 5, encoding.size)
