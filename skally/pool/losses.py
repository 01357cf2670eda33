"""Loss of each sample under any fitted estimator."""

import numpy as np
from sklearn.base import is_regressor
from sklearn.preprocessing import LabelEncoder

from skally.pool.unwrapping import chain, scale_target, unwrap


def sample_loss(estimator, X, y):
    """A net's own loss, the log loss of other classifiers, the squared error of other regressors.

    Parameters
    ----------
    estimator : fitted, as in :func:`skally.pool.unwrapping.chain`
    X : n rows
    y : array of shape (n,) or (n, m)

    Returns
    -------
    loss : array of shape (n,)
    """
    outermost = chain(estimator)[0]
    transformers, innermost = unwrap(estimator)
    if hasattr(innermost, "sample_loss"):
        for transformer in transformers:
            X = transformer.transform(X)
        return innermost.sample_loss(X, scale_target(estimator, y))
    if is_regressor(innermost):
        return ((outermost.predict(X) - y) ** 2).reshape(len(y), -1).mean(axis=1)
    column = LabelEncoder().fit(outermost.classes_).transform(y)
    proba = outermost.predict_proba(X)[np.arange(len(y)), column]
    return -np.log(np.maximum(proba, np.finfo(float).tiny))
