"""Affine maps that are found by calling a transformer, against that transformer."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skally.synthesis.affine import find_affine, identity

OFFSETS = np.array([0.0, 1.7e12, -3.0, 1e-6])
SPREADS = np.array([1.0, 1e10, 0.1, 1e-8])


@pytest.fixture
def data(rng):
    """Columns of very different scales, as ages, time stamps and concentrations have."""
    return OFFSETS + SPREADS * rng.normal(size=(50, 4))


@pytest.mark.parametrize("transformer", [
    StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(),
    make_pipeline("passthrough", StandardScaler(), MinMaxScaler((-1, 1))),
    make_pipeline(StandardScaler(), PCA(2)),
    make_column_transformer((StandardScaler(), [1]), (MinMaxScaler(), [3, 0]), remainder="drop"),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("n", [1, 10])
def test_scalers_are_found_whatever_the_units(transformer, n, data, rng):
    transformer.fit(data)
    affine = find_affine(transformer.transform, data[:n], rng)
    assert np.allclose(affine(data), transformer.transform(data), rtol=1e-6, atol=1e-6)
    assert affine.mixes == ("PCA" in str(transformer) or "Column" in str(transformer))


def test_one_unit_moves_the_outcome_by_one(data, rng):
    scaler = StandardScaler().fit(data)
    assert np.allclose(find_affine(scaler.transform, data, rng).unit, scaler.scale_)
    turned = make_pipeline(scaler, PCA()).fit(data)
    assert np.allclose(find_affine(turned.transform, data, rng).unit, scaler.scale_)
    assert np.array_equal(identity((2, 3)).unit, np.ones((2, 3)))


def test_a_column_without_influence_has_no_unit(rng):
    X = rng.normal(size=(10, 3))
    affine = find_affine(lambda X: X * [1.0, 0.0, 2.0], X, rng)
    assert np.array_equal(affine.unit > 0, [True, False, True])


@pytest.mark.parametrize("n", [1, 10])
@pytest.mark.parametrize("transformer", [
    PolynomialFeatures(2), MinMaxScaler(clip=True), QuantileTransformer(n_quantiles=20),
    PowerTransformer(), FunctionTransformer(np.log1p), FunctionTransformer(np.abs),
    FunctionTransformer(lambda X: X + 1e-3 * np.sin(X)),
    FunctionTransformer(lambda X: np.where(np.abs(X) > 1000, np.inf, X)),
    FunctionTransformer(lambda X: X + (X > 5)), FunctionTransformer(lambda X: np.sort(X, axis=1)),
], ids=lambda tried: type(tried).__name__)  # fmt: skip
def test_what_is_not_affine_is_refused(transformer, n, rng):
    X = rng.normal(size=(50, 4)) + 4
    transformer.fit(X)
    with pytest.raises(ValueError, match="not an affine function"):
        find_affine(transformer.transform, X[:n], rng)


def test_waves_that_are_small_from_afar_are_seen_from_near(rng):
    with pytest.raises(ValueError, match="not an affine function"):
        find_affine(lambda X: X + 1e-4 * np.sin(np.pi * X), np.array([[3.0, 4.0]]), rng)


def test_rows_of_any_rank_have_a_slope_for_each_entry(rng):
    X = rng.uniform(size=(3, 2, 4, 4))
    affine = find_affine(lambda X: X / 255 - 0.5, X, rng)
    assert affine.slope.shape == (2, 4, 4) and np.allclose(affine(X), X / 255 - 0.5)


@pytest.mark.parametrize("first", [0.1, 0.7, 0.77])
def test_rows_that_come_out_as_zeros_are_no_obstacle(first, rng):
    scaler = StandardScaler().fit([[0.1], [0.3], [0.77]])
    X = np.array([[first], *[scaler.mean_] * 3])
    affine = find_affine(scaler.transform, X, rng)
    assert np.allclose(affine(X), scaler.transform(X))
