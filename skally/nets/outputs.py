"""Checks of losses and of what a module gives, against the classes or targets there are."""

import numpy as np
import torch
from torch import nn

from skally.nets.criteria import OF_TWO_CLASSES, kind_of, name_of

# torch's losses whose target is the index of a class, or for two classes 0 or 1.
OF_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss, *OF_TWO_CLASSES)

# torch's losses whose target must not be standardised, and the largest value that it may have.
OF_POSITIVE_TARGETS = {
    nn.BCELoss: 1,
    nn.BCEWithLogitsLoss: 1,
    nn.CrossEntropyLoss: 1,
    nn.KLDivLoss: np.inf,
    nn.PoissonNLLLoss: np.inf,
}


def check_criterion_of_classes(name, criterion):
    """Raise ValueError for a loss of torch whose target is no class.

    Parameters
    ----------
    name : "criterion" or "constraint_criterion"
    criterion : class, instance, function or None
    """
    kind = kind_of(criterion)
    if is_torchs(kind) and not issubclass(kind, OF_CLASSES):
        raise ValueError(
            f"{name} == {kind.__name__}, must be a loss whose target is a class, such as "
            "CrossEntropyLoss, or one of your own: it is given the index of each row's class. For "
            "numbers as targets use ConstrainedNetRegressor."
        )


def check_criterion_of_numbers(name, criterion, targets):
    """Raise ValueError for a loss of torch that cannot be used for targets that are numbers.

    Parameters
    ----------
    name : "criterion" or "constraint_criterion"
    criterion : class, instance, function or None
    targets : array of shape (n, m), standardised if they are to be
    """
    kind = kind_of(criterion)
    if not is_torchs(kind):
        return
    is_of_one_class = issubclass(kind, nn.CrossEntropyLoss) and targets.shape[1] == 1
    if is_of_one_class or issubclass(kind, nn.NLLLoss | nn.MultiMarginLoss):
        raise ValueError(
            f"{name} == {kind.__name__}, must be a loss whose target is a number; for classes use "
            "ConstrainedNetClassifier."
        )
    for each, most in OF_POSITIVE_TARGETS.items():
        if issubclass(kind, each) and not (targets.min() >= 0 and targets.max() <= most):
            raise ValueError(
                f"{name} == {kind.__name__}, whose targets must be from 0 to {most}; they are from "
                f"{targets.min():.3g} to {targets.max():.3g}. normalize_y=False keeps them as they "
                "are given."
            )


def check_class_outputs(proba, outputs, classes, criteria):
    """Raise ValueError unless a batch's outputs belong to the classes, and fit the losses.

    Parameters
    ----------
    proba : tensor, what ``predict_proba`` would give
    outputs : tensor, the module's prediction, of shape (b, ...)
    classes : array of shape (C,)
    criteria : dict of name to class, instance or function
    """
    if tuple(proba.shape) != (len(outputs), len(classes)):
        hint = ""
        if issubclass(kind_of(criteria["criterion"]), OF_TWO_CLASSES) and len(classes) != 2:
            hint = " It is for two classes; use CrossEntropyLoss."
        raise ValueError(
            f"criterion == {name_of(criteria['criterion'])}: predict_proba would have the shape "
            f"{tuple(proba.shape)} for {len(outputs)} rows, must have {len(classes)} columns, one "
            f"for each of the classes {classes.tolist()}.{hint} The module's outputs have the "
            f"shape {tuple(outputs.shape)}; predict_nonlinearity makes probabilities of them, and "
            "partial_fit(X, y, classes=...) tells of classes to come."
        )
    for name, criterion in criteria.items():
        kind = kind_of(criterion)
        is_of_two = issubclass(kind, nn.BCELoss)
        if not (is_of_two or issubclass(kind, nn.NLLLoss)):
            continue
        lowest, highest = outputs.min().item(), outputs.max().item()
        is_sum = is_of_two or torch.allclose(outputs.sum(dim=1), outputs.new_ones(()), atol=1e-2)
        if not (is_sum and lowest >= 0 and highest <= 1):
            wanted, better = (
                ("nn.Sigmoid()", "BCEWithLogitsLoss")
                if is_of_two
                else ("nn.Softmax(dim=1), without a logarithm, which the net takes itself as "
                      "skorch's does", "CrossEntropyLoss")
            )  # fmt: skip
            raise ValueError(
                f"{name} == {kind.__name__} needs a module that gives probabilities; its outputs "
                f"are from {lowest:.3g} to {highest:.3g}. End the module with {wanted}, or use "
                f"{better} with a module that gives logits."
            )


def check_number_outputs(predicted, outputs, n_targets, criterion):
    """Raise ValueError unless a batch's outputs have one column for each target.

    Parameters
    ----------
    predicted : tensor, what ``predict`` would give in the units of the loss
    outputs : tensor, the module's prediction, of shape (b, ...)
    n_targets : int
    criterion : class, instance or function
    """
    if len(predicted) != len(outputs) or predicted.numel() != len(outputs) * n_targets:
        raise ValueError(
            f"module gives outputs of shape {tuple(outputs.shape)} for {len(outputs)} rows, must "
            f"give {n_targets} for each row, as y has columns. (criterion == "
            f"{name_of(criterion)}; a module may return a tuple whose first part is the "
            "prediction, or predict_nonlinearity choose it.)"
        )


def is_torchs(kind):
    """Whether a loss is torch's own, which a user has not changed."""
    return kind.__module__ == "torch.nn.modules.loss"
