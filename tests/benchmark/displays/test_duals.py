import builtins

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skally import ConstrainedNetRegressor
from skally.benchmark import DualVariablesDisplay


@pytest.fixture(autouse=True)
def close():
    """No figure outlives its test."""
    yield
    pyplot.close("all")


def test_panels_hold_the_history_the_duals_and_the_slacks(regressor):
    display = DualVariablesDisplay.from_estimator(regressor)
    course, largest, slack = display.axes_
    drawn = {line.get_label(): line.get_ydata() for line in course.lines}
    assert np.array_equal(drawn["dual mean"], regressor.history[:, "dual_mean"])
    assert np.array_equal(drawn["dual max"], regressor.history[:, "dual_max"])
    assert np.array_equal(drawn["max violation"], regressor.history[:, "max_violation"])
    duals = np.sort(regressor.dual_variables_)[::-1]
    assert np.array_equal(largest.lines[0].get_ydata(), duals[duals > 0])
    points = np.c_[regressor.slacks_, regressor.dual_variables_]
    assert np.allclose(slack.collections[0].get_offsets(), points)
    assert display.figure_ is course.figure


def test_given_axes_are_used(regressor):
    figure, axes = pyplot.subplots(1, 3)
    display = DualVariablesDisplay.from_estimator(regressor, ax=axes)
    assert display.figure_ is figure and all(
        a is b for a, b in zip(display.axes_, axes, strict=True)
    )
    with pytest.raises(ValueError, match="ax holds 2, must be 3"):
        DualVariablesDisplay.from_estimator(regressor, axes=axes[:2])


def test_nets_are_found_in_pipelines_and_rows_held_out_left_out(diabetes):
    net = ConstrainedNetRegressor(max_epochs=2, random_state=0)
    pipeline = make_pipeline(StandardScaler(), net).fit(*diabetes)
    pipeline[-1].dual_variables_[:5] = np.nan
    display = DualVariablesDisplay.from_estimator(pipeline)
    assert len(display.axes_[2].collections[0].get_offsets()) == 195


def test_estimators_without_duals_are_errors(diabetes):
    with pytest.raises(ValueError, match="is a LinearRegression without dual_variables_"):
        DualVariablesDisplay.from_estimator(LinearRegression().fit(*diabetes))


def test_without_matplotlib_it_says_what_to_install(regressor, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install skally\\[plot\\]"):
        DualVariablesDisplay.from_estimator(regressor)
