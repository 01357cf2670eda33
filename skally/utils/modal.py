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
from scipy import sparse

from skally.utils.containers import is_pandas, is_polars, stack_pandas, stack_polars, take
from skally.utils.validation import num_samples


def repair():
    """Patch modAL so that it works with current scikit-learn, pandas and polars.

    The modules of modAL that are imported already are patched now, the others when they are
    imported. ``import skally`` calls this. Where modAL is not installed or not used, nothing
    happens, and a second call changes nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from modAL.models import ActiveLearner
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally.modal import repair
    >>> repair()
    >>> X, y = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]}), pd.Series([0, 0, 1, 1])
    >>> learner = ActiveLearner(LogisticRegression(), X_training=X, y_training=y)
    >>> learner.teach(pd.DataFrame({"x": [4.0]}), [1])
    >>> learner.y_training.tolist()
    [0, 0, 1, 1, 1]
    """
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
    """modAL 0.4.1 and 0.4.2.1 call `DataFrame.append`, gone in pandas 2; no series, no polars.

    Below a frame or series they take frames only. Labels of one column go below labels that are no
    column, and the other way round, unless both are arrays.
    """
    first, *rest = blocks
    if is_pandas(first):
        return stack_pandas(first, rest)
    if is_polars(first):
        return stack_polars(first, rest)
    if isinstance(first, np.ndarray | list):
        blocks = [first, *(like_array(block, np.ndim(first)) for block in rest)]
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


def drop_rows(original, X, I):  # noqa: E741
    """modAL 0.4.1 and 0.4.2.1 take labels of the index for positions; no polars."""
    if is_pandas(X) or is_polars(X):
        return take(X, np.delete(np.arange(len(X)), I))
    return original(X, I)


def enumerate_data(original, X):
    """modAL 0.4.1 and 0.4.2.1 give labels of the index where positions are needed; no polars."""
    if is_pandas(X) or is_polars(X):
        return enumerate(take(X, [row]) for row in range(len(X)))
    return original(X)


def data_shape(original, X):
    """modAL 0.4.1 and 0.4.2.1 don't know the shape of a series, nor polars."""
    return X.shape if is_pandas(X) or is_polars(X) else original(X)


def remember_arguments(original, self, *args, **kwargs):
    """modAL 0.4.1 and 0.4.2.1 don't store every argument, as `get_params` and `clone` need.

    Their optimizer takes the position of the largest target for a label of the index of a series.
    """
    bound = inspect.signature(original).bind(self, *args, **kwargs)
    arguments, y = bound.arguments, bound.arguments.get("y_training")
    fit_kwargs = arguments.get("fit_kwargs", {})
    self.bootstrap_init = arguments.get("bootstrap_init", False)
    self._fit_kwargs_names = tuple(fit_kwargs)
    vars(self).update(fit_kwargs)
    if y is not None and hasattr(self, "_set_max"):
        arguments["y_training"] = np.asarray(y)
    original(*bound.args, **bound.kwargs)
    self.y_training = y


def set_max(original, self, X, y):
    """modAL 0.4.1 and 0.4.2.1 take the position of the largest target for a label."""
    return original(self, X, np.asarray(y))


def get_params(original, self, deep=True):
    """modAL 0.4.1 and 0.4.2.1 leave the keywords for `fit` out, so that a clone lacks them."""
    names = getattr(self, "_fit_kwargs_names", ())  # absent if made or pickled before the repair
    return original(self, deep) | {name: getattr(self, name) for name in names}


def fit_to_known(original, self, bootstrap=False, force_all_finite=None, **fit_kwargs):
    """modAL 0.4.2.1 passes `force_all_finite` on to the estimator's `fit`.

    Neither version draws a bootstrap sample of frames, which they index by columns, or of lists.
    """
    if not bootstrap:
        return original(self, bootstrap=False, **fit_kwargs)
    self.estimator.fit(*bootstrapped(self.X_training, self.y_training), **fit_kwargs)
    return self


def fit_on_new(original, self, X, y, bootstrap=False, **fit_kwargs):
    """As for `fit_to_known`, and 0.4.1 drops the keywords for `fit` in a bootstrap."""
    X, y = bootstrapped(X, y) if bootstrap else (X, y)
    return original(self, X, y, bootstrap=False, **fit_kwargs)


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
    "drop_rows": drop_rows,
    "enumerate_data": enumerate_data,
    "data_shape": data_shape,
}
METHODS = {
    "__init__": remember_arguments,
    "get_params": get_params,
    "_fit_to_known": fit_to_known,
    "_fit_on_new": fit_on_new,
    "_set_max": set_max,
    "_add_training_data": add_training_data,
}
LEARNERS = ("ActiveLearner", "BayesianOptimizer")


def like_array(block, ndim):
    """Labels in the shape of those before, where a column of a frame has another one."""
    if is_pandas(block) or is_polars(block):
        block = np.asarray(block)
        if ndim == 1 and block.shape[1:] == (1,):
            return block[:, 0]
    is_column = ndim == 2 and not sparse.issparse(block) and np.ndim(block) == 1
    return np.reshape(block, (-1, 1)) if is_column else block


def bootstrapped(X, y):
    """As many rows as there are, drawn with replacement from numpy's generator, as modAL does."""
    n = num_samples(X)
    if num_samples(y) != n:
        raise ValueError(f"y has {num_samples(y)} labels, must have {n}, one for each row of X.")
    rows = np.random.choice(range(n), n, replace=True)  # noqa: NPY002
    return take(X, rows), take(y, rows)


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
