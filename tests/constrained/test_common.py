"""scikit-learn's own checks, with none expected to fail."""

import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skally import ConstrainedClassifier, ConstrainedRegressor

# Warnings of scikit-learn's checks about themselves or about the data that they make.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning"),
    pytest.mark.filterwarnings("ignore:The number of unique classes is greater:UserWarning"),
    pytest.mark.filterwarnings("ignore:No sample is held out:UserWarning"),  # of fewer than 20
    pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning"),
    pytest.mark.filterwarnings("ignore:Some inputs do not have OOB scores:UserWarning"),
]

ESTIMATORS = [
    ConstrainedClassifier(LogisticRegression(), cv=3),
    ConstrainedClassifier(KNeighborsClassifier(3), cv=3),
    ConstrainedClassifier(RandomForestClassifier(20, oob_score=True)),
    ConstrainedRegressor(Ridge(), cv=3),
    ConstrainedRegressor(make_pipeline(StandardScaler(), Ridge()), cv=3),
    ConstrainedRegressor(KNeighborsRegressor(3), cv=3),
    ConstrainedRegressor(RandomForestRegressor(20, oob_score=True)),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimator_passes_scikit_learn_checks(estimator, check):
    check(estimator)
