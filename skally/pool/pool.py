"""All that a sampler may look at: the pool, and the labelled samples beside it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from skorch.utils import is_dataset

from skally.functional.distances import nearest, squared_distance_to_nearest
from skally.nets.embedding import head_probabilities
from skally.pool.checks import check_any_labeled, check_features, check_same_length
from skally.pool.embedding import Scaling
from skally.pool.samples import Samples
from skally.pool.unwrapping import held_samples, members_of, without_learner
from skally.utils.columns import columns_of, difference, in_order_of
from skally.utils.lazy import lazy_property
from skally.utils.random import draw_seed
from skally.utils.validation import num_samples, take_rows

# What has a value for each row, and is computed when it is first asked for.
FEATURES = {
    "embedding", "inputs", "nearest_labeled", "prediction", "proba", "squared_distance_to_labeled",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Pool(Samples):
    """Unlabelled samples, and as ``labeled`` the labelled ones, seen through one estimator.

    A sampler reads ``pool.embedding``, ``pool.proba`` and so on, each (n_pool, ...), and the same
    names of the labelled samples: ``pool.labeled.embedding``, ``pool.labeled.target``.

    Parameters
    ----------
    estimator, X : as in :class:`skally.pool.Samples`
    X_labeled : labelled samples, or None, default=None
        None takes those of the modAL learner, or what a constrained net keeps of them.
    y_labeled : their labels, or None, default=None
    y : None, default=None
        Not used: rows of a pool have no labels.
    memory_limit : int or None, default=None
        As in :class:`skally.pool.Samples`.

    Raises
    ------
    ValueError
        If the pool is empty, or has other features than the estimator was fitted on or than the
        labelled samples have, or if there is not one label for each labelled sample. Where no
        estimator knows names, columns of a data frame are put in the order that they have in the
        labelled samples.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skally.pool import Pool
    >>> X, y = [[0.0], [1.0]], ["ham", "spam"]
    >>> model = LogisticRegression().fit(X, y)
    >>> pool = Pool(model, [[-3.0], [0.5], [4.0]], X, y)
    >>> len(pool), pool.proba.shape, pool.embedding.shape
    (3, (3, 2), (3, 1))
    >>> pool.labeled.target.tolist()
    ['ham', 'spam']
    """

    _name = "X_pool"
    X_labeled: Any = None
    y_labeled: Any = None

    def __post_init__(self):
        if len(self) == 0:
            raise ValueError("X_pool has 0 rows, must have at least 1.")
        super().__post_init__()
        self._check_width()
        if self.X_labeled is not None and self.y_labeled is not None:
            check_same_length(self.X_labeled, self.y_labeled)
        object.__setattr__(self, "X", self._in_order_of_labeled())

    def _check_width(self):
        expected = getattr(self.core, "n_features_in_", None)
        shape = np.shape(self.X) if not is_dataset(self.X) else ()
        if expected is not None and len(shape) > 1 and shape[1] != expected:
            reason = self._refusal()
            if reason is not None:
                raise ValueError(
                    f"X_pool has {shape[1]} features, must have {expected}, as the data that "
                    f"{type(self.core).__name__} was fitted on{reason}."
                )

    def _refusal(self):
        """Why the estimator does not take a pool of another width, None where it does.

        A ColumnTransformer takes columns by their names, whatever others there are.
        """
        columns = columns_of(self.X)
        if columns is None or not hasattr(self.core, "predict"):
            return ""
        try:
            self.core.predict(take_rows(self.X, np.arange(1)))
        except (ValueError, KeyError):
            known = getattr(self.core, "feature_names_in_", None)
            return "" if known is None else f"; {difference(columns, list(known))}"
        return None

    def _in_order_of_labeled(self):
        """X with its columns as in the labelled samples, unless the estimator knows their names."""
        learners = map(without_learner, members_of(self.estimator))
        if self.is_fitted and all(hasattr(each, "feature_names_in_") for each in learners):
            return self.X
        X = held_samples(self.estimator, "X_training") if self.X_labeled is None else self.X_labeled
        return self.X if X is None else in_order_of(self.X, X, "X_pool", "X")

    @lazy_property
    def labeled(self):
        """The labelled samples: :class:`skally.pool.Samples`."""
        return self._scaled_alike(self._labeled())

    def _labeled(self):
        y = held_samples(self.estimator, "y_training") if self.y_labeled is None else self.y_labeled
        known = {"memory_limit": self.memory_limit}
        if self.X_labeled is not None and num_samples(self.X_labeled) == 0:
            return NoSamples(self.estimator, None, X_pool=self.X, **known)
        if self.X_labeled is not None:
            if y is not None and num_samples(y) != num_samples(self.X_labeled):
                y = None  # what the learner holds are labels of other rows
            return Samples(self.estimator, self.X_labeled, y=y, **known)
        X = held_samples(self.estimator, "X_training")
        return TrainingSamples(self.estimator, X, y=y, X_pool=self.X, **known)

    @lazy_property
    def squared_distance_to_labeled(self):
        """Squared distance of each row's features to the nearest labelled sample's, (n_pool,)."""
        return squared_distance_to_nearest(self.features, self.labeled.features)

    @lazy_property
    def nearest_labeled(self):
        """Nearest labelled sample of each row by embedding, and its squared distance."""
        check_any_labeled(self.labeled.embedding)
        return nearest(self.embedding, self.labeled.embedding)

    def gradient_sketches(self, size, rng):
        """Sketched gradients of the pool and of the labelled samples by the same projections.

        Parameters
        ----------
        size : int
            Length of a sketch.
        rng : numpy.random.RandomState

        Returns
        -------
        Z, Z_labeled : arrays of shape (n_pool, size) and (n_labeled, size)
        """

        def compute():
            seeds = [draw_seed(rng) for _ in self.members]
            Z_labeled = self.labeled.gradient_sketch(size, seeds)
            return self.gradient_sketch(size, seeds), Z_labeled

        return self.cached(("gradient_sketches", size), compute)

    def subset(self, rows):
        """Pool of some of the rows, the same one each time for the same rows.

        It has the features of these rows that are known already, and the same labelled samples.

        Parameters
        ----------
        rows : int array
        """

        def compute():
            part = self._scaled_alike(replace(self, X=take_rows(self.X, rows)))
            known = vars(self)
            for name in FEATURES & known.keys():
                value = known[name]
                is_pair = isinstance(value, tuple)
                vars(part)[name] = tuple(v[rows] for v in value) if is_pair else value[rows]
            vars(part)["labeled"] = self.labeled
            vars(part)["_name"] = "a part of X_pool"  # whose rows have other numbers
            return part

        return self.cached(("subset", rows.tobytes()), compute)

    def cached(self, key, compute):
        """What ``compute()`` gives on the first call with this key, for both hooks of a sampler.

        Parameters
        ----------
        key : hashable
        compute : function without arguments
        """
        if key not in self._computed:
            self._computed[key] = compute()
        return self._computed[key]

    @lazy_property
    def _computed(self):
        return {}

    @lazy_property
    def _scaling(self):
        return Scaling(self.estimator, self.X, self._name, self.X_labeled)


@dataclass(frozen=True, eq=False)
class TrainingSamples(Samples):
    """Labelled samples that were not given to the query, as far as the estimator keeps them.

    A modAL learner keeps the samples; a constrained net keeps their embedding, duals and losses.

    Parameters
    ----------
    estimator, y, memory_limit : as in :class:`skally.pool.Samples`
    X : samples that the modAL learner holds, or None
    X_pool : the pool
        Its first rows show whether probabilities follow from the embedding alone.
    """

    X_pool: Any = None

    def __len__(self):
        return len(self.features)

    @lazy_property
    def embedding(self):
        """Embedding of what the modAL learner holds and of what the net was trained on, (n, d).

        As a rule they are the same, but ``teach(only_new=True)`` of modAL 0.4.2 trains on samples
        that the learner does not keep.
        """
        trained = getattr(self.net, "train_embedding_", None)
        if self.X is None and trained is None:
            raise ValueError("X == None, must be the labelled samples: the estimator holds none.")
        if trained is not None:
            trained = check_features(trained, "The embedding of the training samples")
        if self.X is None:
            return trained
        held = self._held.embedding
        return held if trained is None or is_close(trained, held) else np.vstack([held, trained])

    @lazy_property
    def proba(self):
        """Class probabilities of the rows of ``embedding``, (n, n_classes)."""
        if self.X is not None and num_samples(self.X) == len(self.embedding):
            return self._held.proba
        proba = self._proba_by_head() if hasattr(self.net, "module_") else None
        if proba is None:
            raise ValueError(
                "X == None, must be the labelled samples: their probabilities do not follow from "
                "the embedding alone."
            )
        return proba

    def _proba_by_head(self):
        known_proba, known_Z = self._some_of_the_pool.proba_and_embedding
        return head_probabilities(self._embedding_layer, self.embedding, known_Z, known_proba)

    @lazy_property
    def inputs(self):
        """As of any samples, (n, d); none of them may be known before a fit."""
        is_unknown = self.X is None and not self.is_fitted
        return self._some_of_the_pool.inputs[:0] if is_unknown else self._held.inputs

    @property
    def embedding_and_loss(self):
        """As of any samples; of a net asked without X, the losses that its training left."""
        if self.X is None and hasattr(self.net, "slacks_"):
            return self.train_embedding, self.train_loss
        return self._held.embedding_and_loss

    @lazy_property
    def _held(self):
        held = Samples(self.estimator, self.rows, y=self.y, memory_limit=self.memory_limit)
        return self._scaled_alike(held)

    @lazy_property
    def _some_of_the_pool(self):
        X = take_rows(self.X_pool, np.arange(min(100, num_samples(self.X_pool))))
        return self._scaled_alike(Samples(self.estimator, X))


class NoSamples(TrainingSamples):
    """Labelled samples of which there are none: features of no rows, as wide as the pool's."""

    @lazy_property
    def embedding(self):
        """No rows, (0, d)."""
        return self._some_of_the_pool.embedding[:0]

    @lazy_property
    def proba(self):
        """No rows, (0, n_classes)."""
        return self._some_of_the_pool.proba[:0]

    @lazy_property
    def inputs(self):
        """No rows, (0, d)."""
        return self._some_of_the_pool.inputs[:0]

    @property
    def embedding_and_loss(self):
        """An error, since X is None."""
        return self._held.embedding_and_loss


def is_close(Z, other):
    """Whether two embeddings are of the same rows: equal but for the rounding of float32."""
    return Z.shape == other.shape and np.allclose(Z, other, atol=1e-4 * np.abs(Z).max(initial=0))
