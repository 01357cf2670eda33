"""Rows and labels in any container, below those in any other."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from modAL.models import ActiveLearner, BayesianOptimizer
from modAL.utils import data
from scipy import sparse
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression

from skally.utils.containers import stack_pandas, stack_polars

pl = pytest.importorskip("polars")

X = np.random.RandomState(0).rand(30, 3)
y = (X[:, 0] > 0.5).astype(int)
NAMES = ["a", "b", "c"]

ROWS = {
    "array": np.asarray,
    "list": np.ndarray.tolist,
    "frame": lambda rows: pd.DataFrame(rows, columns=NAMES, index=range(99, 99 - len(rows), -1)),
    "frame in another order": lambda rows: pd.DataFrame(rows, columns=NAMES)[["c", "a", "b"]],
    "csr": sparse.csr_matrix,
    "coo": sparse.coo_matrix,
    "sparse array": sparse.csr_array,
    "polars": lambda rows: pl.DataFrame(rows, schema=NAMES),
}
LABELS = {
    "array": np.asarray,
    "list": np.ndarray.tolist,
    "series": lambda labels: pd.Series(labels, index=range(50, 50 + len(labels)), name="y"),
    "categories": lambda labels: pd.Series(labels).astype("category"),
    "frame": lambda labels: pd.DataFrame({"y": labels}),
    "polars": lambda labels: pl.Series("y", labels),
}
NAMED = ("frame", "frame in another order", "polars")


def dense(rows):
    return rows.toarray() if sparse.issparse(rows) else np.asarray(rows)


def taught(X0, y0, X1, y1, **params):
    learner = ActiveLearner(LogisticRegression(), X_training=X0, y_training=y0)
    learner.teach(X1, y1, **params)
    return learner


@pytest.mark.parametrize("before, after", list(product(ROWS, ROWS)))
def test_rows_go_below_those_in_any_container(before, after):
    if "another order" in before + after and not (before in NAMED and after in NAMED):
        pytest.skip("columns without names have no order but their own")
    X0 = ROWS[before](X[:20])
    learner = taught(X0, y[:20], ROWS[after](X[20:]), y[20:])
    assert type(learner.X_training) is type(X0) or sparse.issparse(learner.X_training)
    columns = list(getattr(X0, "columns", NAMES))
    expected = X[:, [NAMES.index(name) for name in columns]]
    np.testing.assert_array_equal(dense(learner.X_training), expected)
    assert list(getattr(learner.X_training, "columns", columns)) == columns


@pytest.mark.filterwarnings("ignore:A column-vector y")  # scikit-learn, of a frame of labels
@pytest.mark.parametrize("before, after", list(product(LABELS, LABELS)))
def test_labels_go_below_those_in_any_container(before, after):
    y0 = LABELS[before](y[:20])
    learner = taught(X[:20], y0, X[20:], LABELS[after](y[20:]))
    assert type(learner.y_training) is type(y0)
    assert np.asarray(learner.y_training).ravel().tolist() == y.tolist()


def test_a_single_row_goes_below_a_frame():
    frame = ROWS["frame"](X)
    for row in (X[3], X[[3]], X[3].tolist(), frame.iloc[3], ROWS["polars"](X[[3]])):
        assert np.array_equal(stack_pandas(frame, [row]).iloc[-1], X[3])


def test_texts_and_numbers_of_a_list_keep_their_types():
    frame = pd.DataFrame({"n": [1, 2], "t": ["u", "v"]})
    stacked = stack_pandas(frame, [[[3, "w"]], [[4, "x"]]])
    assert stacked["n"].tolist() == [1, 2, 3, 4] and stacked["n"].dtype == frame["n"].dtype
    assert stacked["t"].tolist() == ["u", "v", "w", "x"] and stacked.index.is_unique


def test_categories_keep_their_values_and_take_new_ones():
    known = pd.Series(["a", "b"], dtype="category")
    assert stack_pandas(known, [["c"]]).tolist() == ["a", "b", "c"]
    assert stack_pandas(known, [known]).dtype == "category"


def test_floats_below_integers_are_not_cut_off():
    assert stack_polars(pl.Series([1, 2]), [[2.5]]).to_list() == [1.0, 2.0, 2.5]
    assert stack_pandas(pd.Series([1, 2]), [np.array([2.5])]).tolist() == [1.0, 2.0, 2.5]


@pytest.mark.parametrize("known", [ROWS["frame"], ROWS["polars"]])
@pytest.mark.parametrize(
    "new, message",
    [
        (pd.DataFrame(X[20:], columns=["a", "b", "d"]), r"X has columns \['a', 'b', 'd'\], must"),
        (pl.DataFrame(X[20:, :2], schema=["a", "b"]), r"X has columns \['a', 'b'\], must"),
        (X[20:, :2], r"X has shape \(10, 2\), must have 3 columns"),
        (sparse.csr_matrix(X[20:, :2]), r"X has shape \(10, 2\), must have 3 columns"),
    ],
)
def test_other_columns_are_refused_and_nothing_is_added(known, new, message):
    learner = ActiveLearner(LogisticRegression(), X_training=known(X[:20]), y_training=y[:20])
    with pytest.raises(ValueError, match="dimensions"):  # modAL's own words
        learner.teach(new, y[20:])
    assert len(learner.X_training) == len(learner.y_training) == 20
    with pytest.raises(ValueError, match=message):
        data.data_vstack((known(X[:20]), new))


@pytest.mark.parametrize("form", ["array", "list", "frame", "polars", "csr"])
@pytest.mark.parametrize("labels", ["array", "list", "series", "polars"])
@pytest.mark.parametrize("only_new", [False, True])
def test_a_bootstrap_draws_rows_of_any_container(form, labels, only_new):
    np.random.seed(0)  # noqa: NPY002 (modAL draws its bootstrap from the global generator)
    given = ROWS[form](X[:20]), LABELS[labels](y[:20]), ROWS[form](X[20:]), LABELS[labels](y[20:])
    learner = taught(*given, bootstrap=True, only_new=only_new)
    np.random.seed(0)  # noqa: NPY002
    new = (X[20:], y[20:]) if only_new else (X, y)
    rows = np.random.choice(len(new[0]), len(new[0]))  # noqa: NPY002
    expected = LogisticRegression().fit(new[0][rows], new[1][rows])
    np.testing.assert_allclose(learner.estimator.coef_, expected.coef_, atol=5e-3)


def test_the_largest_target_of_a_series_is_found_by_position():
    target = pd.Series(X[:, 0], index=range(29, -1, -1))  # labels that are positions of others
    for index in (target.index, range(100, 130)):
        series = target.set_axis(index)
        optimizer = BayesianOptimizer(
            GaussianProcessRegressor(alpha=1e-3, optimizer=None),
            X_training=X[:10], y_training=series[:10],
        )  # fmt: skip
        assert optimizer.y_max == X[:10, 0].max()
        optimizer.teach(X[10:], series[10:])
        assert optimizer.y_max == X[:, 0].max()
        assert isinstance(optimizer.y_training, pd.Series)


@pytest.mark.parametrize("form", ["frame", "polars"])
def test_rows_are_numbered_and_dropped_by_position(form):
    rows = ROWS[form](X[:5])
    numbers, each = zip(*data.enumerate_data(rows), strict=True)
    assert numbers == (0, 1, 2, 3, 4) and np.array_equal(np.vstack(each), X[:5])
    assert np.array_equal(data.drop_rows(rows, 1), np.delete(X[:5], 1, axis=0))
    assert data.data_shape(rows) == (5, 3)
