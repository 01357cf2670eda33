"""Dual variables for any estimator of scikit-learn."""

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier, is_regressor
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

from skally.constrained.base import BaseConstrained, has
from skally.constrained.outputs import (
    aligned,
    aligned_scores,
    as_numbers,
    as_proba,
    class_losses,
    class_method,
    class_outputs,
    number_outputs,
)
from skally.constrained.parameters import PARAMETERS, REFERENCES
from skally.constrained.training import last_step, out_of_bag
from skally.pool.checks import as_labels
from skally.utils.validation import as_plain


class ConstrainedClassifier(ClassifierMixin, BaseConstrained):
    __doc__ = (
        """Classify by any estimator, and learn how hard each training row is to satisfy.

    The estimator is fitted under one constraint for each labelled row: its log loss may not exceed
    epsilon, by default that of the row when it is withheld. The multiplier of a constraint is the
    row's dual variable, which weighs on the next fit and which samplers such as
    :class:`skally.ALLYSampler` learn to predict.

    Probabilities below 1e-6 count as 1e-6, those of a class that a fit did not see too. Without
    ``predict_proba`` they are the softmax of ``decision_function``; an estimator that has neither
    has a loss of 0 for a right label and 1 for a wrong one.
"""
        + PARAMETERS.format(
            kind="classifier",
            epsilon="0.2",
            epsilon_unit="in nats",
            stratified=", stratified by class",
            attributes="\n    classes_ : array of shape (n_classes,)\n        Sorted.",
        )
        + REFERENCES
        + """
    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skally import ConstrainedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> forest = RandomForestClassifier(oob_score=True)
    >>> constrained = ConstrainedClassifier(forest, random_state=0).fit(X, y)
    >>> constrained.dual_variables_.shape
    (150,)
    >>> constrained.score(X, y) > 0.9
    True
    """
    )
    _kind = "classifier"
    _is_kind = staticmethod(is_classifier)

    def __init__(
        self,
        estimator,
        epsilon=0.2,
        *,
        weighted="auto",
        n_dual_updates=3,
        dual_loss="auto",
        dual_lr=None,
        dual_max=None,
        dual_decay=0.0,
        cv=5,
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.epsilon = epsilon
        self.weighted = weighted
        self.n_dual_updates = n_dual_updates
        self.dual_loss = dual_loss
        self.dual_lr = dual_lr
        self.dual_max = dual_max
        self.dual_decay = dual_decay
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @available_if(has("predict_proba"))
    def predict_proba(self, X):
        """Probability of each class, by the estimator's own method.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        proba : array of shape (n, n_classes)
            Columns in the order of ``classes_``.
        """
        check_is_fitted(self)
        proba = self.estimator_.predict_proba(self._check_X(X))
        return aligned(proba, self._own_classes, self.classes_)

    @available_if(has("decision_function"))
    def decision_function(self, X):
        """Score of each class, by the estimator's own method.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        scores : array of shape (n, n_classes), or (n,) of two classes
            Columns in the order of ``classes_``.
        """
        check_is_fitted(self)
        scores = self.estimator_.decision_function(self._check_X(X))
        return aligned_scores(scores, self._own_classes, self.classes_)

    @property
    def _own_classes(self):
        return getattr(self.estimator_, "classes_", self.classes_)

    def _check_y(self, y):
        y = as_labels(column_or_1d(as_plain(y), warn=True))
        check_classification_targets(y)
        return y

    def _fit_target(self, y):
        self._encoder = LabelEncoder().fit(y)
        self.classes_ = self._encoder.classes_
        return self._encode(y)

    def _encode(self, y):
        return self._encoder.transform(y)

    def _outputs(self, estimator, X):
        return class_outputs(estimator, X, self.classes_)

    def _out_of_bag(self, estimator):
        last = last_step(estimator)
        proba = out_of_bag(estimator)
        is_known = proba.sum(axis=1) > 0  # False for NaN: rows that are in all bags
        proba = np.where(is_known[:, None], proba, 1 / proba.shape[1])
        proba = as_proba(proba, last, "oob_decision_function_", last.classes_)
        return aligned(proba, last.classes_, self.classes_)

    def _losses(self, outputs, target):
        return class_losses(outputs, target, class_method(self.estimator))


class ConstrainedRegressor(RegressorMixin, BaseConstrained):
    __doc__ = (
        """Predict numbers by any estimator, and learn how hard each training row is to satisfy.

    The estimator is fitted under one constraint for each labelled row: its squared error, as a
    fraction of the target's variance, may not exceed epsilon, by default that of the row when it is
    withheld. The multiplier of a constraint is the row's dual variable, which weighs on the next
    fit and which samplers such as :class:`skally.ALLYSampler` learn to predict. Of several targets
    the mean of their squared errors counts, each as a fraction of its own variance.
"""
        + PARAMETERS.format(
            kind="regressor",
            epsilon="0.1",
            epsilon_unit="a fraction of the target's variance",
            stratified="",
            attributes="",
        )
        + REFERENCES
        + """
    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from skally import ConstrainedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> trees = ExtraTreesRegressor(n_estimators=20)
    >>> constrained = ConstrainedRegressor(trees, random_state=0).fit(X, y)
    >>> constrained.dual_variables_.shape
    (442,)
    >>> constrained.embed(X).shape
    (442, 10)
    """
    )
    _kind = "regressor"
    _is_kind = staticmethod(is_regressor)

    def __init__(
        self,
        estimator,
        epsilon=0.1,
        *,
        weighted="auto",
        n_dual_updates=3,
        dual_loss="auto",
        dual_lr=None,
        dual_max=None,
        dual_decay=0.0,
        cv=5,
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.epsilon = epsilon
        self.weighted = weighted
        self.n_dual_updates = n_dual_updates
        self.dual_loss = dual_loss
        self.dual_lr = dual_lr
        self.dual_max = dual_max
        self.dual_decay = dual_decay
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_y(self, y):
        y = as_plain(y)
        if not self._takes_several_targets:
            y = column_or_1d(y, warn=True)
        y = np.asarray(y)
        checks = {"ensure_2d": False, "input_name": "y", "ensure_min_samples": 0}
        numbers = check_array(y, dtype=np.float64, **checks)
        return y if y.dtype.kind in "iuf" else numbers

    def _fit_target(self, y):
        self._scaler = StandardScaler().set_output(transform="default").fit(columns(y))
        return self._encode(y)

    def _encode(self, y):
        return self._scaler.transform(columns(y))

    def _outputs(self, estimator, X):
        return number_outputs(estimator, X)

    def _out_of_bag(self, estimator):
        kept = np.nan_to_num(out_of_bag(estimator))  # NaN for rows that are in all bags
        return as_numbers(kept, len(kept), last_step(estimator), "oob_prediction_")

    def _losses(self, outputs, target):
        if outputs.shape[1] != target.shape[1]:
            raise ValueError(
                f"The estimator predicts {outputs.shape[1]} numbers for each row, must predict "
                f"{target.shape[1]}, as y has columns."
            )
        return ((self._scaler.transform(outputs) - target) ** 2).mean(axis=1)


def columns(y):
    """Targets as columns, (n, m)."""
    return np.asarray(y, dtype=np.float64).reshape(len(y), -1)
