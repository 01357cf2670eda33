"""All that a sampler may look at, each feature computed once."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from skorch.utils import is_dataset

from skally.functional.distances import nearest, squared_distance_to_nearest
from skally.pool.model import Model
from skally.utils.validation import as_matrix, num_samples, take_rows


@dataclass(frozen=True)
class Pool:
    """Unlabelled samples, seen through an estimator.

    Parameters
    ----------
    estimator : as in :class:`skally.pool.model.Model`
    X : pool, n_pool rows
    X_labeled : labelled samples, or None
        None takes those of the modAL learner, if there is one.
    y_labeled : their labels, or None
    memory_limit : int or None
        As in :func:`skally.utils.chunks.by_parts`.

    Raises
    ------
    ValueError
        If the pool is empty or has another number of features than the estimator was fitted on.
    """

    estimator: Any
    X: Any
    X_labeled: Any = None
    y_labeled: Any = None
    memory_limit: int | None = None

    def __post_init__(self):
        if len(self) == 0:
            raise ValueError("X_pool has 0 rows, must have at least 1.")
        core = self.model.core
        expected = getattr(core, "n_features_in_", None) if len(self.model.members) == 1 else None
        shape = np.shape(self.X) if not is_dataset(self.X) else ()
        if expected is not None and len(shape) > 1 and shape[1] != expected:
            raise ValueError(
                f"X_pool has {shape[1]} features, must have {expected}, as the data that "
                f"{type(core).__name__} was fitted on."
            )

    def __len__(self):
        return num_samples(self.X)

    @cached_property
    def model(self):
        """The estimator, as :class:`skally.pool.model.Model`."""
        return Model(self.estimator, self.memory_limit)

    @cached_property
    def members(self):
        """One pool for each learner of a committee; this one alone for anything else."""
        if len(self.model.members) == 1:
            return (self,)
        return tuple(replace(self, estimator=member.estimator) for member in self.model.members)

    @property
    def is_fitted(self):
        """Whether there is an estimator, and a fitted one."""
        return self.model.is_fitted

    @property
    def is_regression(self):
        """Whether the estimator, or each learner of a committee, predicts numbers."""
        return self.model.is_regression

    @property
    def n_classes(self):
        """Number of classes, None where the estimator does not know."""
        return self.model.n_classes

    # The pool

    @cached_property
    def proba(self):
        """Class probabilities of the pool, (n_pool, n_classes); a committee's consensus."""
        return self.model.proba(self.X)

    @cached_property
    def prediction(self):
        """Predicted numbers, (n_pool, m)."""
        return self.model.prediction(self.X)

    @cached_property
    def embedding(self):
        """Features of the pool, (n_pool, d); those of a committee side by side."""
        return self.model.embedding(self.X)

    @cached_property
    def proba_and_embedding(self):
        """Both, from one pass over the pool where that can be."""
        known = vars(self)
        if "proba" not in known and "embedding" not in known:
            known["proba"], known["embedding"] = self.model.proba_and_embedding(self.X)
        return self.proba, self.embedding

    @cached_property
    def features(self):
        """Embedding of the pool, or its columns while the estimator is not fitted, (n_pool, d)."""
        return self.embedding if self.is_fitted else as_matrix(self.X)

    @cached_property
    def inputs(self):
        """Columns of the pool as the last step of a fitted pipeline sees them, (n_pool, d)."""
        return self.model.columns(self.X) if self.is_fitted else as_matrix(self.X)

    def draws(self, n_draws, rng):
        """Predictions of the pool, as by ``Model.draws``."""
        return self.model.draws(self.X, n_draws, rng)

    def gradient_sketches(self, size, rng):
        """Sketched gradients of the pool and of the labelled samples, (n, size) each.

        See :func:`skally.pool.gradients.gradient_sketch`; those of a committee are side by side.
        """
        X_all = self.X, need("X", self._labeled_X)
        return self.cached(
            ("gradient_sketches", size), lambda: self.model.gradient_sketches(X_all, size, rng)
        )

    def subset(self, rows):
        """Pool of some of the rows, the same one each time for the same rows.

        Parameters
        ----------
        rows : int array
        """
        return self.cached(
            ("subset", rows.tobytes()), lambda: replace(self, X=take_rows(self.X, rows))
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
            return self.model.embedding(self.X_labeled)
        held, trained = self.model.held("X_training"), self.model.trained_on
        if held is None and trained is None:
            raise ValueError("X == None, must be the labelled samples: the estimator holds none.")
        if held is None:
            return trained
        held = self.model.embedding(held)
        if trained is None or (len(trained) == len(held) and np.allclose(trained, held, atol=1e-5)):
            return held
        return np.vstack([held, trained])

    @cached_property
    def labeled_proba(self):
        """Class probabilities of the rows of ``labeled_embedding``, (n_labeled, n_classes)."""
        X, Z = self._labeled_X, self.labeled_embedding
        if X is not None and num_samples(X) == len(Z):
            return self.model.proba(X)
        known_proba, known_Z = self.proba_and_embedding
        proba = self.model.proba_of_embedding(Z, known_Z[:100], known_proba[:100])
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
        return self.model.columns(need("X", self._labeled_X))

    @cached_property
    def labeled_target(self):
        """Labels of the labelled samples, (n_labeled,) or (n_labeled, m)."""
        y = self.model.held("y_training") if self.y_labeled is None else self.y_labeled
        return np.asarray(need("y", y))

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
        if X is None and self.model.has_losses:
            return self.model.train_embedding, self.model.train_losses
        Z = self.model.embedding(need("X", X))
        return Z, self.model.sample_loss(X, self.labeled_target)

    @property
    def train_embedding(self):
        """Features of the rows that have a dual, (n, d)."""
        return self.model.train_embedding

    @property
    def dual_variables(self):
        """Dual variables of the rows of ``train_embedding``, (n,)."""
        return self.model.dual_variables

    def cached(self, key, compute):
        """What ``compute()`` gives on the first call with this key, for both hooks of a sampler."""
        if key not in self._computed:
            self._computed[key] = compute()
        return self._computed[key]

    @cached_property
    def _computed(self):
        return {}

    @property
    def _labeled_X(self):
        return self.model.held("X_training") if self.X_labeled is None else self.X_labeled

    @property
    def _labeled_columns_before_fit(self):
        X = self._labeled_X
        return self.features[:0] if X is None else as_matrix(X)


def need(name, value):
    """The value, which a sampler cannot do without."""
    if value is None:
        what = {"X": "the labelled samples", "y": "the labels of X"}[name]
        raise ValueError(f"{name} == None, must be {what}, which this sampler needs.")
    return value
