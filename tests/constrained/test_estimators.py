"""Losses, slacks and duals by brute force; parameters; bad input."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from constrained.estimators import Dropping, Forgetful, Labels, Recording, Reversed, Talkative
from scipy import sparse
from scipy.special import expit, softmax
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from skally import ConstrainedClassifier, ConstrainedNetRegressor, ConstrainedRegressor
from skally.nets.folds import assign_folds
from skally.utils.random import make_rng

LOGISTIC = LogisticRegression(max_iter=1000)


def folds_of(y, cv, stratify, **kwargs):
    """Folds that an estimator with random_state=0 makes."""
    return assign_folds(y, cv, stratify=stratify, rng=make_rng(0), **kwargs)[0]


# Losses and duals


def test_held_out_losses_are_squared_errors_of_fits_on_the_other_folds_in_variances(diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(Ridge(), weighted=False, cv=4, random_state=0).fit(X, y)
    folds, expected = folds_of(y, 4, False), np.empty(len(y))
    for fold in range(4):
        model = Ridge().fit(X[folds != fold], y[folds != fold])
        expected[folds == fold] = (model.predict(X[folds == fold]) - y[folds == fold]) ** 2
    assert np.allclose(found.held_out_loss_, expected / np.var(y), rtol=1e-4)
    assert np.allclose(found.slacks_, expected / np.var(y) - 0.1, rtol=1e-4, atol=1e-6)


def test_held_out_losses_of_classes_are_log_losses(digits):
    X, y = digits
    found = ConstrainedClassifier(LOGISTIC, weighted=False, cv=3, random_state=0).fit(X, y)
    folds = folds_of(y, 3, True)
    for fold in range(3):
        proba = clone(LOGISTIC).fit(X[folds != fold], y[folds != fold]).predict_proba(X)
        expected = -np.log(proba[np.arange(len(y)), y])[folds == fold]
        assert np.allclose(found.held_out_loss_[folds == fold], expected, rtol=1e-3, atol=1e-5)


def test_recorded_duals_go_half_of_the_way_to_a_fortieth_of_the_slack_each_time(diabetes):
    found = ConstrainedRegressor(Ridge(), weighted=False, n_dual_updates=2).fit(*diabetes)
    duals = np.zeros(200)
    for _ in range(2):
        duals = np.clip(duals + (found.slacks_ / 40 - duals) / 2, 0, 0.1)
    assert np.allclose(found.dual_variables_, duals, atol=1e-6) and duals.max() > 0
    assert np.allclose(found.sensitivity_, -duals / 200)
    plain = Ridge().fit(*diabetes)
    assert np.allclose(found.predict(diabetes[0]), plain.predict(diabetes[0]))


def test_the_estimator_and_the_slacks_are_those_of_the_final_duals(diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(Ridge(), cv=4, random_state=0).fit(X, y)
    weights = 1 + found.dual_variables_
    expected = Ridge().fit(X, y, weights)
    assert np.allclose(found.predict(X), expected.predict(X), rtol=1e-4)
    assert not np.allclose(found.predict(X), Ridge().fit(X, y).predict(X), rtol=1e-4)
    of_fold = folds_of(y, 4, False) == 2
    model = Ridge().fit(X[~of_fold], y[~of_fold], weights[~of_fold])
    loss = (model.predict(X[of_fold]) - y[of_fold]) ** 2 / np.var(y)
    assert np.allclose(found.held_out_loss_[of_fold], loss, rtol=1e-3)


def test_losses_out_of_bag_take_the_place_of_folds(diabetes):
    X, y = diabetes
    forest = RandomForestRegressor(30, oob_score=True, random_state=3)
    found = ConstrainedRegressor(forest, weighted=False).fit(X, y)
    loss = (clone(forest).fit(X, y).oob_prediction_ - y) ** 2 / np.var(y)
    assert np.allclose(found.held_out_loss_, loss, rtol=1e-4)


@pytest.mark.parametrize("last", [
    RandomForestClassifier(40, oob_score=True, random_state=3),
    BaggingClassifier(LOGISTIC, n_estimators=40, oob_score=True, random_state=3),
])  # fmt: skip
def test_losses_out_of_bag_are_found_at_the_end_of_a_pipeline(last, digits):
    X, y = digits
    pipeline = make_pipeline(StandardScaler(), last)
    found = ConstrainedClassifier(pipeline, weighted=False).fit(X, y)
    proba = clone(pipeline).fit(X, y)[-1].oob_decision_function_[np.arange(len(y)), y]
    assert np.allclose(found.held_out_loss_, -np.log(np.maximum(proba, 1e-6)), atol=1e-4)


@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB scores")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("ensemble", [RandomForestRegressor, BaggingRegressor])
def test_rows_that_are_in_all_bags_have_no_held_out_loss(ensemble, diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(
        ensemble(n_estimators=2, oob_score=True, random_state=0), weighted=False
    ).fit(X, y)
    bags = np.array([np.isin(np.arange(200), b) for b in found.estimator_.estimators_samples_])
    assert np.array_equal(np.isnan(found.held_out_loss_), bags.all(axis=0))
    assert 0 < bags.all(axis=0).sum() < 200 and np.isfinite(found.dual_variables_).all()


def test_an_automatic_tolerance_is_1_2_times_the_mean_held_out_loss(diabetes):
    found = ConstrainedRegressor(Ridge(), "auto", weighted=False, random_state=0).fit(*diabetes)
    assert np.isclose(found.epsilon_, 1.2 * found.held_out_loss_.mean())
    weighted = ConstrainedRegressor(Ridge(), "auto", random_state=0).fit(*diabetes)
    assert np.isclose(weighted.epsilon_, found.epsilon_)
    training = ConstrainedRegressor(
        Ridge(), "auto", dual_loss="training", dual_lr=0.01, dual_max=1.0, random_state=0
    ).fit(*diabetes)
    assert np.isclose(training.epsilon_, found.epsilon_)


def test_each_row_may_have_its_own_tolerance(diabetes):
    X, y = diabetes
    epsilon = np.where(np.arange(200) < 100, 0.0, 1e6)
    found = ConstrainedRegressor(Ridge()).fit(X, y, epsilon=epsilon)
    assert np.array_equal(found.epsilon_, epsilon)
    assert (found.dual_variables_[:100] > 0).all() and (found.dual_variables_[100:] == 0).all()


def test_rows_of_a_group_are_withheld_together(diabetes):
    X, y = diabetes
    groups = np.arange(200) % 50
    found = ConstrainedRegressor(Ridge(), weighted=False, cv=2, random_state=0)
    found.fit(X, y, groups=groups)
    folds = folds_of(y, 2, False, groups=groups)
    model = Ridge().fit(X[folds == 0], y[folds == 0])
    loss = (model.predict(X[folds == 1]) - y[folds == 1]) ** 2 / np.var(y)
    assert np.allclose(found.held_out_loss_[folds == 1], loss, rtol=1e-4)


def test_groups_are_not_kept_apart_by_bags_and_so_by_folds(diabetes):
    X, y = np.repeat(diabetes[0][:50], 4, axis=0), np.repeat(diabetes[1][:50], 4)
    forest = RandomForestRegressor(20, oob_score=True)
    fits = [
        ConstrainedRegressor(forest, weighted=False, random_state=0).fit(X, y, groups=groups)
        for groups in (None, np.repeat(np.arange(50), 4))
    ]
    bags, folds = (np.mean(each.held_out_loss_) for each in fits)
    assert bags < 0.5 * folds  # the same rows are in the bags


def test_several_targets_average_their_losses(diabetes):
    X, y = diabetes
    Y = np.c_[y, 1000 * X[:, 0] ** 2]
    found = ConstrainedRegressor(Ridge(), cv=3).fit(X, Y)
    assert found.predict(X).shape == Y.shape and found.dual_variables_.shape == (200,)
    expected = ((found.predict(X) - Y) ** 2 / Y.var(axis=0)).mean(axis=1)
    assert np.allclose(found.sample_loss(X, Y), expected)


def test_losses_are_in_the_units_of_the_nets(diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(Ridge()).fit(X, y)
    net = ConstrainedNetRegressor(n_members=1, max_epochs=1, random_state=0).fit(X, y)
    same = net.predict(X)
    expected = net.sample_loss(X, y)
    found.estimator_ = Constant(same)
    assert np.allclose(found.sample_loss(X, y), expected, rtol=1e-3, atol=1e-5)


class Constant:
    """Predicts what it is given."""

    def __init__(self, values):
        self.values = values

    def predict(self, X):
        return self.values


# Weights


@pytest.mark.parametrize("estimator", [KNeighborsRegressor(), make_pipeline(KNeighborsRegressor())])
def test_without_sample_weights_duals_are_recorded(estimator, diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(estimator).fit(X, y)
    assert found.dual_variables_.max() > 0 and len(found.history_) == 4
    assert np.allclose(found.predict(X), clone(estimator).fit(X, y).predict(X))
    with pytest.raises(ValueError, match="weighted == True.*takes no sample weights"):
        clone(found).set_params(weighted=True).fit(X, y)
    with pytest.raises(ValueError, match="sample_weight must be None"):
        clone(found).fit(X, y, sample_weight=np.ones(200))


def test_arguments_of_fit_are_divided_as_the_rows_are(diabetes):
    X, y = diabetes
    ages = list(range(200))
    seen = []

    class Spy(Recording):
        def fit(self, X, y, sample_weight=None, colour=None, ages=None):
            seen.append((X, ages, colour))
            return super().fit(X, y, sample_weight, colour, ages)

    ConstrainedRegressor(Spy(), weighted=False, cv=2).fit(X, y, ages=ages, colour="red")
    assert [len(part) for part, _, _ in seen] == [100, 100, 200]
    for part, of_part, colour in seen:
        assert np.array_equal(X[of_part], part) and colour == "red"


def test_weights_of_the_user_are_multiplied_by_those_of_the_duals(diabetes):
    X, y = diabetes
    given = np.linspace(1, 2, 200)
    pipeline = make_pipeline(StandardScaler(), Recording())
    found = ConstrainedRegressor(pipeline).fit(X, y, recording__sample_weight=given)
    weights = found.estimator_[-1].given_["sample_weight"]
    assert np.allclose(weights, given * (1 + found.dual_variables_))
    without = ConstrainedRegressor(pipeline, weighted=False).fit(X, y, sample_weight=given)
    assert np.array_equal(without.estimator_[-1].given_["sample_weight"], given)
    for wrong, words in ((-given, "must be >= 0"), (given[:5], r"shape \(5,\), must be \(200,\)")):
        with pytest.raises(ValueError, match=words):
            clone(found).fit(X, y, sample_weight=wrong)
    with pytest.raises(ValueError, match="must be given once"):
        clone(found).fit(X, y, sample_weight=given, recording__sample_weight=given)


def test_metadata_routing_brings_weights_and_groups(diabetes):
    X, y = diabetes
    given, groups = np.linspace(1, 2, 200), np.arange(200) % 20
    with config_context(enable_metadata_routing=True):
        inner = ConstrainedRegressor(Recording(), cv=2, random_state=0)
        inner.set_fit_request(sample_weight=True, groups=True)
        inner.set_score_request(sample_weight=False)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(scaler, inner)
        routed.fit(X, y, sample_weight=given, groups=groups)
        search = GridSearchCV(inner, {"epsilon": [0.1, 0.3]}, cv=GroupKFold(3))
        search.fit(X, y, sample_weight=given, groups=groups)
    alone = clone(inner).fit(StandardScaler().fit_transform(X), y, sample_weight=given,
                             groups=groups)  # fmt: skip
    assert np.allclose(routed[-1].dual_variables_, alone.dual_variables_)
    assert len(search.best_estimator_.dual_variables_) == 200


# Classes


@pytest.mark.parametrize("n_classes", [2, 10])
def test_classes_in_another_order_make_no_difference(n_classes, digits):
    rows = digits[1] < n_classes
    X, y = digits[0][rows], np.array(list("abcdefghij"))[digits[1][rows]]
    usual, other = (
        ConstrainedClassifier(each, random_state=0).fit(X, y) for each in (LOGISTIC, Reversed())
    )
    assert np.allclose(other.dual_variables_, usual.dual_variables_, atol=1e-4)
    assert list(other.classes_) == sorted(set(y))
    assert np.allclose(other.predict_proba(X), usual.predict_proba(X), atol=1e-3)
    assert np.allclose(other.decision_function(X), usual.decision_function(X), atol=1e-2)
    assert np.allclose(other.sample_loss(X, y), usual.sample_loss(X, y), atol=1e-2)


def test_classes_that_a_fit_has_not_seen_have_a_probability_of_0_which_counts_as_a_millionth(rng):
    y = np.array(["a"] * 30 + ["b"] * 20 + ["rare"] * 3)
    X = rng.normal(size=(53, 2))
    found = ConstrainedClassifier(Forgetful(), random_state=0).fit(X, y)
    assert np.allclose(found.held_out_loss_[50:], -np.log(1e-6))
    assert (found.predict_proba(X)[:, 2] == 0).all() and found.predict_proba(X).shape == (53, 3)
    assert (found.dual_variables_[50:] > found.dual_variables_[:50].max()).all()


def test_a_class_with_one_row_is_withheld_from_no_fit(digits):
    X, y = digits[0][:101], np.append(digits[1][:100] % 3, 7)
    found = ConstrainedClassifier(LOGISTIC, random_state=0).fit(X, y)
    assert np.array_equal(np.isnan(found.held_out_loss_), y == 7)
    assert np.isfinite(found.slacks_).all() and np.isfinite(found.dual_variables_).all()


def test_without_probabilities_scores_go_through_a_softmax(digits):
    X, y = digits
    for rows, squash in ((y < 2, lambda s: np.c_[expit(-s), expit(s)]), (y < 10, softmax_rows)):
        found = ConstrainedClassifier(LinearSVC(random_state=0)).fit(X[rows], y[rows])
        proba = squash(found.estimator_.decision_function(X[rows]))
        expected = -np.log(proba[np.arange(rows.sum()), y[rows]])
        assert np.allclose(found.sample_loss(X[rows], y[rows]), expected, atol=1e-6)
        assert not hasattr(found, "predict_proba")


def softmax_rows(scores):
    return softmax(scores, axis=1)


def test_of_labels_alone_the_loss_is_0_or_1(digits):
    X, y = digits
    found = ConstrainedClassifier(Labels(), weighted=False).fit(X, y)
    assert np.array_equal(found.sample_loss(X, y), found.predict(X) != y)
    assert set(found.held_out_loss_) == {0, 1}


def test_scores_of_pairs_of_classes_are_an_error(digits):
    svc = SVC(decision_function_shape="ovo")
    with pytest.raises(ValueError, match="SVC.decision_function gives 45 columns, must be 10"):
        ConstrainedClassifier(svc).fit(*digits)


def test_one_label_gives_no_duals(digits):
    X = digits[0]
    found = ConstrainedClassifier(RandomForestClassifier(5)).fit(X, np.full(200, "only"))
    assert np.all(found.dual_variables_ == 0) and np.all(found.predict(X) == "only")
    with pytest.raises(ValueError, match="class"):
        ConstrainedClassifier(LOGISTIC).fit(X, np.zeros(200, dtype=int))


# Few rows


@pytest.mark.parametrize("n", [1, 19])
def test_too_few_rows_have_training_losses_and_a_warning(n, diabetes):
    X, y = diabetes[0][:n], diabetes[1][:n]
    with pytest.warns(UserWarning, match=f"No sample is held out.*n_samples == {n}"):
        found = ConstrainedRegressor(Ridge()).fit(X, y)
    assert np.isnan(found.held_out_loss_).all()
    assert np.allclose(found.slacks_ + 0.1, found.sample_loss(X, y), rtol=1e-3, atol=1e-5)


def test_one_group_has_training_losses_and_a_warning(diabetes):
    with pytest.warns(UserWarning, match="all are in one group"):
        ConstrainedRegressor(Ridge()).fit(*diabetes, groups=np.zeros(200))


def test_training_losses_that_were_asked_for_warn_of_nothing(diabetes):
    X, y = diabetes[0][:15], diabetes[1][:15]
    found = ConstrainedRegressor(Ridge(), 10.0, dual_loss="training").fit(X, y)
    assert np.allclose(found.slacks_ + 10, found.sample_loss(X, y), atol=1e-5)


# Input


@pytest.mark.parametrize("form", [
    lambda X: X.tolist(), lambda X: pd.DataFrame(X, index=range(9, 209)), sparse.coo_array,
    lambda X: pl.DataFrame(X), np.asfortranarray,
])  # fmt: skip
def test_every_form_of_x_gives_the_same_duals(form, diabetes):
    X, y = diabetes
    expected = ConstrainedRegressor(Ridge(), random_state=0).fit(X, y)
    X_formed = form(X)
    found = ConstrainedRegressor(Ridge(), random_state=0).fit(X_formed, pd.Series(y))
    assert np.allclose(found.dual_variables_, expected.dual_variables_, atol=1e-3)  # by two solvers
    assert np.allclose(found.embed(X_formed), expected.embed(X), atol=1e-4)
    assert np.allclose(found.predict(X_formed), expected.predict(X), rtol=1e-3)


def test_frames_keep_their_names_and_words(diabetes):
    X, y = diabetes
    frame = pd.DataFrame(X.copy(), columns=[f"f{i}" for i in range(10)])
    frame["kind"] = pd.Categorical(np.where(y > 140, "high", "low"))
    frame.loc[3, "f1"] = np.nan
    frame["f2"] = frame["f2"].astype("Float64")
    frame.loc[4, "f2"] = pd.NA
    boosting = HistGradientBoostingRegressor(max_iter=10, categorical_features="from_dtype")
    found = ConstrainedRegressor(boosting, cv=2).fit(frame, y)
    assert list(found.feature_names_in_) == list(frame.columns)
    assert found.embed(frame).shape == (200, 12) and np.isfinite(found.embed(frame)).all()
    with pytest.raises(ValueError, match="feature names"):
        found.predict(frame[frame.columns[::-1]])


@pytest.mark.parametrize("Constrained, estimator, words", [
    (ConstrainedClassifier, Ridge(), "estimator is a Ridge, must be a classifier"),
    (ConstrainedRegressor, LOGISTIC, "estimator is a LogisticRegression, must be a regressor"),
    (ConstrainedRegressor, Ridge, "estimator is the class Ridge, must be a regressor"),
    (ConstrainedRegressor, KMeans(), "estimator is a KMeans"),
    (ConstrainedRegressor, None, "estimator is a NoneType"),
    (ConstrainedRegressor, KNeighborsRegressor(metric="precomputed"), "takes distances"),
])  # fmt: skip
def test_what_is_no_such_estimator_is_an_error(Constrained, estimator, words, diabetes):
    with pytest.raises(ValueError, match=words):
        Constrained(estimator).fit(*diabetes)


@pytest.mark.parametrize("params, words", [
    ({"epsilon": -0.1}, r"epsilon == -0.1, must be finite and >= 0"),
    ({"epsilon": np.nan}, "epsilon == nan"),
    ({"epsilon": "much"}, "epsilon == 'much'"),
    ({"n_dual_updates": -1}, "n_dual_updates == -1, must be >= 0"),
    ({"n_dual_updates": 1.5}, "n_dual_updates == 1.5, must be an integer"),
    ({"cv": 1}, "cv == 1, must be >= 2"),
    ({"weighted": "no"}, "weighted == 'no'"),
    ({"dual_loss": "test"}, "dual_loss == 'test'"),
    ({"dual_lr": -1.0}, "dual_lr == -1.0"),
    ({"dual_max": -1.0}, "dual_max == -1.0"),
    ({"dual_lr": 1.0, "dual_decay": 2.0}, "dual_lr \\* dual_decay"),
    ({"random_state": "x"}, "random_state == 'x'"),
])  # fmt: skip
def test_bad_parameters_are_named_before_anything_is_fitted(params, words, diabetes):
    found = ConstrainedRegressor(Ridge()).fit(*diabetes)
    before = found.predict(diabetes[0])
    with pytest.raises(ValueError, match=words):
        found.set_params(**params).fit(*diabetes)
    assert np.array_equal(found.predict(diabetes[0]), before)


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_missing_targets_are_errors(missing, diabetes):
    X, y = diabetes
    y = y.copy()
    y[3] = missing
    with pytest.raises(ValueError, match="y contains"):
        ConstrainedRegressor(Ridge()).fit(X, y)
    labels = np.where(np.isfinite(y), "a", None)
    with pytest.raises(ValueError, match="y has None in row 3"):
        ConstrainedClassifier(LOGISTIC).fit(X, labels)


def test_predictions_of_another_number_of_rows_are_an_error(diabetes):
    with pytest.raises(ValueError, match=r"Dropping.predict gives \d+ rows, must give 40"):
        ConstrainedRegressor(Dropping()).fit(*diabetes)


@pytest.mark.parametrize("classes, proba, words", [
    ((0, 5), lambda n: np.full((n, 2), 0.5), r"has classes \[5\], which y has not"),
    ((0, 1), lambda n: np.full((n, 2), 0.7), "gives no probabilities in rows 0, 1"),
    ((0, 1), lambda n: np.full((n, 2), np.nan), "gives no probabilities in rows 0, 1"),
    ((0, 1), lambda n: np.full((n, 3), 1 / 3), "gives 3 columns, must be 2"),
    ((0, 1), lambda n: [np.full((n, 2), 0.5)] * 2, "gives 2 arrays, must be one"),
])  # fmt: skip
def test_what_are_no_probabilities_of_the_classes_is_an_error(classes, proba, words, diabetes):
    X, y = diabetes
    with pytest.raises(ValueError, match=words):
        ConstrainedClassifier(Talkative(classes, proba)).fit(X, (y > 140).astype(int))


def test_predictions_that_are_not_finite_are_an_error(diabetes):
    class Diverged(Recording):
        def predict(self, X):
            return np.full(len(X), np.nan)

    with pytest.raises(ValueError, match="Diverged.predict has values that are not finite"):
        ConstrainedRegressor(Diverged()).fit(*diabetes)


def test_labels_and_lengths_that_do_not_fit_are_errors(diabetes, digits):
    found = ConstrainedClassifier(LOGISTIC).fit(*digits)
    with pytest.raises(ValueError, match="unseen labels"):
        found.sample_loss(digits[0][:2], [3, 11])
    for kwargs, words in (
        ({"epsilon": [0.1, 0.2]}, "epsilon has shape"), ({"groups": [1, 2]}, "groups has 2 values"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            ConstrainedRegressor(Ridge()).fit(*diabetes, **kwargs)
    with pytest.raises(ValueError, match="requires y to be passed"):
        ConstrainedRegressor(Ridge()).fit(diabetes[0])


def test_bags_that_are_asked_for_and_not_kept_are_an_error(diabetes):
    class NoBags(DummyRegressor):
        oob_score = True

    with pytest.raises(ValueError, match="NoBags keeps no predictions out of bag"):
        ConstrainedRegressor(NoBags()).fit(*diabetes)


# As an estimator among others


def test_the_same_random_state_gives_the_same_duals(diabetes):
    X, y = diabetes
    trees = ExtraTreesRegressor(5)
    a, b, other = (ConstrainedRegressor(trees, random_state=s).fit(X, y) for s in (0, 0, 1))
    assert np.array_equal(a.dual_variables_, b.dual_variables_)
    assert not np.array_equal(a.dual_variables_, other.dual_variables_)


def test_a_random_state_of_the_estimator_is_kept_and_none_is_set(diabetes):
    X, y = diabetes
    kept = ConstrainedRegressor(Recording(random_state=7), random_state=0).fit(X, y)
    assert kept.estimator_.random_state == 7
    given = Recording()
    found = ConstrainedRegressor(given, random_state=0).fit(X, y)
    assert isinstance(found.estimator_.random_state, int)
    assert given.random_state is None and not hasattr(given, "mean_")


def test_folds_may_be_fitted_side_by_side(diabetes):
    a, b = (ConstrainedRegressor(Ridge(), n_jobs=n, random_state=0).fit(*diabetes) for n in (1, 2))
    assert np.allclose(a.dual_variables_, b.dual_variables_, atol=1e-6)


def test_a_search_goes_over_our_parameters_and_the_estimators(diabetes):
    grid = {"epsilon": [0.1, 1.0], "estimator__alpha": [1.0, 1e6]}
    search = GridSearchCV(ConstrainedRegressor(Ridge(), random_state=0), grid, cv=2).fit(*diabetes)
    assert search.best_params_["estimator__alpha"] == 1.0
    assert search.best_estimator_.estimator_.alpha == 1.0
    assert cross_val_score(search.best_estimator_, *diabetes, cv=2).mean() > 0.3


def test_a_search_inside_gets_the_weights(diabetes):
    search = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0, 10.0]})
    found = ConstrainedRegressor(search, cv=2, random_state=0).fit(*diabetes)
    best = found.estimator_.best_estimator_
    expected = clone(best).fit(*diabetes, ridge__sample_weight=1 + found.dual_variables_)
    assert np.allclose(found.predict(diabetes[0]), expected.predict(diabetes[0]), rtol=1e-4)


def test_a_pickle_predicts_and_embeds_the_same(digits):
    X, y = digits
    found = ConstrainedClassifier(RandomForestClassifier(5), random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(found))
    for name in ("predict_proba", "embed"):
        assert np.array_equal(getattr(again, name)(X), getattr(found, name)(X))
    assert np.array_equal(again.dual_variables_, found.dual_variables_)


def test_an_error_leaves_the_estimator_as_it_was(diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(Ridge(), random_state=0).fit(X, y)
    before = found.dual_variables_
    with pytest.raises(ValueError, match="NaN"):
        found.fit(np.where(X > 0, X, np.nan)[:, :5], y)
    assert found.dual_variables_ is before and found.n_features_in_ == 10
    assert found.predict(X).shape == (200,)
