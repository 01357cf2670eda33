import numpy as np
import pytest
from matplotlib import pyplot
from modAL.models import ActiveLearner
from sklearn.decomposition import PCA, KernelPCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ALLYSampler, ConstrainedNetRegressor, DualRegressor
from skally.benchmark.displays.picks import PicksDisplay, thin


@pytest.fixture(autouse=True)
def close():
    """No figure outlives its test."""
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def simple(digits):
    """Classifier without an embedding or duals."""
    return LogisticRegression(max_iter=1000).fit(digits[0][:150], digits[1][:150])


def drawn(display):
    """Positions and values of the drawn points of the pool, sorted by position."""
    both = [display.points_, display.picks_]
    places = np.vstack([each.get_offsets() for each in both])
    values = np.concatenate([each.get_array() for each in both])
    order = np.lexsort(places.T)
    return places[order], values[order]


def same_up_to_sign(one, other):
    """Whether columns are equal up to the sign, which is arbitrary for a principal component."""
    return all(
        np.allclose(a, b, atol=1e-3) or np.allclose(a, -b, atol=1e-3)
        for a, b in zip(one.T, other.T, strict=True)
    )


def test_pool_is_drawn_in_the_embedding_and_coloured_by_predicted_duals(regressor, diabetes):
    X_pool = diabetes[0][150:]
    head = Ridge()  # well conditioned, unlike least squares on 256 features of 150 rows
    duals = regressor.dual_variables_
    expected = head.fit(regressor.train_embedding_, duals).predict(regressor.embed(X_pool))
    display = PicksDisplay.from_estimator(regressor, X_pool, [3, 7], regressor=head, random_state=0)
    every = np.vstack([regressor.embed(X_pool), regressor.train_embedding_])
    flat = PCA(2).fit_transform(every)
    assert same_up_to_sign(display.points, flat[:50])
    assert same_up_to_sign(display.labelled, flat[50:])
    places, values = drawn(display)
    order = np.lexsort(display.points.T)
    assert np.array_equal(places, display.points[order])
    # Ridge bounds the weights by the range of the duals, and float32 features are rounded by 1e-7
    assert np.allclose(values, expected[order], atol=1e-4 * np.ptp(duals))
    assert np.array_equal(display.labelled_.get_offsets(), display.labelled)
    assert np.array_equal(np.sort(display.picks_.get_offsets(), axis=0),
                          np.sort(display.points[[3, 7]], axis=0))  # fmt: skip
    assert display.colorbar_.ax.get_ylabel() == "predicted dual variable"
    assert display.points_.get_clim() == display.picks_.get_clim() == (values.min(), values.max())


def test_duals_are_those_that_ally_predicts(regressor, diabetes):
    X_pool = diabetes[0][150:]
    head = DualRegressor(max_epochs=3)
    _, utility = ALLYSampler(regressor=head, random_state=5).query(
        regressor, X_pool, n_instances=4, return_utilities=True
    )
    display = PicksDisplay.from_estimator(regressor, X_pool, [0], regressor=head, random_state=5)
    assert np.allclose(display.values, utility)


def test_wrapped_nets_are_found(regressor, diabetes):
    X, y = diabetes
    net = ConstrainedNetRegressor(max_epochs=2, random_state=0)
    pipeline = make_pipeline(StandardScaler(), net)
    learner = ActiveLearner(
        pipeline, query_strategy=ALLYSampler(), X_training=X[:100], y_training=y[:100]
    )
    display = PicksDisplay.from_estimator(learner, X[100:], [1], random_state=0)
    assert len(display.points) == len(display.labelled) == 100
    assert display.colorbar_ is not None


def test_estimators_without_duals_are_plain(simple, digits):
    X = digits[0]
    display = PicksDisplay.from_estimator(simple, X[150:], [4, 5], X=X[:150])
    flat = PCA(2).fit_transform(X[np.r_[150:200, :150]])
    assert same_up_to_sign(display.points, flat[:50])
    assert same_up_to_sign(display.labelled, flat[50:])
    assert display.colorbar_ is None and display.points_.get_array() is None
    assert np.array_equal(display.picks_.get_offsets(), display.points[[4, 5]])
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert names == ["pool", "labelled before", "picked (2)"]
    without = PicksDisplay.from_estimator(simple, X[150:], [4, 5])
    names = [text.get_text() for text in without.ax_.get_legend().get_texts()]
    assert names == ["pool", "picked (2)"]


