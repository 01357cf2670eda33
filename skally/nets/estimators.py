"""Neural nets with one constraint per training sample, as scikit-learn estimators."""

from numbers import Real

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d
from torch import nn

from skally.nets.base import BaseConstrainedNet
from skally.nets.criteria import OF_TWO_CLASSES, kind_of
from skally.nets.data import ArrayDataset
from skally.nets.held_out import spread
from skally.nets.loader import BatchLoader
from skally.nets.outputs import (
    check_class_outputs,
    check_criterion_of_classes,
    check_criterion_of_numbers,
    check_number_outputs,
)
from skally.nets.parameters import PARAMETERS
from skally.nets.primal_dual import PrimalDualClassifier, PrimalDualRegressor
from skally.nets.tabular import TabularMLP
from skally.utils.validation import check_number

# Share of each label that all classes have alike when members are trained.
SMOOTHING_OF_MEMBERS = 0.1


class ConstrainedNetClassifier(ClassifierMixin, BaseConstrainedNet):
    __doc__ = (
        """Classify, and learn how hard each training sample is to satisfy.

    A net is trained under one constraint per labelled sample: its loss may not exceed epsilon. The
    Lagrange multiplier of that constraint is the sample's :term:`dual variable`.
"""
        + PARAMETERS.format(
            epsilon="0.2",
            epsilon_unit="in nats for the default loss",
            criterion="nn.CrossEntropyLoss",
            normalize_y="",
            label_smoothing="""
    label_smoothing : float in [0, 1], or "auto", default="auto"
        Share of each label that is spread over all classes in what the weights minimise, for a
        cross entropy that has no smoothing of its own. The constraints among it are smoothed where
        duals see losses of withheld rows. Losses that are measured, and so the duals, never are.
        "auto" is 0.1 for several members and 0 for a single net.""",
            net_sees="classes as integers from 0",
            attributes="\n    classes_ : array of shape (n_classes,)",
        )
        + """
    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skally import ConstrainedNetClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = ConstrainedNetClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> net.dual_variables_.shape
    (150,)
    >>> net.score(X, y) > 0.9
    True
    """
    )
    _net_class = PrimalDualClassifier
    _y_checks = {}

    def __init__(
        self,
        module=TabularMLP,
        *,
        n_members="auto",
        epsilon=0.2,
        criterion=nn.CrossEntropyLoss,
        label_smoothing="auto",
        constraint_criterion=None,
        dual_lr=None,
        dual_update="epoch",
        primal_steps=None,
        dual_warmup=0,
        dual_init=0.0,
        dual_max=None,
        dual_decay=0.0,
        penalty=None,
        dual_loss="auto",
        embedding_layer=None,
        random_state=None,
        optimizer=torch.optim.Adam,
        lr=2e-3,
        max_epochs=160,
        batch_size=64,
        iterator_train=BatchLoader,
        iterator_train__shuffle=True,
        iterator_valid=BatchLoader,
        dataset=ArrayDataset,
        train_split=None,
        callbacks=None,
        predict_nonlinearity="auto",
        warm_start=False,
        verbose=0,
        device="cpu",
        accelerator=None,
        compile=False,
        use_caching="auto",
        torch_load_kwargs=None,
        **skorch__params,
    ):
        self._store(locals())

    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        proba : array of shape (n, n_classes)
            Columns in the order of ``classes_``.
        """
        X = self._check_input(X)
        return self.net_.predict_proba(X)

    def predict(self, X):
        """Most probable class.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        y : array of shape (n,)
        """
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def _in_own_units(self, proba):
        return proba

    @property
    def classes_(self):
        """Labels, sorted, in the order of the columns of ``predict_proba``."""
        return self.target_encoder_.classes_

    def _check_y(self, y):
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        return y

    def _fit_target_encoder(self, y, classes):
        encoder = LabelEncoder().fit(y if classes is None else classes)
        self._encode(encoder, y)
        return encoder

    def _encode(self, encoder, y):
        return encoder.transform(y).astype(np.int64)

    def _n_outputs(self, encoder):
        return 1 if self._is_criterion(OF_TWO_CLASSES) else len(encoder.classes_)

    def _target_params(self, encoder):
        return {"classes": np.arange(len(encoder.classes_))}

    def _net_params(self, n_members):
        params = super()._net_params(n_members)
        if params["label_smoothing"] == "auto":
            params["label_smoothing"] = SMOOTHING_OF_MEMBERS if n_members > 1 else 0.0
        return params

    def _is_criterion(self, kind):
        return issubclass(kind_of(self.criterion), kind)

    def _check_criteria(self, targets):
        if self.label_smoothing != "auto":
            check_number("label_smoothing", self.label_smoothing, Real, 0, 1)
            if self.label_smoothing > 0 and not self._is_criterion(nn.CrossEntropyLoss):
                raise ValueError(
                    f"label_smoothing == {self.label_smoothing}, must be 0 or 'auto' for another "
                    "criterion than CrossEntropyLoss."
                )
        check_criterion_of_classes("criterion", self.criterion)
        check_criterion_of_classes("constraint_criterion", self.constraint_criterion)

    def _check_outputs(self, encoder, y_pred):
        nonlinearity = self._nonlinearity()
        proba = nonlinearity(y_pred) if callable(nonlinearity) else y_pred
        criteria = {"criterion": self.criterion, "constraint_criterion": self.constraint_criterion}
        check_class_outputs(proba, y_pred, encoder.classes_, criteria)

    def _nonlinearity(self):
        if self.predict_nonlinearity != "auto":
            return self.predict_nonlinearity
        if self._is_criterion(nn.CrossEntropyLoss):
            return softmax
        if self._is_criterion(nn.BCELoss):
            return both_probabilities
        return both_classes if self._is_criterion(nn.BCEWithLogitsLoss) else None


class ConstrainedNetRegressor(RegressorMixin, BaseConstrainedNet):
    __doc__ = (
        """Predict numbers, and learn how hard each training sample is to satisfy.

    A net is trained under one constraint per labelled sample: its loss may not exceed epsilon. The
    Lagrange multiplier of that constraint is the sample's :term:`dual variable`.
