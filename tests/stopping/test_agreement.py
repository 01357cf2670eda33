"""Agreement of predictions, against scikit-learn and against all pairs of rows."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from skally.stopping.agreement import cohen_kappa, concordance


def over_chance(a, b, difference):
    """One minus the mean difference of rows over that of all pairs of rows, by loops."""
    of_rows = np.mean([difference(*each) for each in zip(a, b, strict=True)])
    return 1 - of_rows / np.mean([difference(left, right) for left in a for right in b])


@pytest.mark.parametrize("labels", [["a", "b", "long"], ["0", "1"], ["3.5", "-1.0", "9.0"]])
def test_kappa_is_what_is_left_over_chance_and_scikit_learns(labels, rng):
    a = rng.choice(labels, 60)
    b = np.where(rng.uniform(size=60) < 0.7, a, rng.choice(labels, 60))
    assert cohen_kappa(a, b) == pytest.approx(over_chance(a, b, lambda x, y: x != y))
    assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))


def test_concordance_is_what_is_left_over_chance(rng):
    a = rng.normal(3, 2, size=50)
    b = a + rng.normal(0.5, 1, size=50)
    expected = over_chance(a, b, lambda x, y: (x - y) ** 2)
    assert concordance(a[:, None], b[:, None]) == pytest.approx(expected)


def test_concordance_of_whole_numbers_is_kappa_with_quadratic_weights(rng):
    a = rng.randint(0, 6, size=80)
    b = np.clip(a + rng.randint(-1, 2, size=80), 0, 5)
    expected = cohen_kappa_score(a, b, weights="quadratic", labels=range(6))
    assert concordance(a[:, None] * 1.0, b[:, None] * 1.0) == pytest.approx(expected)


def test_concordance_does_not_depend_on_units_and_is_the_mean_over_columns(rng):
    a = rng.normal(size=(40, 3))
    b = a + 0.3 * rng.normal(size=(40, 3))
    scale, shift = np.array([1e-3, 1.0, 1e4]), np.array([5.0, -7.0, 1e3])
    assert concordance(a * scale + shift, b * scale + shift) == pytest.approx(concordance(a, b))
    columns = [concordance(a[:, [j]], b[:, [j]]) for j in range(3)]
    assert concordance(a, b) == pytest.approx(np.mean(columns))


def test_the_same_predictions_agree_fully_and_constant_ones_tell_nothing(rng):
    labels, numbers = rng.choice(["a", "b"], 30), rng.normal(size=(30, 1))
    assert cohen_kappa(labels, labels) == 1 and concordance(numbers, numbers) == 1
    same = np.full((30, 1), 0.1)
    assert cohen_kappa(same[:, 0], same[:, 0]) == 0 and concordance(same, same) == 0
    assert concordance(same, numbers) < 1e-12
