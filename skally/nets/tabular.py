"""Net for tables: a scaling of the columns and an encoding before fully connected layers."""

from statistics import NormalDist

import numpy as np
import torch
from torch import nn

from skally.nets.encodings import ENCODINGS, of_one
from skally.nets.modules import check_sizes, dense_layers
from skally.nets.quantiles import LARGEST, SMALLEST, as_float, check_quantiles, divisor, quantile_at

# Columns beyond which there are no encodings: each makes several inputs of one column.
MOST_ENCODED = 256

# Scaled values tend to this bound; they are cut at a hundred times it before they are squared.
BOUND = 3.0

# Activations without parameters that look at one number at a time.
ELEMENTWISE = (
    nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Hardswish, nn.Softplus, nn.Sigmoid, nn.Tanh,
)  # fmt: skip


class TabularMLP(nn.Module):
    """Fully connected net for tables, whatever the units and the distributions of the columns.

    Each column is scaled by its quantiles and clipped smoothly, so that outliers do no harm. An
    encoding may add functions of single columns, which a net of few samples finds hard to learn.

    Parameters
    ----------
    n_features : int
        Length of one input, flattened. The nets fill it in at ``fit``.
    n_outputs : int
        Number of classes or of targets. The nets fill it in at ``fit``.
    quantiles : array of shape (q, n_features), or None, default=None
        Quantiles of the training data's columns at q >= 2 evenly spaced levels from 0 to 1, as
        ``np.quantile`` gives them. None means those of a standard normal distribution:
        values are clipped smoothly, but not scaled.
    encoding : "plain", "ple" or "pbld", default="plain"
        What is put beside the scaled columns: nothing, a piecewise linear or a periodic encoding.
        Inputs of more than 256 columns are always plain.
    hidden_layer_sizes : sequence of int, default=(128, 128)
        Units of each hidden layer; empty for a linear model of the scaled and encoded columns.
    activation : nn.Module class, default=nn.ReLU
    dropout : float in [0, 1), default=0.0
        Share of hidden units dropped in training.

    Attributes
    ----------
    variants : tuple of dict
        Parameters of nets that go well together in an ensemble.

    Raises
    ------
    ValueError
        For another encoding, or quantiles that are not finite or of another shape, or, by
        ``forward``, for inputs of another length.

    References
    ----------
    Holzmueller, Grinsztajn, Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees
    on Tabular Data", NeurIPS 2024, for the scaling and for "pbld". Gorishniy, Rubachev, Babenko,
    "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022, for "ple".

    Examples
    --------
    >>> import numpy as np
    >>> from skally import ConstrainedNetRegressor
    >>> from skally.modules import TabularMLP
    >>> X = np.random.RandomState(0).normal(size=(50, 3))
    >>> levels = np.linspace(0, 1, 33)
    >>> net = ConstrainedNetRegressor(
    ...     TabularMLP, module__quantiles=np.quantile(X, levels, axis=0), module__encoding="ple",
    ...     max_epochs=1, random_state=0,
    ... )
    >>> net.fit(X, X[:, 0] ** 2).predict(X).shape
    (50,)
    """

    variants = ({"encoding": "plain"}, {"encoding": "ple", "dropout": 0.1}, {"encoding": "pbld"})

    def __init__(
        self, n_features, n_outputs, *, quantiles=None, encoding="plain",
        hidden_layer_sizes=(128, 128), activation=nn.ReLU, dropout=0.0,
    ):  # fmt: skip
        super().__init__()
        if encoding not in list(ENCODINGS):
            raise ValueError(f"encoding == {encoding!r}, must be one of {list(ENCODINGS)}.")
        self.n_features = n_features
        quantiles = check_quantiles(quantiles, n_features)
        self.scaling = RobustScaling(quantiles)
        self.encoding = ENCODINGS[encoding if n_features <= MOST_ENCODED else "plain"](quantiles)
        check_sizes(hidden_layer_sizes)
        n_inputs = n_features * (1 + self.encoding.size)
        sizes = [n_inputs, *map(int, hidden_layer_sizes), n_outputs]
        self.net = nn.Sequential(*dense_layers(sizes, activation, dropout, Linear, Dropout))

    @property
    def takes_members(self):
        """Whether ``forward`` works with the parameters of K members, stacked, too.

        Its outputs are then of shape (K, n, n_outputs), or (K, m, n_outputs) with ``rows``.
        """
        activations = [layer for layer in self.net if not isinstance(layer, Linear | nn.Dropout)]
        is_elementwise = all(isinstance(layer, ELEMENTWISE) for layer in activations)
        return type(self) is TabularMLP and is_elementwise

    def forward(self, X, rows=None):
        """Outputs of the net, or of K members whose stacked parameters it has.

        Parameters
        ----------
        X : tensor of shape (n, ...)
        rows : int tensor of shape (K, m), default=None
            Which of the inputs each of K members sees. None means all.

        Returns
        -------
        y_pred : tensor of shape (n, n_outputs)
            Of K members (K, n, n_outputs), or (K, m, n_outputs) with ``rows``.
        """
        table = X.flatten(1)
        if table.shape[1] != self.n_features:
            raise ValueError(
                f"{type(self).__name__} cannot take X with rows of shape {tuple(X.shape[1:])}, "
                f"must have n_features == {self.n_features} numbers each."
            )
        table = (table if rows is None else table[rows]).clamp(-LARGEST, LARGEST)
        scaled = self.scaling(table)
        encoded = self.encoding(table, scaled).flatten(-2)
        scaled = scaled.expand(*self.net[0].weight.shape[:-2], *scaled.shape[-2:])
        return self.net(torch.cat([scaled, encoded.expand(*scaled.shape[:-1], -1)], dim=-1))


