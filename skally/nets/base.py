"""What the constrained nets share: input, training by skorch, and what was learned."""

import inspect
import numbers
import warnings
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)
from skorch.utils import is_dataset
from torch import nn

from skally.nets.checks import check_training_parameters, usable_fit_params
from skally.nets.data import Relabelled, on_host
from skally.nets.embedding import embedding
from skally.nets.epsilon import RULE, unconstrained_loss
from skally.nets.folds import assign_folds, n_folds_of, sees_withheld
from skally.nets.held_out import each_output
from skally.nets.kkt import convergence_message, final_state, losses
from skally.nets.members import number_of_members, variants_of
from skally.nets.method_of_multipliers import solve_if_affine, wants_optimum
from skally.nets.multiprocess import (
    across_processes,
    check_accelerator,
    device_of,
    start_alike,
)
from skally.nets.parameters import DualParameters, SkorchParameters
from skally.nets.quantiles import column_quantiles
from skally.nets.training import InTraining
from skally.utils.random import draw_seed, make_rng, torch_seeded
from skally.utils.validation import (
    as_plain,
    check_epsilon,
    check_has_rows,
    columns_named,
    dataset_targets,
    num_samples,
    sample_shape,
)

_X_CHECKS = {"accept_sparse": "csr", "dtype": np.float32, "allow_nd": True}


