"""Modules that read their sizes from the data."""

from itertools import pairwise

from torch import nn


class MLP(nn.Sequential):
    """Fully connected net for tabular data.

    Parameters
    ----------
    n_features : int
        Length of one input, flattened. The nets fill it in at ``fit``.
    n_outputs : int
        Number of classes or of targets. The nets fill it in at ``fit``.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; empty for a linear model.
    activation : nn.Module class
    dropout : float in [0, 1)
        Share of hidden units dropped in training.

    Examples
    --------
    >>> from skally.modules import MLP
    >>> MLP(n_features=3, n_outputs=1, hidden_layer_sizes=(8,))
    MLP(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=3, out_features=8, bias=True)
      (2): ReLU()
      (3): Linear(in_features=8, out_features=1, bias=True)
    )
    """

    def __init__(
        self, n_features, n_outputs, hidden_layer_sizes=(256, 256), activation=nn.ReLU, dropout=0.0
    ):
        layers = [nn.Flatten()]
        for n_in, n_out in pairwise([n_features, *hidden_layer_sizes]):
            layers += [nn.Linear(n_in, n_out), activation()]
            layers += [nn.Dropout(dropout)] if dropout else []
        last = [n_features, *hidden_layer_sizes][-1]
        super().__init__(*layers, nn.Linear(last, n_outputs))
