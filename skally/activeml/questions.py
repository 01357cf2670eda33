"""A pool and its labelled samples as a query strategy of scikit-activeml is asked about them."""

import inspect

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy

from skally.activeml.models import THEIRS, with_wrapper
from skally.pool.checks import check_same_length
from skally.pool.unwrapping import learners_of, scale_target

MODELS = ("clf", "reg", "ensemble", "estimator")  # what strategies call the estimator they ask


def question(strategy, pool, given):
    """Arguments of ``strategy.query``, whose ``missing_label`` is set to the one in y.

    Parameters
    ----------
    strategy : strategy of scikit-activeml
    pool : skally.pool.Pool
    given : dict
        Arguments from the user, which come before those of the pool.

    Raises
    ------
    ValueError
        If the strategy asks an estimator and that is a committee, or if there is more than one
        label for each labelled row.
    """
    names = models_of(strategy, pool)
    X, labels = labeled_rows(pool, bool(names))
    y, missing_label = with_missing(labels, len(pool), pool.net)
    to_set = [name for name in strategy.get_params() if name.split("__")[-1] == "missing_label"]
    strategy.set_params(**dict.fromkeys(to_set, missing_label))
    asked = {"X": np.vstack([X, pool.inputs if names else pool.features]), "y": y}
    for name in names:
        if name not in given:
            asked |= {name: model_of(pool, missing_label), f"fit_{name}": False}
    return asked | given


def check_strategy(strategy):
    """Raise unless it is a strategy of scikit-activeml for a pool and one annotator."""
    if not isinstance(strategy, SingleAnnotatorPoolQueryStrategy):
        raise ValueError(
            f"query_strategy == {strategy!r}, must be a strategy of scikit-activeml for a pool and "
            "one annotator."
        )


def models_of(strategy, pool):
    """Names of the arguments of ``strategy.query`` for the estimator that it asks, if it asks one.

    One that takes a classifier or a regressor, as a sampler of ours does, takes what there is.
    """
    names = [name for name in inspect.signature(strategy.query).parameters if name in MODELS]
    if "clf" in names and "reg" in names:
        names.remove("clf" if pool.is_regression else "reg")
    return names


def labeled_rows(pool, asks):
    """Features (n_labeled, d) and labels (n_labeled,) as the last step of a pipeline sees them."""
    labeled = pool.labeled
    X = labeled.inputs if asks else labeled.features
    if len(X) == 0:
        return X, np.empty(0)
    y = labeled.target
    check_same_length(X, y)
    if y.ndim > 1:
        raise ValueError(f"y has shape {y.shape}, must be (n,) for scikit-activeml.")
    return X, scale_target(pool.estimator, y).ravel()


def with_missing(labels, n, model):
    """Labels, with n missing ones after them, and what stands for these.

    Parameters
    ----------
    labels : array of shape (n_labeled,)
    n : int
    model : estimator
        Of scikit-activeml's, the one that is asked has to agree on what is missing.
    """
    if isinstance(model, THEIRS):
        missing = model.missing_label
    else:
        missing = np.nan if labels.dtype.kind in "biuf" else None
    return np.concatenate([labels, np.full(n, missing)]), missing


def model_of(pool, missing_label):
    """The estimator that learns, as scikit-activeml takes it."""
    if learners_of(pool.estimator) is not None:
        raise ValueError("estimator is a committee, must be one estimator for scikit-activeml.")
    return with_wrapper(pool.net, missing_label)
