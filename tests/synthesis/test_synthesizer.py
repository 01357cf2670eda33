"""Synthesised inputs, on real data."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from modAL.models import ActiveLearner, CommitteeRegressor
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, RobustScaler, StandardScaler
from torch import nn

from skally import (
    ALLYSampler,
    ConstrainedNetClassifier,
    ConstrainedNetRegressor,
    DualRegressor,
    InputSynthesizer,
)
from skally.modules import MLP, ResNet18
from skally.pool.samples import Samples
from skally.synthesis.predicted_dual import PredictedDual, input_map

HEAD = DualRegressor(max_epochs=10)


def synthesizer(**params):
    """Synthesizer with few steps and a head that trains shortly."""
    defaults = {"regressor": clone(HEAD), "n_steps": 15, "random_state": 0}
    return InputSynthesizer(**{**defaults, **params})


@pytest.fixture(scope="module")
def frame():
    """Diabetes data in their own units."""
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


@pytest.fixture(scope="module")
def pipeline(frame):
    """Scaler and net, fitted on 150 rows of the frame."""
    net = ConstrainedNetRegressor(
        module__hidden_layer_sizes=(32, 16), max_epochs=15, random_state=0
    )
    return make_pipeline(StandardScaler(), net).fit(frame[0][:150], frame[1][:150])


@pytest.fixture(scope="module")
def start(frame):
    """Rows of the frame that no net was fitted on."""
    return frame[0][150:160]


def test_the_first_and_last_duals_are_those_that_ally_ranks_by(regressor, diabetes):
    X = diabetes[0][150:160]
    found = synthesizer().synthesize(regressor, X)
    ally = ALLYSampler(regressor=HEAD, random_state=0)
    for rows, duals in ((X, found.duals[0]), (found.inputs, found.duals[-1])):
        utility = ally.query(regressor, rows, return_utilities=True)[1]
        assert_close_to_single_precision(duals, utility)


def assert_close_to_single_precision(duals, utility):
    """Duals in double precision equal those whose embedding is in single precision.

    A unit of the net sums 256 terms, right to 256 * 1.2e-7 = 3e-5 of their size at worst, and as a
    rule to the root of that many. The head, in double precision, may amplify it a few times.
    """
    assert np.allclose(duals, utility, rtol=1e-4, atol=1e-5 * utility.max())


def test_duals_rise_and_never_fall_on_diabetes(pipeline, start):
    found = synthesizer().synthesize(pipeline, start)
    assert (np.diff(found.duals, axis=0) >= 0).all()
    assert (found.duals[-1] > found.duals[0]).all()


def test_gradients_equal_finite_differences_in_the_units_of_the_user(pipeline, start, rng):
    rows = start.to_numpy(dtype=float)
    # Whole numbers, as those that the net was trained on: its piecewise linear encoding has a kink
    # at each of these, where there is no gradient. So we look beside them.
    rows = rows + 0.01 * pipeline[0].scale_ * rng.uniform(0.5, 1, size=rows.shape)
    member = Samples(pipeline, start)
    predicted = PredictedDual([member], [input_map(member, start, rows, rng)], HEAD, rows[:1], rng)
    gradient = predicted.gradient(rows)
    # Steps so short that hardly any unit's kink lies within one of them. The difference of two
    # duals, right to 1e-16, over 2e-8 is right to 1e-8.
    for j, unit in enumerate(pipeline[0].scale_):
        step = 1e-8 * unit * np.eye(10)[j]
        slope = (predicted.value(rows + step) - predicted.value(rows - step)) / (2e-8 * unit)
        assert np.allclose(gradient[:, j], slope, rtol=1e-4, atol=1e-6 / unit)
        assert np.abs(slope).max() * unit > 1e-4


def test_images_rise_within_their_grey_values():
    X, y = load_digits(return_X_y=True)
    X = X[:60].reshape(-1, 1, 8, 8) / 16
    net = ConstrainedNetClassifier(
        ResNet18, module__n_channels=1, module__width=2, max_epochs=5, random_state=0
    ).fit(X, y[:60])
    corner = np.zeros((1, 8, 8), dtype=bool)
    corner[0, :4, :4] = True
    found = synthesizer(clip=(0, 1), frozen=corner, n_steps=5).synthesize(net, X[:4])
    assert found.path.shape == (6, 4, 1, 8, 8) and found.to_frame().shape == (24, 67)
    assert found.path.min() >= 0 and found.path.max() <= 1
    assert np.array_equal(found.inputs[:, corner], X[:4, corner])
    assert (np.diff(found.duals, axis=0) >= 0).all()
    assert (found.duals[-1] > found.duals[0]).all()


def test_bounds_and_frozen_columns_hold_in_the_units_of_the_user(pipeline, frame, start):
    low, high = frame[0].min(), frame[0].max()
    found = synthesizer(
        clip=(low[::-1], high), frozen=["sex", "s4"], step_size=0.5
    ).synthesize(pipeline, start)  # fmt: skip
    low, high = low.to_numpy(), high.to_numpy()
    assert (found.path >= low).all() and (found.path <= high).all()
    assert ((found.path == low) | (found.path == high))[-1, :, [0, 2, 3]].any()
    for name in ("sex", "s4"):
        column = found.path[:, :, list(start).index(name)]
        assert column.tobytes() == np.tile(start[name], (len(column), 1)).tobytes()
    assert not np.allclose(found.inputs["age"], start["age"])


def test_neither_the_net_nor_the_rows_nor_torch_are_touched(regressor, diabetes):
    X = diabetes[0][150:160].copy()
    module = regressor.module_
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    weights = {name: value.clone() for name, value in module.state_dict().items()}
    state, rows = torch.get_rng_state(), X.copy()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    synthesizer().synthesize(regressor, X)
    assert np.array_equal(X, rows)
    assert all(torch.equal(value, weights[name]) for name, value in module.state_dict().items())
    assert all(value.dtype == torch.float32 for value in module.parameters())
    assert all((p.grad == 1).all() and p.requires_grad for p in module.parameters())
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002
    for parameter in module.parameters():
        parameter.grad = None


def test_same_seed_same_answer(pipeline, start):
    a, b, other = (synthesizer(random_state=seed).synthesize(pipeline, start) for seed in (0, 0, 1))
    assert np.array_equal(a.path, b.path) and np.array_equal(a.duals, b.duals)
    assert not np.allclose(a.duals, other.duals)


def test_permuted_rows_have_permuted_paths(pipeline, frame, rng):
    X = frame[0][150:250]  # more than go in one batch
    order = rng.permutation(len(X))
    found = synthesizer(n_steps=8).synthesize(pipeline, X)
    permuted = synthesizer(n_steps=8).synthesize(pipeline, X.iloc[order])
    assert np.allclose(permuted.path, found.path[:, order], rtol=1e-8)
    assert np.allclose(permuted.duals, found.duals[:, order], rtol=1e-8)
    assert permuted.inputs.index.equals(X.index[order])


def test_units_of_the_columns_do_not_matter_behind_a_scaler(frame):
    X, y = frame[0].to_numpy(), frame[1]
    factor = 2.0 ** np.arange(-10, 10, 2)  # powers of two are not rounded
    net = ConstrainedNetRegressor(max_epochs=5, random_state=0)
    paths = []
    for scale in (1.0, factor):
        model = make_pipeline(RobustScaler(), clone(net)).fit(X[:100] * scale, y[:100])
        paths.append(synthesizer().synthesize(model, X[100:105] * scale).path)
    assert np.allclose(paths[1] / factor, paths[0], rtol=1e-6)


def test_a_step_is_in_deviations_behind_a_standard_scaler(pipeline, start):
    found = synthesizer(step_size=0.01, n_steps=1, frozen=["sex"]).synthesize(pipeline, start)
    moved = (found.path[1] - found.path[0]) / pipeline[0].scale_
    size = np.sqrt(np.square(np.delete(moved, 1, axis=1)).mean(axis=1))
    assert np.isclose(size, 0.01).mean() > 0.7  # the others had to halve it
    assert np.allclose(np.log2(size / 0.01), np.log2(size / 0.01).round(), atol=1e-6)


def halved(y):
    """Targets over 2, which is exact, so that a net that standardises them trains as before."""
    return y / 2


def doubled(y):
    """Inverse of :func:`halved`."""
    return y * 2


@pytest.mark.parametrize("wrap", [
    lambda model, X, y: GridSearchCV(model, {"constrainednetregressor__epsilon": [0.1]}, cv=2),
    lambda model, X, y: TransformedTargetRegressor(model, func=halved, inverse_func=doubled),
    lambda model, X, y: ActiveLearner(model, X_training=X, y_training=y),
], ids=["search", "target", "learner"])  # fmt: skip
def test_wrappings_are_seen_through(wrap, pipeline, frame):
    X, y = (each.to_numpy()[:160] for each in frame)
    bare = clone(pipeline).fit(X[:150], y[:150])
    wrapped = wrap(clone(pipeline), X[:150], y[:150])
    if not isinstance(wrapped, ActiveLearner):
        wrapped.fit(X[:150], y[:150])
    found, expected = (synthesizer().synthesize(each, X[150:]) for each in (wrapped, bare))
    assert np.allclose(found.path, expected.path, rtol=1e-4)
    assert not np.allclose(expected.path[0], expected.path[-1])


def test_a_committee_answers_with_the_mean(diabetes):
    X, y = diabetes
    net = ConstrainedNetRegressor(module__hidden_layer_sizes=(16,), max_epochs=5)
    nets = [clone(net).set_params(random_state=seed) for seed in (0, 1)]
    committee = CommitteeRegressor(
        [ActiveLearner(each, X_training=X[:50], y_training=y[:50]) for each in nets]
    )
    found = synthesizer().synthesize(committee, X[50:55])
    ally = ALLYSampler(regressor=HEAD, random_state=0)
    utility = ally.query(committee, X[50:55], return_utilities=True)[1]
    assert_close_to_single_precision(found.duals[0], utility)
    assert (np.diff(found.duals, axis=0) >= 0).all() and (found.duals[-1] > found.duals[0]).all()


class Casts(nn.Module):
    """Net that computes in single precision whatever its weights are, with batch normalisation."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, n_outputs)
        )

    def forward(self, X):
        return self.layers(X.float())


