"""What a trained net knows of its problem: losses, and how far its duals are optimal."""

import numpy as np
import torch

from skally.nets.data import RowNumbered
from skally.nets.embedding import find_embedding_layer, recorded_inputs


def losses(net, X, y):
    """Losses l and l' of data, in eval mode.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`
    X, y : as given to its ``partial_fit``

    Returns
    -------
    losses : array of shape (2, n)
    """
    parts = []
    for Xi, yi in net.get_iterator(net.get_dataset(X, y)):
        batch = net.batch_of(net.evaluation_step((Xi, yi)), yi, Xi)
        with torch.no_grad():
            parts.append(torch.stack(net.criterion_.sample_losses(batch)).cpu())
    return torch.cat(parts, dim=1).numpy()


def optimality(net, numbered=None):
    """How far the conditions of Karush, Kuhn and Tucker are met, by a pass with gradients.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, in training or just trained
    numbered : RowNumbered data set, or None
        Rows to pass over. None means those that are trained on; others have no part in the
        conditions.

    Returns
    -------
    kkt : dict
        As in ``kkt_`` of the estimators.
    """
    rows = torch.as_tensor(net.numbered_.rows, device=net.device)
    weight = torch.zeros_like(net.criterion_.dual)
    weight[rows] = 1 / len(rows)
    net.module_.zero_grad()
    net.module_.eval()
    for X, (y, i) in net.get_iterator(net.numbered_ if numbered is None else numbered):
        batch, i = net.batch_of(net.infer(X), y, X), i.to(rows.device)
        net.criterion_.observe(batch, i)
        (weight[i] @ net.criterion_.lagrangian(batch, i)).backward()
    gradients = [p.grad.flatten() for p in net.module_.parameters() if p.grad is not None]
    net.module_.zero_grad()
    dual, slack = net.criterion_.dual[rows], net.criterion_.slack[rows]
    return {
        "max_violation": slack.max().clamp(min=0).item(),
        "complementarity": (dual * slack).abs().max().item(),
        "stationarity": torch.cat(gradients).norm().item(),
        "fraction_active": (dual > 0).float().mean().item(),
    }


def final_state(net):
    """Duals, slacks, embedding and optimality of all rows at the final weights, in one pass.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, just trained

    Returns
    -------
    state : dict
        ``dual_variables`` (n,), NaN for rows held out; ``slacks`` (n,);
        ``train_embedding`` (n, d); ``kkt`` (dict).
    """
    everything = RowNumbered(net.whole_, np.arange(len(net.whole_)))
    with recorded_inputs(find_embedding_layer(net.module_, net.embedding_layer)) as Z:
        kkt = optimality(net, everything)
    dual, slack = (getattr(net.criterion_, name).cpu().numpy() for name in ("dual", "slack"))
    return {
        "dual_variables": np.where(np.isin(everything.rows, net.numbered_.rows), dual, np.nan),
        "slacks": slack.copy(),
        "train_embedding": np.concatenate(Z),
        "kkt": kkt,
    }
