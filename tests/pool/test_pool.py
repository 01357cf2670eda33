import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from importance import by_importance
from modAL.models import ActiveLearner, CommitteeRegressor
from one_net import one_classifier
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skorch import NeuralNetRegressor
from skorch.dataset import Dataset
from torch import nn

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.pool.pool import Pool, is_close

NET = ConstrainedNetRegressor(module__hidden_layer_sizes=(8,), max_epochs=2, random_state=0)


def wrapped(kind):
    pipeline = make_pipeline(StandardScaler(), clone(NET))
    return {
        "pipeline": pipeline,
        "nested pipeline": make_pipeline(StandardScaler(), pipeline),
        "grid search": GridSearchCV(
            pipeline, {"constrainednetregressor__epsilon": [0.1, 0.2]}, cv=2
        ),
        "transformed target": TransformedTargetRegressor(
            pipeline, func=np.log, inverse_func=np.exp
        ),
        "pipeline of one": make_pipeline(clone(NET)),
    }[kind]


def innermost(estimator):
    for name in ("best_estimator_", "regressor_"):
        estimator = getattr(estimator, name, estimator)
    return innermost(estimator[-1]) if hasattr(estimator, "steps") else estimator


@pytest.mark.parametrize(
    "kind", ["pipeline", "nested pipeline", "grid search", "transformed target", "pipeline of one"]
)
def test_every_wrapping_gives_the_nets_own_view(kind, diabetes):
    X, y = diabetes
    estimator = wrapped(kind).fit(X[:150], y[:150])
    net = innermost(estimator)
    scaler = StandardScaler().fit(X[:150])
    X_net = X[150:] if kind == "pipeline of one" else scaler.transform(X[150:])
    pool = Pool(estimator, X[150:])
    assert np.allclose(pool.embedding, net.embed(X_net), atol=1e-4)
    assert pool.train_embedding is not None and pool.dual_variables.shape == (150,)
    assert np.array_equal(pool.dual_variables, net.dual_variables_)
    assert np.array_equal(pool.labeled.embedding, net.train_embedding_)
    given = Pool(estimator, X[150:], X[:150]).labeled.embedding
    assert np.allclose(given, net.train_embedding_, atol=1e-4)


def test_rows_held_out_of_training_are_not_learned_from(diabetes):
    from skorch.dataset import ValidSplit

    net = ConstrainedNetRegressor(train_split=ValidSplit(5), max_epochs=1).fit(*diabetes)
    pool = Pool(net, diabetes[0])
    assert len(pool.dual_variables) == len(pool.train_embedding) == 160
    assert np.isfinite(pool.dual_variables).all()


def test_features_are_computed_once(diabetes, regressor, monkeypatch):
    calls = []
    embed = type(regressor).embed
    monkeypatch.setattr(type(regressor), "embed", lambda *a: calls.append(1) or embed(*a))
    pool = Pool(regressor, diabetes[0])
    assert pool.embedding is pool.embedding and len(calls) == 1


def forward_passes(net):
    """Counts the batches that a net's module sees, in a list."""
    calls = []
    net.module_.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


def small_classifier(digits):
    net = one_classifier(module__hidden_layer_sizes=(8,), max_epochs=2, random_state=0)
    return net.fit(digits[0][:150], digits[1][:150])


def test_probabilities_and_embedding_come_from_one_pass(digits):
    X = digits[0][:100]
    net = small_classifier(digits)
    proba, Z = net.predict_proba(X), net.embed(X)
    calls = forward_passes(net)
    for estimator in (net, make_pipeline(net)):
        del calls[:]
        pool = Pool(estimator, X)
        assert np.allclose(pool.proba_and_embedding[0], proba, atol=1e-6)  # float32
        assert np.allclose(pool.proba_and_embedding[1], Z, atol=1e-5 * np.abs(Z).max())
        assert pool.proba is pool.proba_and_embedding[0]
        assert pool.embedding is pool.proba_and_embedding[1]
        assert len(calls) == 1


def test_probabilities_and_embedding_are_there_in_any_order(digits):
    X, net = digits[0][:100], small_classifier(digits)
    pool = Pool(net, X)
    proba = pool.proba
    assert pool.proba_and_embedding[0] is proba and pool.proba_and_embedding[1] is pool.embedding
    assert np.array_equal(pool.embedding, net.embed(X))
    tree = DecisionTreeClassifier(random_state=0).fit(*digits)
    proba, Z = Pool(tree, X).proba_and_embedding
    assert np.array_equal(proba, tree.predict_proba(X))
    assert np.allclose(Z, by_importance(tree, X, X), atol=1e-4)


