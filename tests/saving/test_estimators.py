import os

import numpy as np
import pytest
import torch
from one_net import one_classifier
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch.callbacks import EarlyStopping
from torch import nn

import skally
from skally.callbacks import KKTStopping

X, y = load_iris(return_X_y=True)


class Mine(nn.Module):
    """A module that is of no package."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.hidden, self.out = nn.Linear(n_features, 5), nn.Linear(5, n_outputs)

    def forward(self, X):
        return self.out(self.hidden(X).relu())


def small_net(kind):
    if kind == "single":
        return one_classifier(max_epochs=3, random_state=0).fit(X, y)
    params = {"module__hidden_layer_sizes": (8,), "max_epochs": 3, "random_state": 0}
    if kind == "members":
        return skally.ConstrainedNetClassifier(n_members=3, **params).fit(X, y)
    return skally.ConstrainedNetRegressor(n_members=6, **params).fit(
        *load_diabetes(return_X_y=True)
    )


@pytest.fixture(params=["single", "members", "regressor"])
def net(request):
    return small_net(request.param)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.skally"


def again(estimator, path, **options):
    skally.save(estimator, path)
    return skally.load(path, **options)


@pytest.mark.parametrize("Constrained, inner", [
    (skally.ConstrainedClassifier, LogisticRegression(max_iter=200)),
    (skally.ConstrainedRegressor, Ridge()),
])  # fmt: skip
def test_any_estimator_under_constraints_is_saved(Constrained, inner, path):
    X, y = load_diabetes(return_X_y=True)
    y = y > 140 if Constrained is skally.ConstrainedClassifier else y
    model = Constrained(make_pipeline(StandardScaler(), inner), random_state=0).fit(X, y)
    loaded = again(model, path)
    assert np.allclose(loaded.dual_variables_, model.dual_variables_)
    assert np.allclose(loaded.embed(X), model.embed(X))
    assert np.allclose(loaded.sample_loss(X, y), model.sample_loss(X, y))
    sampler = skally.ALLYSampler(random_state=0)
    picks = [sampler.query(each, X[:100], 5).tolist() for each in (model, loaded)]
    assert picks[0] == picks[1]


def data_of(net):
    return (X, y) if hasattr(net, "classes_") else load_diabetes(return_X_y=True)


def output(net, X):
    return net.predict_proba(X) if hasattr(net, "classes_") else net.predict(X)


def test_all_that_was_learned_is_kept(net, path):
    loaded, (X, y) = again(net, path), data_of(net)
    assert output(loaded, X) == pytest.approx(output(net, X), abs=1e-6 * np.abs(y).max())
    assert loaded.embed(X) == pytest.approx(net.embed(X), abs=1e-5)
    assert loaded.sample_loss(X, y) == pytest.approx(net.sample_loss(X, y), abs=1e-5)
    fitted = {name for name in vars(net) if name.endswith("_")}
    assert {name for name in vars(loaded) if name.endswith("_")} == fitted
    arrays = [name for name in fitted if isinstance(getattr(net, name), np.ndarray)]
    assert len(arrays) >= 4
    for name in arrays:
        assert getattr(loaded, name) == pytest.approx(getattr(net, name)), name
    assert loaded.history_ == net.history_
    assert loaded.kkt_ == pytest.approx(net.kkt_, nan_ok=True)


def test_settings_are_kept_and_it_clones(net, path):
    loaded = again(net, path)
    assert loaded.get_params() == net.get_params()
    assert repr(clone(loaded)) == repr(net)


def test_training_goes_on_as_without_a_file(net, path):
    loaded, (X, y) = again(net, path), data_of(net)
    for each in (net, loaded):
        each.partial_fit(X, y)
    assert loaded.dual_variables_ == pytest.approx(net.dual_variables_, abs=1e-5)
    assert output(loaded, X) == pytest.approx(output(net, X), abs=1e-5 * np.abs(y).max())
    assert loaded.history_ is loaded.net_.history_ and len(loaded.history_) == len(net.history_)


def test_state_of_the_optimizer_is_kept(net, path):
    kept = again(net, path).net_.optimizer_.state_dict()["state"]
    state = net.net_.optimizer_.state_dict()["state"]
    assert kept.keys() == state.keys() and state
    for number, each in state.items():
        assert torch.allclose(kept[number]["exp_avg"], each["exp_avg"])


def test_a_loaded_net_answers_the_same_queries(net, path):
    loaded, (X, _) = again(net, path), data_of(net)
    picks = [skally.ALLYSampler(random_state=0).query(each, X, 5) for each in (net, loaded)]
    assert set(picks[0]) == set(picks[1])


def test_a_search_over_a_pipeline_is_kept(path):
    pipeline = make_pipeline(StandardScaler(), one_classifier(max_epochs=2, random_state=0))
    search = GridSearchCV(pipeline, {"constrainednetclassifier__epsilon": [0.1, 0.2]}, cv=2)
    loaded = again(search.fit(X, y), path)
    assert loaded.predict_proba(X) == pytest.approx(search.predict_proba(X), abs=1e-6)
    assert loaded.best_params_ == search.best_params_
    assert loaded.score(X, y) == search.score(X, y)


def test_a_module_of_ones_own_must_be_trusted(path):
    net = one_classifier(Mine, max_epochs=2, random_state=0).fit(X, y)
    name = f"{Mine.__module__}.Mine"
    skally.save(net, path)
    with pytest.raises(ValueError, match=f"names .'{name}'.*trusted="):
        skally.load(path)
    for trusted in ([Mine], [name]):
        loaded = skally.load(path, trusted=trusted)
        assert loaded.predict_proba(X) == pytest.approx(net.predict_proba(X), abs=1e-6)


class Other(nn.Linear):
    """What Mine has become: its parameters have other names."""

    def __init__(self, n_features, n_outputs):
        super().__init__(n_features, n_outputs)


def test_a_module_whose_parameters_have_changed_is_refused(path, monkeypatch):
    skally.save(one_classifier(Mine, max_epochs=2, random_state=0).fit(X, y), path)
    Other.__qualname__, Other.__module__ = Mine.__qualname__, Mine.__module__
    monkeypatch.setattr("skally.saving.names.name_of", lambda thing: f"{Mine.__module__}:Mine")
    with pytest.raises(ValueError, match="has parameters of the shapes.*another version"):
        skally.load(path, trusted=[Other])


def test_modules_of_layers_callbacks_and_labels_of_text_are_kept(path):
    labels = np.array(["a", "b", "c"], dtype=object)[y]
    module = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 3))
    callbacks = [EarlyStopping(monitor="objective"), ("kkt", KKTStopping())]
    net = one_classifier(
        module, criterion__weight=torch.ones(3), callbacks=callbacks, max_epochs=2,
        random_state=np.random.RandomState(0),
    ).fit(X, labels)  # fmt: skip
    loaded = again(net, path)
    assert loaded.predict_proba(X) == pytest.approx(net.predict_proba(X), abs=1e-6)
    assert set(loaded.predict(X)) <= set("abc")
    assert torch.equal(loaded.module[0].weight, net.module[0].weight)
    assert [type(each) for each in loaded.callbacks] == [EarlyStopping, tuple]
    assert loaded.random_state.randint(1000) == net.random_state.randint(1000)


@pytest.mark.parametrize(
    "estimator",
    [
        skally.ConstrainedNetRegressor(),
        skally.ALLYSampler(random_state=0),
        make_pipeline(FunctionTransformer(np.log1p), skally.ConstrainedNetClassifier()),
    ],
    ids=["net", "sampler", "pipeline"],
)
def test_what_is_not_fitted_is_kept(estimator, path):
    assert repr(again(estimator, path)) == repr(estimator)


def test_a_net_of_another_device_is_loaded_on_the_cpu(path):
    """Without a GPU: the net says that it is on one, its tensors are not."""
    net = small_net("members")
    expected = net.predict_proba(X)
    net.device = net.net_.device = "xpu:7"
    skally.save(net, path)
    with pytest.raises(ValueError, match="'xpu:7', which is not here.*device='cpu'"):
        skally.load(path)
    loaded = skally.load(path, device="cpu")
    assert loaded.device == loaded.net_.device == "cpu"
    assert loaded.predict_proba(X) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "estimator, words",
    [
        (make_pipeline(FunctionTransformer(lambda X: X)), "lambda"),
        (RandomForestClassifier(n_estimators=1).fit(X, y), "Tree cannot be saved"),
        ({"a": 1}, "must be an estimator"),
    ],
    ids=["lambda", "tree", "dict"],
)
def test_what_no_file_can_hold_is_refused_and_nothing_written(estimator, words, path):
    path.write_text("before")
    with pytest.raises(TypeError, match=words):
        skally.save(estimator, path)
    assert path.read_text() == "before" and os.listdir(path.parent) == [path.name]
