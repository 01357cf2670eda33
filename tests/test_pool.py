import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ConstrainedNetRegressor
from skally.pool import Pool

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
    assert np.array_equal(pool.labeled_embedding, net.train_embedding_)
    given = Pool(estimator, X[150:], X[:150]).labeled_embedding
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


def test_an_estimator_without_embedding_lends_its_inputs(rng):
    X = rng.normal(size=(20, 3))
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, X[:, 0])
    assert np.allclose(Pool(model, X).embedding, StandardScaler().fit_transform(X))
    model = LinearRegression().fit(X, X[:, 0])
    assert np.allclose(Pool(model, sparse.csr_matrix(X)).embedding, X)


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
        _ = Pool(linear, X).labeled_embedding
    for estimator in (ConstrainedNetRegressor(), make_pipeline(StandardScaler(), NET)):
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
