"""Loss of each sample, whatever the shape of y."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from skally import ConstrainedNetRegressor
from skally.losses import sample_loss

REGRESSORS = {
    "linear": LinearRegression(),
    "forest": RandomForestRegressor(5, random_state=0),
    "transformed": TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()),
    "net": ConstrainedNetRegressor(max_epochs=1, random_state=0),
    "transformed net": TransformedTargetRegressor(
        ConstrainedNetRegressor(max_epochs=1, random_state=0), transformer=StandardScaler()
    ),
}
FORMS = [
    lambda y: y[:, None],
    lambda y: y.tolist(),
    lambda y: pd.Series(y, index=range(len(y), 0, -1)),
    lambda y: pd.DataFrame({"y": y}),
]


@pytest.mark.parametrize("name", REGRESSORS)
@pytest.mark.parametrize("fitted_on_a_column", [False, True])
def test_a_column_of_targets_has_the_losses_of_a_flat_array(name, fitted_on_a_column, diabetes):
    if fitted_on_a_column and name == "forest":
        pytest.skip("warns of the column")
    X, y = diabetes
    model = REGRESSORS[name].fit(X, y[:, None] if fitted_on_a_column else y)
    loss = sample_loss(model, X, y)
    assert loss.shape == (len(X),)
    assert all(np.allclose(sample_loss(model, X, form(y)), loss, rtol=1e-5) for form in FORMS)
    if "net" not in name:
        assert np.allclose(loss, (model.predict(X).ravel() - y) ** 2)


def test_several_targets_are_averaged_and_as_many_as_the_predictions(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, 2 * y])
    model = LinearRegression().fit(X, Y)
    assert np.allclose(sample_loss(model, X, Y), ((model.predict(X) - Y) ** 2).mean(axis=1))
    with pytest.raises(ValueError, match="y has 1 columns, must have 2"):
        sample_loss(model, X, y)


def test_classifiers_have_their_log_loss(digits):
    X, y = digits
    model = LogisticRegression(max_iter=1000).fit(X, y)
    assert np.isclose(sample_loss(model, X, y).mean(), log_loss(y, model.predict_proba(X)))
    assert np.allclose(sample_loss(model, X, y[:, None]), sample_loss(model, X, y))
    with pytest.raises(ValueError, match=r"y has shape \(200, 2\), must be \(n,\)"):
        sample_loss(model, X, np.column_stack([y, y]))


def test_it_needs_a_fitted_estimator_and_all_labels(diabetes):
    X, y = diabetes
    with pytest.raises(NotFittedError):
        sample_loss(LinearRegression(), X, y)
    with pytest.raises(ValueError, match="y == None"):
        sample_loss(LinearRegression().fit(X, y), X, None)
    with pytest.raises(ValueError, match="y has nan in row 4"):
        sample_loss(LinearRegression().fit(X, y), X, np.where(np.arange(200) == 4, np.nan, y))
