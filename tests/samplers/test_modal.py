"""Samplers as modAL's query strategies, with modAL's own learners, on either version."""

import inspect

import numpy as np
import pandas as pd
import pytest
from modAL.models import ActiveLearner, Committee, CommitteeRegressor
from scipy import sparse
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import (
    ALLYSampler,
    BALDSampler,
    BaseSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    CoreSetSampler,
    DualRegressor,
    EntropySampler,
)
from skally.pool.pool import Pool

# modAL 0.4.1 warns of strategies that return pairs: ours must not, so no exception for it here.
SMALL = {
    "n_members": 6, "module__hidden_layer_sizes": (4,), "module__dropout": 0.1, "max_epochs": 3,
    "random_state": 0,
}  # fmt: skip
RETURNS_METRICS = "return_metrics" in inspect.signature(ActiveLearner.query).parameters
ALLY = ALLYSampler(regressor=DualRegressor(max_epochs=3), random_state=0)


def is_for_regression(sampler):
    """Whether it takes no classifier because that is no regressor."""
    X, y = np.eye(2), [0, 1]
    try:
        sampler.query(LogisticRegression().fit(X, y), X, X=X, y=y)
    except ValueError as error:
        return "is no regressor" in str(error)
    return False


def active_learner(sampler, digits, n=60, **params):
    """Learner of the digits, as classes or, where the sampler wants it, as numbers."""
    cls = ConstrainedNetRegressor if is_for_regression(sampler) else ConstrainedNetClassifier
    net = cls(**SMALL)
    net = Pipeline([("scale", StandardScaler()), ("net", net)])
    return ActiveLearner(net, sampler, digits[0][:n], digits[1][:n], **params)


def committee(members, sampler):
    """Committee of learners of the kind that the sampler wants."""
    return (CommitteeRegressor if is_for_regression(sampler) else Committee)(members, sampler)


@pytest.mark.parametrize("k", [1, 2, 7])
def test_learner_query_and_teach(sampler, k, digits):
    X, y = digits
    learner = active_learner(sampler, digits)
    indices, instances = learner.query(X[60:], n_instances=k)
    assert indices.shape == (k,) and np.array_equal(instances, X[60:][indices])
    assert np.array_equal(indices, sampler.query(learner.estimator, X[60:], k, X=X[:60], y=y[:60]))
    learner.teach(X[60:][indices], y[60:][indices])
    assert learner.estimator[-1].dual_variables_.shape == (60 + k,)


class Counting(BaseSampler):
    """A sampler that counts how often it is asked."""

    calls = 0

    def utility(self, pool, rng):
        type(self).calls += 1
        return np.arange(len(pool), dtype=float)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("positional", [True, False])
def test_the_strategy_runs_once_for_each_query(k, positional, digits):
    learner = active_learner(Counting(), digits)
    for queried in (learner, Committee([learner], Counting())):
        before = Counting.calls
        keywords = {} if positional and queried is learner else {"n_instances": k}
        indices, _ = queried.query(digits[0][60:], *([] if keywords else [k]), **keywords)
        assert indices.tolist() == list(range(139, 139 - k, -1))
        assert Counting.calls == before + 1


@pytest.mark.skipif(not RETURNS_METRICS, reason="modAL 0.4.1 has no return_metrics")
def test_metrics_are_the_utilities_of_the_picks(digits):
    learner = active_learner(Counting(), digits)
    indices, _, metrics = learner.query(digits[0][60:], n_instances=3, return_metrics=True)
    assert np.array_equal(metrics, indices)


def test_bad_queries_leave_the_learner_as_it_was(sampler, digits):
    X, _ = digits
    learner = active_learner(sampler, digits)
    duals = learner.estimator[-1].dual_variables_.copy()
    for X_pool, k in ((X[60:], 0), (X[60:], 141), (X[:0], 1), (X[60:, :5], 1)):
        with pytest.raises(ValueError, match="n_instances|X_pool"):
            learner.query(X_pool, n_instances=k)
    assert np.array_equal(learner.estimator[-1].dual_variables_, duals)
    assert len(learner.X_training) == 60


def test_a_committee_is_queried_and_taught(sampler, digits):
    X, y = digits
    members = [active_learner(sampler, digits), active_learner(sampler, digits, n=50)]
    members[1].estimator.set_params(net__random_state=1)
    queried = committee(members, sampler)
    indices, instances = queried.query(X[60:], n_instances=6)
    assert len(set(indices.tolist())) == 6 and np.array_equal(instances, X[60:][indices])
    queried.teach(X[60:][indices], y[60:][indices])
    assert [m.estimator[-1].dual_variables_.shape for m in members] == [(66,), (56,)]
    queried.query(X[60:], n_instances=2)


