import numpy as np
import pytest
from picks import assert_greedy
from scipy.spatial.distance import cdist
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import GreedyInputSampler, GreedyTargetSampler, ImprovedGreedySampler


@pytest.fixture
def data(rng):
    """Labelled inputs and targets, a pool, and a model that predicts the pool."""
    X, y, X_pool = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=(40, 3))
    return X, y, X_pool, LinearRegression().fit(X, y)


def max_min(distance):
    """Score of the next pick: distance(earlier picks) is (n_pool, n_known), the least counts."""
    return lambda picks: distance(picks).min(axis=1)


def input_distance(X, X_pool):
    return lambda picks: cdist(X_pool, np.vstack([X, X_pool[picks]]))


def target_distance(y, predicted):
    return lambda picks: np.abs(predicted[:, None] - np.concatenate([y, predicted[picks]]))


def test_gsx_is_greedy_in_the_inputs(data):
    X, y, X_pool, model = data
    for estimator in (model, None):
        picks = GreedyInputSampler().query(estimator, X_pool, 12, X=X)
        assert_greedy(picks, max_min(input_distance(X, X_pool)), rtol=1e-9)


def test_gsx_without_labels_starts_nearest_to_the_mean(data):
    X_pool = data[2]
    to_mean = ((X_pool - X_pool.mean(axis=0)) ** 2).sum(axis=1)
    first, *rest = GreedyInputSampler().query(None, X_pool, 6)
    assert np.isclose(to_mean[first], to_mean.min())
    assert first not in rest
    assert_greedy(rest, max_min(input_distance(X_pool[[first]], X_pool)), rtol=1e-9)


def test_gsx_looks_at_inputs_and_not_at_the_embedding(regressor, diabetes):
    X, y = diabetes
    picks = GreedyInputSampler().query(regressor, X[150:], 5, X=X[:150])
    assert_greedy(picks, max_min(input_distance(X[:150], X[150:])))


def test_gsx_sees_what_the_last_step_of_a_pipeline_sees(data):
    X, y, X_pool, _ = data
    scale = np.array([1, 1e3, 1])
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X * scale, y)
    distance = input_distance(*(model[0].transform(rows * scale) for rows in (X, X_pool)))
    picks = GreedyInputSampler().query(model, X_pool * scale, 5, X=X * scale)
    assert_greedy(picks, max_min(distance), rtol=1e-9)


def test_gsy_is_greedy_in_the_predicted_targets(data):
    X, y, X_pool, model = data
    for labelled in ({"X": X, "y": y}, {"y": y.tolist()}):
        picks = GreedyTargetSampler().query(model, X_pool, 12, **labelled)
        assert_greedy(picks, max_min(target_distance(y, model.predict(X_pool))), rtol=1e-6)


def test_igs_is_greedy_in_the_product_of_both(data):
    X, y, X_pool, model = data
    d_x, d_y = input_distance(X, X_pool), target_distance(y, model.predict(X_pool))
    picks = ImprovedGreedySampler().query(model, X_pool, 12, X=X, y=y)
    assert_greedy(picks, max_min(lambda picks: d_x(picks) * d_y(picks)), rtol=1e-6)


def test_several_targets(data, rng):
    X, y, X_pool, _ = data
    Y = np.column_stack([y, rng.normal(size=6)])
    model = LinearRegression().fit(X, Y)
    picks = GreedyTargetSampler().query(model, X_pool, y=Y)
    assert_greedy(picks, lambda _: cdist(model.predict(X_pool), Y).min(axis=1), rtol=1e-6)


def test_what_is_missing_is_said(data):
    X, y, X_pool, model = data
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        GreedyInputSampler().query(model, X_pool)
    with pytest.raises(ValueError, match="y == None, must be the labels of X"):
        GreedyTargetSampler().query(model, X_pool, X=X)
    classifier = LogisticRegression().fit(X, y > 0)
    for sampler in (GreedyTargetSampler(), ImprovedGreedySampler()):
        with pytest.raises(ValueError, match="LogisticRegression is no regressor"):
            sampler.query(classifier, X_pool, X=X, y=y)
