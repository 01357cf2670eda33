import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from skally import DualRegressor


def sparse_duals(seed, n=300):
    """Embedding and duals of which 95 per cent are zero."""
    rng = np.random.RandomState(seed)
    Z = rng.normal(size=(n, 16)).astype(np.float32)
    return Z, np.maximum(0, Z[:, 0] - np.quantile(Z[:, 0], 0.95)) * 1e-3


@pytest.mark.parametrize("seed", range(50))
def test_sparse_duals_are_never_predicted_as_all_zero(seed):
    Z, duals = sparse_duals(seed)
    predicted = DualRegressor(max_epochs=15, random_state=seed).fit(Z, duals).predict(Z)
    assert predicted.max() > 10 * np.median(predicted)
    assert np.mean(predicted[duals > 0]) > 3 * np.mean(predicted[duals == 0])


def test_rows_not_seen_with_the_largest_predictions_have_large_duals():
    Z, duals = sparse_duals(0, n=600)
    predicted = DualRegressor(random_state=0).fit(Z[:400], duals[:400]).predict(Z[400:])
    best = np.argsort(-predicted)[:20]
    assert duals[400:][best].mean() > 5 * duals[400:].mean()  # 10 times at the most


@pytest.mark.parametrize("n", [2, 3, 63, 64, 65, 129])
def test_every_row_is_scored_whatever_the_last_batch(n, rng):
    Z = rng.normal(size=(n, 3))
    predicted = DualRegressor(max_epochs=2, random_state=0).fit(Z, Z[:, 0] ** 2).predict(Z)
    assert predicted.shape == (n,) and np.all(np.isfinite(predicted)) and np.all(predicted >= 0)


def test_scale_of_the_duals_does_not_matter(rng):
    Z, duals = sparse_duals(0)
    a, b = (
        DualRegressor(max_epochs=5, random_state=0).fit(Z, duals * scale).predict(Z)
        for scale in (1, 1024)
    )
    assert np.allclose(a * 1024, b, rtol=1e-3)


def test_zero_duals_are_predicted_as_small():
    Z, duals = sparse_duals(0)
    assert DualRegressor(random_state=0).fit(Z, 0 * duals).predict(Z).max() < 0.1


def test_negative_dual_is_an_error():
    with pytest.raises(ValueError, match="must be >= 0"):
        DualRegressor().fit([[0.0], [1.0]], [0.0, -1.0])


def test_the_differentiable_prediction_is_the_prediction(rng):
    Z, duals = sparse_duals(0)
    head = DualRegressor(max_epochs=5, random_state=0).fit(3 + 50 * Z, 100 * duals)
    tensor = torch.tensor(3 + 50 * Z[:40], requires_grad=True)
    gradients = [p.grad.clone() for p in head.net_.module_.parameters()]
    predicted = head.differentiable()(tensor)
    assert np.allclose(predicted.detach(), head.predict(tensor.detach()), rtol=1e-4)
    predicted.sum().backward()
    assert (tensor.grad != 0).any(axis=1).all()
    for weight, gradient in zip(head.net_.module_.parameters(), gradients, strict=True):
        assert weight.requires_grad and torch.equal(weight.grad, gradient)
    alone = torch.cat([head.differentiable()(row[None]) for row in tensor])
    assert torch.allclose(alone, predicted, rtol=1e-9)  # float64: sums of up to 64 terms


def test_a_head_that_is_not_fitted_cannot_be_differentiated():
    with pytest.raises(NotFittedError):
        DualRegressor().differentiable()
