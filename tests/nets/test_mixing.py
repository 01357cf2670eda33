"""Weights of groups of members, temperature and spread from held-out predictions."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from skally.nets.held_out import temperature_and_loss
from skally.nets.mixing import (
    TEMPERATURES,
    best_temperature,
    class_shares,
    class_weights,
    label_shares,
    label_weights,
    regression_weights,
    simplex_weights,
    spread_factor,
    stacked_weights,
    unbiased_variance,
)


def rng(seed=0):
    return np.random.RandomState(seed)


def noisy_groups(targets, noise, seed=0):
    """Predictions (n, G, m) of targets (n, m) with normal errors of some sizes."""
    errors = rng(seed).normal(size=(len(noise), *targets.shape)) * np.reshape(noise, (-1, 1, 1))
    return (targets + errors).swapaxes(0, 1)


def probabilities(n, n_groups, n_classes, seed=0):
    """Classes, and probabilities (n, G, C) that say something of them."""
    r = rng(seed)
    y = r.randint(n_classes, size=n)
    logits = 1.5 * np.eye(n_classes)[y][:, None] + r.normal(size=(n, n_groups, n_classes))
    return np.exp(log_softmax(logits, axis=2)), y


def squared_length(errors, weights):
    return ((errors @ weights) ** 2).sum()


def unshrunk(weights, n_groups):
    return (weights - 0.2 / n_groups) / 0.8


def test_weights_are_no_worse_than_any_on_a_grid():
    errors = rng().normal(size=(50, 3)) * [1.0, 1.5, 3.0] + [0.3, -0.4, 0.0]
    best = squared_length(errors, simplex_weights(errors))
    grid = [(a, b, 100 - a - b) for a, b in product(range(101), repeat=2) if a + b <= 100]
    least = min(squared_length(errors, np.array(w) / 100) for w in grid)
    assert best <= least * (1 + 1e-9)  # the grid holds no better ones, up to rounding
    assert best >= 0.99 * least  # and good ones, with weights 1 % apart


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("seed", range(5))
def test_weights_are_those_of_a_solver_of_constrained_problems(seed, scale):
    r = rng(seed)
    errors = r.normal(size=(40, 5)) * r.uniform(0.5, 2, size=5) + r.normal(size=(40, 1))
    solved = minimize(
        lambda w: squared_length(errors, w) / 40,
        np.full(5, 0.2),
        jac=lambda w: 2 * errors.T @ (errors @ w) / 40,
        bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-12},
    ).x
    weights = simplex_weights(scale * errors)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights, solved, atol=1e-4)  # ftol ** 0.5, with some room


@pytest.mark.parametrize("difference", [0.0, 1e-16, 1e-12, 1e-7])
def test_groups_that_say_the_same_are_no_obstacle(difference):
    r = rng()
    errors = r.normal(size=(30, 1)) + difference * r.normal(size=(30, 4))
    weights = simplex_weights(errors)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    if difference < 1e-15:  # a ridge of 1e-12 outweighs it
        np.testing.assert_allclose(weights, 0.25, atol=0.01)


@pytest.mark.parametrize("factor", [1e3, 1e9])
def test_a_group_that_is_far_off_changes_little_for_the_others(factor):
    errors = rng().normal(size=(200, 3)) * [factor, 1.0, 2.0]
    weights = simplex_weights(errors)
    assert weights[0] <= 1 / factor
    np.testing.assert_allclose(weights[1:], simplex_weights(errors[:, 1:]), atol=0.01)


def test_groups_without_any_error_weigh_alike():
    np.testing.assert_allclose(simplex_weights(np.zeros((5, 4))), 0.25)


@pytest.mark.parametrize("seed", range(10))
def test_the_mix_is_never_worse_on_held_out_rows_than_a_group_or_the_constant(seed):
    r = rng(seed)
    y = r.normal(size=(25, 2))
    groups = noisy_groups(y, r.uniform(0.1, 3, size=3), seed)
    constant = y.mean(axis=0)
    weights, share = stacked_weights(groups, y, constant)
    mixed = np.einsum("ngm,g->nm", groups, weights) + share * constant
    error = ((mixed - y) ** 2).mean()
    assert error <= ((constant - y) ** 2).mean() * (1 + 1e-9)
    assert error <= ((groups - y[:, None]) ** 2).mean(axis=(0, 2)).min() * (1 + 1e-9)


def test_the_constant_wins_where_groups_are_noise():
    y = rng(1).normal(size=(400, 1))
    weights, share = regression_weights(5 * rng(2).normal(size=(400, 3, 1)), y)
    assert share > 0.9
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0.2 / 3 - 1e-12).all()


def test_the_constant_takes_all_where_groups_are_opposed_to_the_targets():
    y = rng(1).normal(size=(50, 1))
    weights, share = regression_weights(-y[:, None] * [[[2.0], [3.0]]], y)
    assert share == pytest.approx(1)
    np.testing.assert_allclose(weights, 0.5)


def test_an_exact_group_takes_all_before_the_weights_are_shrunk():
    y = rng(1).normal(size=(60, 2))
    weights, share = regression_weights(noisy_groups(y, [1.0, 0.0, 0.5]), y)
    assert share == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(unshrunk(weights, 3), [0, 1, 0], atol=1e-6)


def test_groups_of_independent_errors_weigh_inversely_to_their_variances():
    y = 10 * rng(1).normal(size=(40000, 1))
    weights, share = regression_weights(noisy_groups(y, [1.0, 2.0]), y)
    # 4 to 1; standard errors are of the order of n ** -0.5
    np.testing.assert_allclose(unshrunk(weights, 2), [0.8, 0.2], atol=0.03)
    assert share < 0.02


def test_rows_that_were_never_held_out_do_not_count():
    y = rng(1).normal(size=(40, 2))
    groups = noisy_groups(y, [1.0, 0.5])
    groups[::4] = np.nan
    known = np.arange(40) % 4 > 0
    weights, share = regression_weights(groups, y)
    expected, expected_share = regression_weights(groups[known], y[known])
    np.testing.assert_allclose(weights, expected)
    assert share == pytest.approx(expected_share)


def test_groups_weigh_alike_where_no_row_was_held_out():
    no_rows = np.full((30, 4, 1), np.nan)
    for weights_of in (regression_weights, label_weights):
        weights, share = weights_of(no_rows, np.ones((30, 1)))
        np.testing.assert_allclose(weights, 0.25)
        assert share == 0
    weights, share = class_weights(no_rows, np.zeros(30, dtype=int))
    np.testing.assert_allclose(weights, 0.25)
    assert share == 0


def test_weights_of_classes_have_the_least_brier_score_on_a_grid():
    p, y = probabilities(80, 2, 3)
    p[:, 1] = p[rng(5).permutation(80), 1]  # the second group knows nothing
    weights, share = class_weights(p, y)
    prior = class_shares(y, 3)

    def brier(w, c):
        mixed = (1 - c) * np.einsum("ngc,g->nc", p, w) + c * prior
        return ((mixed - np.eye(3)[y]) ** 2).sum()

    steps = np.linspace(0, 1, 51)
    grid = min(brier([a, 1 - a], c) for a, c in product(steps, steps))
    found = brier(unshrunk(weights, 2), share)
    assert found <= grid * (1 + 1e-9)
    assert unshrunk(weights, 2)[0] > 0.9


def test_classes_that_nothing_tells_apart_are_predicted_by_their_shares():
    y = rng(1).choice(3, size=500, p=[0.6, 0.3, 0.1])
    wrong, _ = probabilities(500, 2, 3, seed=7)
    assert class_weights(wrong, y)[1] > 0.8


def test_rows_without_a_class_do_not_count_where_they_were_not_held_out():
    p, y = probabilities(40, 2, 3)
    p[:10], y[:10] = np.nan, -1
    np.testing.assert_allclose(class_weights(p, y)[0], class_weights(p[10:], y[10:])[0])


def test_a_label_weighs_as_two_classes():
    p, y = probabilities(60, 3, 2)
    weights, share = label_weights(p[:, :, 1:], y[:, None])
    expected, expected_share = class_weights(p, y)
    np.testing.assert_allclose(weights, expected, atol=1e-9)
    assert share == pytest.approx(expected_share, abs=1e-9)


def test_shares_count_one_more_row_of_each():
    np.testing.assert_allclose(class_shares(np.array([0, 0, 2]), 3), [3 / 6, 1 / 6, 2 / 6])
    np.testing.assert_allclose(label_shares(np.array([[1, 0], [1, 0]])), [3 / 4, 1 / 4])


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_temperature_is_the_best_of_a_grid(true):
    r = rng(3)
    logits = 2 * r.normal(size=(500, 4))
    y = (logits + r.gumbel(size=logits.shape)).argmax(axis=1)  # drawn from softmax(logits)

    def log_loss(temperature):
        return -log_softmax(true * logits / temperature, axis=1)[np.arange(500), y].mean()

    found = best_temperature(true * logits, y)
    grid = np.exp(np.linspace(*np.log(TEMPERATURES), 500))
    least = min(map(log_loss, grid))
    assert log_loss(found) <= least + 1e-6  # flat at its least: the search's 1e-3, squared
    assert found == pytest.approx(true, rel=0.2)


def test_temperature_does_not_depend_on_what_is_added_to_a_rows_logits():
    r = rng(3)
    logits, y = r.normal(size=(100, 3)), r.randint(3, size=100)
    shifted = logits + 1000 * r.normal(size=(100, 1))
    assert best_temperature(shifted, y) == pytest.approx(best_temperature(logits, y), rel=0.01)


def test_temperature_stays_within_its_bounds():
    y = rng(0).randint(3, size=50)
    right = np.log(np.eye(3)[y] * 0.9 + 0.03)
    least, most = TEMPERATURES
    assert least <= best_temperature(right, y) < 1.05 * least
    assert most / 1.05 < best_temperature(-5 * right, y) <= most


def test_probabilities_of_zero_give_a_temperature():
    y = np.arange(40) % 2
    with np.errstate(divide="ignore"):
        logits = np.log(np.eye(2)[y])
    logits[0] = logits[0, ::-1]  # one row is wrong and sure of it
    assert np.isfinite(best_temperature(logits, y))


def test_temperature_is_1_for_few_rows_or_labels_that_are_known():
    logits, y = 5 * rng(0).normal(size=(30, 3)), rng(1).randint(3, size=30)
    assert best_temperature(logits, y) != 1
    assert best_temperature(logits[:19], y[:19]) == 1
    logits[:11] = np.nan
    assert best_temperature(logits, y) == 1
    assert temperature_and_loss("sigmoid", np.full((19, 1), 0.3), np.ones((19, 1)))[0] == 1


def test_labels_share_the_temperature_they_were_drawn_at():
    r = rng(0)
    logits = 2 * r.normal(size=(2000, 3))
    labels = r.uniform(size=logits.shape) < expit(logits)
    temperature, loss = temperature_and_loss("sigmoid", expit(3 * logits), labels)
    assert temperature == pytest.approx(3, rel=0.1)
    p = expit(3 * logits / temperature)
    assert loss == pytest.approx(-np.log(np.where(labels, p, 1 - p)).mean(), rel=1e-3)


def test_spread_factor_is_the_ratio_of_the_root_means():
    residual_sq, variance = np.array([[4.0], [12.0], [1.0]]), np.array([[1.0], [3.0], [np.nan]])
    assert spread_factor(residual_sq, variance) == pytest.approx(2)


@pytest.mark.parametrize("variance", [0.0, np.nan])
def test_spread_factor_is_1_where_nothing_can_be_scaled(variance):
    assert spread_factor(np.ones((5, 2)), np.full((5, 2), variance)) == 1


@pytest.mark.parametrize("weights", [[1, 1, 1, 1], [0.4, 0.3, 0.2, 0.1], [4, 3, 2, 1]])
def test_mean_of_the_variance_is_that_of_the_distribution(weights):
    n = 40000
    outputs = 3 + np.sqrt(2) * rng(0).normal(size=(4, n, 1))
    mask = np.ones((n, 4), dtype=bool)
    mask[::2, 0] = False
    variance = unbiased_variance(outputs, np.array(weights), mask)
    for rows in (slice(0, None, 2), slice(1, None, 2)):
        # a row's variance from the equivalent of two members or so has a standard error of 2
        assert variance[rows].mean() == pytest.approx(2, abs=5 * 2 * (n / 2) ** -0.5)


def test_equal_weights_give_the_sample_variance():
    outputs = rng(0).normal(size=(5, 7, 2))
    variance = unbiased_variance(outputs, np.full(5, 0.2), np.ones((7, 5), dtype=bool))
    np.testing.assert_allclose(variance, outputs.var(axis=0, ddof=1))


def test_fewer_than_two_usable_members_have_no_variance():
    outputs = np.array([1.0, 2.0, np.inf]).reshape(3, 1, 1) * np.ones((3, 4, 2))
    mask = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1]], dtype=bool)
    variance = unbiased_variance(outputs[:, :3], np.ones(3), mask[:3])
    np.testing.assert_allclose(variance, [[np.nan] * 2, [np.nan] * 2, [0.5] * 2])
    assert np.isnan(unbiased_variance(outputs[:, 3:], np.array([1, 1, 0]), mask[3:])).all()


@pytest.mark.parametrize(
    "function, shapes, name",
    [
        (regression_weights, [(5, 2), (5, 1)], "held_out"),
        (regression_weights, [(5, 2, 3), (5, 1)], "targets"),
        (regression_weights, [(5, 2, 1), (5,)], "targets"),
        (class_weights, [(5, 2, 3), (4,)], "targets"),
        (label_weights, [(5, 2, 3), (5,)], "targets"),
        (best_temperature, [(5,), (5,)], "logits"),
        (best_temperature, [(5, 2), (5, 2)], "targets"),
        (spread_factor, [(5, 2), (5,)], "variance"),
        (unbiased_variance, [(3, 5), (3,), (5, 3)], "outputs"),
        (unbiased_variance, [(3, 5, 1), (4,), (5, 3)], "weights"),
        (unbiased_variance, [(3, 5, 1), (3,), (3, 5)], "mask"),
    ],
)
def test_arrays_of_other_shapes_are_refused_by_name(function, shapes, name):
    with pytest.raises(ValueError, match=f"^{name} has shape .*, must have"):
        function(*(np.ones(shape) for shape in shapes))
