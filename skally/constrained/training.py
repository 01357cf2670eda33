"""Fits of an estimator with weights, and what it says of rows that it did not train on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from skally.utils.containers import take
from skally.utils.validation import num_samples

OUT_OF_BAG = ("oob_prediction_", "oob_decision_function_")


@dataclass(frozen=True)
class Measured:
    """Outputs of all rows under some weights.

    Parameters
    ----------
    outputs : array of shape (n, m)
    is_withheld : bool array of shape (n,)
        Whether they are those of an estimator that was not trained on the row.
    estimator : fitted on all rows, or None if there was no need
    """

    outputs: Any
    is_withheld: Any
    estimator: Any


@dataclass(frozen=True)
class Training:
    """An estimator and all that it is fitted with.

    Parameters
    ----------
    estimators : list of unfitted estimators
        One for all rows, and one for each fold; each always has the same random states.
    X : n rows
    y : array of shape (n,) or (n, m)
    folds : int array of shape (n,)
        -1 for rows that are withheld from no fit.
    outputs : function of a fitted estimator and rows
        What it says of them, (n, m).
    out_of_bag : function of a fitted estimator, or None
        Its outputs of the training rows out of bag, where these take the place of folds.
    weights : array of shape (n,) or None
        Those that the user gave.
    weight_name : str or None
        As of :func:`skally.constrained.weights.weight_name`.
    is_weighted : bool
        Whether duals weigh on the fits.
    fit_params : dict
        What else ``fit`` is given. What has n values is taken row by row.
    n_jobs : int or None
    """

    estimators: list
    X: Any
    y: Any
    folds: Any
    outputs: Any
    out_of_bag: Any
    weights: Any
    weight_name: str | None
    is_weighted: bool
    fit_params: dict
    n_jobs: int | None

    def measure(self, duals):
        """Outputs of all rows, withheld where they can be, from fits with weights 1 + dual.

        Parameters
        ----------
        duals : array of shape (n,)

        Returns
        -------
        measured : Measured
        """
        n = len(self.y)
        if self.out_of_bag is not None:
            whole = self.whole(duals)
            return Measured(self.out_of_bag(whole), left_out(last_step(whole), n), whole)
        if (self.folds < 0).all():
            whole = self.whole(duals)
            return Measured(self.outputs(whole, self.X), np.zeros(n, dtype=bool), whole)
        return Measured(self._of_folds(duals), self.folds >= 0, None)

    def without_withholding(self):
        """The same, measuring all rows by the estimator that was trained on them."""
        return replace(self, folds=np.full(len(self.y), -1), out_of_bag=None)

    def whole(self, duals):
        """The estimator fitted on all rows, with weights 1 + dual."""
        return self._fit(self.estimators[0], duals, None)

    def _of_folds(self, duals):
        n_folds = self.folds.max() + 1
        parallel = Parallel(n_jobs=min(effective_n_jobs(self.n_jobs), n_folds))
        parts = parallel(delayed(self._of_fold)(duals, fold) for fold in range(n_folds))
        outputs = np.empty((len(self.y), parts[0][1].shape[1]))
        for rows, part in parts:
            outputs[rows] = part
        return outputs

    def _of_fold(self, duals, fold):
        """Rows of a fold, and outputs of an estimator that was fitted on the others.

        The first one says something of the rows too that are withheld from none.
        """
        is_of_fold = self.folds == fold
        fitted = self._fit(self.estimators[1 + fold], duals, np.flatnonzero(~is_of_fold))
        asked = np.flatnonzero(is_of_fold | (self.folds < 0) if fold == 0 else is_of_fold)
        return asked, self.outputs(fitted, take(self.X, asked))

    def _fit(self, estimator, duals, rows):
        n = len(self.y)
        rows_or_all = (lambda values: values) if rows is None else (lambda v: take(v, rows))
        params = {
            name: rows_or_all(value) if has_rows(value, n) else value
            for name, value in self.fit_params.items()
        }
        weights = self._weights(duals)
        if weights is not None:
            params[self.weight_name] = rows_or_all(weights)
        # Weights go to the last step by its name, which is not allowed with metadata routing.
        with config_context(enable_metadata_routing=False):
            return clone(estimator).fit(rows_or_all(self.X), rows_or_all(self.y), **params)

    def _weights(self, duals):
        """Weight of each row, None where all are 1."""
        if not self.is_weighted or not (duals > 0).any():
            return self.weights
        return (1.0 if self.weights is None else self.weights) * (1 + duals)


def has_rows(value, n):
    """Whether an argument of ``fit`` has a value for each of n rows."""
    is_array = hasattr(value, "shape") or isinstance(value, list | tuple)
    return is_array and np.ndim(value) > 0 and num_samples(value) == n


def last_step(estimator):
    """Last step of a pipeline; any other estimator as it is."""
    while isinstance(estimator, Pipeline):
        estimator = estimator[-1]
    return estimator


def keeps_out_of_bag(estimator):
    """Whether an estimator is asked to keep its predictions out of bag, by ``oob_score``."""
    return bool(getattr(last_step(estimator), "oob_score", False))


def out_of_bag(estimator):
    """Predictions out of bag that a fitted estimator keeps of its training rows.

    Raises
    ------
    ValueError
        If there are none.
    """
    last = last_step(estimator)
    for name in OUT_OF_BAG:
        if hasattr(last, name):
            return np.asarray(getattr(last, name))
    raise ValueError(
        f"oob_score == {last.oob_score}, but {type(last).__name__} keeps no predictions out of bag "
        f"({' or '.join(OUT_OF_BAG)}): choose oob_score=False."
    )


def left_out(ensemble, n):
    """Whether each of n training rows is out of bag for some member: bool array of shape (n,)."""
    drawn = np.zeros(n, dtype=int)
    for rows in ensemble.estimators_samples_:
        drawn[np.unique(rows)] += 1
    return drawn < len(ensemble.estimators_samples_)
