"""Patches that make modAL, unmaintained since 2023, work with current scikit-learn and pandas.

They are for modAL 0.4.1 and 0.4.2.1 and change modules of modAL only, nothing of scikit-learn,
pandas or polars. `repair` patches the modules of modAL that are already imported, and installs an
import hook that patches the others right after their import, so that the order of imports does not
matter.

Each function under "What is repaired" replaces a function or method of modAL. It gets the original
as its first argument, and its docstring says which versions need it and why.
"""

import functools
import importlib.abc
import importlib.machinery
import inspect
import sys

import numpy as np


def repair():
    """Patch modAL, now or as soon as it is imported."""
    if not any(isinstance(finder, RepairingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, RepairingFinder())
    for name, module in list(sys.modules.items()):
        if name.startswith("modAL."):
            repair_module(module)


# What is repaired ---------------------------------------------------------------------------


def check_X_y(original, *args, force_all_finite=True, **kwargs):
    """modAL 0.4.1 and 0.4.2.1 pass `force_all_finite`, which scikit-learn 1.8 removed."""
    return original(*args, ensure_all_finite=force_all_finite, **kwargs)


def data_vstack(original, blocks):
    """modAL 0.4.1 and 0.4.2.1 call `DataFrame.append`, gone in pandas 2; no series, no polars."""
    first, *rest = blocks
    if is_pandas(first):
        import pandas as pd

        return pd.concat([first, *(as_rows(block, first) for block in rest)])
    if is_polars(first):
        return sys.modules["polars"].concat(blocks)
    return original(blocks)


def data_hstack(original, blocks):
    """modAL 0.4.1 and 0.4.2.1 compute the result for data frames without returning it."""
    if is_pandas(blocks[0]):
        import pandas as pd

        return pd.concat(blocks, axis=1)
    if is_polars(blocks[0]):
        return sys.modules["polars"].concat(blocks, how="horizontal")
    return original(blocks)


def retrieve_rows(original, X, I):  # noqa: E741 (modAL's name, which a caller may use)
    """modAL 0.4.2.1 takes columns, not rows, if columns are named by integers; 0.4.1: no polars."""
    if is_pandas(X):
        return X.iloc[I]
    if is_polars(X):
        return X[np.atleast_1d(I)]  # polars does not index by NumPy's integers
    return original(X, I)


def remember_arguments(original, self, *args, **kwargs):
    """modAL 0.4.1 and 0.4.2.1 don't store every argument, as `get_params` and `clone` need."""
    arguments = inspect.signature(original).bind(self, *args, **kwargs).arguments
    fit_kwargs = arguments.get("fit_kwargs", {})
    self.bootstrap_init = arguments.get("bootstrap_init", False)
    self._fit_kwargs_names = tuple(fit_kwargs)
    vars(self).update(fit_kwargs)
    original(self, *args, **kwargs)


def get_params(original, self, deep=True):
    """modAL 0.4.1 and 0.4.2.1 leave the keywords for `fit` out, so that a clone lacks them."""
    names = getattr(self, "_fit_kwargs_names", ())  # absent if made or pickled before the repair
    return original(self, deep) | {name: getattr(self, name) for name in names}


def fit_to_known(original, self, bootstrap=False, force_all_finite=None, **fit_kwargs):
    """modAL 0.4.2.1 passes `force_all_finite` on to the estimator's `fit`."""
    return original(self, bootstrap=bootstrap, **fit_kwargs)


def add_training_data(original, self, X, y):
    """modAL 0.4.1 and 0.4.2.1 extend X before they fail to stack a y of the wrong shape."""
    before = self.X_training, self.y_training
    try:
        return original(self, X, y)
    except Exception:
        self.X_training, self.y_training = before
        raise


FUNCTIONS = {
    "check_X_y": check_X_y,
    "data_vstack": data_vstack,
    "data_hstack": data_hstack,
    "retrieve_rows": retrieve_rows,
}
METHODS = {
    "__init__": remember_arguments,
    "get_params": get_params,
    "_fit_to_known": fit_to_known,
    "_add_training_data": add_training_data,
}
LEARNERS = ("ActiveLearner", "BayesianOptimizer")


def is_pandas(data):
    import pandas as pd  # already imported by modAL

    return isinstance(data, (pd.DataFrame, pd.Series))


def is_polars(data):
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(data, (polars.DataFrame, polars.Series))


def as_rows(block, first):
    """A series that is a row of a data frame, as a frame with one row; its name is the index."""
    if is_pandas(block) and block.ndim < first.ndim:
        return block.to_frame().T.infer_objects().rename_axis(first.index.names)
    return block


# How modAL is patched -----------------------------------------------------------------------


def repair_module(module):
    """Patch what a module of modAL defines, and what it has imported from another one."""
    for name, repaired in FUNCTIONS.items():
        substitute(module, name, repaired)
    for learner in filter(None, map(vars(module).get, LEARNERS)):
        learner.bootstrap_init = False  # for learners made or pickled before the repair
        for name, repaired in METHODS.items():
            substitute(learner, name, repaired)


def substitute(owner, name, repaired):
    """Replace a function by its repaired version, unless that has been done already."""
    original = getattr(owner, name, None)
    if original is not None and not hasattr(original, "repaired_by_skally"):
        setattr(owner, name, bind(repaired, original))


@functools.cache  # modules that share an original must share its replacement, for pickle
def bind(repaired, original):
    """Repaired function that is given the original, under the original's name."""

    @functools.wraps(original)
    def function(*args, **kwargs):
        return repaired(original, *args, **kwargs)

    function.repaired_by_skally = True
    return function


class RepairingFinder(importlib.abc.MetaPathFinder):
    """Import hook: finds the modules of modAL as usual, with a loader that patches them."""

    def find_spec(self, name, path=None, target=None):
        if not name.startswith("modAL."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = RepairingLoader(spec.loader)
        return spec


class RepairingLoader(importlib.abc.Loader):
    """Executes a module by its own loader, patches it, and restores that loader."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        repair_module(module)