@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss, nn.BCEWithLogitsLoss])
def test_a_net_alone_knows_the_probabilities_of_its_labelled_samples(criterion, digits):
    X, y = digits
    net = one_classifier(criterion=criterion, max_epochs=2, random_state=0)
    net.fit(X[:90], y[:90] % 2)
    proba = net.predict_proba(X[:90])
    assert np.allclose(Pool(net, X[90:]).labeled.proba, proba, atol=1e-5)
    assert np.array_equal(Pool(net, X[90:], X[:90]).labeled.proba, proba)


def test_labelled_probabilities_that_an_embedding_does_not_give_are_asked_for(digits):
    inner = one_classifier(embedding_layer="1", max_epochs=2, random_state=0)
    temperature = one_classifier(
        predict_nonlinearity=lambda z: torch.softmax(z / 9, dim=1), max_epochs=2, random_state=0
    )
    members = ConstrainedNetClassifier(n_members=2, max_epochs=1, random_state=0)
    for net in (inner, temperature, members):
        net.fit(*digits)
        with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
            _ = Pool(net, digits[0]).labeled.proba


def test_regressors_and_committees_of_them_are_told_from_classifiers(diabetes, regressor):
    X, y = diabetes
    linear = LinearRegression().fit(X, y)
    learners = [ActiveLearner(LinearRegression(), X_training=X, y_training=y) for _ in range(2)]
    committee = CommitteeRegressor(learners)
    plain = NeuralNetRegressor(nn.Linear(10, 1), max_epochs=0, verbose=0)
    plain.fit(X, y[:, None].astype(np.float32))
    for estimator in (regressor, plain, linear, make_pipeline(linear), learners[0], committee):
        assert Pool(estimator, X).is_regression
    assert not Pool(LogisticRegression(max_iter=1000).fit(X, y > 100), X).is_regression


def test_what_is_computed_once_is_kept_by_its_key(regressor, diabetes):
    pool, calls = Pool(regressor, diabetes[0]), []
    for key in ("a", "b", "a"):
        assert pool.cached(key, lambda key=key: calls.append(key) or key) == key
    assert calls == ["a", "b"]


def test_an_embedding_is_that_of_the_same_rows_but_for_rounding(rng):
    Z = rng.normal(size=(9, 4)).astype(np.float32) * 1000
    assert is_close(Z, Z * (1 + 1e-6)) and is_close(Z[:0], Z[:0])
    assert not is_close(Z, Z[::-1]) and not is_close(Z, Z[:8])


def test_labelled_samples_have_the_names_of_the_pools(regressor, diabetes, digits):
    X, y = diabetes
    labeled = Pool(regressor, X[5:], X[:5], y[:5]).labeled
    assert len(labeled) == 5 and labeled.X is not X
    assert np.array_equal(labeled.prediction[:, 0], regressor.predict(X[:5]))
    assert np.array_equal(labeled.target, y[:5]) and np.array_equal(labeled.inputs, X[:5])
    kept = Pool(small_classifier(digits), digits[0]).labeled  # what the net has kept
    assert len(kept) == 150 and kept.proba.shape == (150, 10)
    with pytest.raises(ValueError, match="X == None, must be the labelled samples"):
        _ = kept.inputs
    with pytest.raises(ValueError, match="y == None, must be the labels of X"):
        _ = kept.target


def test_a_committee_of_one_is_its_learner(diabetes):
    X, y = diabetes
    learner = ActiveLearner(clone(NET), X_training=X[:50], y_training=y[:50])
    pool, alone = Pool(CommitteeRegressor([learner]), X), Pool(learner, X)
    assert len(pool.members) == 1
    assert np.array_equal(pool.embedding, alone.embedding)
    assert np.array_equal(pool.labeled.embedding, alone.labeled.embedding)


def test_an_estimator_without_embedding_lends_its_inputs(rng):
    X = rng.normal(size=(20, 3))
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, X[:, 0])
    assert np.allclose(Pool(model, X).embedding, StandardScaler().fit_transform(X))
    model = LinearRegression().fit(X, X[:, 0])
    assert np.allclose(Pool(model, sparse.csr_matrix(X)).embedding, X)
    grey = rng.randint(255, size=(20, 3)).astype(np.uint8)
    assert Pool(model, grey).embedding.dtype == np.float32


def test_a_pool_is_frozen(regressor, diabetes):
    with pytest.raises(AttributeError):
        Pool(regressor, diabetes[0]).X = None


