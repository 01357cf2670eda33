"""Expected predictive information gain against joint tables and covariances of members."""

import numpy as np
import pytest
import scipy.stats
from modAL.models import ActiveLearner, Committee
from one_net import one_classifier
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from skally import BALDSampler, EPIGSampler
from skally.utils import chunks


def epig(model, X, **params):
    return EPIGSampler(**params).query(model, X, 2, return_utilities=True)


def information(draws, targets):
    """Mean over targets of the information of a row's class and the target's, (n,)."""
    total = np.zeros(draws.shape[1])
    for t in range(targets.shape[1]):
        table = np.einsum("kic,kd->icd", draws, targets[:, t]) / len(draws)
        independent = table.sum(axis=2)[:, :, None] * table.sum(axis=1)[:, None, :]
        total += scipy.stats.entropy(
            table.reshape(len(table), -1), independent.reshape(len(table), -1), axis=1
        )
    return total / targets.shape[1]


def test_epig_of_a_forest_is_the_information_on_the_labels_of_the_pool(digits):
    X, y = digits
    model = RandomForestClassifier(12, max_depth=5, random_state=0).fit(X[:60], y[:60])
    draws = np.array([tree.predict_proba(X[60:]) for tree in model])
    expected = information(draws, draws[:, :100])
    targets = EPIGSampler(X_target=X[60:160])
    picks, utility = targets.query(model, X[60:], 2, return_utilities=True)
    assert np.allclose(utility, expected, atol=1e-5) and expected.max() > 0.01
    assert np.allclose(utility[picks], np.sort(utility)[:-3:-1])
    rows = np.sort(np.random.RandomState(3).permutation(140)[:7])
    found = epig(model, X[60:], n_targets=7, random_state=3)[1]
    assert np.allclose(found, information(draws, draws[:, rows]), atol=1e-5)


def test_epig_of_regressors_is_that_of_normal_labels(diabetes):
    X, y = diabetes
    model = ExtraTreesRegressor(15, random_state=0).fit(X[:60], y[:60])
    f = np.array([tree.predict(X[60:]) for tree in model])
    S = np.cov(f.T, bias=True)
    noise = 0.5 * np.diag(S).mean()
    variance = np.diag(S) + noise
    expected = (-np.log(1 - S**2 / np.outer(variance, variance)) / 2).mean(axis=1)
    found = epig(model, X[60:], n_targets=140, noise=0.5)[1]
    assert np.allclose(found, expected) and np.ptp(found) > 0.01


def test_epig_leaves_an_outlier_alone_that_bald_takes():
    """Models disagree most on the outlier, whose label tells nothing about the others."""
    rng = np.random.RandomState(0)
    X = np.vstack([rng.normal(size=(40, 1)), [[50.0]]])

    class Wave(LogisticRegression):
        def predict_proba(self, X):
            own = np.where(X[:, 0] > 9, self.outlier, 0.5 + 0.3 * self.side * np.tanh(X[:, 0]))
            return np.column_stack([1 - own, own])

    learners = []
    for side, outlier in ((1, 0.0), (1, 1.0), (-1, 0.0), (-1, 1.0)):
        member = Wave().fit(X[:9], X[:9, 0] > 0)
        member.side, member.outlier = side, outlier
        learners.append(ActiveLearner(member))
    committee = Committee.__new__(Committee)
    committee.learner_list, committee.classes_ = learners, np.array([0, 1])
    assert BALDSampler().query(committee, X).tolist() == [40]
    sampler = EPIGSampler(X_target=X[:40])
    picks, utility = sampler.query(committee, X, return_utilities=True)
    assert picks.tolist() != [40] and utility[40] < 1e-5 < 1e-3 < utility.max()


def test_epig_of_the_default_net_is_by_its_members(classifier, regressor, digits, diabetes):
    X = digits[0][150:]
    draws = np.array(list(classifier.predict_members(X)))
    assert np.allclose(epig(classifier, X)[1], information(draws, draws), atol=1e-5)
    found = epig(regressor, diabetes[0][150:])[1]
    assert found.min() >= 0 and np.ptp(found) > 0


def test_epig_of_a_committee_aligns_classes(digits):
    X, y = digits
    rows = [np.arange(60), np.flatnonzero(y[:60] != 3)]  # the second knows one class less
    learners = [
        ActiveLearner(GaussianNB(var_smoothing=0.1), X_training=X[r], y_training=y[r]) for r in rows
    ]
    draws = np.zeros((2, 140, 10))
    draws[0], draws[1][:, np.arange(10) != 3] = (each.predict_proba(X[60:]) for each in learners)
    found = epig(Committee(learners), X[60:], n_targets=140)[1]
    assert np.allclose(found, information(draws, draws), atol=1e-5)


def test_parts_of_a_pool_give_the_same_as_the_whole(digits, monkeypatch):
    X, y = digits
    model = RandomForestClassifier(6, max_depth=4, random_state=0).fit(X, y)
    whole = epig(model, X, random_state=0)[1]
    monkeypatch.setattr(chunks, "ROWS", 32)
    assert np.allclose(epig(model, X, random_state=0)[1], whole, atol=1e-6)


def test_models_without_members_and_bad_parameters_are_named(digits):
    X, y = digits
    net = one_classifier(module__dropout=0.5, max_epochs=1).fit(X, y)
    for model in (net, GaussianNB().fit(X, y)):
        with pytest.raises(ValueError, match=f"{type(model).__name__} has no members, which this"):
            EPIGSampler().query(model, X)
    forest = RandomForestClassifier(3, random_state=0).fit(X, y)
    for bad in ({"n_targets": 0}, {"noise": 0}, {"noise": np.nan}):
        with pytest.raises(ValueError, match=f"{next(iter(bad))} == "):
            EPIGSampler(**bad).query(forest, X)
