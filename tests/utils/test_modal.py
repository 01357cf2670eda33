"""modAL's own learners with the scikit-learn, pandas and polars that are installed."""

import importlib.machinery
import pickle
import subprocess
import sys

import modAL.batch
import numpy as np
import pandas as pd
import pytest
from modAL.models import ActiveLearner, BayesianOptimizer, Committee
from modAL.utils import data
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression

from skally.utils import modal

X = np.random.RandomState(0).rand(30, 3)
y = (X[:, 0] > 0.5).astype(int)
MISSING = np.where(X < 0.1, np.nan, X)
GAUSSIAN = GaussianProcessRegressor(alpha=1e-3, optimizer=None)
FRAME = pd.DataFrame(X, columns=[2, 1, 0], index=pd.RangeIndex(100, 130, name="id"))
SERIES = pd.Series(y, index=FRAME.index)


def learner(X=X, y=y, n=10, **params):
    return ActiveLearner(LogisticRegression(), X_training=X[:n], y_training=y[:n], **params)


def missing_values_learner(**params):
    trees = HistGradientBoostingClassifier(max_iter=2)
    return ActiveLearner(trees, X_training=MISSING[:10], y_training=y[:10], **params)


# scikit-learn -------------------------------------------------------------------------------


@pytest.mark.parametrize("only_new", [False, True])
def test_teach_takes_new_data_before_any_query(only_new):
    taught = learner()
    taught.teach(X[10:20], y[10:20], only_new=only_new)
    expected = LogisticRegression().fit(*((X[10:20], y[10:20]) if only_new else (X[:20], y[:20])))
    assert_same_model(taught.estimator, expected)


def assert_same_model(a, b):
    """Same coefficients up to the solver's tolerance, other rows or weights changing them by 0.5.

    Its gradient is at most 1e-4, the curvature at least 1 / n for n rows: 20 rows make 2e-3 each.
    """
    np.testing.assert_allclose(a.coef_, b.coef_, rtol=0, atol=5e-3)


def test_fit_replaces_the_data():
    fitted = learner().fit(X[10:], y[10:])
    assert len(fitted.X_training) == 20


def test_committee_teaches_each_of_its_learners():
    committee = Committee([learner(), learner(n=12)])
    committee.teach(X[20:25], y[20:25])
    assert [len(member.X_training) for member in committee] == [15, 17]


def test_optimizer_is_taught():
    optimizer = BayesianOptimizer(GAUSSIAN, X_training=X[:5], y_training=X[:5, 0])
    optimizer.teach(X[5:], X[5:, 0])
    assert optimizer.y_max == X[:, 0].max()


def test_missing_values_are_refused_unless_allowed():
    with pytest.raises(ValueError, match="NaN"):
        missing_values_learner().teach(MISSING[10:], y[10:])
    allowed = missing_values_learner(force_all_finite=False)
    allowed.teach(MISSING[10:], y[10:])
    assert len(allowed.X_training) == 30


# pandas and polars --------------------------------------------------------------------------


def test_stacked_frames_keep_index_columns_and_types():
    frame = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}, index=pd.Index([7, 3], name="id"))
    more = pd.DataFrame({"b": ["w"], "a": [4]}, index=pd.Index([7], name="id"))
    stacked = data.data_vstack((frame, more))
    expected = pd.DataFrame({"a": [1, 2, 4], "b": ["u", "v", "w"]}, index=[7, 3, 7])
    pd.testing.assert_frame_equal(stacked, expected.rename_axis("id"))


def test_appended_row_keeps_its_label_and_types():
    frame = pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}, index=pd.Index([7, 3], name="id"))
    stacked = data.add_row(frame, frame.loc[3])
    pd.testing.assert_frame_equal(stacked, frame.loc[[7, 3, 3]])


def test_frames_are_put_side_by_side():
    beside = data.data_hstack([FRAME, FRAME])
    assert list(beside.columns) == [2, 1, 0, 2, 1, 0] and beside.index.equals(FRAME.index)
    np.testing.assert_array_equal(beside, np.hstack([X, X]))


@pytest.mark.parametrize("rows", [2, [2], [2, 1], np.array([0, 2])])
def test_rows_of_frames_are_positions_though_columns_and_labels_are_integers(rows):
    for frame in (FRAME, FRAME.set_axis([2, 1, 0] * 10)):
        assert data.retrieve_rows(frame, rows).equals(frame.iloc[rows])


def test_learner_is_taught_the_frame_and_series_it_asked_for():
    taught = learner(FRAME, SERIES)
    indices, instances = taught.query(FRAME, n_instances=2)
    taught.teach(instances, SERIES.iloc[indices])
    assert list(taught.X_training.index[10:]) == list(taught.y_training.index[10:])
    assert list(taught.X_training.index[10:]) == list(100 + indices)


