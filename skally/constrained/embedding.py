"""Where distances between rows are measured, for estimators that have no embedding of their own."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_array

from skally.pool.unwrapping import chain, transform
from skally.utils.columns import columns_of
from skally.utils.validation import as_plain


class Embedding:
    """Columns as the last step of a pipeline sees them, standardised, each by its importance.

    Parameters
    ----------
    estimator : fitted estimator
    X : training rows, in the form that ``estimator.predict`` takes
    """

    def __init__(self, estimator, X):
        self.estimator = estimator
        seen = transform(estimator, X)
        self.encoder = Categories(seen)
        columns = self.encoder.transform(seen)
        self.scaler = StandardScaler().set_output(transform="default").fit(columns)
        self.factor = factors(chain(estimator)[-1], self.encoder.widths)  # (d,)

    def transform(self, X):
        """Embedding of rows, (n, d); a missing value is at the mean of its column."""
        columns = self.encoder.transform(transform(self.estimator, X))
        return np.nan_to_num(self.scaler.transform(columns) * self.factor, nan=0.0)


def factors(estimator, widths):
    """What each standardised column is multiplied by.

    The root of ``feature_importances_`` times the number of columns, where an estimator has them,
    as trees, forests and gradient boosting do: a column that its trees hardly use hardly counts.
    1 for others.

    Parameters
    ----------
    estimator : fitted estimator
    widths : int array
        How many columns each column that the estimator sees has become.

    Returns
    -------
    factors : array of shape (widths.sum(),)
    """
    importances = np.ravel(getattr(estimator, "feature_importances_", ()))
    if len(importances) != len(widths) or not importances.sum() > 0:
        return np.ones(widths.sum())
    shares = importances / importances.sum()
    return np.repeat(np.sqrt(shares * len(widths)), widths)


class Categories:
    """Columns as floats, those of a frame or an array of objects that are no numbers as one-hot.

    Parameters
    ----------
    X : training rows as the last step sees them
    """

    def __init__(self, X):
        if not has_words(X):
            self.encoders, self.widths = None, np.ones(as_floats(X).shape[1], dtype=int)
            return
        self.encoders = [encoder(column) for column in columns_in_turn(X)]
        self.widths = np.array(
            [1 if each is None else len(each.categories_[0]) for each in self.encoders]
        )

    def transform(self, X):
        """Columns as floats, (n, d)."""
        if self.encoders is None:
            return as_floats(X)
        parts = [
            as_floats(column) if each is None else each.transform(as_words(column))
            for each, column in zip(self.encoders, columns_in_turn(X), strict=True)
        ]
        return np.hstack(parts)


def has_words(X):
    """Whether X is a frame, or an array in which there may be words."""
    if columns_of(X) is not None:
        return True
    return not sparse.issparse(X) and np.asarray(as_plain(X)).dtype.kind in "OU"


def encoder(column):
    """Encoder of a column of words, None for a column of numbers."""
    try:
        as_floats(column)
    except (TypeError, ValueError):
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        return one_hot.set_output(transform="default").fit(as_words(column))
    return None


def columns_in_turn(X):
    """Each column of a frame or an array of objects, as one of one column."""
    columns = columns_of(X)
    if columns is not None:
        return [X[[name]] for name in columns]
    return list(np.asarray(X).reshape(len(X), -1, 1).transpose(1, 0, 2))


def as_words(column):
    """Values of a column as words, for an encoder that has to compare them, (n, 1)."""
    return np.asarray(column).astype(str)


def as_floats(X):
    """Columns as an array of floats, (n, d), in which values may be missing."""
    checks = {"accept_sparse": True, "allow_nd": True, "dtype": (np.float64, np.float32)}
    X = check_array(as_plain(X), ensure_all_finite="allow-nan", **checks)
    return X.toarray() if sparse.issparse(X) else X.reshape(len(X), -1)
