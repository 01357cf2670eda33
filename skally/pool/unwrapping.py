"""What is inside modAL learners, committees, pipelines and searches: the only place that knows."""

import numpy as np
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from skally.utils.columns import columns_of
from skally.utils.validation import as_array


def is_learner(estimator):
    """Whether it is a modAL learner, by what modAL's base class has and no estimator does."""
    return hasattr(estimator, "query_strategy") and hasattr(estimator, "estimator")


def without_learner(estimator):
    """The estimator that a modAL learner holds; any other as it is."""
    return estimator.estimator if is_learner(estimator) else estimator


def learners_of(committee):
    """Learners of a modAL committee, None for anything else."""
    return getattr(committee, "learner_list", None)


def members_of(estimator):
    """Learners of a modAL committee; anything else as the only member of itself, a list."""
    learners = learners_of(estimator)
    return [estimator] if learners is None else list(learners)


def chain(estimator):
    """Estimators from the outermost, but for a modAL learner, to the one that learns.

    Parameters
    ----------
    estimator : estimator, or Pipeline, search, TransformedTargetRegressor or modAL learner around
        one, in any nesting

    Returns
    -------
    estimators : list
    """
    found = [without_learner(estimator)]
    while True:
        outer = found[-1]
        if hasattr(outer, "best_estimator_"):
            found.append(outer.best_estimator_)
        elif hasattr(outer, "regressor_"):
            found.append(outer.regressor_)
        elif isinstance(outer, Pipeline):
            found.append(outer[-1])
        else:
            return found


def unwrap(estimator):
    """Transformers before the one that learns, and the one that learns.

    Parameters
    ----------
    estimator : as in :func:`chain`

    Returns
    -------
    transformers : list
    estimator : the innermost
    """
    *outer, innermost = chain(estimator)
    return [each[:-1] for each in outer if isinstance(each, Pipeline) and len(each) > 1], innermost


def scale_target(estimator, y):
    """Targets as the one that learns sees them.

    Parameters
    ----------
    estimator : fitted, as in :func:`chain`
    y : array of shape (n,) or (n, m)
    """
    for each in chain(estimator):
        if hasattr(each, "transformer_"):  # a TransformedTargetRegressor
            y = as_array(each.transformer_.transform(y.reshape(len(y), -1)))
    return y


def transform(estimator, X):
    """Rows as the last step of a pipeline takes them, in any form.

    Parameters
    ----------
    estimator : as in :func:`chain`
    X : n rows

    Raises
    ------
    ValueError, NotFittedError
        If there is no fitted estimator, or if a data frame has other columns than the last step was
        fitted on, or in another order.
    """
    check_fitted(estimator)
    transformers, innermost = unwrap(estimator)
    for transformer in transformers:
        X = transformer.transform(X)
    if columns_of(X) is not None and hasattr(innermost, "feature_names_in_"):
        validate_data(innermost, X, reset=False, skip_check_array=True)
    return X


def is_regression(estimator):
    """Whether an estimator, or each learner of a committee, predicts numbers.

    Parameters
    ----------
    estimator : None, a committee, or as in :func:`chain`
    """
    nets = [unwrap(member)[1] for member in members_of(estimator)]
    return all(hasattr(net, "fit") and is_regressor(net) for net in nets)


def is_fitted(estimator):
    """Whether there is an estimator, or each learner of a committee, and it is fitted.

    Parameters
    ----------
    estimator : None, a committee, or as in :func:`chain`
    """
    if learners_of(estimator) is not None:
        return all(map(is_fitted, learners_of(estimator)))
    if without_learner(estimator) is None:
        return False
    try:
        check_is_fitted(without_learner(estimator))
    except NotFittedError:
        return False
    # skorch's nets have fitted attributes before fit
    return getattr(chain(estimator)[-1], "initialized_", True)


def check_fitted(estimator):
    """Raise unless there is a fitted estimator."""
    core = without_learner(estimator)
    if core is None:
        raise ValueError("estimator == None, must be a fitted one.")
    if not is_fitted(estimator):
        raise NotFittedError(f"{type(core).__name__} is not fitted: call fit first.")


def held_samples(estimator, name):
    """Labelled samples that modAL holds: a learner's, or those of all learners of a committee.

    An object that several learners share is taken once.

    Parameters
    ----------
    estimator : a committee, or as in :func:`chain`
    name : "X_training" or "y_training"

    Returns
    -------
    held : rows in the form that modAL keeps them in; None if the estimator, or one of the learners,
        holds none
    """
    learners = members_of(estimator)
    X = [getattr(learner, "X_training", None) for learner in learners]
    if any(each is None for each in X):
        return None
    first = [i for i, each in enumerate(X) if not any(each is other for other in X[:i])]
    parts = [getattr(learners[i], name) for i in first]
    if len(parts) == 1:
        return parts[0]
    if any(map(sparse.issparse, parts)):
        return sparse.vstack(parts).tocsr()
    return np.concatenate([np.asarray(part) for part in parts])
