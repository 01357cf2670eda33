"""Criteria that look at predictions, against scikit-learn and entropies by hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from modAL.models import ActiveLearner, Committee
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.metrics import cohen_kappa_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally.stopping import OverallUncertainty, RoundState, StabilizingPredictions
from skally.stopping.agreement import agreement
from skally.utils.chunks import ROWS

SMOOTH = GaussianNB(var_smoothing=1.0)  # closed form, and less sure than with its defaults


class Given(ClassifierMixin, BaseEstimator):
    """Classifier that predicts its input: rows of X are class probabilities."""

    def __init__(self):
        self.classes_ = np.arange(2)
        self.largest = 0

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        self.largest = max(self.largest, len(X))
        return np.asarray(X)


def test_agreement_of_successive_models_is_scikit_learns_kappa(rounds):
    criterion = StabilizingPredictions(threshold=0.9, patience=2)
    observations = [criterion.observe(state) for state in rounds]
    predictions = [state.estimator.predict(state.X_stop) for state in rounds]
    kappas = [cohen_kappa_score(*pair) for pair in pairwise(predictions)]
    assert [agreement(*pair) for pair in pairwise(observations)] == pytest.approx(kappas)
    mean = np.mean(kappas[-2:])
    assert clone(criterion).set_params(threshold=mean - 1e-9).is_reached(observations)
    assert not clone(criterion).set_params(threshold=mean + 1e-9).is_reached(observations)


def test_order_of_the_stop_set_and_names_of_classes_change_no_agreement(rounds, rng):
    a, b = (np.array(StabilizingPredictions().observe(state)) for state in rounds[:2])
    order = rng.permutation(len(a))
    names = dict(zip(np.unique([a, b]), rng.permutation(100).astype(str), strict=False))
    renamed = [[names[label] for label in side] for side in (a, b)]
    assert agreement(a[order], b[order]) == pytest.approx(agreement(a, b))
    assert agreement(*renamed) == pytest.approx(agreement(a, b))


def test_predictions_of_regressors_are_numbers_for_one_output_or_many(diabetes):
    X, y = diabetes
    for target in (y, np.stack([y, -(y**2)], axis=1)):
        states = [RoundState(LinearRegression().fit(X[:n], target[:n]), X_stop=X) for n in (20, 99)]
        a, b = (StabilizingPredictions().observe(state) for state in states)
        assert np.allclose(a, states[0].estimator.predict(X))
        assert agreement(a, a) == 1 and agreement(a, b) < 0.99
        assert StabilizingPredictions(patience=1).is_reached([a, b, b])


def test_a_stop_set_that_changes_is_an_error():
    with pytest.raises(ValueError, match="X_stop had 2 rows and then 3"):
        StabilizingPredictions(patience=1).is_reached([["a", "b"], ["a", "b", "b"]])
    with pytest.raises(ValueError, match="X_stop has 0 rows"):
        StabilizingPredictions().observe(RoundState(Given(), X_stop=np.zeros((0, 2))))


def test_uncertainty_is_entropy_over_the_largest_possible():
    half, sure, third = [0.5, 0.5], [1.0, 0.0], [1 / 3] * 3
    quarter = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    for rows, mean, largest in (
        ([half, sure], 0.5, 1), ([third, third], 1, 1), ([[1.0], [1.0]], 0, 0),
        ([[0.25, 0.75], sure, sure], quarter / 3, quarter), (np.zeros((0, 2)), 0, 0),
    ):  # fmt: skip
        state = RoundState(Given(), X_pool=np.array(rows))
        assert OverallUncertainty().observe(state) == pytest.approx(mean)
        assert OverallUncertainty(quantile=1).observe(state) == pytest.approx(largest)


def test_large_pools_are_predicted_in_parts(rng):
    share = rng.uniform(0.01, 0.99, size=3 * ROWS + 7)
    model, pool = Given(), np.stack([share, 1 - share], axis=1)
    expected = -np.mean(share * np.log2(share) + (1 - share) * np.log2(1 - share))
    assert OverallUncertainty().observe(RoundState(model, X_pool=pool)) == pytest.approx(expected)
    assert model.largest == ROWS


def test_names_of_classes_change_no_uncertainty(digits):
    X, y = digits
    names = np.array(list("jihgfedcba"))
    uncertainty = [
        OverallUncertainty().observe(RoundState(SMOOTH.fit(X, labels), X_pool=X))
        for labels in (y, names[y])
    ]
    assert uncertainty[0] > 0.01  # not lost in the tolerance, which is 1e-6 of it
    assert uncertainty[0] == pytest.approx(uncertainty[1])


@pytest.mark.parametrize("make", [RidgeClassifier, LinearRegression, RandomForestRegressor])
def test_uncertainty_without_probabilities_is_an_error(make, digits):
    model = make().fit(digits[0], digits[1])
    with pytest.raises(ValueError, match=f"{make.__name__} has no predict_proba, which Overall"):
        OverallUncertainty().observe(RoundState(model, X_pool=digits[0]))


def test_predictions_that_are_not_finite_are_errors(diabetes):
    X, y = diabetes
    broken = LinearRegression().fit(X, y)
    broken.coef_ = broken.coef_ * np.nan
    with pytest.raises(ValueError, match="predictions of X_stop are not all finite"):
        StabilizingPredictions().observe(RoundState(broken, X_stop=X))
    with pytest.raises(ValueError, match="gives no probabilities in rows 0, 1, 2: .* nan"):
        OverallUncertainty().observe(RoundState(Given(), X_pool=np.full((3, 2), np.nan)))
    with pytest.raises(ValueError, match=r"predict_proba gives an array of shape \(3, 2, 2\)"):
        OverallUncertainty().observe(RoundState(Given(), X_pool=np.ones((3, 2, 2))))


def test_pipelines_learners_and_committees_say_what_their_estimator_does(digits):
    X, y = digits
    model = make_pipeline(StandardScaler(), clone(SMOOTH)).fit(X[:100], y[:100])
    learner = ActiveLearner(clone(SMOOTH), X_training=X[:100], y_training=y[:100])
    committee = Committee([learner])
    bare = clone(SMOOTH).fit(X[:100], y[:100])
    for estimator, same in ((model, model), (learner, bare), (committee, bare)):
        state = RoundState(estimator, X_pool=X[100:], X_stop=X)
        assert StabilizingPredictions().observe(state) == same.predict(X).astype(str).tolist()
        expected = OverallUncertainty().observe(replace(state, estimator=same))
        assert OverallUncertainty().observe(state) == pytest.approx(expected)