def test_learner_is_taught_in_polars():
    polars = pytest.importorskip("polars")
    frame, series = polars.DataFrame(X, schema=["a", "b", "c"]), polars.Series(y)
    taught = learner(frame, series)
    indices, instances = taught.query(frame, n_instances=2)
    taught.teach(instances, series[indices])
    np.testing.assert_array_equal(taught.X_training, np.vstack([X[:10], X[indices]]))
    np.testing.assert_array_equal(data.retrieve_rows(frame, np.argmax(y)), X[[np.argmax(y)]])
    assert data.data_hstack([frame, frame.rename(str.upper)]).shape == (30, 6)


# get_params, clone, repr --------------------------------------------------------------------


@pytest.mark.parametrize("Learner", [ActiveLearner, BayesianOptimizer])
def test_clone_of_a_learner_is_made_from_the_same_arguments_and_fitted(Learner):
    original = Learner(GAUSSIAN, X_training=X[:5], y_training=X[:5, 0], bootstrap_init=True)
    copy = clone(original)
    assert copy.estimator is not original.estimator
    assert copy.bootstrap_init and "bootstrap_init=True" in repr(copy)
    np.testing.assert_array_equal(copy.X_training, X[:5])
    assert copy.predict(X).shape == (30,)


def test_clone_fits_with_the_same_keywords():
    weighted = learner(sample_weight=np.arange(10.0))
    copy = clone(weighted)
    assert_same_model(copy.estimator, weighted.estimator)
    assert "sample_weight=array" in repr(copy)


def test_clone_allows_missing_values_if_the_original_does():
    copy = clone(missing_values_learner(force_all_finite=False))
    copy.teach(MISSING[10:], y[10:])
    np.testing.assert_array_equal(copy.X_training, MISSING)


def test_parameters_can_be_set():
    changed = learner().set_params(estimator__C=5.0, bootstrap_init=True)
    assert changed.get_params()["estimator__C"] == 5 and changed.get_params()["bootstrap_init"]


def test_clone_of_a_committee_clones_its_learners():
    committee = Committee([learner(), learner()])
    copy = clone(committee)
    assert repr(copy).startswith("Committee(learner_list=[ActiveLearner(")
    assert not set(map(id, copy)) & set(map(id, committee))


def test_learners_from_before_the_repair_have_a_repr():
    old = learner()
    del old.bootstrap_init, old._fit_kwargs_names
    assert repr(old) == repr(learner())


# How it gets there --------------------------------------------------------------------------

WORKFLOW = """
import importlib, pickle, sys, warnings
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

def work():
    import modAL.batch, modAL.models, modAL.utils

    X, y = pd.DataFrame(np.eye(4)), [0, 1, 0, 1]
    learner = modAL.models.ActiveLearner(LogisticRegression(), X_training=X, y_training=y)
    learner.teach(X[:1], [0])
    clone(learner).fit(X, y)
    assert modAL.batch.data_vstack((X, X)).shape == (8, 4)
    assert pickle.loads(pickle.dumps(modAL.batch.data_vstack)) is modAL.utils.data_vstack

import modAL.batch
import skally

warnings.filterwarnings("error", module="skally")  # what the repairs call is not deprecated
work()
for name in ("utils.data", "utils", "batch", "models.base", "models.learners", "models"):
    importlib.reload(sys.modules["modAL." + name])
work()
for name in [name for name in sys.modules if name.split(".")[0] == "modAL"]:
    del sys.modules[name]
work()
"""


def test_repair_holds_if_imported_later_or_earlier_than_modal_and_through_reloads():
    done = subprocess.run([sys.executable, "-c", WORKFLOW], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_second_repair_changes_nothing():
    finders, stack = list(sys.meta_path), data.data_vstack
    init = ActiveLearner.__init__
    modal.repair()
    assert sys.meta_path == finders
    assert data.data_vstack is stack and ActiveLearner.__init__ is init


def test_only_modules_of_modal_are_found():
    finder = modal.RepairingFinder()
    assert all(finder.find_spec(name) is None for name in ("pandas", "modAL", "modALx", "modal.a"))
    assert isinstance(modAL.batch.__loader__, importlib.machinery.SourceFileLoader)


def test_learner_survives_pickle():
    np.random.seed(0)  # noqa: NPY002 (modAL draws its bootstrap from the global generator)
    copy = pickle.loads(pickle.dumps(learner(bootstrap_init=True)))
    assert copy.get_params()["bootstrap_init"]


def test_labels_that_cannot_be_stacked_leave_the_learner_as_it_was():
    taught = learner()
    with pytest.raises(ValueError):
        taught.teach(X[10:12], y[10:12].reshape(-1, 1))
    assert len(taught.X_training) == len(taught.y_training) == 10
    taught.teach(X[10:12], y[10:12])
    assert len(taught.X_training) == len(taught.y_training) == 12