def test_a_committee_predicts_duals_as_the_mean_of_its_members(digits):
    X, _ = digits
    members = [active_learner(ALLY, digits), active_learner(ALLY, digits, n=50)]
    rng = np.random.RandomState(0)
    pools = [Pool(member.estimator, X) for member in members]
    expected = [ALLY.utility(pool, rng) for pool in pools]
    _, utility = ALLY.query(Committee(members, ALLY), X, 3, return_utilities=True)
    assert np.allclose(utility, np.mean(expected, axis=0))


def test_core_set_of_a_committee_covers_what_any_member_was_taught(digits):
    X, _ = digits
    members = [active_learner(ALLY, digits), active_learner(ALLY, digits, n=50)]
    members[1].teach(X[100:103], digits[1][100:103])
    _, utility = CoreSetSampler().query(Committee(members, ALLY), X, 1, return_utilities=True)
    known = [*range(60), 100, 101, 102]
    assert utility[known].max() < 1e-3 < np.delete(utility, known).min()


def test_entropy_of_a_committee_is_that_of_its_consensus(digits):
    X, _ = digits
    members = [active_learner(ALLY, digits), active_learner(ALLY, digits, n=50)]
    committee = Committee(members, EntropySampler())
    p = committee.predict_proba(X)
    _, utility = EntropySampler().query(committee, X, 1, return_utilities=True)
    assert np.allclose(utility, -(p * np.log(p)).sum(axis=1), atol=1e-5)


@pytest.mark.parametrize("how", [{"bootstrap": True}, {"only_new": True}])
def test_duals_go_with_the_rows_trained_on_and_core_set_with_the_rows_labelled(how, digits):
    X, y = digits
    learner = active_learner(CoreSetSampler(), digits)
    learner.teach(X[60:80], y[60:80], **how)
    assert ALLY.query(learner, X[80:], 4).shape == (4,)
    _, utility = CoreSetSampler().query(learner, X, 1, return_utilities=True)
    assert utility[:80].max() < 1e-4 < utility[80:].min(), utility[:80].max()


def test_data_frames_go_round_and_keep_their_index(digits):
    X, y = digits
    frame = pd.DataFrame(X).rename(columns=str)
    net = make_pipeline(StandardScaler(), ConstrainedNetClassifier(**SMALL))
    learner = ActiveLearner(net, ALLY, frame[:60], pd.Series(y[:60]))
    pool = frame[60:]
    indices, instances = learner.query(pool, n_instances=5)
    assert instances.index.tolist() == (60 + indices).tolist()
    learner.teach(instances, pd.Series(y)[instances.index])
    assert len(learner.X_training) == len(learner.y_training) == 65
    assert learner.estimator[-1].dual_variables_.shape == (65,)


def test_sparse_pools(digits):
    X, y = sparse.csr_matrix(digits[0]), digits[1]
    learner = ActiveLearner(ConstrainedNetClassifier(**SMALL), CoreSetSampler(), X[:60], y[:60])
    indices, instances = learner.query(X[60:], n_instances=3)
    learner.teach(instances, y[60:][indices])
    assert learner.X_training.shape == (63, 64)
    assert len(set(learner.query(X[60:], n_instances=3)[0].tolist())) == 3


def test_searches_and_plain_estimators_in_a_learner(diabetes, digits):
    X, y = diabetes
    net = make_pipeline(StandardScaler(), ConstrainedNetRegressor(**SMALL))
    search = GridSearchCV(net, {"constrainednetregressor__epsilon": [0.1, 0.3]}, cv=2)
    learner = ActiveLearner(search, ALLY, X[:60], y[:60])
    assert learner.query(X[60:], n_instances=4)[0].shape == (4,)
    X, y = digits
    plain = ActiveLearner(LogisticRegression(max_iter=1000), EntropySampler(), X[:60], y[:60])
    assert plain.query(X[60:], n_instances=4)[0].shape == (4,)
    plain.query_strategy = CoreSetSampler()
    assert plain.query(X[60:], n_instances=4)[0].shape == (4,)


def test_bald_of_a_committee_is_the_mutual_information_of_its_members(digits):
    X, y = digits
    known = [np.arange(60), np.flatnonzero(y[:60] != 3)]  # the second knows one class less
    members = [
        ActiveLearner(GaussianNB(var_smoothing=0.1), BALDSampler(), X[rows], y[rows])
        for rows in known
    ]
    proba = np.zeros((2, 200, 10))
    proba[0], proba[1][:, np.arange(10) != 3] = (m.predict_proba(X) for m in members)
    expected = entropy(proba.mean(axis=0), axis=1) - entropy(proba, axis=2).mean(axis=0)
    _, utility = BALDSampler().query(Committee(members, BALDSampler()), X, 1, return_utilities=True)
    # entropies of ten probabilities in float32 that add up to 1 but for some 1e-6
    assert expected.max() > 0.1 and np.allclose(utility, expected, atol=1e-5)
