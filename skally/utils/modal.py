"""Repairs for modAL, which has been without a maintainer since 2023.

They hold for modAL 0.4.1 and 0.4.2.1, and change modAL alone: nothing of scikit-learn, pandas or
polars is touched. `repair` mends the modules of modAL that are already imported and leaves a
finder behind that mends the others right after their import, so the order of imports is free.

Each function under "What is repaired" stands in for the one of modAL with the same name and gets
that one as its first argument, `original`.
"""

import functools
import importlib.abc
import importlib.machinery
import inspect
import sys

import numpy as np


def repair():
    """Make modAL work with current scikit-learn and pandas, now or as soon as it is imported."""
    if not any(isinstance(finder, RepairingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, RepairingFinder())
    for name, module in list(sys.modules.items()):
        if name.startswith("modAL."):
            repair_module(module)


# What is repaired ---------------------------------------------------------------------------


def check_X_y(original, *args, force_all_finite=True, **kwargs):
    """modAL 0.4.1 and 0.4.2.1: scikit-learn 1.8 has removed `force_all_finite`."""
    return original(*args, ensure_all_finite=force_all_finite, **kwargs)


def data_vstack(original, blocks):
    """modAL 0.4.1 and 0.4.2.1: pandas 2 has removed `DataFrame.append`; no series, no polars."""
    first, *rest = blocks
    if is_pandas(first):
        import pandas as pd

        return pd.concat([first, *(as_rows(block, first) for block in rest)])
    if is_polars(first):
        return sys.modules["polars"].concat(blocks)
    return original(blocks)


def data_hstack(original, blocks):
    """modAL 0.4.1 and 0.4.2.1: the result for data frames was computed and not returned."""
    if is_pandas(blocks[0]):
        import pandas as pd

        return pd.concat(blocks, axis=1)
    if is_polars(blocks[0]):
        return sys.modules["polars"].concat(blocks, how="horizontal")
    return original(blocks)


def retrieve_rows(original, X, I):  # noqa: E741 (modAL's name, which a caller may use)
    """modAL 0.4.2.1: columns instead of rows if they are named by integers; 0.4.1: no polars."""
    if is_pandas(X):
        return X.iloc[I]
    if is_polars(X):
        return X[np.atleast_1d(I)]  # polars knows no rows, and no integers of numpy
    return original(X, I)


def remember_arguments(original, self, *args, **kwargs):
    """modAL 0.4.1 and 0.4.2.1: `get_params`, `clone` and `repr` need every argument stored."""
    arguments = inspect.signature(original).bind(self, *args, **kwargs).arguments
    fit_kwargs = arguments.get("fit_kwargs", {})
    self.bootstrap_init = arguments.get("bootstrap_init", False)
    self._fit_kwargs_names = tuple(fit_kwargs)
    vars(self).update(fit_kwargs)
    original(self, *args, **kwargs)


def get_params(original, self, deep=True):
    """modAL 0.4.1 and 0.4.2.1: a clone is made with the same keywords for `fit`."""
    names = getattr(self, "_fit_kwargs_names", ())  # none if made or pickled before the repair
    return original(self, deep) | {name: getattr(self, name) for name in names}


def fit_to_known(original, self, bootstrap=False, force_all_finite=None, **fit_kwargs):
    """modAL 0.4.2.1: `force_all_finite` was handed on to the estimator's `fit`."""
    return original(self, bootstrap=bootstrap, **fit_kwargs)


def add_training_data(original, self, X, y):
    """modAL 0.4.1 and 0.4.2.1: where the new y could not be stacked, X had grown already."""
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
    import pandas as pd  # modAL has imported it

    return isinstance(data, (pd.DataFrame, pd.Series))


def is_polars(data):
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(data, (polars.DataFrame, polars.Series))


def as_rows(block, first):
    """A row of a data frame comes as a series: turn it back, its name being its index."""
    if is_pandas(block) and block.ndim < first.ndim:
        return block.to_frame().T.infer_objects().rename_axis(first.index.names)
    return block


# How it gets there --------------------------------------------------------------------------


def repair_module(module):
    """Mend what a module of modAL defines, and what it has taken over from another one."""
    for name, repaired in FUNCTIONS.items():
        substitute(module, name, repaired)
    for learner in filter(None, map(vars(module).get, LEARNERS)):
        learner.bootstrap_init = False  # for learners made or pickled before the repair
        for name, repaired in METHODS.items():
            substitute(learner, name, repaired)


def substitute(owner, name, repaired):
    """Put the repaired function in the place of the original, once."""
    original = getattr(owner, name, None)
    if original is not None and not hasattr(original, "repaired_by_skally"):
        setattr(owner, name, bind(repaired, original))


@functools.cache  # one function for all modules that share an original, or pickle would object
def bind(repaired, original):
    @functools.wraps(original)
    def function(*args, **kwargs):
        return repaired(original, *args, **kwargs)

    function.repaired_by_skally = True
    return function


class RepairingFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of modAL where Python does, with a loader that repairs them."""

    def find_spec(self, name, path=None, target=None):
        if not name.startswith("modAL."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = RepairingLoader(spec.loader)
        return spec


class RepairingLoader(importlib.abc.Loader):
    """Runs a module by its own loader, which it gets back, and repairs it."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        repair_module(module)
