"""What may be the label of a sample: checks of arrays of labels, and of an oracle's answers."""

import math
import numbers
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.multiclass import check_classification_targets

from skally.utils.validation import as_plain


@dataclass(frozen=True)
class Kind:
    """What all labels have in common.

    Parameters
    ----------
    word : "number", "text" or "truth value", or None
        None if nothing is known yet.
    shape : tuple of int, or None
        Shape of one label, () for a scalar.
    is_class : bool
        Whether they are classes, so that no number is a fraction.
    """

    word: str | None = None
    shape: tuple | None = None
    is_class: bool = False

    def and_(self, other):
        """Kind that fills in what this one does not know."""
        return Kind(
            other.word if self.word is None else self.word,
            other.shape if self.shape is None else self.shape,
            self.is_class,
        )


def word_of(value):
    """Kind of one scalar in a word, or None if it can be no label."""
    if isinstance(value, (bool, np.bool_)):
        return "truth value"
    if isinstance(value, numbers.Real):
        return "number"
    return "text" if isinstance(value, str) else None


def plain_label(label):
    """A label as number, text, truth value, or list of these.

    Raises
    ------
    ValueError
        If it is none of these, or not finite. The message lacks its position.
    """
    if hasattr(label, "detach"):
        label = label.detach().cpu().numpy()
    if isinstance(label, (np.ndarray, np.generic)):
        label = label.tolist()
    elif hasattr(label, "to_numpy"):
        label = label.to_numpy().tolist()
    if isinstance(label, (list, tuple)):
        return [plain_label(each) for each in label]
    word = word_of(label)
    if word is None:
        raise ValueError("must be a label: a number, text or a list of these")
    if word == "text":
        return str(label)
    if word == "truth value":
        return bool(label)
    if isinstance(label, numbers.Integral):
        if not -(2**63) <= label < 2**63:
            raise ValueError("must be a label of at most 64 bits")
        return int(label)
    if not math.isfinite(label):
        raise ValueError("must be a label, and finite")
    return float(label)


def kind_of(label):
    """Kind of a plain label.

    Raises
    ------
    ValueError
        If it is a list of unequal parts.
    """
    if not isinstance(label, list):
        return Kind(word_of(label), ())
    parts = {kind_of(each) for each in label}
    if len(parts) != 1:
        raise ValueError("must be a label: a list of values of one kind, at least one")
    part = parts.pop()
    return Kind(part.word, (len(label), *part.shape))


def check_label(label, kind):
    """Plain label, checked against what is known of the others, and its kind.

    Raises
    ------
    ValueError
        The message lacks the label and its position.
    """
    label = plain_label(label)
    own = kind_of(label)
    if kind.shape is not None and own.shape != kind.shape:
        raise ValueError(f"must be {shape_words(kind.shape)} as the other labels")
    if kind.word is not None and own.word != kind.word:
        raise ValueError(f"must be a {kind.word} as the other labels")
    if kind.is_class and isinstance(label, float) and not label.is_integer():
        raise ValueError("must be a class, not a fraction")
    return label, kind.and_(own)


def shape_words(shape):
    """A shape of one label in words."""
    return "a single value" if shape == () else f"a list of shape {shape}"


def check_stored(labels, kind=None):
    """Kind of the labels of a file, checked.

    Parameters
    ----------
    labels : pairs of a position and a label
    kind : Kind, optional
        What is known of them.
    """
    kind = Kind() if kind is None else kind
    for position, label in labels:
        try:
            _, kind = check_label(label, kind)
        except ValueError as error:
            raise ValueError(
                f"the label of position {position} is {label!r:.60}, {error}"
            ) from None
    return kind


def check_labels(name, y, n, estimator, of="X"):
    """Array of the labels of n samples, (n,) or (n, n_outputs), checked before anything is fitted.

    Parameters
    ----------
    name : str
    y : array-like
        A single column of shape (n, 1) is taken as (n,).
    n : int
    estimator : classifier, regressor or other
    of : name of the samples
    """
    if sparse.issparse(y):
        raise ValueError(f"{name} is a sparse matrix, must be an array.")
    if isinstance(y, (list, tuple)):
        check_one_kind(name, [each for each in y if np.ndim(each) == 0])
    try:
        y = np.asarray(as_plain(y))
    except ValueError as error:
        raise ValueError(f"{name} must be an array of labels: {error}") from error
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {y.shape}, must be (n,) or (n, n_outputs).")
    if len(y) != n or n == 0:
        raise ValueError(
            f"{name} has {len(y)} rows, must have {n}, as many as {of}, and at least 1."
        )
    check_finite(name, y)
    if y.dtype.kind == "O":
        check_one_kind(name, y.ravel().tolist())
    check_target(name, y, estimator)
    return y


def check_finite(name, y):
    """Raise if labels are missing or infinite."""
    missing = np.asarray(pd.isna(y))
    if y.dtype.kind in "fc":
        missing = ~np.isfinite(y)
    if y.dtype.kind == "O":
        infinite = [isinstance(each, float) and math.isinf(each) for each in y.flat]
        missing = missing | np.reshape(infinite, y.shape)
    rows = np.flatnonzero(missing.reshape(len(y), -1).any(axis=1))
    if len(rows):
        value = y[rows[0]]
        raise ValueError(
            f"{name} holds {len(rows)} labels that are missing or infinite, such as {value} at "
            f"position {rows[0]}, must hold none."
        )


def check_one_kind(name, values):
    """Raise unless all values are numbers, all text, or all truth values, or missing."""
    words = {word_of(each) or type(each).__name__ for each in values if not is_missing(each)}
    if len(words) > 1:
        raise ValueError(f"{name} mixes {' and '.join(sorted(words))}, must be of one kind.")


def is_missing(value):
    """Whether a scalar is None, NaN or the like, which `check_finite` tells."""
    return value is None or (not isinstance(value, str) and bool(pd.isna(value)))


def check_target(name, y, estimator):
    """Raise unless an estimator of this kind can learn the labels."""
    if is_classifier(estimator):
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise ValueError(f"{name} cannot be the labels of a classifier: {error}") from error
    if is_regressor(estimator) and y.dtype.kind not in "biuf":
        try:
            y.astype(float)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} holds {y.dtype}, must hold numbers for a regressor."
            ) from None


def kind_of_array(y, estimator):
    """What the labels of test samples, and the kind of estimator, say of all labels."""
    known = Kind("number" if is_regressor(estimator) else None, is_class=is_classifier(estimator))
    return known if y is None else known.and_(kind_of(plain_label(y[0])))


def check_alike(y, y_test):
    """Raise unless the labels of the test samples are of the shape and the kind of the others."""
    if callable(y):
        return
    if y.shape[1:] != y_test.shape[1:]:
        raise ValueError(
            f"y_test has shape {y_test.shape} and y {y.shape}, must be the same but for the first "
            "number."
        )
    one, other = (kind_of(plain_label(each[0])).word for each in (y, y_test))
    if one != other:
        raise ValueError(f"y_test holds a {other} and y a {one}, must be of one kind.")
