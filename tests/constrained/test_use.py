"""Samplers, label errors, stopping criteria and displays on estimators under constraints."""

import numpy as np
import pytest
from matplotlib import pyplot
from modAL.models import ActiveLearner, Committee
from scipy.stats import spearmanr
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import (
    ALLYSampler,
    BALDSampler,
    ConstrainedClassifier,
    ConstrainedRegressor,
    DualLCMDSampler,
    DualRegressor,
    InputSynthesizer,
    RandomSampler,
)
from skally.benchmark import DualVariablesDisplay, PicksDisplay, learning_curves
from skally.losses import sample_loss
from skally.pool import Pool, Samples
from skally.stopping import PredictedDualLevel, RoundState

HEAD = DualRegressor(max_epochs=3)
SAMPLERS = [ALLYSampler(regressor=HEAD, random_state=0), DualLCMDSampler(HEAD, random_state=0)]


@pytest.fixture(scope="module")
def trees(diabetes):
    """Trees fitted on 100 rows."""
    trees = ConstrainedRegressor(ExtraTreesRegressor(10), cv=2, random_state=0)
    return trees.fit(diabetes[0][:100], diabetes[1][:100])


@pytest.fixture(scope="module")
def forest(digits):
    """Forest fitted on 150 rows, with losses out of bag."""
    forest = RandomForestClassifier(30, oob_score=True)
    return ConstrainedClassifier(forest, random_state=0).fit(digits[0][:150], digits[1][:150])


@pytest.mark.parametrize("asks", SAMPLERS, ids=lambda asks: type(asks).__name__)
@pytest.mark.parametrize("kind", ["trees", "forest"])
def test_samplers_of_duals_need_no_labelled_rows(asks, kind, request):
    estimator = request.getfixturevalue(kind)
    X = request.getfixturevalue("diabetes" if kind == "trees" else "digits")[0][150:]
    picked, utility = asks.query(estimator, X, 5, return_utilities=True)
    assert len(set(picked)) == 5 and utility.shape == (50,) and np.ptp(utility) > 0


def test_predicted_duals_are_the_heads_of_the_embedding(trees, diabetes):
    X = diabetes[0][100:]
    ridge = Ridge()
    _, utility = ALLYSampler(regressor=ridge).query(trees, X, return_utilities=True)
    expected = ridge.fit(trees.train_embedding_, trees.dual_variables_).predict(trees.embed(X))
    assert np.allclose(utility, expected, rtol=1e-5)


def wrapped(diabetes):
    """Duals inside what holds an estimator."""
    X, y = diabetes[0][:100], diabetes[1][:100]
    inner = ConstrainedRegressor(Ridge(), cv=2, random_state=0)
    pipeline = make_pipeline(StandardScaler(), inner)
    return {
        "pipeline": pipeline.fit(X, y),
        "search": GridSearchCV(pipeline, {"constrainedregressor__epsilon": [0.1]}, cv=2).fit(X, y),
        "learner": ActiveLearner(pipeline, SAMPLERS[0], X, y),
        "pipeline inside": ConstrainedRegressor(make_pipeline(StandardScaler(), Ridge()), cv=2,
                                                random_state=0).fit(X, y),
    }  # fmt: skip


@pytest.mark.parametrize("asks", SAMPLERS, ids=lambda asks: type(asks).__name__)
@pytest.mark.parametrize("name", ["pipeline", "search", "learner", "pipeline inside"])
def test_duals_are_found_within(name, asks, diabetes):
    estimator = wrapped(diabetes)[name]
    assert len(set(asks.query(estimator, diabetes[0][100:], 4))) == 4
    samples = Pool(estimator, diabetes[0][100:])
    assert samples.dual_variables.shape == (100,) and samples.train_embedding.shape == (100, 10)
    assert samples.embedding.shape == (100, 10)


def test_modal_asks_and_teaches(diabetes):
    X, y = diabetes
    learner = ActiveLearner(
        ConstrainedRegressor(Ridge(), cv=2, random_state=0), SAMPLERS[0], X[:50], y[:50]
    )
    indices, _ = learner.query(X[50:], n_instances=5)
    learner.teach(X[50:][indices], y[50:][indices])
    assert len(learner.estimator.dual_variables_) == 55
    committee = Committee([learner, learner], SAMPLERS[0])
    assert len(committee.query(X[50:], n_instances=3)[0]) == 3