@pytest.mark.parametrize("estimator", [None, LogisticRegression()])
def test_without_a_fitted_estimator_the_columns_are_drawn(estimator, rng):
    X = rng.normal(size=(30, 2))
    display = PicksDisplay.from_estimator(estimator, X, [0], X=X[:5])
    assert np.array_equal(display.points, X) and np.array_equal(display.labelled, X[:5])
    one = PicksDisplay.from_estimator(estimator, X[:, :1], [0])
    assert np.array_equal(one.points, np.c_[X[:, 0], np.zeros(30)])


def test_utilities_given_are_the_colours(regressor, diabetes, rng):
    utility = rng.normal(size=50)
    display = PicksDisplay.from_estimator(regressor, diabetes[0][150:], [2, 9], utility=utility)
    _, values = drawn(display)
    assert np.array_equal(values, utility[np.lexsort(display.points.T)])
    assert np.array_equal(display.points_.get_array(), np.sort(np.delete(utility, [2, 9])))
    assert display.colorbar_.ax.get_ylabel() == "utility"


def test_thinning_keeps_all_picks_and_what_belongs_to_them(simple, digits, rng):
    X, utility = digits[0], rng.normal(size=200)
    picks = rng.permutation(200)[:12]
    display = PicksDisplay.from_estimator(
        simple, X, picks, X=X, utility=utility, max_points=40, random_state=0
    )
    assert len(display.points) == len(display.labelled) == 40
    assert set(picks) == set(display.rows[display.is_picked])
    assert np.array_equal(display.values, utility[display.rows])
    assert set(display.picks_.get_array()) == set(utility[picks])
    assert display.points_.get_label() == "pool (40 of 200 samples)"
    few = PicksDisplay.from_estimator(simple, X, picks, max_points=3, random_state=0)
    assert set(few.rows) == set(picks)


def test_thinning_draws_every_other_row_alike(rng):
    counts = np.zeros(10)
    for _ in range(600):
        rows = thin(10, [3, 8], 5, rng)
        assert len(rows) == 5 and np.all(np.diff(rows) > 0)
        counts[rows] += 1
    assert counts[3] == counts[8] == 600
    others = np.delete(counts, [3, 8])  # 3 of 8, with a standard deviation of 12
    assert np.all(np.abs(others - 225) < 60)
    assert np.array_equal(thin(5, [], 5, rng), np.arange(5))


def test_the_pool_is_drawn_as_pixels(simple, digits):
    display = PicksDisplay.from_estimator(simple, digits[0], [0])
    assert display.points_.get_rasterized() and not display.picks_.get_rasterized()


def test_any_projection_to_two_dimensions_is_accepted(simple, digits):
    X = digits[0]
    projection = KernelPCA(2, kernel="rbf", gamma=0.1, eigen_solver="dense")
    display = PicksDisplay.from_estimator(simple, X, [0], projection=projection)
    assert same_up_to_sign(display.points, projection.fit_transform(X))
    with pytest.raises(ValueError, match="shape \\(200, 3\\), must be \\(200, 2\\)"):
        PicksDisplay.from_estimator(simple, X, [0], projection=PCA(3))


def test_an_int_as_random_state_gives_the_same_picture(regressor, diabetes):
    options = {"max_points": 20, "regressor": DualRegressor(max_epochs=2), "random_state": 3}
    one, two = (
        PicksDisplay.from_estimator(regressor, diabetes[0], [5], **options) for _ in range(2)
    )
    assert np.array_equal(one.points, two.points) and np.array_equal(one.values, two.values)


def test_given_axes_are_used(simple, digits):
    figure, ax = pyplot.subplots()
    display = PicksDisplay.from_estimator(simple, digits[0], [0], ax=ax)
    assert display.ax_ is ax and display.figure_ is figure


@pytest.mark.parametrize(
    "indices, message",
    [
        ([0, 200], "indices holds 200, must be from 0 to 199"),
        ([-1], "indices holds -1, must be from 0 to 199"),
        ([0.5], "must be a list of integers"),
        ([[0, 1]], "must be a list of integers"),
        ([True, False], "must be a list of integers"),
    ],
)
def test_indices_outside_the_pool_are_errors(simple, digits, indices, message):
    with pytest.raises(ValueError, match=message):
        PicksDisplay.from_estimator(simple, digits[0], indices)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"utility": np.zeros(3)}, "utility has shape \\(3,\\), must be \\(200,\\)"),
        ({"utility": np.r_[np.nan, np.zeros(199)]}, "utility holds nan, must be finite"),
        ({"max_points": 0}, "max_points == 0, must be"),
    ],
)
def test_invalid_arguments_are_errors(simple, digits, options, message):
    with pytest.raises(ValueError, match=message):
        PicksDisplay.from_estimator(simple, digits[0], [0], **options)
