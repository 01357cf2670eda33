"""Ctrl-C stops every net, and nets take numbers of any precision."""

import signal

import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from sklearn.model_selection import cross_val_score
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from skally import ALLYSampler, DualRegressor
from skally.callbacks import KKTStopping
from skally.epsilon import epsilon_grid
from skally.nets.heads import LossRegressor
from skally.nets.strict import in_precision

SMALL = {"module__hidden_layer_sizes": (4,), "max_epochs": 4, "random_state": 0}


class PressCtrlC(Callback):
    """In the second epoch of a training."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)


INTERRUPTED = one_regressor(callbacks=[PressCtrlC()], **SMALL)


@pytest.mark.parametrize("train", [
    lambda X, y: INTERRUPTED.fit(X, y),
    lambda X, y: INTERRUPTED.partial_fit(X, y),
    lambda X, y: cross_val_score(INTERRUPTED, X, y, cv=2),
    lambda X, y: epsilon_grid(INTERRUPTED, X, y),
    lambda X, y: one_regressor(epsilon="auto").set_params(
        **INTERRUPTED.get_params()).set_params(epsilon="auto").fit(X, y),
])  # fmt: skip
def test_ctrl_c_comes_out_of_whatever_trains_a_net(train, diabetes):
    with pytest.raises(KeyboardInterrupt):
        train(*diabetes)
    assert not hasattr(INTERRUPTED, "net_") and not hasattr(INTERRUPTED, "n_features_in_")


def test_a_fitted_net_is_as_it_was_after_ctrl_c(diabetes):
    X, y = diabetes
    net = one_regressor(**SMALL).fit(X, y)
    before = {k: v for k, v in vars(net).items() if k.endswith("_")}
    net.set_params(callbacks=[PressCtrlC()])
    with pytest.raises(KeyboardInterrupt):
        net.fit(X[:50, :3], y[:50])
    assert {k: v for k, v in vars(net).items() if k.endswith("_")} == before
    assert net.predict(X).shape == y.shape


@pytest.mark.parametrize("place", ["forward", "criterion"])
def test_ctrl_c_between_callbacks_is_raised(place, diabetes):
    class Module(nn.Linear):
        def forward(self, X):
            if place == "forward" and self.training:
                signal.raise_signal(signal.SIGINT)
            return super().forward(X)

    def criterion(y_pred, y_true):
        raise KeyboardInterrupt

    loss = nn.MSELoss if place == "forward" else criterion
    with pytest.raises(KeyboardInterrupt):
        one_regressor(Module(10, 1), criterion=loss, **{"max_epochs": 2}).fit(*diabetes)


@pytest.mark.parametrize("head", [DualRegressor(), LossRegressor(1.0, (4,), 5, 0.01)])
def test_ctrl_c_comes_out_of_heads(head, monkeypatch, rng):
    forward = nn.Linear.forward

    def interrupted(self, X):
        if self.training:
            signal.raise_signal(signal.SIGINT)
        return forward(self, X)

    monkeypatch.setattr(nn.Linear, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        head.fit(rng.normal(size=(30, 3)).astype(np.float32), rng.uniform(size=30))
    assert not hasattr(head, "net_")


@pytest.mark.parametrize("params", [
    {"callbacks": [KKTStopping(tol=1e9)], "epsilon": 100.0},
    {"callbacks": [EarlyStopping(patience=1, threshold=1e9, threshold_mode="abs")],
     "train_split": ValidSplit(5)},
])  # fmt: skip
def test_callbacks_that_stop_a_training_still_do(params, diabetes):
    net = one_regressor(**{**SMALL, "max_epochs": 50, **params}).fit(*diabetes)
    assert len(net.history) < 5


class Double(nn.Sequential):
    def __init__(self, n_features, n_outputs):
        super().__init__(nn.Linear(n_features, n_outputs).double())


@pytest.mark.parametrize("params", [
    {}, {"dual_lr": "auto", "epsilon": 1.0}, {"dual_update": "batch"}, {"penalty": 0.1},
    {"criterion__weight": torch.ones(10)},
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a short training
def test_modules_in_double_precision_learn_what_single_ones_do(params, digits):
    X, y = digits
    net = one_classifier(Double, lr=0.05, max_epochs=20, random_state=0, **params)
    net.fit(X, y)
    assert net.module_[0].weight.dtype == torch.float64
    assert net.score(X, y) > 0.9 and np.isfinite(net.dual_variables_).all()
    assert net.embed(X).shape == net.train_embedding_.shape


@pytest.fixture
def double_by_default():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a short training
def test_nets_and_heads_work_where_double_precision_is_the_default(double_by_default, digits):
    X, y = digits
    net = one_classifier(dual_lr=0.1, epsilon=0.1, **SMALL).fit(X, y)
    assert net.module_[1].weight.dtype == torch.float64
    assert len(set(ALLYSampler(random_state=0).query(net, X, 3))) == 3
    LossRegressor(1.0, (4,), 2, 0.01).fit(X, y.astype(float)).predict(X)


def test_only_floating_point_numbers_take_another_precision():
    X = {"a": torch.zeros(2), "b": (torch.zeros(2, dtype=torch.long), "word")}
    found = in_precision(X, torch.float64)
    assert found["a"].dtype == torch.float64 and found["b"][0].dtype == torch.long
    assert found["b"][1] == "word"
