"""All that a sampler may look at, each feature computed once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from skorch import NeuralNet
from skorch.utils import is_dataset

from skally.ensembles import model_draws, spread
from skally.features import InputRecorder, embedding, find_embedding_layer, head_probabilities
from skally.gradients import gradient_sketches
from skally.linalg import nearest, squared_distance_to_nearest
from skally.losses import sample_loss
from skally.unwrapping import held_samples, is_fitted, learners_of, unwrap, without_learner
from skally.validation import as_matrix, num_samples, take_rows


@dataclass(frozen=True)
class Pool:
    """Unlabelled samples, seen through an estimator.

    Parameters
    ----------
    estimator : estimator, or modAL learner or committee
        A net, or a Pipeline, GridSearchCV, TransformedTargetRegressor or modAL learner around one,
        in any nesting; any scikit-learn estimator where a sampler asks only for probabilities or
        features.
    X : pool, n_pool rows
    X_labeled : labelled samples, or None
        None takes those of the modAL learner, if there is one.
    y_labeled : their labels, or None

    Raises
    ------
    ValueError
        If the pool is empty or has another number of features than the estimator was fitted on.
    """

    estimator: Any
    X: Any
    X_labeled: Any = None
    y_labeled: Any = None

    def __post_init__(self):
        if len(self) == 0:
            raise ValueError("X_pool has 0 rows, must have at least 1.")
        expected = getattr(self._core, "n_features_in_", None) if self.members == (self,) else None
        shape = np.shape(self.X) if not is_dataset(self.X) else ()
        if expected is not None and len(shape) > 1 and shape[1] != expected:
            raise ValueError(
                f"X_pool has {shape[1]} features, must have {expected}, as the data that "
                f"{type(self._core).__name__} was fitted on."
            )

    def __len__(self):
        return num_samples(self.X)

    @cached_property
    def members(self):
        """One pool for each learner of a committee; this one alone for anything else."""
        learners = learners_of(self.estimator)
        if learners is None:
            return (self,)
        return tuple(Pool(each, self.X, self.X_labeled, self.y_labeled) for each in learners)

    # The estimator

    @cached_property
    def is_fitted(self):
        """Whether there is an estimator, and a fitted one."""
        return all(is_fitted(member.estimator) for member in self.members)

    @cached_property
    def is_regression(self):
        """Whether the estimator, or each learner of a committee, predicts numbers."""
        nets = [member._net for member in self.members]
        return all(hasattr(net, "fit") and is_regressor(net) for net in nets)

    @cached_property
    def n_classes(self):
        """Number of classes, None where the estimator does not know."""
        classes = getattr(self._core, "classes_", None) if self.is_fitted else None
        return None if classes is None else len(classes)

    # The pool

    @cached_property
    def proba(self):
        """Class probabilities of the pool, (n_pool, n_classes); a committee's consensus."""
        if not hasattr(self._core, "predict_proba") or self.is_regression:
            raise ValueError(
                f"{type(self._core).__name__} has no predict_proba, which this sampler needs."
            )
        return self._core.predict_proba(self.X)

    @cached_property
    def prediction(self):
        """Predicted numbers, (n_pool, m)."""
        if not self.is_regression:
            raise ValueError(
                f"{type(self._net).__name__} is no regressor, which this sampler needs."
            )
        return np.reshape(self._core.predict(self.X), (len(self), -1))

    @cached_property
    def embedding(self):
        """Features of the pool, (n_pool, d); those of a committee side by side."""
        return self._embed(self.X)

    @cached_property
    def proba_and_embedding(self):
        """Both, from one pass over the pool where the estimator is one net."""
        if len(self.members) == 1 and hasattr(self._net, "module_"):
            with InputRecorder(self._embedding_layer) as recorder:
                proba = self.proba
            if recorder.chunks:  # else the probabilities were there already
                vars(self).setdefault("embedding", recorder.value[: len(proba)])
        return self.proba, self.embedding

    @cached_property
    def features(self):
        """Embedding of the pool, or its columns while the estimator is not fitted, (n_pool, d)."""
        return self.embedding if self.is_fitted else as_matrix(self.X)

    @cached_property
    def inputs(self):
        """Columns of the pool as the last step of a fitted pipeline sees them, (n_pool, d)."""
        return self._columns(self.X) if self.is_fitted else as_matrix(self.X)

    def draws(self, n_draws, rng):
        """Predictions of several models that the labels allow, one after another.

        The members of a committee or an ensemble, or a net under ``n_draws`` draws of its dropout.

        Parameters
        ----------
        n_draws : int
        rng : numpy.random.RandomState

        Yields
        ------
        prediction : array of shape (n_pool, n_classes), or (n_pool, m) of a regressor
        """
        if learners_of(self.estimator) is None:
            yield from model_draws(self._net, self._transform(self.X), n_draws, rng)
            return
        for member in self.members:
            yield (
                member.prediction
                if self.is_regression
                else spread(member.proba, member._core.classes_, self.estimator.classes_)
            )

    def subset(self, rows):
        """Pool of some of the rows, the same one each time for the same rows.

        Parameters
        ----------
        rows : int array
        """
        return self.once(
            ("subset", rows.tobytes()),
            lambda: Pool(self.estimator, take_rows(self.X, rows), self.X_labeled, self.y_labeled),
        )

    # The labelled samples

    @cached_property
    def labeled_embedding(self):
        """Features of the labelled samples, (n_labeled, d).

        Without ``X_labeled``: those that the modAL learner holds and those that the net was trained
        on. As a rule they are the same, but ``teach(only_new=True)`` of modAL 0.4.2 trains on
        samples that the learner does not keep.
        """
        if self.X_labeled is not None:
            return self._embed(self.X_labeled)
        held, trained = self._held("X_training"), None
        if len(self.members) == 1:
            trained = getattr(self._net, "train_embedding_", None)
        if held is None and trained is None:
            raise ValueError("X == None, must be the labelled samples: the estimator holds none.")
        if held is None:
            return trained
        held = self._embed(held)
        if trained is None or (len(trained) == len(held) and np.allclose(trained, held, atol=1e-5)):
            return held
        return np.vstack([held, trained])

    @cached_property
    def labeled_proba(self):
        """Class probabilities of the rows of ``labeled_embedding``, (n_labeled, n_classes)."""
        X, Z = self._labeled_X, self.labeled_embedding
        if X is not None and num_samples(X) == len(Z):
            return self._core.predict_proba(X)
        (known_proba, known_Z), few = self.proba_and_embedding, slice(100)
        proba = head_probabilities(self._embedding_layer, Z, known_Z[few], known_proba[few])
        if proba is None:
            raise ValueError(
                "X == None, must be the labelled samples: their probabilities do not follow from "
                "the embedding alone."
            )
        return proba

    @cached_property
    def labeled_features(self):
        """Features of the labelled samples, (n_labeled, d); none may be known before a fit."""
        return self.labeled_embedding if self.is_fitted else self._labeled_columns_before_fit

    @cached_property
    def labeled_inputs(self):
        """Inputs of the labelled samples, (n_labeled, d); none may be known before a fit."""
        if not self.is_fitted:
            return self._labeled_columns_before_fit
        return self._columns(self._need("X", self._labeled_X))

    @cached_property
    def labeled_target(self):
        """Labels of the labelled samples, (n_labeled,) or (n_labeled, m)."""
        y = self._held("y_training") if self.y_labeled is None else self.y_labeled
        return np.asarray(self._need("y", y))

    @cached_property
    def labeled_distance(self):
        """Squared distance of each row's features to the nearest labelled sample's, (n_pool,)."""
        return squared_distance_to_nearest(self.features, self.labeled_features)

    @cached_property
    def labeled_nearest(self):
        """Nearest labelled sample of each row by embedding, and its squared distance."""
        return nearest(self.embedding, self.labeled_embedding)

    @cached_property
    def loss_samples(self):
        """Embedding of the labelled samples (n_labeled, d), and the loss of each (n_labeled,).

        A net asked without labels answers with the losses that its training left.
        """
        X = self._labeled_X
        if X is None and hasattr(self._net, "slacks_"):
            net, known = self._net_with_duals, self._has_dual
            return net.train_embedding_[known], (net.slacks_ + net.epsilon_)[known]
        Z = self._embed(self._need("X", X))
        return Z, sample_loss(self._core, X, self.labeled_target)

    def gradient_sketches(self, size, rng):
        """Sketched gradients of the pool and of the labelled samples, (n, size) each.

        See :func:`skally.gradients.gradient_sketch`; those of a committee are side by side.
        """
        return self.once(("gradient_sketches", size), lambda: self._sketch_gradients(size, rng))

    # The duals

    @cached_property
    def train_embedding(self):
        """Features of the rows that have a dual, (n, d)."""
        return self._net_with_duals.train_embedding_[self._has_dual]

    @cached_property
    def dual_variables(self):
        """Dual variables of the rows of ``train_embedding``, (n,)."""
        return self._net_with_duals.dual_variables_[self._has_dual]

    def once(self, key, compute):
        """What ``compute()`` gives on the first call with this key, for both hooks of a sampler."""
        if key not in self._computed:
            self._computed[key] = compute()
        return self._computed[key]

    @cached_property
    def _computed(self):
        return {}

    @property
    def _core(self):
        return without_learner(self.estimator)

    @property
    def _net(self):
        return unwrap(self.estimator)[1]

    @property
    def _embedding_layer(self):
        return find_embedding_layer(self._net.module_, getattr(self._net, "embedding_layer", None))

    @property
    def _net_with_duals(self):
        if not hasattr(self._net, "dual_variables_"):
            self._check_fitted()
            raise ValueError(
                f"{type(self._net).__name__} has no dual_variables_, which this sampler needs: use "
                "ConstrainedNetClassifier or ConstrainedNetRegressor."
            )
        return self._net

    @property
    def _has_dual(self):
        return np.isfinite(self._net_with_duals.dual_variables_)

    @property
    def _labeled_X(self):
        return self._held("X_training") if self.X_labeled is None else self.X_labeled

    @property
    def _labeled_columns_before_fit(self):
        X = self._labeled_X
        return self.features[:0] if X is None else as_matrix(X)

    def _held(self, name):
        """Labelled samples that modAL holds: a learner's, or all of a committee's members'."""
        return held_samples([member.estimator for member in self.members], name)

    def _check_fitted(self):
        estimator = self._need("estimator", self._core)
        if not self.is_fitted:
            raise NotFittedError(f"{type(estimator).__name__} is not fitted: call fit first.")

    def _need(self, name, value):
        if value is None:
            what = {"X": "the labelled samples", "y": "the labels of X"}.get(name, "a fitted one")
            raise ValueError(f"{name} == None, must be {what}, which this sampler needs.")
        return value

    def _transform(self, X):
        """Rows as the last step of a pipeline takes them, in any form."""
        self._check_fitted()
        for transformer in unwrap(self.estimator)[0]:
            X = transformer.transform(X)
        return X

    def _columns(self, X):
        if len(self.members) > 1:
            return np.hstack([member._columns(X) for member in self.members])
        return as_matrix(self._transform(X))

    def _embed(self, X):
        if len(self.members) > 1:
            return np.hstack([member._embed(X) for member in self.members])
        X = self._transform(X)
        if hasattr(self._net, "embed"):
            return self._net.embed(X)
        if isinstance(self._net, NeuralNet):
            return embedding(self._net, X)
        return as_matrix(X)

    def _sketch_gradients(self, size, rng):
        if len(self.members) > 1:
            pairs = [member._sketch_gradients(size, rng) for member in self.members]
            return tuple(map(np.hstack, zip(*pairs, strict=True)))
        X_both = self.X, self._need("X", self._labeled_X)
        return gradient_sketches(self._net, [self._transform(X) for X in X_both], size, rng)
