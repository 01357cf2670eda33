import numpy as np
import pytest
import scipy.special
import scipy.stats

from skally.functional.uncertainty import (
    best_temperature,
    calibration_error,
    entropy,
    least_confidence,
    margin,
    mutual_information,
    normalized_entropy,
    tempered,
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


def test_a_temperature_divides_the_logits(rng):
    logits = rng.normal(size=(30, 4)) * 30
    found = tempered(scipy.special.softmax(logits, axis=1), 7.0)
    assert np.allclose(found, scipy.special.softmax(logits / 7, axis=1))
    one_hot = np.eye(3)
    assert np.array_equal(tempered(one_hot, 5.0), one_hot)


def test_calibration_error_is_the_mean_gap_of_confidence_and_accuracy_in_each_bin(rng):
    proba, label = rng.dirichlet(np.ones(3), size=200), rng.randint(3, size=200)
    proba[:3] = np.eye(3)
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == label
    gaps = 0.0
    for b in range(15):
        inside = (confidence >= b / 15) & ((confidence < (b + 1) / 15) | (b == 14))
        if inside.any():
            gaps += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    assert np.isclose(calibration_error(confidence, right), gaps)


def test_the_best_temperature_undoes_a_false_confidence(rng):
    logits = rng.normal(size=(20_000, 4)) * 2
    right = scipy.special.softmax(logits, axis=1)
    label = (right.cumsum(axis=1) > rng.random_sample((20_000, 1))).argmax(axis=1)
    assert abs(best_temperature(scipy.special.softmax(logits * 4, axis=1), label) - 4) < 0.5
    assert best_temperature(right, label) < 1.3
