"""Tolerances that people can choose.

Epsilon bounds the constraint loss of each sample: in nats for the classifier's default loss, as a
fraction of the target's variance for the regressor's.
"""

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing  # private; no public way takes rows of any container
from skorch.utils import is_dataset
from torch.utils.data import Subset

from skally.utils.random import draw_seed, make_rng
from skally.utils.validation import as_plain, dataset_targets, num_samples, with_rows

# The paper's rule is 1.1 to 1.3 times the average loss without constraints.
RULE = 1.2


def from_probability(p):
    """Tolerance in nats that asks for at least probability p of the right class.

    Parameters
    ----------
    p : float or array, above 0 and at most 1

    Returns
    -------
    epsilon : float or array, for the cross-entropy

    Examples
    --------
    >>> from skally.epsilon import from_probability
    >>> print(round(from_probability(0.8), 3))
    0.223
    """
    if not np.all((np.asarray(p) > 0) & (np.asarray(p) <= 1)):
        raise ValueError(f"p == {p!r}, must be above 0 and at most 1.")
    return -np.log(p)


def from_error(error, y=None, *, loss="squared"):
    """Tolerance that asks for an error of at most so many of the target's units.

    Parameters
    ----------
    error : float or array, not negative
        Largest error allowed, in the units of y.
    y : array-like of shape (n,), default=None
        Targets given to ``fit``, which a regressor standardises. None for ``normalize_y=False``.
    loss : "squared" or "absolute", default="squared"
        The constraint loss.

    Returns
    -------
    epsilon : float or array

    Examples
    --------
    >>> from skally.epsilon import from_error
    >>> print(from_error(1.0, [0.0, 4.0]))
    0.25
    """
    error = np.asarray(error, dtype=float)
    y = None if y is None else np.asarray(as_plain(y), dtype=float)
    if y is not None and y.ndim != 1:
        raise ValueError(
            f"y has shape {y.shape}, must be (n,): of several targets each has a unit of its own, "
            "and epsilon bounds the mean of their losses."
        )
    if y is not None and not np.isfinite(y).all():
        raise ValueError("y has NaN or infinity, must be finite.")
    if not np.all(error >= 0):
        raise ValueError(f"error == {error}, must be >= 0.")
    if loss not in ("squared", "absolute"):
        raise ValueError(f"loss == {loss!r}, must be 'squared' or 'absolute'.")
    deviation = 1.0 if y is None else np.std(y)
    if deviation == 0:
        raise ValueError("y is constant, must vary: its variance is the unit of the tolerance.")
    relative = error / deviation
    relative = relative**2 if loss == "squared" else relative
    return float(relative) if relative.ndim == 0 else relative


def unconstrained_loss(net, X, y, *, cv=3, random_state=None):
    """Mean constraint loss of rows held out from training without constraints.

    A net that can interpolate reaches a loss of nearly zero on its own training rows, whatever the
    task. Its loss on held-out rows says which tolerance is realistic.

    Parameters
    ----------
    net : ConstrainedNetClassifier or ConstrainedNetRegressor, or a Pipeline that ends in one
    X, y : as for ``net.fit``
    cv : int, default=3
        Folds, each held out once.
    random_state : None, int or RandomState, default=None

    Returns
    -------
    loss : float

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ConstrainedNetRegressor
    >>> from skally.epsilon import unconstrained_loss
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(n_members=1, max_epochs=5)
    >>> loss = unconstrained_loss(net, X[:60], y[:60], random_state=0)
    >>> 0.1 < loss < 10  # in units of the target's variance
    True
    """
    X = with_rows(X)
    y = dataset_targets(X) if y is None else np.asarray(as_plain(y))
    if num_samples(X) < 2:
        raise ValueError(f"X has {num_samples(X)} row, must have at least 2 to hold some out.")
    rng = make_rng(random_state)
    before, net = split_off_net(net)
    classes = np.unique(y) if is_classifier(net) else None
    folds = KFold(min(cv, num_samples(X)), shuffle=True, random_state=draw_seed(rng))
    losses = []
    for train, test in folds.split(np.zeros(num_samples(X))):
        X_train, X_test = rows_of(X, train), rows_of(X, test)
        if before is not None:
            steps = clone(before).fit(X_train, y[train])
            X_train, X_test = steps.transform(X_train), steps.transform(X_test)
        trained = clone(net).set_params(epsilon=1.0, dual_lr=0.0, dual_init=0.0, penalty=None)
        trained.set_params(random_state=draw_seed(rng))
        trained.partial_fit(X_train, y[train], classes=classes)
        losses.append(trained.constraint_loss(X_test, y[test]))
    return float(np.concatenate(losses).mean())


def epsilon_grid(net, X, y, *, factors=(0.3, 0.6, 1.2, 2.4, 4.8), cv=3, random_state=None):
    """Tolerances worth trying in a grid search: multiples of the loss without constraints.

    Parameters
    ----------
    net : ConstrainedNetClassifier or ConstrainedNetRegressor, or a Pipeline that ends in one
    X, y : as for ``net.fit``
    factors : sequence of float, default=(0.3, 0.6, 1.2, 2.4, 4.8)
        The middle one is the paper's rule.
    cv : int, default=3
        Folds of the held-out estimate of that loss.
    random_state : None, int or RandomState, default=None

    Returns
    -------
    epsilon : array of shape (len(factors),)

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skally import ConstrainedNetRegressor
    >>> from skally.epsilon import epsilon_grid
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, y = X[:100], y[:100]
    >>> net = ConstrainedNetRegressor(max_epochs=10, random_state=0)
    >>> grid = epsilon_grid(net, X, y, random_state=0)
    >>> search = GridSearchCV(net, {"epsilon": grid}, cv=3).fit(X, y)
    >>> search.best_params_["epsilon"] in grid
    True
    """
    factors = np.asarray(factors, dtype=float)
    if factors.size == 0 or not np.all(factors > 0):
        raise ValueError(f"factors == {factors.tolist()!r}, must be some numbers above 0.")
    return factors * unconstrained_loss(net, X, y, cv=cv, random_state=random_state)


def split_off_net(estimator):
    """Steps before the net, or None, and the net."""
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]


def rows_of(X, rows):
    """Some rows of a data set, frame, list, sparse matrix or array."""
    if is_dataset(X):
        return Subset(X, rows)
    return _safe_indexing(X, rows)
