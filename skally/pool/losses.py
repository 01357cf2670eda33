"""Loss of each sample under any fitted estimator."""

from skally.pool.samples import Samples
from skally.pool.unwrapping import check_fitted


def sample_loss(estimator, X, y):
    """Loss of each sample under a fitted estimator.

    It is the loss that a constrained net was trained with, in the units of ``epsilon``, the log
    loss of any other classifier, and the squared error of any other regressor, whose mean is taken
    over several targets.

    Parameters
    ----------
    estimator : fitted estimator
        A scikit-learn estimator, a net, a Pipeline, GridSearchCV or TransformedTargetRegressor
        around one, or a modAL learner.
    X : n rows of anything that the estimator takes
    y : array-like of shape (n,), (n, 1), or (n, m) of a regressor of m targets

    Returns
    -------
    loss : array of shape (n,)

    Raises
    ------
    ValueError
        If there is not one label for each row, if a label is missing, if y has another number of
        columns than the predictions, or if rows of probabilities do not add up to 1.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skally.losses import sample_loss
    >>> model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
    >>> sample_loss(model, [[0.0], [1.0]], [0.0, 5.0]).round(6)
    array([0., 9.])
    """
    check_fitted(estimator)
    return Samples(estimator, X, y=y).loss