def test_nets_that_insist_on_single_precision_are_served(diabetes):
    X, y = diabetes
    net = ConstrainedNetRegressor(Casts, max_epochs=5, random_state=0).fit(X[:50], y[:50])
    found = synthesizer().synthesize(net, X[50:55])
    assert (np.diff(found.duals, axis=0) >= 0).all() and (found.duals[-1] > found.duals[0]).all()
    alone = [synthesizer(n_steps=1).synthesize(net, X[[i]]).duals[0, 0] for i in range(50, 55)]
    assert_close_to_single_precision(found.duals[0], np.array(alone))


def test_the_embedding_layer_of_the_net_is_used(diabetes):
    X, y = diabetes
    net = ConstrainedNetRegressor(
        MLP,
        n_members=1,
        module__hidden_layer_sizes=(16, 8),
        embedding_layer="3",
        max_epochs=5,
        random_state=0,
    ).fit(X[:50], y[:50])
    assert net.train_embedding_.shape == (50, 16)
    found = synthesizer().synthesize(net, X[50:55])
    utility = ALLYSampler(regressor=HEAD, random_state=0).query(
        net, X[50:55], return_utilities=True
    )[1]
    assert_close_to_single_precision(found.duals[0], utility)


def test_frames_come_back_as_frames(pipeline, start):
    found = synthesizer(keep_every=4).synthesize(pipeline, start)
    assert list(found.inputs) == list(start) and found.inputs.index.equals(start.index)
    assert np.array_equal(found.inputs, found.path[-1])
    assert found.steps.tolist() == [0, 4, 8, 12, 15]
    long = found.to_frame()
    assert list(long) == ["row", "step", "dual", *start]
    for k, step in enumerate(found.steps):
        part = long[long["step"] == step].sort_values("row")
        assert np.array_equal(part[list(start)], found.path[k])
        assert np.array_equal(part["dual"], found.duals[k])


