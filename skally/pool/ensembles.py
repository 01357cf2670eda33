"""Predictions of several models that the same labels allow: members, or draws of dropout."""

import numpy as np
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.utils import check_array, get_tags

from skally.nets.embedding import dropout_active
from skally.pool.checks import check_proba
from skally.pool.unwrapping import transform, unwrap
from skally.utils.random import draw_seed, torch_seeded

FORESTS = (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
ENSEMBLES = (*FORESTS, BaggingClassifier, BaggingRegressor, VotingClassifier, VotingRegressor)

AS_IT_IS = {"accept_sparse": "csr", "dtype": None, "ensure_all_finite": False}


def model_draws(estimator, X, n_draws, rng):
    """Predictions of an ensemble's or a net's members, or of a net under draws of its dropout.

    Parameters
    ----------
    estimator : fitted ensemble of scikit-learn, or net
    X : n rows
    n_draws : int or None
        Draws of dropout; an ensemble, or a net with members, has as many as members. With None,
        members alone will do.
    rng : numpy.random.RandomState

    Yields
    ------
    prediction : array of shape (n, n_classes), or (n, m) of a regressor

    Raises
    ------
    ValueError
        If it is neither, or a net without dropout layers, or without members where these are
        needed.
    """
    if hasattr(estimator, "dual_variables_") and hasattr(estimator, "estimator_"):
        within = estimator.estimator_  # that of a ConstrainedClassifier or ConstrainedRegressor
        yield from model_draws(unwrap(within)[1], transform(within, X), n_draws, rng)
    elif isinstance(estimator, ENSEMBLES):
        yield from ensemble_draws(estimator, X)
    elif getattr(getattr(estimator, "net_", None), "n_members", 1) > 1:
        for prediction in estimator.predict_members(X):
            yield prediction if is_regressor(estimator) else check_proba(prediction, estimator)
    elif n_draws is None:
        raise ValueError(
            f"{type(estimator).__name__} has no members, which this sampler needs: use a net of "
            "several members, a committee, or a forest, bagging or voting of scikit-learn."
        )
    elif hasattr(estimator, "module_"):
        yield from dropout_draws(estimator, X, n_draws, rng)
    else:
        raise ValueError(
            f"{type(estimator).__name__} gives no draws, which this sampler needs: use a net with "
            "dropout, a committee, or a forest, bagging or voting of scikit-learn."
        )


def has_members(estimator):
    """Whether there are predictions of several models without draws of dropout."""
    if hasattr(estimator, "dual_variables_") and hasattr(estimator, "estimator_"):
        return has_members(unwrap(estimator.estimator_)[1])
    n_members = getattr(getattr(estimator, "net_", None), "n_members", 1)
    return isinstance(estimator, ENSEMBLES) or n_members > 1


def dropout_draws(net, X, n_draws, rng):
    """Predictions of a net, (n, n_classes) or (n, m), each under another draw of its dropout."""
    predict = net.predict if is_regressor(net) else net.predict_proba
    for _ in range(n_draws):
        with dropout_active(net.module_), torch_seeded(draw_seed(rng), net.device):
            prediction = predict(X)
        prediction = prediction.reshape(len(prediction), -1)
        yield prediction if is_regressor(net) else check_proba(prediction, net)


def ensemble_draws(ensemble, X):
    """Predictions of each member of an ensemble, (n, n_classes) or (n, m)."""
    for member, predicted in zip(ensemble.estimators_, member_outputs(ensemble, X), strict=True):
        if is_regressor(ensemble):
            yield predicted.reshape(len(predicted), -1)
        else:  # members were fitted on the numbers of the classes
            proba = check_proba(predicted, member)
            yield spread(proba, member.classes_, np.arange(len(ensemble.classes_)))


def member_outputs(ensemble, X):
    """What each member of an ensemble says of its columns of X, one after another."""
    output = "predict" if is_regressor(ensemble) else "predict_proba"
    if isinstance(ensemble, FORESTS) and not sparse.issparse(X):
        finite = "allow-nan" if get_tags(ensemble).input_tags.allow_nan else True
        values = check_array(X, dtype=np.float32, ensure_all_finite=finite)  # once for all trees
        for tree in ensemble.estimators_:
            yield getattr(tree, output)(values, check_input=False)
        return
    every = [slice(None)] * len(ensemble.estimators_)
    columns = getattr(ensemble, "estimators_features_", every)  # those a bagged member looks at
    for member, features in zip(ensemble.estimators_, columns, strict=True):
        X_member = X
        if not hasattr(member, "feature_names_in_"):
            X_member = check_array(X, **AS_IT_IS)[:, features]
        yield getattr(member, output)(X_member)


def spread(proba, classes, all_classes):
    """Probabilities of all classes, from a model that may know only some, in any order.

    Parameters
    ----------
    proba : array of shape (n, n_known)
    classes : array of shape (n_known,)
    all_classes : array of shape (n_classes,), sorted

    Returns
    -------
    proba : array of shape (n, n_classes)
    """
    spread = np.zeros((len(proba), len(all_classes)), dtype=proba.dtype)
    spread[:, np.searchsorted(all_classes, classes)] = proba
    return spread
