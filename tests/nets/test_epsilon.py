import numpy as np
import pytest
from one_net import one_classifier, one_regressor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skally.nets.data import ArrayDataset
from skally.nets.epsilon import RULE, epsilon_grid, from_error, from_probability, unconstrained_loss

QUICK = {"max_epochs": 3, "random_state": 0}


def test_tolerance_of_a_probability_is_the_loss_at_that_probability(digits, classifier):
    X, y = (a[:150] for a in digits)
    p = classifier.predict_proba(X)[np.arange(150), y]
    assert np.allclose(from_probability(p), classifier.sample_loss(X, y), atol=1e-4)


@pytest.mark.parametrize("loss, criterion", [("squared", nn.MSELoss), ("absolute", nn.L1Loss)])
def test_tolerance_of_an_error_is_met_exactly_by_that_error(diabetes, loss, criterion):
    X, y = diabetes
    net = one_regressor(constraint_criterion=criterion, **QUICK).fit(X, y)
    error = np.abs(net.predict(X) - y)
    assert np.allclose(
        from_error(error, y, loss=loss), net.constraint_loss(X, y), rtol=1e-3, atol=1e-5
    )
    assert from_error(3.0, loss=loss) == (9 if loss == "squared" else 3)


@pytest.mark.parametrize("call, message", [
    (lambda: from_probability(0.0), "p == 0.0, must be above 0"),
    (lambda: from_probability([0.5, 1.5]), "p == "),
    (lambda: from_error(-1.0), "error == -1.0, must be >= 0"),
    (lambda: from_error(1.0, loss="hinge"), "loss == 'hinge'"),
    (lambda: from_error(1.0, [2.0, 2.0]), "y is constant"),
    (lambda: from_error(1.0, [[0.0, 1.0], [2.0, 3.0]]), r"y has shape \(2, 2\), must be \(n,\)"),
    (lambda: from_error(1.0, [0.0, np.nan]), "y has NaN"),
])  # fmt: skip
def test_tolerances_of_nothing_are_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_unconstrained_loss_is_the_mean_over_rows_held_out(diabetes):
    X, y = diabetes
    net = one_regressor(epsilon=0.1, dual_lr=5.0, **QUICK)
    rng = np.random.RandomState(7)
    folds = KFold(3, shuffle=True, random_state=rng.randint(np.iinfo(np.int32).max))
    losses = []
    for train, test in folds.split(X):
        seed = rng.randint(np.iinfo(np.int32).max)
        unconstrained = (
            clone(net).set_params(dual_lr=0.0, random_state=seed).fit(X[train], y[train])
        )
        losses.extend(unconstrained.sample_loss(X[test], y[test]))
    assert np.isclose(unconstrained_loss(net, X, y, random_state=7), np.mean(losses))


def test_automatic_epsilon_is_the_rule_times_the_unconstrained_loss(diabetes):
    X, y = diabetes
    net = one_regressor(epsilon="auto", **QUICK).fit(X, y)
    assert np.isclose(net.epsilon_, RULE * unconstrained_loss(net, X, y, random_state=0))
    again = clone(net).fit(X, y)
    assert again.epsilon_ == net.epsilon_
    assert np.array_equal(again.dual_variables_, net.dual_variables_)
    given = clone(net).fit(X, y, epsilon=np.full(200, 0.5))
    assert given.epsilon_ == 0.5


def test_automatic_epsilon_stays_away_from_zero_where_the_net_interpolates(rng):
    """Pure noise, learned by heart: the training loss goes to nothing, what epsilon asks not."""
    X, y = rng.normal(size=(40, 30)).astype(np.float32), rng.normal(size=40)
    net = one_regressor(epsilon="auto", max_epochs=60, random_state=0).fit(X, y)
    unconstrained = clone(net).set_params(epsilon=1.0, dual_lr=0.0).fit(X, y)
    assert unconstrained.sample_loss(X, y).mean() < 0.05 and net.epsilon_ > 0.5


def test_automatic_epsilon_takes_every_form_of_data(digits, diabetes):
    X, y = digits
    names = np.array(["zero", "one", "two", "three", "four"])[y % 5]
    assert one_classifier(epsilon="auto", **QUICK).fit(X, names).epsilon_ > 0
    X, y = diabetes
    data = ArrayDataset(X, y.astype(np.float32))
    by_set, by_array = (
        one_regressor(epsilon="auto", **QUICK).fit(*args).epsilon_ for args in ((data,), (X, y))
    )
    assert np.isclose(by_set, by_array, rtol=0.1)  # their batches are shuffled differently
    with pytest.raises(ValueError, match="must have at least 2"):
        one_regressor(epsilon="auto", **QUICK).fit(X[:1], y[:1])


def test_grid_serves_a_search_over_a_pipeline(diabetes):
    X, y = diabetes
    pipeline = make_pipeline(StandardScaler(), one_regressor(**QUICK))
    grid = epsilon_grid(pipeline, X, y, factors=(0.5, 2.0), random_state=0)
    assert np.isclose(grid[1], 4 * grid[0])
    search = GridSearchCV(pipeline, {"constrainednetregressor__epsilon": grid}, cv=2).fit(X, y)
    assert search.best_params_["constrainednetregressor__epsilon"] in grid
    for factors in ((), (1.0, -1.0)):
        with pytest.raises(ValueError, match="factors"):
            epsilon_grid(pipeline, X, y, factors=factors)


def test_unknown_rules_are_errors(diabetes):
    with pytest.raises(ValueError, match="epsilon == 'best', must be"):
        one_regressor(epsilon="best", **QUICK).fit(*diabetes)
