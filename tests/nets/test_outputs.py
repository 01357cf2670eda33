"""Losses fit the classes or targets, or are errors before anything is trained."""

import numpy as np
import pytest
import torch
from one_net import one_classifier, one_regressor
from torch import nn

from skally.nets.estimators import both_probabilities

QUICK = {"max_epochs": 3, "random_state": 0}


class Ended(nn.Sequential):
    """A linear net with a function after it."""

    def __init__(self, n_features, n_outputs, end):
        super().__init__(nn.Linear(n_features, n_outputs), end)


@pytest.mark.parametrize("criterion, end, n_classes", [
    (nn.BCEWithLogitsLoss, nn.Identity(), 2), (nn.BCELoss, nn.Sigmoid(), 2),
    (nn.NLLLoss, nn.Softmax(dim=1), 3), (nn.CrossEntropyLoss, nn.Identity(), 3),
    (nn.CrossEntropyLoss, nn.Identity(), 1), (nn.MultiMarginLoss, nn.Identity(), 3),
])  # fmt: skip
def test_columns_are_those_of_the_classes_and_the_right_one_wins(criterion, end, n_classes, rng):
    X = rng.normal(size=(90, 4))
    y = np.array(["a", "b", "c"])[np.argmax(X[:, :n_classes], axis=1)]
    net = one_classifier(
        Ended, module__end=end, criterion=criterion, lr=0.1, max_epochs=30, random_state=0
    ).fit(X, y)
    proba = net.predict_proba(X)
    assert proba.shape == (90, n_classes) and net.score(X, y) > 0.9
    if criterion is not nn.MultiMarginLoss:
        assert np.allclose(proba.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("n_classes", [1, 3])
@pytest.mark.parametrize("criterion", [
    nn.BCEWithLogitsLoss, nn.BCELoss, nn.BCEWithLogitsLoss(reduction="none")
])  # fmt: skip
def test_losses_of_two_classes_refuse_other_numbers(criterion, n_classes, rng):
    y = np.arange(30) % n_classes
    net = one_classifier(criterion=criterion, **QUICK)
    message = rf"criterion == BCE\w*: .*must have {n_classes} col.*It is for two classes"
    with pytest.raises(ValueError, match=message):
        net.fit(rng.normal(size=(30, 4)), y)
    assert not hasattr(net, "net_")


@pytest.mark.parametrize("name", ["criterion", "constraint_criterion"])
@pytest.mark.parametrize("criterion", [
    nn.MSELoss, nn.L1Loss, nn.MultiLabelMarginLoss, nn.MultiLabelSoftMarginLoss, nn.KLDivLoss,
    nn.PoissonNLLLoss, nn.SmoothL1Loss(reduction="none"),
])  # fmt: skip
def test_losses_of_numbers_are_none_of_classes(criterion, name, digits):
    net = one_classifier(**{name: criterion}, **QUICK)
    with pytest.raises(ValueError, match=f"^{name} == .*must be a loss whose target is a class"):
        net.fit(*digits)


@pytest.mark.parametrize("name", ["criterion", "constraint_criterion"])
@pytest.mark.parametrize("criterion, end", [
    (nn.NLLLoss, nn.Identity()), (nn.NLLLoss, nn.LogSoftmax(dim=1)), (nn.BCELoss, nn.Identity()),
])  # fmt: skip
def test_losses_of_probabilities_refuse_other_outputs(name, criterion, end, digits):
    X, y = digits
    net = one_classifier(Ended, module__end=end, **{name: criterion}, **QUICK)
    with pytest.raises(ValueError, match=f"{name} == .*needs a module that gives probabilities"):
        net.fit(X, y if criterion is nn.NLLLoss else y > 4)


@pytest.mark.parametrize("n_outputs", [1, 2, 9, 11])
def test_a_module_of_another_number_of_outputs_is_an_error(n_outputs, digits):
    message = rf"\({'64'}, {n_outputs}\) for 64 rows, must have 10 columns"
    with pytest.raises(ValueError, match=message):
        one_classifier(nn.Linear(64, n_outputs), **QUICK).fit(*digits)


def test_classes_to_come_have_their_columns(digits):
    X, y = digits
    net = one_classifier(nn.Linear(64, 10), **QUICK)
    net.partial_fit(X[y < 5], y[y < 5], classes=range(10))
    assert net.predict_proba(X).shape == (200, 10)


def test_a_function_of_the_users_own_may_make_the_columns(digits):
    X, y = digits
    net = one_classifier(
        nn.Sequential(nn.Linear(64, 1), nn.Sigmoid()), predict_nonlinearity=both_probabilities,
        criterion=lambda p, t: (p[:, 0] - t) ** 2, **QUICK,
    ).fit(X, y > 4)  # fmt: skip
    assert net.predict_proba(X).shape == (200, 2)


@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss])
def test_losses_of_classes_are_none_of_a_number(criterion, diabetes):
    with pytest.raises(ValueError, match="criterion == .*ConstrainedNetClassifier"):
        one_regressor(criterion=criterion, **QUICK).fit(*diabetes)


@pytest.mark.parametrize("criterion", [nn.BCEWithLogitsLoss, nn.PoissonNLLLoss])
def test_losses_of_positive_targets_are_not_given_standardised_ones(criterion, diabetes):
    X, y = diabetes[0], (diabetes[1] > 100).astype(float)
    net = one_regressor(criterion=criterion, epsilon=2.0, **QUICK)
    with pytest.raises(ValueError, match="from 0 to .*normalize_y=False"):
        net.fit(X, y)
    assert net.set_params(normalize_y=False).fit(X, y).predict(X).shape == (200,)


def test_soft_labels_may_be_the_targets_of_a_loss_of_classes(digits):
    X, y = digits[0], np.eye(10)[digits[1]]
    net = one_regressor(criterion=nn.CrossEntropyLoss, normalize_y=False, **QUICK)
    assert net.fit(X, y).predict(X).shape == (200, 10)


def test_a_regressor_gives_as_many_outputs_as_targets(diabetes):
    for n_outputs in (2, 3):
        with pytest.raises(ValueError, match=rf"outputs of shape \(64, {n_outputs}\).*must give 1"):
            one_regressor(nn.Linear(10, n_outputs), **QUICK).fit(*diabetes)


def test_a_loss_that_fails_is_named_with_the_shapes(digits):
    def criterion(y_pred, y_true):
        return torch.mm(y_pred, y_true)

    with pytest.raises(ValueError, match=r"criterion == criterion .*\(64, 10\) and .*\(64,\)"):
        one_classifier(criterion=criterion, **QUICK).fit(*digits)
