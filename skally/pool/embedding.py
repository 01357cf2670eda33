"""Where distances between rows are measured, for estimators that have no embedding of their own."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import assert_all_finite, get_tags

from skally.pool.checks import check_features, naming_rows
from skally.pool.unwrapping import chain, held_samples, transform
from skally.utils.chunks import ROWS
from skally.utils.columns import columns_of
from skally.utils.lazy import lazy_property
from skally.utils.validation import as_matrix, as_plain, num_samples, take_rows, with_rows


class Scaling:
    """The rows by which a query scales columns, and the embedding that follows for an estimator.

    They are the labelled samples where at least two are known, and else rows of the pool: all, or
    8,192 that are evenly spread over a larger one.

    Parameters
    ----------
    estimator : estimator, learner or committee of the query
    X : rows of the pool, or None where they are not at hand
    name : str
        What these are called in errors.
    X_labeled : labelled samples, default=None
        None means those that modAL holds.
    """

    def __init__(self, estimator, X, name, X_labeled=None):
        self.estimator, self.X, self.name, self.X_labeled = estimator, X, name, X_labeled
        self._embeddings = {}

    def embedding_of(self, estimator):
        """Embedding of an estimator with ``feature_importances_``, made once; None for others.

        Parameters
        ----------
        estimator : the one of the query, or a learner of its committee
        """
        if id(estimator) not in self._embeddings:
            self._embeddings[id(estimator)] = self._make(estimator)
        return self._embeddings[id(estimator)]

    def _make(self, estimator):
        innermost = chain(estimator)[-1]
        if not hasattr(innermost, "feature_importances_"):
            return None
        rows, name = self._rows
        takes_missing = get_tags(innermost).input_tags.allow_nan
        with naming_rows(rows, name):
            return Embedding(estimator, rows, name, takes_missing=takes_missing)

    @lazy_property
    def _rows(self):
        """The rows, and what they are called."""
        X = self.X_labeled
        X = held_samples(self.estimator, "X_training") if X is None else X
        if X is not None and num_samples(X) >= 2:
            return with_rows(X), "X"
        if self.X is None:
            raise ValueError("X has fewer than 2 rows, must have at least 2, which scale columns.")
        n = num_samples(self.X)
        if n <= ROWS:
            return self.X, self.name
        return take_rows(self.X, np.linspace(0, n - 1, ROWS).astype(int)), f"a part of {self.name}"


class Embedding:
    """Columns as the last step of a pipeline sees them, standardised, each by its importance.

    Parameters
    ----------
    estimator : fitted estimator
    X : rows by which columns are standardised, in the form that ``estimator.predict`` takes
    name : str, default="X"
        What these are called in errors.
    takes_missing : bool, default=True
        Whether values may be missing; if not, they are an error.
    """

    def __init__(self, estimator, X, name="X", *, takes_missing=True):
        self.estimator, self.takes_missing = estimator, takes_missing
        seen = transform(estimator, X)
        self.encoder = Categories(seen)
        columns = self._columns(seen)
        check_features(np.nan_to_num(columns.astype(np.float64)), name)
        with np.errstate(invalid="ignore"):  # of a column without any value
            self.scaler = StandardScaler().set_output(transform="default").fit(columns)
        self.factor = factors(chain(estimator)[-1], self.encoder.widths)  # (d,)

    def transform(self, X):
        """Embedding of rows, (n, d); a missing value is at the mean of its column."""
        Z = self.scaler.transform(self._columns(transform(self.estimator, X)))
        Z *= self.factor.astype(Z.dtype)
        return np.nan_to_num(Z, copy=False, nan=0.0)

    def _columns(self, seen):
        """What the last step sees as columns that are not yet scaled, (n, d)."""
        columns = self.encoder.transform(seen)
        if not self.takes_missing:
            assert_all_finite(columns)
        return columns


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
    importances = np.maximum(np.ravel(getattr(estimator, "feature_importances_", ())), 0)
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
        as_matrix(column, finite=False)
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
    return as_matrix(X, finite="allow-nan")
