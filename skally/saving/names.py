"""Names of classes and functions in a file, and which of them may be looked up."""

import importlib
import sys
from functools import reduce

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_selector
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils._metadata_requests import MetadataRequest, MethodMetadataRequest
from skorch import NeuralNet, callbacks, dataset

from skally.nets import estimators

# Where a file may name something, as long as it is of the kinds below.
MODULES = (
    "skally.", "sklearn.", "skorch.", "numpy.", "torch.nn.", "torch.optim.", "torch.utils.data.",
    "builtins.",
)  # fmt: skip

# Classes of these packages that neither read nor write files nor run what they are given as text.
KINDS = (
    BaseEstimator, NeuralNet, np.generic, torch.nn.Module, torch.optim.Optimizer,
    torch.optim.lr_scheduler.LRScheduler, torch.utils.data.Dataset, torch.utils.data.DataLoader,
    make_column_selector, BaseCrossValidator, dataset.ValidSplit,
    MetadataRequest, MethodMetadataRequest,  # of searches, in some releases of scikit-learn
    callbacks.EarlyStopping, callbacks.EpochScoring, callbacks.EpochTimer, callbacks.Freezer,
    callbacks.GradientNormClipping, callbacks.LRScheduler, callbacks.PassthroughScoring,
    callbacks.PrintLog,
)  # fmt: skip
OURS = "skally.nets.", "skally.constrained.", "skally.pool.embedding"
OF_SCORERS = "sklearn.metrics._scorer"
KNOWN = {
    bool, int, float, str, print,
    estimators.softmax, estimators.both_classes, estimators.both_probabilities,
}  # fmt: skip


def name_of(thing):
    """Shortest path, ``package.module:name``, by which a class or function can be imported.

    Raises
    ------
    TypeError
        If there is none, as for a lambda.
    """
    name, parts = getattr(thing, "__qualname__", thing.__name__), module_of(thing).split(".")
    for size in range(1, len(parts) + 1):
        module = sys.modules.get(".".join(parts[:size]))
        if module is not None and attribute(module, name) is thing:
            return f"{module.__name__}:{name}"
    raise TypeError(f"{thing!r} has no name in a module, from which a file could be loaded again")


def module_of(thing):
    """Module that a class or function says it is from; ufuncs of old numpy say nothing."""
    return getattr(thing, "__module__", None) or "numpy"


def attribute(module, path):
    """What a dotted path in a module leads to, or None."""
    return reduce(lambda at, part: getattr(at, part, None), path.split("."), module)


def resolved(names, trusted):
    """Classes and functions of a file, all of which are known or trusted.

    Parameters
    ----------
    names : list of str
        As :func:`name_of` gives them.
    trusted : iterable of str, classes or functions
        Beside those of the packages; a str is ``package.module.name``.

    Raises
    ------
    ValueError
        Before anything outside the packages is imported, for names that are not trusted.
    """
    given = {name_of(each): each for each in trusted if not isinstance(each, str)}
    written = {each.replace(":", ".") for each in trusted if isinstance(each, str)}
    found, unknown = {}, []
    for name in names:
        thing = given.get(name)
        if thing is None and name.replace(":", ".") in written:
            thing = imported(name)
        elif thing is None:
            thing = imported(name) if is_among(name.partition(":")[0]) else None
            thing = thing if is_known(thing) else None
        found[name] = thing
        if thing is None:
            unknown.append(name.replace(":", "."))
    if unknown:
        raise ValueError(
            f"the file names {unknown}, which are not of skally, scikit-learn, skorch, torch.nn or "
            "numpy, or are not there. Give those that you know and trust as trusted=[...]"
        )
    return [found[name] for name in names]


def imported(name):
    """Class or function of a name, or None."""
    module, _, path = name.partition(":")
    try:
        return attribute(importlib.import_module(module), path)
    except ImportError:
        return None


def is_among(module):
    """Whether a module is one of those, or in one of those packages, that files may name."""
    return f"{module}.".startswith(MODULES)


def is_known(thing):
    """Whether an object of the packages is a class or function that a file may name."""
    if isinstance(thing, np.ufunc):
        return True
    if not isinstance(thing, type):
        return callable(thing) and thing in KNOWN
    of_ours = thing.__module__.startswith((*OURS, OF_SCORERS))
    return thing in KNOWN or is_among(module_of(thing)) and (of_ours or issubclass(thing, KINDS))