def test_polars_frames_and_lists_and_tensors_are_rows_too(regressor, diabetes):
    X = diabetes[0][150:153].astype(float)
    expected = synthesizer().synthesize(regressor, X)
    assert list(expected.to_frame())[3:] == [f"x{j}" for j in range(10)]
    for rows in (X.tolist(), torch.tensor(X)):
        assert np.array_equal(synthesizer().synthesize(regressor, rows).inputs, expected.inputs)
    named = clone(regressor).fit(pl.DataFrame(diabetes[0][:150]), diabetes[1][:150])
    found = synthesizer(frozen=["column_0"]).synthesize(named, pl.DataFrame(X))
    assert isinstance(found.inputs, pl.DataFrame)
    assert found.inputs["column_0"].to_numpy().tolist() == X[:, 0].tolist()


def test_kept_steps_are_those_of_the_whole_path(pipeline, start):
    whole, kept = (synthesizer(keep_every=k).synthesize(pipeline, start) for k in (1, 7))
    assert whole.path.shape == (16, 10, 10) and kept.steps.tolist() == [0, 7, 14, 15]
    assert np.array_equal(whole.path[kept.steps], kept.path)
    assert np.array_equal(whole.path[0], start)


@pytest.mark.parametrize("params, message", [
    ({"n_steps": 0}, "n_steps == 0"), ({"n_steps": 2.5}, "n_steps == 2.5"),
    ({"step_size": 0}, "step_size == 0"), ({"step_size": np.nan}, "step_size == nan"),
    ({"keep_every": 0}, "keep_every == 0"), ({"regressor": Ridge()}, "regressor == Ridge"),
    ({"clip": (1, 0)}, "clip has low == 1.0 in column 'age'"), ({"clip": (1, 1)}, "clip has low"),
    ({"clip": (0, 60)}, "X has the value .*must be within clip, from 0.0 to 60.0"),
    ({"frozen": range(10)}, "frozen == .* must leave one free"),
    ({"frozen": ["weight"]}, "frozen has 'weight'"), ({"random_state": "x"}, "random_state == 'x'"),
])  # fmt: skip
def test_bad_parameters_are_named(params, message, pipeline, start):
    with pytest.raises(ValueError, match=message):
        synthesizer(**params).synthesize(pipeline, start)


