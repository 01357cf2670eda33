"""Mistakes of new users are named before anything is trained."""

import numpy as np
import pandas as pd
import pytest
import torch
from one_net import one_classifier, one_regressor
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from skorch.callbacks import EarlyStopping
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from skally import ConstrainedNetClassifier, ConstrainedNetRegressor
from skally.utils.validation import check_epsilon

SMALL = {"module__hidden_layer_sizes": (4,), "max_epochs": 1}


@pytest.mark.parametrize("params, message", [
    ({"max_epochs": 0}, "max_epochs == 0, must be >= 1"),
    ({"max_epochs": "10"}, "max_epochs == '10', must be an integer"),
    ({"batch_size": -5}, "batch_size == -5, must be >= 1"),
    ({"batch_size": 6.5}, "batch_size == 6.5, must be an integer"),
    ({"lr": "auto"}, "lr == 'auto', must be a finite number"),
    ({"optimizer": "adam"}, "optimizer == 'adam', must be a class"),
    ({"module": "mlp"}, "module == 'mlp'"),
    ({"criterion": "mse"}, "criterion == 'mse', must be a loss"),
    ({"train_split": 0.2}, "train_split == 0.2, must be None, skorch.dataset.ValidSplit"),
    ({"train_split": True}, "train_split == True"),
    ({"predict_nonlinearity": "softmax"}, "predict_nonlinearity == 'softmax', must be 'auto'"),
    ({"device": "gpu"}, "device == 'gpu'"),
    ({"callbacks": EarlyStopping}, "callbacks == .*must be a list"),
    ({"callbacks": EarlyStopping()}, "callbacks == .*must be a list"),
    ({"callbacks": {"stop": EarlyStopping()}}, "callbacks == .*must be a list"),
    ({"callbacks": [42]}, "callbacks has 42"),
    ({"callbacks": [torch.optim.lr_scheduler.StepLR]}, "callbacks.LRScheduler"),
    ({"callbacks__early__patience": 3}, "callbacks__early__patience: there is no callback 'early'"),
    ({"module__hidden_layer_sizes": 64}, "hidden_layer_sizes == 64, must be a sequence"),
    ({"module__hidden_layer_sizes": (0.5,)}, r"hidden_layer_sizes == \(0.5,\)"),
])  # fmt: skip
@pytest.mark.parametrize("Net", [ConstrainedNetClassifier, ConstrainedNetRegressor])
def test_settings_that_no_training_can_use_are_named(Net, params, message, digits):
    net = Net(**{**SMALL, **params})
    with pytest.raises(ValueError, match=message):
        net.fit(*digits)
    assert not hasattr(net, "net_") and not hasattr(net, "n_features_in_")


@pytest.mark.parametrize("params, message", [
    ({"module__hidden_layers": (3,)}, "module__hidden_layers: MLP .*takes.*hidden_layer_sizes"),
    ({"optimizer__learning_rate": 1}, "optimizer__learning_rate: Adam .*takes.*betas"),
    ({"criterion__weights": 1}, "criterion__weights: CrossEntropyLoss .*takes.*weight'"),
    ({"iterator_train__batchsize": 1}, "batchsize: DataLoader .*takes.*batch_size"),
])  # fmt: skip
def test_misspelt_parameters_say_what_there_is(params, message, digits):
    with pytest.raises(TypeError, match=message):
        one_classifier(max_epochs=1, **params).fit(*digits)


def test_a_device_that_is_not_there_is_named(digits):
    if torch.cuda.is_available():
        pytest.skip("needs a machine without a GPU")
    with pytest.raises(ValueError, match="device == 'cuda', but torch finds no such device"):
        one_classifier(device="cuda").fit(*digits)


def test_sample_weights_are_refused_with_what_to_use_instead(digits):
    X, y = digits
    net = one_classifier(**SMALL)
    for fit in (net.fit, net.partial_fit):
        with pytest.raises(ValueError, match="no sample weights.*epsilon=eps"):
            fit(X, y, sample_weight=np.ones(200))
    assert not hasattr(net, "net_")
    net.fit(X, y, sample_weight=None)
    with pytest.raises(ValueError, match="ConstrainedNetClassifier doesn't support sample_weight"):
        AdaBoostClassifier(net).fit(X, y)
    BaggingClassifier(net, n_estimators=2, random_state=0).fit(X, y)  # draws rows instead


def test_further_arguments_go_to_a_forward_that_takes_them(digits):
    class Scaled(nn.Linear):
        def forward(self, X, sample_weight=1.0):
            return super().forward(X) * sample_weight

    one_classifier(Scaled(64, 10), max_epochs=1).fit(*digits, sample_weight=2.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'scale'"):
        one_classifier(Scaled(64, 10), max_epochs=1).fit(*digits, scale=2.0)


@pytest.mark.parametrize("epsilon", ["automatic", "Auto", None, {"a": 1}])
def test_other_words_for_the_tolerance_mention_auto(epsilon):
    with pytest.raises(ValueError, match="epsilon == .*'auto'"):
        check_epsilon(epsilon, 3)


def test_columns_that_are_no_numbers_are_named(diabetes):
    X, y = pd.DataFrame(diabetes[0]).rename(columns=str), diabetes[1]
    net = one_regressor(**SMALL).fit(X, y)
    words = X.assign(colour="red")
    with pytest.raises(ValueError, match=r"columns that are not numbers: \['colour'\].*Encode"):
        one_regressor(**SMALL).fit(words, y)
    with pytest.raises(ValueError, match=r"not numbers: \['3'\]"):
        net.predict(X.assign(**{"3": "red"}))
    with pytest.raises(ValueError, match="now missing:\n- 3"):
        net.predict(X.drop(columns="3"))


class Inputs(Dataset):
    """Inputs alone, as tensors."""

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return torch.arange(3.0)


class Stream(IterableDataset):
    def __iter__(self):
        return iter([])


@pytest.mark.parametrize("X, y, message", [
    (Inputs(), None, r"pairs \(x, target\); this one gives a Tensor"),
    (Inputs(), np.arange(5), r"pairs \(x, target\); this one gives a Tensor"),
    (TensorDataset(*3 * [torch.zeros(5, 1)]), None, "gives a tuple of 3"),
    (TensorDataset(torch.zeros(5, 1)), None, "gives a tuple of 1"),
    (TensorDataset(torch.zeros(0, 1), torch.zeros(0)), None, "0 samples"),
    (Stream(), None, "IterableDataset, must be a data set with a length"),
    (DataLoader(Inputs()), None, "DataLoader, must be its data set"),
    ({"X": np.zeros((5, 2))}, np.arange(5), "X is a dict"),
])  # fmt: skip
def test_data_sets_of_another_form_are_named(X, y, message):
    with pytest.raises(ValueError, match=message):
        one_regressor(**SMALL).fit(X, y)


def test_a_data_set_of_other_features_is_named(digits):
    X, y = digits
    net = one_classifier(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match=r"MLP cannot take X with rows of shape \(9,\)"):
        net.predict(TensorDataset(torch.tensor(X[:, :9]), torch.tensor(y)))
