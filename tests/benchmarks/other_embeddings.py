"""Where distances could be measured instead, for ``fewer_labels.py --embedding``."""

import numpy as np
from sklearn.kernel_approximation import Nystroem

from skally.constrained import base
from skally.pool.embedding import Embedding
from skally.pool.unwrapping import chain, transform

N_SIGNS, N_LANDMARKS = 256, 300


class Columns(Embedding):
    """Standardised columns."""

    def __init__(self, estimator, X):
        super().__init__(estimator, X)
        self.factor = np.ones_like(self.factor)


class Importance(Embedding):
    """Standardised columns, each times its importance, not the root of it."""

    def __init__(self, estimator, X):
        super().__init__(estimator, X)
        self.factor = self.factor**2


class Coefficients(Embedding):
    """Columns as a linear model on standardised ones sees them, each times its coefficient."""

    def __init__(self, estimator, X):
        super().__init__(estimator, X)
        self.factor = np.abs(np.ravel(chain(estimator)[-1].coef_))


class OfLast:
    """Features that the last step of a pipeline has for the rows as it sees them."""

    def __init__(self, estimator, X):
        self.estimator = estimator
        self.last = chain(estimator)[-1]
        self.learn(transform(estimator, X))

    def learn(self, X):
        """Whatever depends on the labelled rows."""

    def transform(self, X):
        """Embedding of rows, (n, d)."""
        return self.features(transform(self.estimator, X))


class Predictions(OfLast):
    """What each tree predicts, less the mean of all: distances of the trees' covariance."""

    def features(self, X):
        predicted = np.stack([tree.predict(X) for tree in self.last.estimators_], axis=1)
        return predicted - predicted.mean(axis=1, keepdims=True)


class Leaves(OfLast):
    """Random signs of the leaves: distances by how many leaves two rows share."""

    def features(self, X):
        rng = np.random.RandomState(0)
        sums = np.zeros((len(X), N_SIGNS))
        for tree, leaf in zip(self.last.estimators_, self.last.apply(X).T, strict=True):
            signs = rng.choice([-1.0, 1.0], size=(tree.tree_.node_count, N_SIGNS))
            sums += signs[leaf]
        return sums / np.sqrt(N_SIGNS * len(self.last.estimators_))


class Kernel(OfLast):
    """Features of the kernel of a support vector machine, on some of the labelled rows."""

    def learn(self, X):
        n = min(len(X), N_LANDMARKS)
        self.kernel = Nystroem(gamma=self.last._gamma, n_components=n, random_state=0).fit(X)

    def features(self, X):
        return self.kernel.transform(X)


EMBEDDINGS = {
    "default": Embedding,
    "columns": Columns,
    "importance": Importance,
    "coefficients": Coefficients,
    "predictions": Predictions,
    "leaves": Leaves,
    "kernel": Kernel,
}


def use(name):
    """Have estimators under constraints measure distances there."""
    base.Embedding = EMBEDDINGS[name]