def test_what_is_missing_is_said(diabetes, regressor):
    X, y = diabetes
    linear = LinearRegression().fit(X, y)
    with pytest.raises(ValueError, match="LinearRegression has no dual_variables_"):
        _ = Pool(linear, X).dual_variables
    with pytest.raises(ValueError, match="ConstrainedNetRegressor has no predict_proba"):
        _ = Pool(regressor, X).proba
    with pytest.raises(ValueError, match="X == None"):
        _ = Pool(linear, X).labeled.embedding
    plain = NeuralNetRegressor(nn.Linear(10, 1))  # has attributes before fit
    for estimator in (ConstrainedNetRegressor(), make_pipeline(StandardScaler(), NET), plain):
        with pytest.raises(NotFittedError):
            _ = Pool(estimator, X).dual_variables
        with pytest.raises(NotFittedError):
            _ = Pool(estimator, X).embedding
    with pytest.raises(NotFittedError):
        _ = Pool(LogisticRegression(), X).proba
    with pytest.raises(ValueError, match="X_pool has 9 features, must have 10"):
        Pool(regressor, X[:, :9])
    with pytest.raises(ValueError, match="X_pool has 0 rows"):
        Pool(regressor, X[:0])


def test_before_a_fit_features_are_the_columns_and_after_it_the_embedding(diabetes):
    X, y = diabetes
    for estimator in (None, clone(NET), make_pipeline(StandardScaler(), clone(NET)),
                      NeuralNetRegressor(nn.Linear(10, 1))):  # fmt: skip
        pool = Pool(estimator, X[5:], X[:5])
        assert not pool.is_fitted
        assert np.array_equal(pool.features, X[5:]) and np.array_equal(pool.inputs, X[5:])
        assert np.array_equal(pool.labeled.features, X[:5])
        assert np.array_equal(pool.labeled.inputs, X[:5])
        assert Pool(estimator, X).labeled.features.shape == (0, 10)
    model = make_pipeline(StandardScaler(), clone(NET)).fit(X, y)
    pool = Pool(model, X[5:], X[:5])
    assert pool.is_fitted
    assert np.array_equal(pool.features, pool.embedding)
    assert np.array_equal(pool.labeled.features, pool.labeled.embedding)
    assert np.allclose(pool.inputs, model[0].transform(X[5:]))
    assert np.allclose(pool.labeled.inputs, model[0].transform(X[:5]))


@pytest.mark.parametrize("form", [
    np.ndarray.tolist, pd.DataFrame, sparse.csr_matrix, torch.tensor, pl.DataFrame,
    lambda X: X.reshape(20, 1, 2, 2), lambda X: Dataset(X, np.zeros(20)),
])  # fmt: skip
def test_columns_of_pools_of_any_form(form, rng):
    X = rng.normal(size=(20, 4)).astype(np.float32)
    assert np.allclose(Pool(None, form(X)).features, X)


def test_columns_that_are_no_numbers_are_an_error():
    with pytest.raises(ValueError, match="could not convert|NaN"):
        _ = Pool(None, [["a"], ["b"]]).features
    with pytest.raises(ValueError, match="NaN"):
        _ = Pool(None, [[np.nan], [1.0]]).features
    frame = pd.DataFrame({"x": [1.0, 2.0], "colour": ["red", "blue"]})
    for estimator in (None, LogisticRegression()):
        with pytest.raises(ValueError, match=r"^X_pool has columns that .* \['colour'\]\. Encode"):
            _ = Pool(estimator, frame).features


def test_a_subset_is_the_same_pool_each_time_and_reads_only_its_rows(diabetes, regressor):
    X, rows = diabetes[0], np.array([3, 5, 150])
    pool = Pool(regressor, X)
    part = pool.subset(rows)
    assert part is pool.subset(rows.copy()) and part is not pool.subset(rows[:2])
    assert np.array_equal(part.X, X[rows]) and "embedding" not in vars(pool)
    assert np.allclose(part.embedding, regressor.embed(X)[rows], atol=1e-5)


def test_predictions_are_in_the_users_units_one_column_a_target(diabetes):
    X, y = diabetes
    model = TransformedTargetRegressor(clone(NET), func=np.log, inverse_func=np.exp).fit(X, y)
    assert np.allclose(Pool(model, X).prediction, model.predict(X)[:, None])
    both = clone(NET).fit(X, np.column_stack([y, -y]))
    assert Pool(both, X).prediction.shape == (200, 2)


def test_probabilities_of_regressors_are_refused_though_skorch_has_a_method_of_that_name(diabetes):
    X, y = diabetes
    net = NeuralNetRegressor(nn.Linear(10, 1), max_epochs=1, verbose=0)
    net.fit(X, y.astype(np.float32)[:, None])
    with pytest.raises(ValueError, match="NeuralNetRegressor has no predict_proba"):
        _ = Pool(net, X).proba
    assert Pool(net, X).prediction.shape == (200, 1)
