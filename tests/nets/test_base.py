"""Fitted nets go to other machines."""

import pickle

import numpy as np
import pytest
import torch
from one_net import one_classifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit
from skorch.exceptions import DeviceWarning
from torch import nn

SMALL = {"module__hidden_layer_sizes": (4,), "max_epochs": 4, "random_state": 0}


@pytest.mark.parametrize("params", [
    {},
    {"dual_lr": "auto", "epsilon": 1.0},
    {"criterion__weight": torch.ones(10)},
    {"lr": 1.0, "train_split": ValidSplit(5), "callbacks": [EarlyStopping(load_best=True)]},
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:Requested to load data to CUDA")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a short training
def test_a_net_pickled_on_a_gpu_opens_where_there_is_none(params, digits, monkeypatch):
    """Without a GPU: the storages that a pickle of the net itself holds say that they are on one.

    An estimator moves its own parameters to the CPU, which nothing here can show.
    """
    if torch.cuda.is_available():
        pytest.skip("needs a machine without a GPU")
    X, y = digits
    net = one_classifier(**{**SMALL, **params}).fit(X, y)
    expected = net.predict_proba(X)
    net.device = net.net_.device = "cuda"
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        pickled = pickle.dumps(net.net_)
    with pytest.warns(DeviceWarning):
        opened = pickle.loads(pickled)
    assert str(opened.device) == "cpu" and np.allclose(opened.predict_proba(X), expected, atol=1e-5)
    with pytest.warns(DeviceWarning):
        opened = pickle.loads(pickle.dumps(net))
    assert opened.device == "cpu"
    opened.partial_fit(X, y)


def test_parameters_on_a_device_are_pickled_from_the_cpu():
    module = nn.Linear(2, 2, device="cpu")
    net = one_classifier(module, criterion__weight=torch.ones(2))
    state = net.__getstate__()
    assert state["module"] is module and torch.equal(state["criterion__weight"], torch.ones(2))


def test_a_pickle_without_the_training_embedding_predicts(digits):
    X, y = digits
    net = one_classifier(module__hidden_layer_sizes=(), max_epochs=2).fit(X, y)
    whole = len(pickle.dumps(net))
    del net.train_embedding_
    assert len(pickle.dumps(net)) < whole - X.astype(np.float32).nbytes // 2
    assert pickle.loads(pickle.dumps(net)).predict(X).shape == y.shape
