"""scikit-learn's own checks, on every estimator, with none expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor, DualRegressor

# Warnings of scikit-learn's checks about themselves or about the data that they make.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning"),
    pytest.mark.filterwarnings("ignore:The number of unique classes is greater:UserWarning"),
    pytest.mark.filterwarnings("ignore:No sample is held out:UserWarning"),  # of fewer than 20
    pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning"),
]


ESTIMATORS = [ConstrainedNetClassifier, ConstrainedNetRegressor, DualRegressor]


@parametrize_with_checks([Estimator(max_epochs=30) for Estimator in ESTIMATORS])
def test_estimator_passes_scikit_learn_checks(estimator, check):
    check(estimator)


# Some checks fit noise, whose constraints cannot all hold.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.slow
@parametrize_with_checks([Estimator() for Estimator in ESTIMATORS])
def test_estimator_passes_scikit_learn_checks_with_its_defaults(estimator, check):
    check(estimator)