def test_wrong_labels_have_the_largest_duals(digits, rng):
    """Most of ten wrong labels of 200 are among the ten largest duals, at random half of one."""
    X, y = digits
    wrong = rng.permutation(200)[:10]
    y = y.copy()
    y[wrong] = (y[wrong] + 1 + rng.randint(9, size=10)) % 10
    for estimator in (LogisticRegression(max_iter=1000), ExtraTreesClassifier(50)):
        found = ConstrainedClassifier(estimator, random_state=0).fit(X, y)
        suspects = np.argsort(found.dual_variables_)[::-1][:10]
        assert len(set(suspects) & set(wrong)) >= 6


@pytest.mark.parametrize("kind", ["trees", "forest"])
def test_the_level_of_predicted_duals_is_observed(kind, request):
    estimator = request.getfixturevalue(kind)
    X, _ = request.getfixturevalue("diabetes" if kind == "trees" else "digits")
    criterion = PredictedDualLevel(regressor=HEAD, random_state=0)
    level = criterion.observe(RoundState(estimator, X_pool=X[150:]))
    assert level > 0 and criterion.is_reached([level, level / 20, level / 30])


def test_displays_draw(trees, forest, diabetes):
    display = DualVariablesDisplay.from_estimator(forest)
    course, _, slack = display.axes_
    drawn = {line.get_label(): line.get_ydata() for line in course.lines}
    assert np.allclose(drawn["dual mean"], [each["dual_mean"] for each in forest.history_])
    assert course.get_xlabel() == "update"
    points = np.c_[forest.slacks_, forest.dual_variables_]
    assert np.allclose(slack.collections[0].get_offsets(), points)
    X = diabetes[0][100:]
    picks = PicksDisplay.from_estimator(trees, X, SAMPLERS[0].query(trees, X, 4), regressor=HEAD)
    assert picks.ax_ is not None
    pyplot.close("all")


def test_losses_are_those_of_the_estimator(forest, trees, digits, diabetes):
    for estimator, (X, y) in ((forest, digits), (trees, diabetes)):
        assert np.allclose(sample_loss(estimator, X, y), estimator.sample_loss(X, y))


def test_spread_of_trees_inside_is_that_of_the_trees(trees, diabetes):
    X = diabetes[0][100:]
    draws = list(Samples(trees, X).draws(1, np.random.RandomState(0)))
    each = [tree.predict(X) for tree in trees.estimator_.estimators_]
    assert np.allclose(np.hstack(draws).T, each)


def test_bald_asks_the_trees_inside(forest, digits):
    assert len(BALDSampler(random_state=0).query(forest, digits[0][150:], 3)) == 3


def test_synthesis_says_that_it_needs_a_net(trees, diabetes):
    with pytest.raises(ValueError, match="ConstrainedRegressor is no net"):
        InputSynthesizer(n_steps=1).synthesize(trees, diabetes[0][:2])


def test_the_runner_draws_learning_curves(diabetes):
    estimator = ConstrainedRegressor(Ridge(), cv=2)
    curves = learning_curves(
        estimator, {"random": RandomSampler(), "ALLY": SAMPLERS[0]}, *diabetes,
        n_initial=40, n_instances=10, n_rounds=2, random_states=[0],
    )  # fmt: skip
    assert set(curves.summary().index.get_level_values(0)) == {"random", "ALLY"}


def test_duals_rank_rows_of_which_little_is_known(rng):
    """In a half of the input the target is noise, which both duals and their predictions show."""
    X = rng.uniform(-1, 1, size=(600, 2))
    y = X[:, 1] + (X[:, 0] > 0) * rng.normal(size=600)
    found = ConstrainedRegressor(ExtraTreesRegressor(30), random_state=0).fit(X[:300], y[:300])
    _, utility = ALLYSampler(random_state=0).query(found, X[300:], return_utilities=True)
    assert spearmanr(utility, X[300:, 0] > 0).statistic > 0.5
