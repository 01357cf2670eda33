"""The predicted dual variable as a differentiable function of the input."""

from copy import deepcopy

import numpy as np
import torch

from skally.nets.embedding import differentiable_embedding, find_embedding_layer
from skally.nets.heads import DualRegressor
from skally.pool.duals import duals_to_learn
from skally.pool.unwrapping import transform, unwrap
from skally.synthesis.affine import find_affine, identity
from skally.synthesis.columns import in_form_of
from skally.utils.random import clone_seeded
from skally.utils.validation import as_array


class PredictedDual:
    """Predicted dual of each row, and its gradient; the mean over the members of a committee.

    It uses copies of the nets, in double precision, so that the nets and their gradients stay as
    they are, and a row's value depends on the other rows of its batch by rounding of 1e-16 only.

    Parameters
    ----------
    members : sequence of skally.pool.samples.Samples
    maps : list of skally.synthesis.affine.AffineMap
        From the input to the input of each net, past scalers.
    regressor : skally.DualRegressor or None
    row : array of shape (1, ...)
        An input, to check what precision the nets accept.
    rng : numpy.random.RandomState
    """

    def __init__(self, members, maps, regressor, row, rng):
        self.parts = [
            predicted_dual(member, affine, regressor, row, rng)
            for member, affine in zip(members, maps, strict=True)
        ]

    def value(self, X):
        """Predicted duals of an array of rows, (n,)."""
        with torch.no_grad():
            return self._mean(torch.tensor(X)).numpy()

    def gradient(self, X):
        """Gradients of the predicted duals with respect to the rows, of the shape of X."""
        X = torch.tensor(X, requires_grad=True)
        return torch.autograd.grad(self._mean(X).sum(), X)[0].numpy()

    def _mean(self, X):
        return torch.stack([part(X) for part in self.parts]).mean(dim=0)


def predicted_dual(member, affine, regressor, row, rng):
    """Function from a double tensor of inputs (n, ...) to the duals predicted by one net, (n,)."""
    Z, duals = duals_to_learn(member)
    head = clone_seeded(DualRegressor() if regressor is None else regressor, rng).fit(Z, duals)
    predict, seen = head.differentiable(), affine.with_fields(torch.tensor)
    module = precise_copy(member.net.module_, seen(torch.tensor(row)))
    layer = find_embedding_layer(module, member.net.embedding_layer)
    parameter = next(module.parameters())

    def predicted(X):
        return predict(differentiable_embedding(module, layer, seen(X).to(parameter)))

    return predicted


def precise_copy(module, X):
    """Copy in eval mode and double precision, or in its own precision if forward takes no other.

    Parameters
    ----------
    module : nn.Module
    X : double tensor
        An input to test that with.
    """
    plain = deepcopy(module).eval().requires_grad_(False)
    try:
        double = deepcopy(plain).double()
        with torch.no_grad():
            double(X.to(next(double.parameters()).device))
    except (RuntimeError, TypeError):
        return plain
    return double


def input_map(member, X, rows, rng):
    """Affine map from the input of a pipeline to the input of the net at its end.

    Parameters
    ----------
    member : skally.pool.samples.Samples
    X : array-like
        Rows as the user gave them.
    rows : array of shape (n, ...)
        The same rows.
    rng : numpy.random.RandomState

    Returns
    -------
    map : skally.synthesis.affine.AffineMap

    Raises
    ------
    ValueError
        If the transformers before the net are not affine.
    """
    steps = [step for pipeline in unwrap(member.estimator)[0] for _, step in pipeline.steps]
    if not steps:
        return identity(rows.shape[1:])
    try:
        return find_affine(
            lambda rows: as_array(transform(member.estimator, in_form_of(X, rows))), rows, rng
        )
    except ValueError as error:
        names = ", ".join(each if isinstance(each, str) else type(each).__name__ for each in steps)
        raise ValueError(
            f"estimator has {names} before the net, must have transformers that are affine, as "
            f"StandardScaler is: {error}."
        ) from error


def unit_of(maps):
    """Change of each column that moves the input of the net by 1, the mean over several nets."""
    return np.mean([each.unit for each in maps], axis=0)
