import numpy as np
import pytest
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


def brute(distance, k):
    """Greedy max-min; distance(rows known, picks so far) is (n_pool, n_known)."""
    picks = []
    for _ in range(k):
        gap = distance(picks).min(axis=1)
        gap[picks] = -1
        picks.append(int(gap.argmax()))
    return picks


def input_distance(X, X_pool):
    return lambda picks: cdist(X_pool, np.vstack([X, X_pool[picks]]))


def target_distance(y, predicted):
    return lambda picks: np.abs(predicted[:, None] - np.concatenate([y, predicted[picks]]))


def test_gsx_is_greedy_in_the_inputs(data):
    X, y, X_pool, model = data
    expected = brute(input_distance(X, X_pool), 12)
    assert GreedyInputSampler().query(model, X_pool, 12, X=X).tolist() == expected
    assert GreedyInputSampler().query(None, X_pool, 12, X=X).tolist() == expected


def test_gsx_without_labels_starts_nearest_to_the_mean(data):
    X_pool = data[2]
    first = int(((X_pool - X_pool.mean(axis=0)) ** 2).sum(axis=1).argmin())
    rest = brute(input_distance(X_pool[[first]], X_pool), 5)
    assert GreedyInputSampler().query(None, X_pool, 6).tolist() == [first, *rest]


def test_gsx_looks_at_inputs_and_not_at_the_embedding(regressor, diabetes):
    X, y = diabetes
    expected = brute(input_distance(X[:150], X[150:]), 5)
    assert GreedyInputSampler().query(regressor, X[150:], 5, X=X[:150]).tolist() == expected


def test_gsx_sees_what_the_last_step_of_a_pipeline_sees(data):
    X, y, X_pool, _ = data
    scale = np.array([1, 1e3, 1])
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X * scale, y)
    expected = brute(input_distance(model[0].transform(X * scale),
                                    model[0].transform(X_pool * scale)), 5)  # fmt: skip
    assert GreedyInputSampler().query(model, X_pool * scale, 5, X=X * scale).tolist() == expected


def test_gsy_is_greedy_in_the_predicted_targets(data):
    X, y, X_pool, model = data
    expected = brute(target_distance(y, model.predict(X_pool)), 12)
    assert GreedyTargetSampler().query(model, X_pool, 12, X=X, y=y).tolist() == expected
    assert GreedyTargetSampler().query(model, X_pool, 12, y=y.tolist()).tolist() == expected


def test_igs_is_greedy_in_the_product_of_both(data):
    X, y, X_pool, model = data
    d_x, d_y = input_distance(X, X_pool), target_distance(y, model.predict(X_pool))
    expected = brute(lambda picks: d_x(picks) * d_y(picks), 12)
    assert ImprovedGreedySampler().query(model, X_pool, 12, X=X, y=y).tolist() == expected


def test_several_targets(data, rng):
    X, y, X_pool, _ = data
    Y = np.column_stack([y, rng.normal(size=6)])
    model = LinearRegression().fit(X, Y)
    gap = cdist(model.predict(X_pool), Y).min(axis=1)
    assert GreedyTargetSampler().query(model, X_pool, y=Y).tolist() == [int(gap.argmax())]


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
