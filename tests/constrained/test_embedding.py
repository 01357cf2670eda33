"""Columns in which distances are measured."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler, scale
from sklearn.tree import DecisionTreeRegressor

from skally import ConstrainedRegressor

RECORDED = {"weighted": False, "cv": 2, "random_state": 0}


def test_the_embedding_of_a_linear_model_is_its_standardised_columns(diabetes):
    X, y = diabetes
    found = ConstrainedRegressor(Ridge(), **RECORDED).fit(100 * X, y)
    assert np.allclose(found.embed(100 * X), scale(X.astype(float)), atol=1e-4)
    assert np.array_equal(found.embed(100 * X[:5]), found.train_embedding_[:5])


def test_that_of_a_pipeline_is_what_its_last_step_sees(diabetes):
    X, y = diabetes
    powers = PolynomialFeatures(2, include_bias=False)
    found = ConstrainedRegressor(make_pipeline(powers, Ridge()), **RECORDED).fit(X, y)
    expected = scale(powers.fit_transform(X.astype(float)))
    assert np.allclose(found.embed(X), expected, atol=1e-3)


@pytest.mark.parametrize("wrap", [
    lambda trees: trees, lambda trees: make_pipeline(StandardScaler(), trees),
    lambda trees: GridSearchCV(trees, {"max_depth": [3]}, cv=2),
])  # fmt: skip
def test_columns_of_trees_are_scaled_by_the_root_of_their_importance(wrap, diabetes):
    X, y = diabetes
    trees = ExtraTreesRegressor(10, max_depth=3, random_state=0)
    found = ConstrainedRegressor(wrap(trees), **RECORDED).fit(X, y)
    importances = trees.fit(X, y).feature_importances_
    assert np.allclose(found.embed(X).std(axis=0), np.sqrt(10 * importances), atol=1e-3)


def test_trees_that_never_split_have_the_standardised_columns(diabetes):
    X = diabetes[0]
    found = ConstrainedRegressor(DecisionTreeRegressor(), **RECORDED).fit(X, np.ones(200))
    assert np.allclose(found.embed(X), scale(X.astype(float)), atol=1e-4)


def test_words_are_one_column_each_that_share_the_importance(diabetes):
    X, y = diabetes
    words = np.where(X[:, :1] > 0, "yes", "no").astype(object)
    mixed = np.hstack([words, X[:, 1:3].astype(object)])

    class Trees(DecisionTreeRegressor):
        def fit(self, X, y, sample_weight=None):
            return super().fit(np.c_[X[:, 0] == "yes", X[:, 1:]].astype(float), y)

        def predict(self, X):
            return super().predict(np.c_[X[:, 0] == "yes", X[:, 1:]].astype(float))

    found = ConstrainedRegressor(Trees(max_depth=3), **RECORDED).fit(mixed, y)
    Z = found.embed(mixed)
    importances = found.estimator_.feature_importances_
    assert np.allclose(Z.std(axis=0), np.sqrt(3 * importances[[0, 0, 1, 2]]), atol=1e-3)
    unknown = mixed[:1].copy()
    unknown[0, 0] = "perhaps"
    assert np.isfinite(found._embedding.encoder.transform(unknown).astype(float)).all()
