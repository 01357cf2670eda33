"""Samples seen through a fitted estimator of any kind."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelEncoder
from skorch import NeuralNet

from skally.nets.embedding import embedding, find_embedding_layer, recorded_inputs
from skally.pool.checks import (
    as_columns,
    as_labels,
    check_features,
    check_proba,
    check_same_length,
    checking,
    naming_rows,
    need,
)
from skally.pool.embedding import Scaling
from skally.pool.ensembles import has_members, model_draws, spread
from skally.pool.gradients import gradient_sketch
from skally.pool.unwrapping import (
    check_fitted,
    is_fitted,
    is_regression,
    learners_of,
    scale_target,
    transform,
    unwrap,
    without_learner,
)
from skally.utils.chunks import by_parts
from skally.utils.lazy import lazy_property
from skally.utils.validation import as_matrix, columns_named, num_samples, with_rows


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples, labelled or not, seen through an estimator; each feature is computed once.

    Parameters
    ----------
    estimator : estimator, or modAL learner or committee, or None
        A net, or a Pipeline, GridSearchCV, TransformedTargetRegressor or modAL learner around one,
        in any nesting. With any other scikit-learn estimator there are fewer features; with None,
        or before a fit, only ``inputs`` and ``features``, which are then the columns of X.
    X : n rows of anything that the estimator takes
    y : their labels, or None, default=None
    memory_limit : int or None, default=None
        Bytes that one array of features may take in memory, as in
        :meth:`skally.BaseSampler.query`.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally.pool import Samples
    >>> X, y = [[0.0], [1.0]], ["ham", "spam"]
    >>> samples = Samples(LogisticRegression().fit(X, y), X, y=y)
    >>> samples.n_classes, samples.proba.shape, samples.loss.shape
    (2, (2, 2), (2,))
    """

    estimator: Any
    X: Any
    y: Any = field(default=None, kw_only=True)
    memory_limit: int | None = field(default=None, kw_only=True)

    def __post_init__(self):
        object.__setattr__(self, "X", with_rows(self.X))  # once, for all who take some of the rows

    def __len__(self):
        return num_samples(self.X)

    # The estimator

    @property
    def members(self):
        """The same samples for each learner of a committee; these alone for anything else."""
        return self._of_learners or (self,)

    @lazy_property
    def is_fitted(self):
        """Whether there is an estimator, and a fitted one."""
        return is_fitted(self.estimator)

    @lazy_property
    def is_regression(self):
        """Whether the estimator, or each learner of a committee, predicts numbers."""
        return is_regression(self.estimator)

    @property
    def n_classes(self):
        """Number of classes, None where the estimator does not know."""
        classes = getattr(self.core, "classes_", None) if self.is_fitted else None
        return None if classes is None else len(classes)

    @property
    def core(self):
        """The estimator without the modAL learner around it."""
        return without_learner(self.estimator)

    @property
    def net(self):
        """The estimator within all wrappings: the one that learns."""
        return unwrap(self.estimator)[1]

    @property
    def has_members(self):
        """Whether the estimator is a committee, an ensemble or a net of several members."""
        return learners_of(self.estimator) is not None or has_members(self.net)

    @property
    def has_duals(self):
        """Whether the estimator was fitted under constraints."""
        return all(hasattr(member.net, "dual_variables_") for member in self.members)

    def check_has_proba(self):
        """Raise unless the estimator is a classifier with ``predict_proba``."""
        if not hasattr(self.core, "predict_proba") or self.is_regression:
            raise ValueError(
                f"{type(self.core).__name__} has no predict_proba, which this sampler needs."
            )

    # Features

    @lazy_property
    def proba(self):
        """Class probabilities, (n, n_classes); a committee's consensus."""
        self.check_has_proba()
        compute = checking(self._check_proba, self.core.predict_proba, self._name)
        return by_parts(compute, self.rows, self.memory_limit)

    @lazy_property
    def prediction(self):
        """Predicted numbers, (n, m)."""
        if not self.is_regression:
            raise ValueError(
                f"{type(self.net).__name__} is no regressor, which this sampler needs."
            )
        compute = checking(self._check_prediction, self.core.predict, self._name)
        return by_parts(compute, self.rows, self.memory_limit)

    @lazy_property
    def embedding(self):
        """Where distances are measured, (n, d).

        The embedding of a net; columns that are scaled by their importances where an estimator has
        them; ``inputs`` of any other. Those of a committee are side by side.
        """
        if self._of_learners:
            return np.hstack([member.embedding for member in self.members])
        check_fitted(self.estimator)
        compute = checking(self._check_features, self._embedder(), self._name)
        return by_parts(compute, self.rows, self.memory_limit)

    @property
    def proba_and_embedding(self):
        """Both, from one forward pass where the estimator is one net and neither is known."""
        known, is_net = vars(self), hasattr(self.net, "module_")
        if is_net and "proba" not in known and "embedding" not in known:
            compute = checking(self._check_both, self._predict_and_embed, self._name)
            both = by_parts(compute, self.rows, self.memory_limit)
            known["proba"], known["embedding"] = both
        return self.proba, self.embedding

    @lazy_property
    def inputs(self):
        """Columns of X as the last step of a fitted pipeline sees them, (n, d)."""
        with naming_rows(self.rows, self._name):
            if self.is_fitted:
                seen = [as_matrix(transform(each.estimator, self.rows)) for each in self.members]
            else:
                with columns_named(self.rows, self._name, "the query"):
                    seen = [as_matrix(self.rows)]
        return check_features(seen[0] if len(seen) == 1 else np.hstack(seen), self._name)

    @property
    def features(self):
        """Embedding, or ``inputs`` while the estimator is not fitted, (n, d)."""
        return self.embedding if self.is_fitted else self.inputs

    def draws(self, n_draws, rng):
        """Predictions of several models that the labels allow, one after another.

        The members of a committee or an ensemble, or a net under ``n_draws`` draws of its dropout;
        with None, members alone.

        Parameters
        ----------
        n_draws : int or None
        rng : numpy.random.RandomState

        Yields
        ------
        prediction : array of shape (n, n_classes), or (n, m) of a regressor
        """
        learners = learners_of(self.estimator)
        if learners is None:
            with naming_rows(self.rows, self._name):
                yield from model_draws(self.net, transform(self.estimator, self.rows), n_draws, rng)
            return
        for learner in learners:
            member = replace(self, estimator=learner)  # a copy, which goes with its predictions
            if self.is_regression:
                yield member.prediction
            else:
                yield spread(member.proba, member.core.classes_, self.estimator.classes_)

    def gradient_sketch(self, size, seeds):
        """Sketched gradients, (n, size), by projections drawn from a seed for each member.

        Those of a committee are side by side.

        Parameters
        ----------
        size : int
            Length of a sketch.
        seeds : sequence of int
            One for each of ``members``.

        Returns
        -------
        sketch : array of shape (n, size)
        """
        sketches = [
            gradient_sketch(each.net, transform(each.estimator, self.rows), size, seed)
            for each, seed in zip(self.members, seeds, strict=True)
        ]
        sketch = sketches[0] if len(sketches) == 1 else np.hstack(sketches)
        return check_features(sketch, f"The gradient sketch of {self._name}")

    # What needs labels

    @property
    def target(self):
        """Labels as an array, (n,) or (n, m), none of them missing."""
        return as_labels(need("y", self.y))

    @lazy_property
    def loss(self):
        """Own loss of a net, log loss of other classifiers, squared error of regressors, (n,)."""
        X, y = self.rows, self.target
        check_same_length(X, y)
        if hasattr(self.net, "sample_loss"):
            y = scale_target(self.estimator, y)
            return self.net.sample_loss(transform(self.estimator, X), y)
        if self.is_regression:
            return ((self.prediction - as_columns(y, self.prediction.shape[1])) ** 2).mean(axis=1)
        proba = self.proba
        if y.ndim > 1:
            raise ValueError(f"y has shape {y.shape}, must be (n,) for a classifier.")
        column = LabelEncoder().fit(self.core.classes_).transform(y)
        return -np.log(np.maximum(proba[np.arange(len(y)), column], np.finfo(float).tiny))

    @property
    def embedding_and_loss(self):
        """Embedding (n, d) of the samples and the loss of each (n,)."""
        return self.embedding, self.loss

    # What a constrained net keeps of the rows that it was trained on

    @lazy_property
    def train_embedding(self):
        """Embedding of the rows that have a dual variable, (n_trained, d)."""
        return self._net_with_duals.train_embedding_[self._has_dual]

    @lazy_property
    def dual_variables(self):
        """Dual variables of the rows of ``train_embedding``, (n_trained,)."""
        return self._net_with_duals.dual_variables_[self._has_dual]

    @lazy_property
    def train_loss(self):
        """Losses that the training left, of the rows of ``train_embedding``, (n_trained,)."""
        net = self._net_with_duals
        return (net.slacks_ + net.epsilon_)[self._has_dual]

    @property
    def rows(self):
        """X, which must be there."""
        return need("X", self.X)

    @lazy_property
    def _of_learners(self):
        learners = learners_of(self.estimator) or ()
        return tuple(self._scaled_alike(replace(self, estimator=each)) for each in learners)

    @lazy_property
    def _scaling(self):
        """What scales the columns of an estimator with ``feature_importances_``."""
        return Scaling(self.estimator, self.X, self._name)

    def _scaled_alike(self, samples):
        """Other samples of the same query, with the scaling of these."""
        vars(samples)["_scaling"] = self._scaling
        return samples

    _name = "X"  # of the rows, in errors

    def _check_features(self, Z, start):
        return check_features(Z, f"The embedding of {self._name}", start)

    def _check_prediction(self, prediction, start):
        prediction = np.reshape(prediction, (len(prediction), -1))
        return check_features(prediction, f"The prediction of {self._name}", start)

    def _check_proba(self, proba, start):
        return check_proba(proba, self.estimator, start)

    def _check_both(self, both, start):
        proba, Z = both
        return self._check_proba(proba, start), self._check_features(Z, start)

    def _embedder(self):
        """Function from rows to their embedding, (n, d)."""
        if hasattr(self.net, "embed"):
            return lambda X: self.net.embed(transform(self.estimator, X))
        if isinstance(self.net, NeuralNet):
            return lambda X: embedding(self.net, transform(self.estimator, X))
        scaled = self._scaling.embedding_of(self.estimator)
        if scaled is None:
            return lambda X: as_matrix(transform(self.estimator, X))
        return scaled.transform

    def _predict_and_embed(self, X):
        with recorded_inputs(self._embedding_layer) as Z:
            proba = self.core.predict_proba(X)
        return proba, np.concatenate(Z)[: len(proba)]

    @property
    def _embedding_layer(self):
        return find_embedding_layer(self.net.module_, getattr(self.net, "embedding_layer", None))

    @property
    def _net_with_duals(self):
        if not hasattr(self.net, "dual_variables_"):
            check_fitted(self.estimator)
            raise ValueError(
                f"{type(self.net).__name__} has no dual_variables_, which are needed here: use "
                "ConstrainedNetClassifier or ConstrainedNetRegressor, or put it into a "
                "ConstrainedClassifier or ConstrainedRegressor."
            )
        return self.net

    @property
    def _has_dual(self):
        return np.isfinite(self._net_with_duals.dual_variables_)
