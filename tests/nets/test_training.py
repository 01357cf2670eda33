"""Validation data of the user's own."""

import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from skorch.callbacks import Checkpoint, EarlyStopping, EpochScoring, LRScheduler
from skorch.dataset import Dataset, ValidSplit
from skorch.helper import predefined_split
from torch.utils.data import ConcatDataset, Subset, TensorDataset

QUICK = {"max_epochs": 3, "random_state": 0}


@pytest.mark.parametrize("form", ["skorch", "float64", "torch", "subset"])
def test_valid_loss_is_the_loss_of_those_rows_in_the_units_of_the_training(form, diabetes):
    X, y = (a.astype(np.float32) for a in diabetes)
    tensors = TensorDataset(torch.tensor(X[150:]), torch.tensor(y[150:]))
    valid = {
        "skorch": Dataset(X[150:], y[150:]),
        "float64": Dataset(X[150:].astype(float), y[150:].astype(float)),
        "torch": tensors,
        "subset": Subset(tensors, range(50)),
    }[form]
    net = one_regressor(train_split=predefined_split(valid), lr=0.0, **QUICK)
    net.fit(X[:150], y[:150])
    expected = net.sample_loss(X[150:], y[150:]).mean()
    assert np.isclose(net.history[-1, "valid_loss"], expected, rtol=1e-4)
    assert np.isfinite(net.dual_variables_).all()
    net.partial_fit(X[:150], y[:150])
    assert np.isclose(net.history[-1, "valid_loss"], expected, rtol=1e-4)


@pytest.mark.parametrize("labels", [np.array(list("abcdefghij")), 1 + np.arange(10)])
def test_labels_of_any_kind_are_encoded(labels, digits):
    X, y = digits[0], labels[digits[1]]
    net = one_classifier(train_split=predefined_split(Dataset(X, y)), lr=0.0, **QUICK)
    net.fit(X, y)
    assert np.isclose(net.history[-1, "valid_loss"], net.sample_loss(X, y).mean(), rtol=1e-4)
    assert np.isclose(net.history[-1, "valid_acc"], net.score(X, y))


def test_rows_of_the_training_data_are_not_encoded_twice(diabetes):
    X, y = diabetes

    def split(dataset, y_train):
        held_out = Subset(dataset, range(150, 200))
        return Subset(dataset, range(150)), ConcatDataset([held_out, Dataset(X[150:], y[150:])])

    net = one_regressor(train_split=split, lr=0.0, **QUICK).fit(X, y)
    expected = net.sample_loss(X[150:], y[150:]).mean()
    assert np.isclose(net.history[-1, "valid_loss"], expected, rtol=1e-4)


@pytest.mark.parametrize("change, message", [
    (lambda X, y: (X, y + 100), "previously unseen labels"),
    (lambda X, y: (X[:, :5], y), "5 features"),
    (lambda X, y: (X, None), "y"),
    (lambda X, y: (X * np.nan, y), "NaN"),
])  # fmt: skip
def test_validation_data_that_do_not_fit_are_errors_that_name_train_split(change, message, digits):
    split = predefined_split(Dataset(*change(*digits)))
    with pytest.raises(ValueError, match=f"train_split.*{message}"):
        one_classifier(train_split=split, **QUICK).fit(*digits)


@pytest.mark.parametrize("callbacks", [
    [EarlyStopping()],
    [("mine", EarlyStopping)],
    [EarlyStopping(monitor="valid_acc", lower_is_better=False)],
    [Checkpoint()],
    [LRScheduler("ReduceLROnPlateau", monitor="valid_loss")],
    [EpochScoring("f1_macro", name="f1", lower_is_better=False), EarlyStopping(monitor="f1")],
])  # fmt: skip
def test_watching_validation_data_that_are_not_there_names_train_split(callbacks, digits, tmp_path):
    net = one_classifier(callbacks=callbacks, **QUICK)
    with pytest.raises(ValueError, match="no validation data.*train_split"):
        net.fit(*digits)
    if any(isinstance(each, Checkpoint) for each in callbacks):
        net.set_params(callbacks=[Checkpoint(dirname=tmp_path)])
    assert len(net.set_params(train_split=ValidSplit(5)).fit(*digits).history) == 3


@pytest.mark.parametrize("callbacks", [
    [EarlyStopping(monitor="train_loss")],
    [LRScheduler("ReduceLROnPlateau")],
    [LRScheduler("StepLR", step_size=2, monitor="valid_loss")],
    [EarlyStopping(monitor="objective")],
])  # fmt: skip
def test_watching_the_training_needs_none(callbacks, digits):
    assert len(one_classifier(callbacks=callbacks, **QUICK).fit(*digits).history) == 3