class BaseConstrainedNet(SkorchParameters):
    """What the two nets share: input, training by a skorch net in ``net_``, fitted attributes."""

    # Training

    def fit(self, X, y=None, *, epsilon=None, groups=None, **fit_params):
        """Train from the start, or from the present weights with ``warm_start=True``.

        Parameters
        ----------
        X : array-like of shape (n, ...), sparse matrix, data frame, tensor or torch data set
        y : array-like of shape (n,) or (n, m), default=None
            None where X is a data set of (x, target) pairs.
        epsilon : array-like of shape (n,), default=None
            Tolerance of each sample, in the place of the parameter ``epsilon``.
        groups : array-like of shape (n,), default=None
            Rows of one group, such as a person's, are withheld from a member together; for
            ``train_split`` as well.
        **fit_params
            As in skorch: to the module's ``forward`` and to ``train_split``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For bad input, before anything is trained.
        KeyboardInterrupt
            At Ctrl-C. The estimator is then as it was before.
        """
        fresh = not (self.warm_start and hasattr(self, "net_"))
        with unchanged_by_errors(self):
            return self._train(X, y, epsilon, groups, fresh, fit_params)

    def partial_fit(self, X, y=None, classes=None, *, epsilon=None, groups=None, **fit_params):
        """Train on from the present weights, with new data and new duals.

        Parameters
        ----------
        X : as in ``fit``
        y, epsilon, groups : as in ``fit``, default=None
        **fit_params : as in ``fit``
        classes : array-like of shape (n_classes,), default=None
            All classes there will be; for a classifier's first call.

        Returns
        -------
        self : object
        """
        with unchanged_by_errors(self):
            fresh = not hasattr(self, "net_")
            return self._train(X, y, epsilon, groups, fresh, fit_params, classes)

    def _train(self, X, y, epsilon, groups, fresh, fit_params, classes=None):
        fit_params = usable_fit_params(self.module, fit_params)
        X = as_plain(X)
        check_has_rows(X)
        tolerance = self.epsilon if epsilon is None else epsilon
        automatic = isinstance(tolerance, str) and tolerance == "auto"
        if not automatic:
            tolerance = check_epsilon(tolerance, num_samples(X))
        DualParameters.of(self).check()
        if self.accelerator is not None:
            check_accelerator(self.accelerator, self.device)
        check_training_parameters(self)
        n_members = number_of_members(self, fitted=None if fresh else self.net_.n_members)
        X, y = self._check_X_y(X, y, reset=fresh)
        encoder = self._fit_target_encoder(y, classes) if fresh else self.target_encoder_
        targets = self._encode(encoder, y)
        rng = make_rng(self.random_state) if fresh else self._rng
        start_alike(self.accelerator, rng, targets)
        folds = self._folds(targets, groups, rng, n_members)
        if groups is not None and (n_members == 1 or self.train_split is not None):
            fit_params["groups"] = groups
        follows = automatic and sees_withheld(folds, self.dual_loss)
        if automatic:
            value = 1.0 if follows else RULE * unconstrained_loss(self, X, y, random_state=rng)
            tolerance = np.full(num_samples(X), value)
        net, state = self._trained_net(
            X, targets, tolerance, encoder if fresh else None, rng, fit_params,
            {"n_members": n_members, "folds_": folds, "rule_": RULE if follows else None},
        )  # fmt: skip
        self.net_, self.target_encoder_, self._rng = net, encoder, rng
        self._target_shape = y.shape[1:]
        tolerance = state["epsilon"] if follows else tolerance
        self._set_fitted_attributes(state, tolerance)
        self._warn_of_constraints(tolerance)
        return self

    def _folds(self, targets, groups, rng, n_members):
        """Fold of each row, as :func:`skally.nets.folds.assign_folds` gives it, or None."""
        if n_members == 1:
            return None
        folds, message = assign_folds(
            targets,
            n_folds_of(n_members, len(variants_of(self.module, n_members))),
            groups=groups,
            stratify=is_classifier(self),
            rng=rng,
        )
        if message:
            warnings.warn(message, UserWarning, stacklevel=4)
        return folds

    def _trained_net(self, X, targets, tolerance, encoder, rng, fit_params, for_members):
        """A skorch net after training, a new one for a new encoder, and its final state."""
        n_members = for_members["n_members"]
        self._check_criteria(targets)
        X, targets = (Relabelled(X, targets), None) if is_dataset(X) else (X, targets)
        with torch_seeded(draw_seed(rng), self._device):
            if encoder is None:
                net = self._continued_net(tolerance, n_members)
            else:
                net = self._make_net(tolerance, X, encoder, rng, n_members).initialize()
            net.estimator_ = InTraining(self, encoder or self.target_encoder_)
            vars(net).update(for_members)
            with across_processes(net, self.accelerator):
                net.partial_fit(X, targets, **fit_params)
            if wants_optimum(net) and not fit_params and n_members == 1:
                solve_if_affine(net)
            net.mix_members()
            state = {**final_state(net), **net.held_out_state()}
        net.forget_training()
        return net, state

    def _set_fitted_attributes(self, state, tolerance):
        duals = state["dual_variables"]
        self.dual_variables_ = duals
        self.sensitivity_ = -duals / np.isfinite(duals).sum()
        self.slacks_ = state["slacks"]
        self.train_embedding_ = state["train_embedding"]
        self.kkt_ = state["kkt"]
        self.n_dual_updates_ = self.net_.n_dual_updates_
        self.epsilon_ = float(tolerance[0]) if np.ptp(tolerance) == 0 else tolerance
        self.history_ = self.net_.history_
        if self.net_.n_members > 1:
            self.held_out_loss_, self.best_epoch_ = state["held_out_loss"], state["best_epoch"]

    def _warn_of_constraints(self, tolerance):
        course = [row for row in self.history_ if "dual_max" in row]
        course = course[len(course) - self.net_.n_epochs_ :]
        is_relaxed = self.dual_max is not None or self.dual_decay > 0
        if is_relaxed or not course or sees_withheld(self.net_.folds_, self.dual_loss):
            return  # constraints that are relaxed, or of rows withheld, need not hold
        message = convergence_message(
            course,
            self.kkt_,
            tolerance,
            n_dual_updates=self.n_dual_updates_,
            automatic=self.dual_lr == "auto",
        )
        if message is not None:
            warnings.warn(message, ConvergenceWarning, stacklevel=4)

    def _make_net(self, tolerance, X, encoder, rng, n_members):
        n_features = int(np.prod(sample_shape(X)))
        sizes = {"n_features": n_features, "n_outputs": self._n_outputs(encoder)}
        if wants(self.module, "quantiles") and sample_shape(X):  # none for a dict
            sizes["quantiles"] = column_quantiles(X, rng=rng)
        params = {**self._net_params(n_members), **self._target_params(encoder)}
        return self._net_class(epsilon=tolerance, sizes=sizes, **params)

    def _target_params(self, encoder):
        """Parameters of the skorch net that follow from the targets."""
        return {}

    def _net_params(self, n_members):
        """Parameters that are the skorch net's too."""
        ours = {"epsilon", "normalize_y", "random_state", "accelerator", *DualParameters.names()}
        return {
            **{k: v for k, v in self.get_params(deep=False).items() if k not in ours},
            "n_members": n_members,
            "dual_params": DualParameters.of(self),
            "device": self._device,
            "predict_nonlinearity": self._nonlinearity(),
        }

    @property
    def _device(self):
        return self.device if self.accelerator is None else device_of(self.accelerator)

    def _continued_net(self, tolerance, n_members):
        """A copy of the fitted net, with those of skorch's parameters set that have changed since.

        If training fails, the fitted net is as it was.
        """
        net = deepcopy(self.net_)
        present = vars(self.net_)
        changed = {
            k: v for k, v in self._net_params(n_members).items() if not same(v, present.get(k))
        }
        net.set_params(**changed)
        net.epsilon = tolerance
        return net

    # Input

    def _check_X_y(self, X, y, reset):
        if is_dataset(X):
            y = dataset_targets(X) if y is None else y
            if reset:
                self._forget_features()
                shape = sample_shape(X)
                if shape:  # none for a dict
                    self.n_features_in_ = shape[0]
            y = check_array(as_plain(y), ensure_2d=False, dtype=None)
            check_consistent_length(X, y)
        else:
            checks = {"multi_output": True, **self._y_checks, **_X_CHECKS}
            with columns_named(X):
                X, y = validate_data(self, X, as_plain(y), reset=reset, **checks)
        return X, self._check_y(y)

    def _forget_features(self):
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)

    # Afterwards

    @property
    def module_(self):
        """The trained ``nn.Module``."""
        return self.net_.module_

    @property
    def history(self):
        """The course of training, skorch's ``history_``."""
        return self.history_

    def predict_members(self, X):
        """Prediction of each member.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        predictions : array of shape (n_members, n, m)
            Probabilities of the m classes, or the m targets in their own units.

        Raises
        ------
        ValueError
            For a single net.
        """
        X = self._check_input(X)
        if self.net_.n_members == 1:
            raise ValueError("predict_members needs n_members > 1: this is a single net.")
        nonlinearity = self._nonlinearity()
        outputs = each_output(self.net_, X).unbind(1)
        if callable(nonlinearity):
            outputs = [nonlinearity(output) for output in outputs]
        return np.stack([self._in_own_units(output.numpy()) for output in outputs])

    def embed(self, X):
        """Input of the embedding layer, the features of the last layer by default.

        Parameters
        ----------
        X : as in ``fit``, n rows

        Returns
        -------
        Z : array of shape (n, d)
        """
        X = self._check_input(X)
        return embedding(self.net_, X, self.embedding_layer)

    def sample_loss(self, X, y):
        """Loss l_i of each sample, in the units that ``epsilon`` has.

        Parameters
        ----------
        X : as in ``fit``, n rows
        y : array-like of shape (n,) or (n, m)

        Returns
        -------
        loss : array of shape (n,)
        """
        return self._losses(X, y)[0]

    def constraint_loss(self, X, y):
        """Constraint loss l'_i of each sample, which epsilon bounds.

        Parameters
        ----------
        X : as in ``fit``, n rows
        y : array-like of shape (n,) or (n, m)

        Returns
        -------
        loss : array of shape (n,)
        """
        return self._losses(X, y)[1]

    def _losses(self, X, y):
        """Losses l and l' of each sample, with the same noise in every call if a loss draws any."""
        check_is_fitted(self)
        X, y = self._check_X_y(as_plain(X), y, reset=False)
        targets = self._encode(self.target_encoder_, y)
        X, targets = (Relabelled(X, targets), None) if is_dataset(X) else (X, targets)
        with torch_seeded(0, self.net_.device):
            return losses(self.net_, X, targets)

    def _check_input(self, X):
        check_is_fitted(self)
        X = as_plain(X)
        if is_dataset(X):
            return X
        with columns_named(X):
            return validate_data(self, X, reset=False, **_X_CHECKS)

    def __getstate__(self):
        """State without the accelerator: where it is read there may be no other processes."""
        state = {name: on_host(value) for name, value in super().__getstate__().items()}
        return {**state, "accelerator": None}

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, "net_") and str(self.net_.device) == "cpu":  # skorch has no other here
            self.device = "cpu"

    def __sklearn_is_fitted__(self):
        return hasattr(self, "dual_variables_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


@contextmanager
def unchanged_by_errors(estimator):
    """Inside, an error or Ctrl-C leaves an estimator as it was."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def wants(module, name):
    """Whether the constructor of a module's class takes an argument of some name."""
    return not isinstance(module, nn.Module) and name in inspect.signature(module).parameters


def same(a, b):
    """Whether a parameter has not changed: the same object, or an equal simple value."""
    simple = (str, numbers.Number, tuple)
    return a is b or (isinstance(a, simple) and type(a) is type(b) and a == b)
