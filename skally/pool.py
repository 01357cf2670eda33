"""All that a sampler may look at, each feature computed once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from skorch.utils import is_dataset
from torch import nn

from skally.features import (
    InputRecorder,
    class_probabilities,
    embedding,
    find_embedding_layer,
)
from skally.gradients import gradient_sketch
from skally.linalg import nearest, squared_distance_to_nearest
from skally.seeding import draw_seed, make_rng
from skally.validation import as_plain, num_samples


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
        learners = getattr(self.estimator, "learner_list", None)
        if learners is None:
            return (self,)
        return tuple(Pool(each, self.X, self.X_labeled, self.y_labeled) for each in learners)

    @property
    def is_regression(self):
        """Whether the estimator, or each learner of a committee, predicts numbers."""
        return all(is_regressor(member._core) for member in self.members)

    @cached_property
    def proba(self):
        """Class probabilities of the pool, (n_pool, n_classes); a committee's consensus."""
        if not hasattr(self._core, "predict_proba"):
            raise ValueError(
                f"{type(self._core).__name__} has no predict_proba, which this sampler needs."
            )
        return self._core.predict_proba(self.X)

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
    def labeled_embedding(self):
        """Features of the labelled samples, (n_labeled, d).

        Without ``X_labeled``: those that the modAL learner holds and those that the net was trained
        on. As a rule they are the same, but ``teach(only_new=True)`` of modAL 0.4.2 trains on
        samples that the learner does not keep.
        """
        if self.X_labeled is not None:
            return self._embed(self.X_labeled)
        held, trained = self._learner_X, None
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
        return self._head(Z)

    @cached_property
    def labeled_nearest(self):
        """Nearest labelled sample of each row by features, and its squared distance."""
        return nearest(self.embedding, self.labeled_embedding)

    @cached_property
    def labeled_distance(self):
        """Squared distance of each row's features to the nearest labelled sample's, (n_pool,)."""
        return squared_distance_to_nearest(self.embedding, self.labeled_embedding)

    @cached_property
    def train_embedding(self):
        """Features of the rows that have a dual, (n, d)."""
        return self._net_with_duals.train_embedding_[self._has_dual]

    @cached_property
    def dual_variables(self):
        """Dual variables of the rows of ``train_embedding``, (n,)."""
        return self._net_with_duals.dual_variables_[self._has_dual]

    def gradient_sketches(self, size, rng):
        """Sketched gradients of the pool and of the labelled samples, (n, size) each.

        See :func:`skally.gradients.gradient_sketch`; those of a committee are side by side.
        """
        return self.once(("gradient_sketches", size), lambda: self._sketch_gradients(size, rng))

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

    @cached_property
    def _steps(self):
        return unwrap(self.estimator)

    @property
    def _net(self):
        return self._steps[1]

    @property
    def _embedding_layer(self):
        return find_embedding_layer(self._net.module_, getattr(self._net, "embedding_layer", None))

    @property
    def _net_with_duals(self):
        if not hasattr(self._net, "dual_variables_"):
            check_is_fitted(self._core)
            raise ValueError(
                f"{type(self._net).__name__} has no dual_variables_, which this sampler needs: use "
                "ConstrainedNetClassifier or ConstrainedNetRegressor."
            )
        return self._net

    @property
    def _has_dual(self):
        return np.isfinite(self._net_with_duals.dual_variables_)

    @property
    def _learner_X(self):
        """Labelled samples that modAL holds: a learner's, or all of a committee's members'."""
        if len(self.members) == 1:
            return getattr(self.estimator, "X_training", None)
        held = [member._learner_X for member in self.members]
        held = [X for i, X in enumerate(held) if not any(X is other for other in held[:i])]
        if any(X is None for X in held):
            return None
        if len(held) == 1:
            return held[0]
        if any(map(sparse.issparse, held)):
            return sparse.vstack(held).tocsr()
        return np.concatenate([np.asarray(X) for X in held])

    @property
    def _labeled_X(self):
        return self._learner_X if self.X_labeled is None else self.X_labeled

    def _transform(self, X):
        check_is_fitted(self._core)
        for transformer in self._steps[0]:
            X = transformer.transform(X)
        return X

    def _embed(self, X):
        if len(self.members) > 1:
            return np.hstack([member._embed(X) for member in self.members])
        X, estimator = self._transform(X), self._net
        if hasattr(estimator, "embed"):
            return estimator.embed(X)
        if isinstance(estimator, NeuralNet):
            return embedding(estimator, X)
        Z = as_array(X)
        if Z.dtype.kind in "buif" and Z.dtype.itemsize < 4:  # products of bytes run over
            Z = Z.astype(np.float32)
        return Z.reshape(len(Z), -1)

    def _head(self, Z):
        """Class probabilities from embeddings, where they follow from these alone."""
        layer, (proba, embedding) = self._embedding_layer, self.proba_and_embedding
        few = slice(100)
        if isinstance(layer, nn.Linear) and layer.out_features in (proba.shape[1], 1):
            again = class_probabilities(layer, embedding[few], proba.shape[1])
            if np.allclose(again, proba[few], atol=1e-4):
                return class_probabilities(layer, Z, proba.shape[1])
        raise ValueError(
            "X == None, must be the labelled samples: their probabilities do not follow from the "
            "embedding alone."
        )

    def _sketch_gradients(self, size, rng):
        if len(self.members) > 1:
            pairs = [member._sketch_gradients(size, rng) for member in self.members]
            return tuple(map(np.hstack, zip(*pairs, strict=True)))
        X_both = [self._transform(X) for X in (self.X, self._labeled_X) if X is not None]
        net = getattr(self._net, "net_", self._net)
        if not isinstance(net, NeuralNet):
            raise ValueError(
                f"{type(net).__name__} has no gradients, which this sampler needs: use a net."
            )
        if len(X_both) == 1:
            raise ValueError("X == None, must be the labelled samples: the estimator holds none.")
        if net is not self._net:  # one of ours, which takes more forms of data than skorch
            X_both = [X if is_dataset(X) else as_array(X).astype(np.float32) for X in X_both]
        seed = draw_seed(rng)
        return tuple(gradient_sketch(net, X, size, make_rng(seed)) for X in X_both)


def as_array(X):
    """Dense array of a matrix, frame or tensor."""
    return X.toarray() if sparse.issparse(X) else np.asarray(as_plain(X))


def unwrap(estimator):
    """Transformers before the last estimator of an estimator or modAL learner, and that estimator.

    Parameters
    ----------
    estimator : estimator, or Pipeline, search, TransformedTargetRegressor or modAL learner around
        one, in any nesting

    Returns
    -------
    transformers : list
    estimator : the innermost
    """
    transformers, estimator = [], without_learner(estimator)
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "regressor_"):
            estimator = estimator.regressor_
        elif isinstance(estimator, Pipeline):
            if len(estimator) > 1:
                transformers.append(estimator[:-1])
            estimator = estimator[-1]
        else:
            return transformers, estimator


def without_learner(estimator):
    """The estimator that a modAL learner holds; any other as it is."""
    return estimator.estimator if is_learner(estimator) else estimator


def is_learner(estimator):
    """Whether it is a modAL learner, by what modAL's base class has and no estimator does."""
    return hasattr(estimator, "query_strategy") and hasattr(estimator, "estimator")
