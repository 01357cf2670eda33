"""Where sample weights go."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, ExtraTreesRegressor, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally.constrained.weights import weight_name

PIPELINE = make_pipeline(StandardScaler(), Ridge())


@pytest.mark.parametrize("estimator, name", [
    (Ridge(), "sample_weight"),
    (KNeighborsRegressor(), None),
    (ExtraTreesRegressor(), "sample_weight"),
    (PIPELINE, "ridge__sample_weight"),
    (make_pipeline(StandardScaler(), PIPELINE), "pipeline__ridge__sample_weight"),
    (make_pipeline(StandardScaler(), KNeighborsRegressor()), None),
    (GridSearchCV(PIPELINE, {}), "ridge__sample_weight"),
    (TransformedTargetRegressor(PIPELINE), "ridge__sample_weight"),
    (TransformedTargetRegressor(), "sample_weight"),
    (BaggingRegressor(Ridge()), "sample_weight"),
    (BaggingRegressor(KNeighborsRegressor()), None),
])  # fmt: skip
def test_weights_are_taken_under_the_name_that_reaches_the_last_step(estimator, name, diabetes):
    assert weight_name(estimator) == name
    if name is not None:
        estimator.fit(*diabetes, **{name: np.ones(200)})


def test_a_vote_with_a_member_that_takes_no_weights_takes_none(diabetes):
    with_neighbours = VotingRegressor([("ridge", Ridge()), ("knn", KNeighborsRegressor())])
    assert weight_name(with_neighbours) is None
