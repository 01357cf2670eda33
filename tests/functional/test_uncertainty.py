import numpy as np
import pytest
import scipy.stats

from skally.functional.uncertainty import (
    entropy,
    least_confidence,
    margin,
    mutual_information,
    normalized_entropy,
    variance,
)


def test_entropy_of_certainty_is_zero_and_of_ignorance_log_c():
    proba = np.array([[1.0, 0, 0, 0], [0.25] * 4])
    assert np.allclose(entropy(proba), [0, np.log(4)])
    assert np.allclose(normalized_entropy(proba), [0, 1])
    assert normalized_entropy(np.ones((3, 1))).tolist() == [0, 0, 0]


def test_confidence_and_margin_are_the_ends_of_a_sort(rng):
    proba = rng.dirichlet(np.ones(5), size=40)
    ranked = -np.sort(-proba, axis=1)
    assert np.allclose(least_confidence(proba), 1 - ranked[:, 0])
    assert np.allclose(margin(proba), ranked[:, 0] - ranked[:, 1])
    assert margin(np.ones((3, 1))).tolist() == [1, 1, 1]


def test_mutual_information_is_entropy_of_the_mean_less_mean_entropy(rng):
    draws = rng.dirichlet(np.full(4, 0.3), size=(7, 30))
    expected = scipy.stats.entropy(draws.mean(axis=0), axis=1) - scipy.stats.entropy(
        draws, axis=2
    ).mean(axis=0)
    assert np.allclose(mutual_information(iter(draws)), expected)


def test_mutual_information_of_zeros_and_of_agreement():
    certain, opposed = np.eye(2)[[0, 0]], np.eye(2)[[0, 1]]
    assert np.allclose(mutual_information([certain, opposed]), [0, np.log(2)])
    assert np.array_equal(mutual_information([certain.astype(np.float32)] * 3), [0, 0])


@pytest.mark.parametrize("offset", [0, 1e6])
def test_variance_equals_numpys_far_from_zero_too(rng, offset):
    draws = rng.normal(size=(6, 20, 2)) + offset
    assert np.allclose(variance(iter(draws)), draws.var(axis=0).sum(axis=1), rtol=1e-6)