def test_bad_rows_are_named(pipeline, start):
    with pytest.raises(ValueError, match="Input X contains NaN"):
        synthesizer().synthesize(pipeline, start.where(start["age"] > start["age"].min()))
    with pytest.raises(ValueError, match="feature names"):
        synthesizer().synthesize(pipeline, start[start.columns[:9]])
    with pytest.raises(ValueError, match="0 sample"):
        synthesizer().synthesize(pipeline, start[:0])


def test_a_wrong_width_is_named(regressor, diabetes):
    with pytest.raises(ValueError, match="X has 9 features, but .* 10"):
        synthesizer().synthesize(regressor, diabetes[0][:3, :9])


def test_estimators_without_duals_say_what_to_use(pipeline, diabetes, start):
    with pytest.raises(NotFittedError):
        synthesizer().synthesize(clone(pipeline), start)
    with pytest.raises(ValueError, match="estimator == None"):
        synthesizer().synthesize(None, start)
    with pytest.raises(ValueError, match="no dual_variables_.*ConstrainedNet"):
        synthesizer().synthesize(Ridge().fit(*diabetes), diabetes[0])


def test_a_transformer_that_is_not_affine_is_named(frame):
    X, y = frame[0][:30], frame[1][:30]
    net = ConstrainedNetRegressor(max_epochs=1, random_state=0)
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2), net).fit(X, y)
    with pytest.raises(ValueError, match="StandardScaler, PolynomialFeatures .* must .* affine"):
        synthesizer().synthesize(model, X)


def test_it_is_cloned_pickled_printed_and_set_as_estimators_are(pipeline, start):
    ours = synthesizer(clip=(None, 1e3), frozen=["sex"])
    assert repr(ours).startswith("InputSynthesizer(clip=(None, 1000.0), frozen=['sex'], n_steps=15")
    ours.set_params(regressor__max_epochs=3, n_steps=4)
    assert ours.get_params()["regressor__max_epochs"] == 3
    copies = [clone(ours), pickle.loads(pickle.dumps(ours))]
    expected = ours.synthesize(pipeline, start)
    for copy in copies:
        assert copy.get_params(deep=False).keys() == ours.get_params(deep=False).keys()
        assert np.array_equal(copy.synthesize(pipeline, start).path, expected.path)
    assert not [name for name in vars(ours) if name.endswith("_")]
    restored = pickle.loads(pickle.dumps(expected))
    pd.testing.assert_frame_equal(restored.to_frame(), expected.to_frame())
