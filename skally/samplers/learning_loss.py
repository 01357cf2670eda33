"""The sampler that learns what the net gets wrong."""

import numbers

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

from skally.functional.distances import blocks
from skally.nets.loader import IN_MEMORY
from skally.nets.modules import MLP
from skally.samplers.head import HeadSampler
from skally.utils.random import torch_seeded
from skally.utils.validation import check_number


class LearningLossSampler(HeadSampler):
    """Rows of the largest predicted loss.

    A small net learns from the embedding of the labelled samples which of two has the larger loss.
    It is trained after the estimator and beside it, so that it serves any estimator and any input.
    The losses are those that a constrained net's training left or, where labelled samples are at
    hand, its ``sample_loss``; the log loss of other classifiers; the squared error of other
    regressors.

    Parameters
    ----------
    margin : float
        Difference of predictions from which a pair counts as told apart.
    hidden_layer_sizes : sequence of int
    max_epochs : int
    lr : float
        Learning rate of Adam.
    random_state : None, int or RandomState

    References
    ----------
    Yoo, Kweon, "Learning Loss for Active Learning", CVPR 2019, equation 2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skally import LearningLossSampler
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = Ridge().fit(X[:100], y[:100])
    >>> sampler = LearningLossSampler(random_state=0)
    >>> sampler.query(model, X[100:], n_instances=5, X=X[:100], y=y[:100]).shape
    (5,)
    """

    def __init__(
        self, margin=1.0, hidden_layer_sizes=(64,), max_epochs=100, lr=1e-3, *, random_state=None
    ):
        super().__init__(random_state=random_state)
        self.margin = margin
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_epochs = max_epochs
        self.lr = lr

    def head(self):
        return LossRegressor(self.margin, self.hidden_layer_sizes, self.max_epochs, self.lr)

    def training_data(self, pool):
        check_number("margin", self.margin, numbers.Real, 0)
        return pool.loss_samples


class LossRegressor(RegressorMixin, BaseEstimator):
    """The small net of :class:`LearningLossSampler`, on standardised features.

    Parameters
    ----------
    margin, hidden_layer_sizes, max_epochs, lr : as there
    random_state : int
    """

    def __init__(self, margin, hidden_layer_sizes, max_epochs, lr, random_state=0):
        self.margin = margin
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_epochs = max_epochs
        self.lr = lr
        self.random_state = random_state

    def fit(self, X, y):
        """Learn the losses y, (n,), of embeddings X, (n, d), but for a constant."""
        net = NeuralNetRegressor(
            MLP,
            module__n_features=X.shape[1],
            module__n_outputs=1,
            module__hidden_layer_sizes=self.hidden_layer_sizes,
            criterion=RankingLoss,
            criterion__margin=self.margin,
            optimizer=torch.optim.Adam,
            optimizer__fused=True,
            lr=self.lr,
            max_epochs=self.max_epochs,
            iterator_valid__batch_size=1024,
            **IN_MEMORY,
        )
        self.scaler_ = StandardScaler().fit(X)
        with torch_seeded(self.random_state):
            self.net_ = net.fit(self._scaled(X), y.astype(np.float32).reshape(-1, 1))
        return self

    def predict(self, X):
        """Predicted loss of each row, (n,), but for a constant."""
        parts = [self.net_.predict(self._scaled(X[rows])) for rows in blocks(len(X), 8192)]
        return np.concatenate(parts).ravel()

    def _scaled(self, X):
        return self.scaler_.transform(X).astype(np.float32)


class RankingLoss(nn.Module):
    """Hinge on the difference of two predictions, in the direction of the two losses.

    Each row of a batch is compared with the one half a batch further on, so that an odd batch
    leaves no row without a partner.

    Parameters
    ----------
    margin : float
    """

    def __init__(self, margin):
        super().__init__()
        self.margin = margin

    def forward(self, predicted, loss):
        """Mean of max(0, margin - sign(l_i - l_j) (p_i - p_j)) over pairs of unequal losses."""
        half = len(loss) // 2
        sign = torch.sign(loss - loss.roll(half, dims=0))
        hinge = torch.relu(self.margin - sign * (predicted - predicted.roll(half, dims=0)))
        return (hinge * sign.abs()).sum() / sign.abs().sum().clamp(min=1)
