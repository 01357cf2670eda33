"""What a fitted estimator, of any kind and in any wrapping, says of rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from skorch import NeuralNet

from skally.nets.embedding import InputRecorder, embedding, find_embedding_layer, head_probabilities
from skally.pool.ensembles import model_draws, spread
from skally.pool.gradients import gradient_sketches
from skally.pool.losses import sample_loss
from skally.pool.unwrapping import held_samples, is_fitted, learners_of, unwrap, without_learner
from skally.utils.chunks import by_parts
from skally.utils.validation import as_matrix


@dataclass(frozen=True)
class Model:
    """Estimator that is asked for features, predictions, draws, losses and duals.

    Parameters
    ----------
    estimator : estimator, or modAL learner or committee
        A net, or a Pipeline, GridSearchCV, TransformedTargetRegressor or modAL learner around one,
        in any nesting; any scikit-learn estimator, which has fewer answers; None, which has none.
    memory_limit : int or None
        As in :func:`skally.utils.chunks.by_parts`.
    """

    estimator: Any
    memory_limit: int | None = None

    @cached_property
    def members(self):
        """One model for each learner of a committee; this one alone for anything else."""
        learners = learners_of(self.estimator)
        if learners is None:
            return (self,)
        return tuple(Model(learner, self.memory_limit) for learner in learners)

    @cached_property
    def is_fitted(self):
        """Whether there is an estimator, and a fitted one."""
        return all(is_fitted(member.estimator) for member in self.members)

    @cached_property
    def is_regression(self):
        """Whether the estimator, or each learner of a committee, predicts numbers."""
        nets = [member.net for member in self.members]
        return all(hasattr(net, "fit") and is_regressor(net) for net in nets)

    @cached_property
    def n_classes(self):
        """Number of classes, None where the estimator does not know."""
        classes = getattr(self.core, "classes_", None) if self.is_fitted else None
        return None if classes is None else len(classes)

    @property
    def core(self):
        """The estimator that a modAL learner holds; any other as it is."""
        return without_learner(self.estimator)

    @property
    def net(self):
        """The one that learns, within all wrappings."""
        return unwrap(self.estimator)[1]

    # Of any rows

    def proba(self, X):
        """Class probabilities, (n, n_classes); a committee's consensus."""
        if not hasattr(self.core, "predict_proba") or self.is_regression:
            raise ValueError(
                f"{type(self.core).__name__} has no predict_proba, which this sampler needs."
            )
        return self._by_parts(self.core.predict_proba, X)

    def prediction(self, X):
        """Predicted numbers, (n, m)."""
        if not self.is_regression:
            raise ValueError(
                f"{type(self.net).__name__} is no regressor, which this sampler needs."
            )
        prediction = self._by_parts(self.core.predict, X)
        return np.reshape(prediction, (len(prediction), -1))

    def embedding(self, X):
        """Embedding, or columns where there is none, (n, d); a committee's side by side."""
        if len(self.members) > 1:
            return np.hstack([member.embedding(X) for member in self.members])
        self.check_fitted()
        return self._by_parts(self._embed, X)

    def _embed(self, X):
        X = self.transform(X)
        if hasattr(self.net, "embed"):
            return self.net.embed(X)
        if isinstance(self.net, NeuralNet):
            return embedding(self.net, X)
        return as_matrix(X)

    def proba_and_embedding(self, X):
        """Both, from one pass where the estimator is one net."""
        if len(self.members) > 1 or not hasattr(self.net, "module_"):
            return self.proba(X), self.embedding(X)
        return self._by_parts(self._predict_and_embed, X)

    def _predict_and_embed(self, X):
        with InputRecorder(self._embedding_layer) as recorder:
            proba = self.core.predict_proba(X)
        return proba, recorder.value[: len(proba)]

    def proba_of_embedding(self, Z, known_Z, known_proba):
        """As :func:`skally.nets.embedding.head_probabilities`, (n, n_classes) or None."""
        return head_probabilities(self._embedding_layer, Z, known_Z, known_proba)

    def columns(self, X):
        """Columns as the last step of a pipeline sees them, (n, d)."""
        if len(self.members) > 1:
            return np.hstack([member.columns(X) for member in self.members])
        return as_matrix(self.transform(X))

    def transform(self, X):
        """Rows as the last step of a pipeline takes them, in any form."""
        self.check_fitted()
        for transformer in unwrap(self.estimator)[0]:
            X = transformer.transform(X)
        return X

    def gradient_sketches(self, X_all, size, rng):
        """As :func:`skally.pool.gradients.gradient_sketches`; a committee's side by side."""
        if len(self.members) > 1:
            all_members = [member.gradient_sketches(X_all, size, rng) for member in self.members]
            return tuple(map(np.hstack, zip(*all_members, strict=True)))
        return gradient_sketches(self.net, [self.transform(X) for X in X_all], size, rng)

    def draws(self, X, n_draws, rng):
        """Predictions of several models that the labels allow, one after another.

        The members of a committee or an ensemble, or a net under ``n_draws`` draws of its dropout.

        Yields
        ------
        prediction : array of shape (n, n_classes), or (n, m) of a regressor
        """
        if learners_of(self.estimator) is None:
            yield from model_draws(self.net, self.transform(X), n_draws, rng)
            return
        for member in self.members:
            if self.is_regression:
                yield member.prediction(X)
            else:
                yield spread(member.proba(X), member.core.classes_, self.estimator.classes_)

    def sample_loss(self, X, y):
        """As :func:`skally.pool.losses.sample_loss`, (n,)."""
        return sample_loss(self.core, X, y)

    # Of the rows that it learned from

    def held(self, name):
        """Labelled samples that modAL holds: a learner's, or all of a committee's members'."""
        return held_samples([member.estimator for member in self.members], name)

    @property
    def trained_on(self):
        """Embedding of the samples that the net was trained on, (n, d), or None."""
        return getattr(self.net, "train_embedding_", None) if len(self.members) == 1 else None

    @property
    def has_losses(self):
        """Whether the net keeps the losses that its training left."""
        return hasattr(self.net, "slacks_")

    @cached_property
    def train_losses(self):
        """Losses that the training left, of the rows of ``train_embedding``, (n,)."""
        net = self._net_with_duals
        return (net.slacks_ + net.epsilon_)[self._has_dual]

    @cached_property
    def train_embedding(self):
        """Features of the rows that have a dual, (n, d)."""
        return self._net_with_duals.train_embedding_[self._has_dual]

    @cached_property
    def dual_variables(self):
        """Dual variables of the rows of ``train_embedding``, (n,)."""
        return self._net_with_duals.dual_variables_[self._has_dual]

    def _by_parts(self, compute, X):
        return by_parts(compute, X, self.memory_limit)

    def check_fitted(self):
        """Raise unless there is a fitted estimator."""
        if self.core is None:
            raise ValueError("estimator == None, must be a fitted one.")
        if not self.is_fitted:
            raise NotFittedError(f"{type(self.core).__name__} is not fitted: call fit first.")

    @property
    def _embedding_layer(self):
        return find_embedding_layer(self.net.module_, getattr(self.net, "embedding_layer", None))

    @property
    def _net_with_duals(self):
        if not hasattr(self.net, "dual_variables_"):
            self.check_fitted()
            raise ValueError(
                f"{type(self.net).__name__} has no dual_variables_, which are needed here: use "
                "ConstrainedNetClassifier or ConstrainedNetRegressor."
            )
        return self.net

    @property
    def _has_dual(self):
        return np.isfinite(self._net_with_duals.dual_variables_)
