"""What the two meta-estimators share: fitting under constraints, and what was learned."""

import numbers
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skally.constrained.ascent import automatic_tolerance, convergence_message, dual_ascent
from skally.constrained.training import Training, keeps_out_of_bag
from skally.constrained.weights import split_off_weights, weight_name
from skally.nets.base import unchanged_by_errors
from skally.nets.folds import assign_folds
from skally.nets.parameters import DualParameters
from skally.pool.embedding import Embedding
from skally.utils.random import clone_seeded, make_rng
from skally.utils.validation import check_epsilon, check_number, with_rows


def has(method):
    """Whether the fitted estimator, or the one to fit, has a method: for ``available_if``."""

    def check(self):
        getattr(getattr(self, "estimator_", self.estimator), method)  # raises AttributeError
        return True

    return check


class BaseConstrained(MetaEstimatorMixin, BaseEstimator):
    """What the two share: fitting under constraints, fitted attributes, embedding."""

    # The weights of rows are none of our own arguments: as the folds depend on how many rows there
    # are, a row of weight 2 is not the same as two rows.
    __metadata_request__fit = {"sample_weight": None}

    def fit(self, X, y=None, *, epsilon=None, groups=None, **fit_params):
        """Fit the estimator under one constraint for each row.

        Parameters
        ----------
        X : n rows of anything that the estimator takes
        y : array-like of shape (n,), or (n, m) for a regressor of m targets, default=None
        epsilon : array-like of shape (n,), default=None
            Tolerance of each row, in the place of the parameter ``epsilon``.
        groups : array-like of shape (n,), default=None
            Rows of one group, such as a person's, are withheld together, by folds.
        **fit_params
            To the estimator's ``fit``; what has n values is divided as the rows are.
            ``sample_weight``, also by the name of a pipeline's step, is multiplied by 1 + dual.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For bad input, before anything is fitted.
        """
        with unchanged_by_errors(self):
            return self._fit(X, y, epsilon, groups, fit_params)

    def _fit(self, X, y, epsilon, groups, fit_params):
        self._check_estimator()
        params = self._dual_params()
        X, y = self._check_X_y(X, y)
        tolerance = self.epsilon if epsilon is None else epsilon
        is_automatic = isinstance(tolerance, str) and tolerance == "auto"
        tolerance = None if is_automatic else check_epsilon(tolerance, len(y))
        weights = split_off_weights(fit_params, weight_name(self.estimator), len(y))
        target, rng = self._fit_target(y), make_rng(self.random_state)
        training = self._training(X, y, target, groups, weights, is_automatic, rng)
        losses_of = partial(self._losses, target=target)
        if is_automatic and self.dual_loss == "training":
            tolerance = automatic_tolerance(training, losses_of)
        if self.dual_loss == "training":
            training = training.without_withholding()
        multipliers, measured, self.history_ = dual_ascent(
            training, losses_of, tolerance, params, self.n_dual_updates
        )
        self.estimator_ = measured.estimator
        if measured.estimator is None:
            self.estimator_ = training.whole(multipliers.dual.numpy())
        self._set_fitted_attributes(multipliers, measured, tolerance, X)
        if training.is_weighted and not measured.is_withheld.any():
            message = convergence_message(multipliers, params, self.n_dual_updates_)
            if message is not None:
                warnings.warn(message, ConvergenceWarning, stacklevel=3)
        return self

    def _check_estimator(self):
        kind, given = self._kind, self.estimator
        if isinstance(given, type) or not hasattr(given, "fit") or not self._is_kind(given):
            name = given.__name__ if isinstance(given, type) else type(given).__name__
            what = "the class" if isinstance(given, type) else "a"
            raise ValueError(f"estimator is {what} {name}, must be a {kind} of scikit-learn.")
        if get_tags(given).input_tags.pairwise:
            raise ValueError(
                "estimator takes distances or a kernel between rows, must take features: rows are "
                "withheld from its fits."
            )

    def _dual_params(self):
        """Parameters of the dual ascent, checked, with a number in the place of None."""
        check_number("n_dual_updates", self.n_dual_updates, numbers.Integral, 0)
        check_number("cv", self.cv, numbers.Integral, 2)
        if self.weighted not in ("auto", True, False):
            raise ValueError(f"weighted == {self.weighted!r}, must be 'auto', True or False.")
        if self.weighted is True and weight_name(self.estimator) is None:
            raise ValueError(
                f"weighted == True, must be 'auto' or False: {type(self.estimator).__name__} takes "
                "no sample weights."
            )
        params = DualParameters(
            dual_lr=self.dual_lr, dual_max=self.dual_max, dual_decay=self.dual_decay,
            dual_loss=self.dual_loss, dual_update="epoch", primal_steps=None, dual_warmup=0,
            dual_init=0.0, penalty=None,
        )  # fmt: skip
        params.check()
        if self.dual_loss == "training" and self.dual_lr is None:
            return replace(params, dual_lr="auto")
        return params.of_losses(are_held_out=True)

    def _training(self, X, y, target, groups, weights, is_automatic, rng):
        """All that fits are made with; warns where rows are to be withheld and cannot be."""
        is_out_of_bag = groups is None and keeps_out_of_bag(self.estimator)
        folds = np.full(len(y), -1)
        if not is_out_of_bag and (self.dual_loss != "training" or is_automatic):
            folds, message = assign_folds(
                target, self.cv, groups=groups, stratify=is_classifier(self), rng=rng
            )
            if message is not None:
                warnings.warn(message, UserWarning, stacklevel=4)
        seeded = [clone_seeded(self.estimator, rng, only_none=True) for _ in range(folds.max() + 2)]
        name = weight_name(self.estimator)
        return Training(
            estimators=seeded, X=X, y=y, folds=folds, outputs=self._outputs,
            out_of_bag=self._out_of_bag if is_out_of_bag else None, weights=weights[0],
            weight_name=name, is_weighted=self.weighted is not False and name is not None,
            fit_params=weights[1], n_jobs=self.n_jobs,
        )  # fmt: skip

    def _set_fitted_attributes(self, multipliers, measured, tolerance, X):
        self.dual_variables_ = multipliers.dual.numpy()
        self.sensitivity_ = -self.dual_variables_ / len(self.dual_variables_)
        self.slacks_ = multipliers.slack.numpy()
        loss = multipliers.loss.numpy()
        self.held_out_loss_ = np.where(measured.is_withheld, loss, np.float32(np.nan))
        tolerance = multipliers.epsilon.numpy().astype(float) if tolerance is None else tolerance
        self.epsilon_ = float(tolerance[0]) if np.ptp(tolerance) == 0 else tolerance
        self.n_dual_updates_ = len(self.history_) - 1
        self._embedding = Embedding(self.estimator_, X)
        self.train_embedding_ = self._embedding.transform(X)

    # Input

    def _check_X_y(self, X, y, reset=True):
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} requires y to be passed, but the target y is None."
            )
        X = self._check_X(X, reset)
        y = self._check_y(y)
        check_consistent_length(X, y)
        return X, y

    def _check_X(self, X, reset=False):
        """X in a form whose rows can be taken; what its values may be the estimator knows."""
        X = with_rows(X)
        X = X if hasattr(X, "__getitem__") else np.asarray(X)
        if reset or len(getattr(X, "shape", ())) == 2:
            validate_data(self, X, reset=reset, skip_check_array=True)
        return X

    @property
    def _takes_several_targets(self):
        return get_tags(self.estimator).target_tags.multi_output

    # Afterwards

    def predict(self, X):
        """What the estimator predicts of each row.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        y : array of shape (n,), or (n, m) of m targets
        """
        check_is_fitted(self)
        return self.estimator_.predict(self._check_X(X))

    def embed(self, X):
        """Columns as the last step of a pipeline sees them, standardised.

        Those of an estimator with ``feature_importances_``, such as a forest, are multiplied by the
        root of their importance times their number.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        Z : array of shape (n, d)
        """
        check_is_fitted(self)
        return self._embedding.transform(self._check_X(X))

    def sample_loss(self, X, y):
        """Loss of each row under the fitted estimator, in the units that ``epsilon`` has.

        Parameters
        ----------
        X : as in ``fit``, n rows
        y : array-like of shape (n,) or (n, m)

        Returns
        -------
        loss : array of shape (n,)
        """
        check_is_fitted(self)
        X, y = self._check_X_y(X, y, reset=False)
        return self._losses(self._outputs(self.estimator_, X), self._encode(y))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "dual_variables_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if isinstance(self.estimator, type) or not hasattr(self.estimator, "__sklearn_tags__"):
            return tags
        inner = get_tags(self.estimator)
        tags.input_tags, tags.non_deterministic = inner.input_tags, inner.non_deterministic
        tags.target_tags.multi_output = self._kind == "regressor" and self._takes_several_targets
        return tags
