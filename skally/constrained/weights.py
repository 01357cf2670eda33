"""How an estimator takes sample weights, through pipelines and searches."""

import inspect

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_array

SEARCHES = (GridSearchCV, RandomizedSearchCV)


def weight_name(estimator):
    """Name of the argument of ``fit`` that is the weights of the rows, None if there is none.

    Parameters
    ----------
    estimator : estimator
        Of a pipeline it is that of the last step, such as ``"ridge__sample_weight"``; searches and
        ``TransformedTargetRegressor`` pass on what they are given. What fits other estimators, such
        as bagging, takes weights if these do.

    Returns
    -------
    name : str or None
    """
    if isinstance(estimator, Pipeline):
        step, last = estimator.steps[-1]
        name = weight_name(last)
        return None if name is None else f"{step}__{name}"
    if isinstance(estimator, SEARCHES):
        return weight_name(estimator.estimator)
    if isinstance(estimator, TransformedTargetRegressor) and estimator.regressor is not None:
        return weight_name(estimator.regressor)
    if isinstance(estimator, TransformedTargetRegressor):
        return "sample_weight"  # its default is a linear regression
    takes = takes_weights(estimator) and all(map(weight_name, inner_estimators(estimator)))
    return "sample_weight" if takes else None


def takes_weights(estimator):
    """Whether ``fit`` has an argument ``sample_weight`` that is not on its way out."""
    if not hasattr(estimator, "fit"):
        return False
    argument = inspect.signature(estimator.fit).parameters.get("sample_weight")
    return argument is not None and not isinstance(argument.default, str)


def inner_estimators(estimator):
    """Estimators that an estimator fits, as scikit-learn names the parameters for them."""
    inner = [getattr(estimator, "estimator", None)]
    inner += [each for _, each in getattr(estimator, "estimators", None) or ()]
    return [each for each in inner if hasattr(each, "fit")]


def split_off_weights(fit_params, name, n):
    """Weights that the user gave, and the other arguments of ``fit``.

    Parameters
    ----------
    fit_params : dict
    name : str or None
        As of :func:`weight_name`.
    n : int

    Returns
    -------
    weights : array of shape (n,), or None
    fit_params : dict

    Raises
    ------
    ValueError
        If the estimator takes no weights, or they are negative, not finite or not n.
    """
    others = {key: value for key, value in fit_params.items() if key not in ("sample_weight", name)}
    given = [v for k, v in fit_params.items() if k not in others and v is not None]
    if not given:
        return None, others
    if name is None:
        raise ValueError("sample_weight must be None: the estimator's fit takes no sample weights.")
    if len(given) > 1:
        raise ValueError(f"sample_weight is given as {name} too, must be given once.")
    weights = check_array(given[0], ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (n,):
        raise ValueError(f"sample_weight has shape {weights.shape}, must be ({n},).")
    if weights.min() < 0:
        raise ValueError(f"sample_weight has the value {weights.min()}, must be >= 0.")
    return weights, others
