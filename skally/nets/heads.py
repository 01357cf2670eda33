"""Heads: small nets that predict duals or losses of unlabelled rows from their embedding."""

from abc import ABC, abstractmethod
from copy import deepcopy
from itertools import pairwise

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from skally.nets.loader import IN_MEMORY
from skally.nets.modules import MLP
from skally.nets.strict import StrictRegressor
from skally.utils.chunks import by_parts
from skally.utils.random import draw_seed, make_rng, torch_seeded


class HeadRegressor(RegressorMixin, BaseEstimator, ABC):
    """A small net on standardised features, trained in memory, predicting by parts.

    A class has the parameters ``hidden_layer_sizes``, ``lr`` and ``max_epochs``.
    """

    @abstractmethod
    def fit(self, X, y):
        """Learn a number y, (n,), of each embedding X, (n, d)."""

    def _fit_net(self, module, X, y, seed, **params):
        """Fit ``net_`` and ``scaler_``: a module with one output, skorch parameters of its own."""
        net = StrictRegressor(
            module,
            module__n_features=X.shape[1],
            module__hidden_layer_sizes=self.hidden_layer_sizes,
            optimizer=torch.optim.Adam,
            optimizer__fused=True,
            lr=self.lr,
            max_epochs=self.max_epochs,
            iterator_valid__batch_size=1024,
            **IN_MEMORY,
            **params,
        )
        self.scaler_ = StandardScaler().set_output(transform="default").fit(X)
        Z = self.scaler_.transform(X).astype(np.float32)
        with torch_seeded(seed):
            net.initialize().module_.float()  # whatever torch's default precision is
            self.net_ = net.partial_fit(Z, y.astype(np.float32).reshape(-1, 1))

    def _predict_net(self, X, dtype=np.float32):
        """Output of the net for each row, (n,), in the precision of its weights."""
        predict, scale = self.net_.predict, self.scaler_.transform
        return by_parts(lambda part: predict(scale(part).astype(dtype)).ravel(), X)


class DualRegressor(HeadRegressor):
    """Predict how hard a sample will be to satisfy, from its embedding.

    A net with batch normalisation and a softplus at the end, so that predictions are positive and
    cannot die at zero as those of a rectifier do when most duals are zero. Inputs are standardised
    and targets divided by their root mean square.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(64, 32, 16)
    max_epochs : int, default=40
    lr : float, default=0.01
        Learning rate of Adam.
    batch_size : int, default=128
    random_state : None, int or RandomState, default=None

    Attributes
    ----------
    net_ : skorch.NeuralNetRegressor
    scaler_ : sklearn.preprocessing.StandardScaler
    scale_ : float
        Root mean square of the duals.
    n_features_in_ : int

    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, Algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skally import DualRegressor
    >>> rng = np.random.RandomState(0)
    >>> Z = rng.normal(size=(200, 4))
    >>> duals = np.maximum(0, Z[:, 0] - 1)
    >>> head = DualRegressor(random_state=0).fit(Z, duals)
    >>> bool(head.predict([[3, 0, 0, 0]]) > head.predict([[-3, 0, 0, 0]]))
    True
    """

    def __init__(
        self,
        hidden_layer_sizes=(64, 32, 16),
        *,
        max_epochs=40,
        lr=1e-2,
        batch_size=128,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_epochs = max_epochs
        self.lr = lr
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X, y):
        """Learn the duals of labelled samples.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Their embedding.
        y : array-like of shape (n,)
            Their dual variables, not negative.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If there is one row only, or a negative dual.
        """
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=True, ensure_min_samples=2)
        if y.min() < 0:
            raise ValueError(f"y has the value {y.min()}, duals must be >= 0.")
        self.scale_ = float(np.sqrt(np.mean(np.square(y, dtype=np.float64)))) or 1.0
        seed = draw_seed(make_rng(self.random_state))
        self._fit_net(DualHead, X, y / self.scale_, seed, batch_size=self.batch_size)
        # The rounding of float32, which depends on a row's place in its batch, is more than the
        # 1e-7 by which scikit-learn's checks let predictions of parts and of the whole differ.
        self.net_.module_.double()
        return self

    def predict(self, X):
        """Predicted dual of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        duals : array of shape (n,), not negative
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._predict_net(X, np.float64) * self.scale_

    def differentiable(self):
        """The prediction as a function that torch can differentiate.

        Returns
        -------
        predict : function of a tensor of shape (n, d) to a double tensor of shape (n,)
        """
        check_is_fitted(self)
        head = deepcopy(self.net_.module_).eval().requires_grad_(False)
        mean, deviation = map(torch.from_numpy, (self.scaler_.mean_, self.scaler_.scale_))

        def predict(Z):
            return head((Z.cpu().double() - mean) / deviation)[:, 0] * self.scale_

        return predict

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags


class DualHead(nn.Sequential):
    """Hidden layers with batch normalisation, one output, softplus."""

    def __init__(self, n_features, hidden_layer_sizes):
        sizes, layers = [n_features, *hidden_layer_sizes], []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU()]
        super().__init__(*layers, nn.Linear(sizes[-1], 1), nn.Softplus())


class LossRegressor(HeadRegressor):
    """Predict which of two samples has the larger loss, from their embeddings.

    Parameters
    ----------
    margin : float
        Difference of predictions from which a pair counts as told apart.
    hidden_layer_sizes : sequence of int
    max_epochs : int
    lr : float
        Learning rate of Adam.
    random_state : int

    References
    ----------
    Yoo, Kweon, "Learning Loss for Active Learning", CVPR 2019.
    """

    def __init__(self, margin, hidden_layer_sizes, max_epochs, lr, random_state=0):
        self.margin = margin
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_epochs = max_epochs
        self.lr = lr
        self.random_state = random_state

    def fit(self, X, y):
        """Learn the losses y, (n,), of embeddings X, (n, d), up to a constant."""
        ranking = {"criterion": RankingLoss, "criterion__margin": self.margin}
        self._fit_net(MLP, X, y, self.random_state, module__n_outputs=1, **ranking)
        return self

    def predict(self, X):
        """Predicted loss of each row, (n,), up to a constant."""
        return self._predict_net(X)


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