"""
        + PARAMETERS.format(
            epsilon="0.1",
            epsilon_unit="a fraction of the target's variance",
            criterion="nn.MSELoss",
            label_smoothing="",
            normalize_y="""
    normalize_y : bool, default=True
        Standardise the target inside. Predictions come back in its own units; losses, epsilon and
        slacks are then fractions of its variance (of each output's, for several).""",
            net_sees="standardised targets of shape (n, m)",
            attributes="",
        )
        + """
    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skally import ConstrainedNetRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = ConstrainedNetRegressor(max_epochs=20, random_state=0).fit(X, y)
    >>> net.dual_variables_.shape
    (442,)
    >>> net.score(X, y) > 0.4
    True
    """
    )
    _net_class = PrimalDualRegressor
    _y_checks = {"y_numeric": True}

    def __init__(
        self,
        module=TabularMLP,
        *,
        n_members="auto",
        epsilon=0.1,
        normalize_y=True,
        criterion=nn.MSELoss,
        constraint_criterion=None,
        dual_lr=None,
        dual_update="epoch",
        primal_steps=None,
        dual_warmup=0,
        dual_init=0.0,
        dual_max=None,
        dual_decay=0.0,
        penalty=None,
        dual_loss="auto",
        embedding_layer=None,
        random_state=None,
        optimizer=torch.optim.Adam,
        lr=2e-3,
        max_epochs=160,
        batch_size=64,
        iterator_train=BatchLoader,
        iterator_train__shuffle=True,
        iterator_valid=BatchLoader,
        dataset=ArrayDataset,
        train_split=None,
        callbacks=None,
        predict_nonlinearity="auto",
        warm_start=False,
        verbose=0,
        device="cpu",
        accelerator=None,
        compile=False,
        use_caching="auto",
        torch_load_kwargs=None,
        **skorch__params,
    ):
        self._store(locals())

    def predict(self, X, return_std=False):
        """Predicted target, in the units of the y given to ``fit``.

        Parameters
        ----------
        X : as in ``fit``, n rows
        return_std : bool, default=False
            Whether to return the standard deviation of the target around it as well, for several
            members: how far these differ, times a factor that makes it right on average for the
            rows withheld.

        Returns
        -------
        y : array of shape (n,) or (n, m)
        std : array of y's shape, only if ``return_std``

        Raises
        ------
        ValueError
            If a standard deviation is asked of a single net.
        """
        X = self._check_input(X)
        if return_std and self.net_.n_members == 1:
            raise ValueError("return_std == True, must be False for a single net: n_members=12.")
        y = self._in_own_units(self.net_.predict(X))
        y = y.reshape(len(y), *self._target_shape)
        if not return_std:
            return y
        scale = self.target_encoder_.scale_  # None if targets are not standardised
        std = spread(self.net_, X) * (1.0 if scale is None else scale)
        return y, std.reshape(y.shape)

    def _in_own_units(self, output):
        output = output.reshape(len(output), -1).astype(np.float64)
        return self.target_encoder_.inverse_transform(output)

    def _check_y(self, y):
        return np.asarray(y, dtype=np.float64)

    def _fit_target_encoder(self, y, classes):
        scaler = StandardScaler(with_mean=self.normalize_y, with_std=self.normalize_y)
        return scaler.set_output(transform="default").fit(y.reshape(len(y), -1))

    def _encode(self, encoder, y):
        return encoder.transform(y.reshape(len(y), -1)).astype(np.float32)

    def _n_outputs(self, encoder):
        return encoder.n_features_in_

    def _check_criteria(self, targets):
        check_criterion_of_numbers("criterion", self.criterion, targets)
        check_criterion_of_numbers("constraint_criterion", self.constraint_criterion, targets)

    def _check_outputs(self, encoder, y_pred):
        nonlinearity = self._nonlinearity()
        predicted = nonlinearity(y_pred) if callable(nonlinearity) else y_pred
        check_number_outputs(predicted, y_pred, encoder.n_features_in_, self.criterion)

    def _nonlinearity(self):
        return None if self.predict_nonlinearity == "auto" else self.predict_nonlinearity

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def softmax(logits):
    """Probabilities of the classes from their logits."""
    return torch.softmax(logits, dim=-1)


def both_classes(logit):
    """Probabilities of the two classes from the logit of the second."""
    return both_probabilities(torch.sigmoid(logit))


def both_probabilities(p):
    """Probabilities of the two classes from that of the second."""
    p = p.reshape(-1)
    return torch.stack([1 - p, p], dim=1)