class Linear(nn.Linear):
    """Linear layer whose weight may be that of K members, (K, n_out, n_in)."""

    def forward(self, X):
        """Tensor (n, n_out) of X (n, n_in), or (K, n, n_out) of (K, n, n_in)."""
        if self.weight.dim() == 2:
            return super().forward(X)
        return torch.baddbmm(self.bias.unsqueeze(1), X, self.weight.mT)


class Dropout(nn.Dropout):
    """torch's, whose masks take half the time on a CPU: numbers of 16 random bits are enough.

    So a unit is dropped with a probability that is p to within 1 / 2^17.
    """

    def forward(self, X):
        """Tensor of the shape of X, with units dropped in training."""
        if not self.training or self.p == 0 or X.device.type != "cpu":
            return super().forward(X)
        words = torch.randint(-(2**63), 2**63 - 1, (-(-X.numel() // 4),))
        bits = words.view(torch.int16)[: X.numel()].view(X.shape)
        return X * ((bits >= round(self.p * 2**16) - 2**15) * (1 / (1 - self.p)))


class RobustScaling(nn.Module):
    """Columns of median 0 and of about unit spread, clipped smoothly to (-3, 3).

    The spread is the distance of the quartiles over that of a standard normal distribution; where
    it is 0, half the range. A column of one value only is 0, whatever it is later.

    Parameters
    ----------
    quantiles : array of shape (q, d)
    """

    def __init__(self, quantiles):
        super().__init__()
        low, median, high = (quantile_at(quantiles, level) for level in (0.25, 0.5, 0.75))
        quartiles_of_normal = NormalDist().inv_cdf(0.75) - NormalDist().inv_cdf(0.25)
        spread = (high - low) / quartiles_of_normal
        half_range = (quantiles[-1] - quantiles[0]) / 2
        scale = np.where(spread > SMALLEST, spread, half_range)
        self.register_buffer("median", as_float(median))
        self.register_buffer("scale", as_float(divisor(scale)))

    def forward(self, X):
        """Tensor of shape (n, d), of X of the same shape and at most LARGEST in size."""
        median, scale = of_one(self.median, 1), of_one(self.scale, 1)
        Z = ((X - median) / scale).clamp(-100 * BOUND, 100 * BOUND)
        return Z / (1 + (Z / BOUND) ** 2).sqrt()
