"""All that a sampler may look at, each feature computed once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from skorch.utils import is_dataset

from skally.ensembles import model_draws, spread
from skally.features import embedding
from skally.linalg import squared_distance_to_nearest
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
        learners = getattr(self.estimator, "learner_list", None)
        if learners is None:
            return (self,)
        return tuple(Pool(each, self.X, self.X_labeled, self.y_labeled) for each in learners)

    @cached_property
    def proba(self):
        """Class probabilities of the pool, (n_pool, n_classes); a committee's consensus."""
        if not hasattr(self._core, "predict_proba") or self.is_regression:
            raise ValueError(
                f"{type(self._core).__name__} has no predict_proba, which this sampler needs."
            )
        return self._core.predict_proba(self.X)

    @cached_property
    def embedding(self):
        """Features of the pool, (n_pool, d); those of a committee side by side."""
        return self._embed(self.X)

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
    def is_fitted(self):
        """Whether there is an estimator, and a fitted one."""
        if hasattr(self.estimator, "learner_list"):
            return all(member.is_fitted for member in self.members)
        if self._core is None:
            return False
        try:
            check_is_fitted(self._core)
        except NotFittedError:
            return False
        return getattr(self._net, "initialized_", True)  # skorch's nets have attributes before fit

    @cached_property
    def features(self):
        """Embedding of the pool, or its columns while the estimator is not fitted, (n_pool, d)."""
        return self.embedding if self.is_fitted else as_matrix(self.X)

    @cached_property
    def labeled_features(self):
        """Features of the labelled samples, (n_labeled, d); none may be known before a fit."""
        return self.labeled_embedding if self.is_fitted else self._columns_before_fit

    @cached_property
    def labeled_distance(self):
        """Squared distance of each row's features to the nearest labelled sample's, (n_pool,)."""
        return squared_distance_to_nearest(self.features, self.labeled_features)

    @cached_property
    def inputs(self):
        """Columns of the pool as the last step of a fitted pipeline sees them, (n_pool, d)."""
        return self._transform(self.X) if self.is_fitted else as_matrix(self.X)

    @cached_property
    def labeled_inputs(self):
        """The same of the labelled samples, (n_labeled, d); none may be known before a fit."""
        if not self.is_fitted:
            return self._columns_before_fit
        return self._transform(self._need("X", self._labeled_X))

    @cached_property
    def prediction(self):
        """Predicted numbers, (n_pool, m)."""
        if not self.is_regression:
            raise ValueError(
                f"{type(self._net).__name__} is no regressor, which this sampler needs."
            )
        return np.reshape(self._core.predict(self.X), (len(self), -1))

    @cached_property
    def labeled_target(self):
        """Labels of the labelled samples, (n_labeled,) or (n_labeled, m)."""
        y = self._held("y_training") if self.y_labeled is None else self.y_labeled
        return np.asarray(self._need("y", y))

    @cached_property
    def loss_samples(self):
        """Embedding of the labelled samples (n_labeled, d), and the loss of each (n_labeled,).

        A net asked without labels answers with the losses that its training left.
        """
        X = self._labeled_X
        if X is None and hasattr(self._net, "slacks_"):
            net, known = self._net_with_duals, self._has_dual
            return net.train_embedding_[known], (net.slacks_ + net.epsilon_)[known]
        return self._embed(self._need("X", X)), self._sample_loss(X, self.labeled_target)

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
        if hasattr(self.estimator, "learner_list"):
            for member in self.members:
                yield (
                    member.prediction
                    if self.is_regression
                    else spread(member.proba, member._core.classes_, self.estimator.classes_)
                )
            return
        self._check_fitted()
        X = self._transform(self.X, as_array=False)
        yield from model_draws(self._net, X, n_draws, rng)

    @cached_property
    def is_regression(self):
        """Whether the estimator predicts numbers."""
        nets = [member._net for member in self.members]
        return all(hasattr(net, "fit") and is_regressor(net) for net in nets)

    @cached_property
    def n_classes(self):
        """Number of classes, None where the estimator does not know."""
        classes = getattr(self._core, "classes_", None) if self.is_fitted else None
        return None if classes is None else len(classes)

    def subset(self, rows):
        """Pool of some of the rows, the same one each time for the same rows.

        Parameters
        ----------
        rows : int array
        """
        key = rows.tobytes()
        if key not in self._subsets:
            X = take_rows(self.X, rows)
            self._subsets[key] = Pool(self.estimator, X, self.X_labeled, self.y_labeled)
        return self._subsets[key]

    @cached_property
    def _subsets(self):
        return {}

    @cached_property
    def train_embedding(self):
        """Features of the rows that have a dual, (n, d)."""
        return self._net_with_duals.train_embedding_[self._has_dual]

    @cached_property
    def dual_variables(self):
        """Dual variables of the rows of ``train_embedding``, (n,)."""
        return self._net_with_duals.dual_variables_[self._has_dual]

    # Unwrapping: the only place that knows what estimators are made of

    @cached_property
    def _core(self):
        """The estimator without its modAL learner."""
        learner = self.estimator
        return learner.estimator if is_learner(learner) else learner

    @cached_property
    def _chain(self):
        """Estimators from the outermost to the one that learns."""
        chain = [self._core]
        while True:
            estimator = chain[-1]
            if hasattr(estimator, "best_estimator_"):
                chain.append(estimator.best_estimator_)
            elif hasattr(estimator, "regressor_"):
                chain.append(estimator.regressor_)
            elif isinstance(estimator, Pipeline):
                chain.append(estimator[-1])
            else:
                return chain

    @property
    def _steps(self):
        """Transformers before the last estimator, and that estimator."""
        pipelines = [each for each in self._chain if isinstance(each, Pipeline) and len(each) > 1]
        return [pipeline[:-1] for pipeline in pipelines], self._chain[-1]

    @property
    def _net(self):
        return self._steps[1]

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

    def _held(self, name):
        """Labelled samples that modAL holds: a learner's, or all of a committee's members'."""
        if len(self.members) == 1:
            return getattr(self.estimator, name, None)
        learners = [member.estimator for member in self.members]
        held = [getattr(learner, "X_training", None) for learner in learners]
        if any(X is None for X in held):
            return None
        first = [i for i, X in enumerate(held) if not any(X is other for other in held[:i])]
        parts = [getattr(learners[i], name) for i in first]
        if len(parts) == 1:
            return parts[0]
        if any(map(sparse.issparse, parts)):
            return sparse.vstack(parts).tocsr()
        return np.concatenate([np.asarray(part) for part in parts])

    def _check_fitted(self):
        estimator = self._need("estimator", self._core)
        if not self.is_fitted:
            raise NotFittedError(f"{type(estimator).__name__} is not fitted: call fit first.")

    def _need(self, name, value):
        if value is None:
            what = {"X": "the labelled samples", "y": "the labels of X"}.get(name, "a fitted one")
            raise ValueError(f"{name} == None, must be {what}, which this sampler needs.")
        return value

    @property
    def _columns_before_fit(self):
        if self._labeled_X is None:
            return self.features[:0]
        return as_matrix(self._labeled_X)

    def _transform(self, X, as_array=True):
        if len(self.members) > 1:
            return np.hstack([member._transform(X) for member in self.members])
        for transformer in self._steps[0]:
            X = transformer.transform(X)
        return as_matrix(X) if as_array else X

    def _embed(self, X):
        if len(self.members) > 1:
            return np.hstack([member._embed(X) for member in self.members])
        self._check_fitted()
        X = self._transform(X, as_array=False)
        if hasattr(self._net, "embed"):
            return self._net.embed(X)
        if isinstance(self._net, NeuralNet):
            return embedding(self._net, X)
        return as_matrix(X)

    def _sample_loss(self, X, y):
        if hasattr(self._net, "sample_loss"):
            for wrapper in self._chain:
                if hasattr(wrapper, "transformer_"):  # a TransformedTargetRegressor
                    y = wrapper.transformer_.transform(y.reshape(len(y), -1))
            return self._net.sample_loss(self._transform(X, as_array=False), y)
        if self.is_regression:
            return ((self._core.predict(X) - y) ** 2).reshape(len(y), -1).mean(axis=1)
        column = LabelEncoder().fit(self._core.classes_).transform(y)
        proba = self._core.predict_proba(X)[np.arange(len(y)), column]
        return -np.log(np.maximum(proba, np.finfo(float).tiny))


def is_learner(estimator):
    """Whether it is a modAL learner, by what modAL's base class has and no estimator does."""
    return hasattr(estimator, "query_strategy") and hasattr(estimator, "estimator")
