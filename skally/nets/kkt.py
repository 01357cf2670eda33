"""How far duals are optimal by the conditions of Karush, Kuhn and Tucker, and when to warn."""

import numpy as np
import torch
from torch.utils.data import Subset

from skally.nets.data import RowNumbered
from skally.nets.embedding import find_embedding_layer, recorded_inputs
from skally.nets.members import apart

# Shares of epsilon, of the largest dual and of an earlier violation, below which they are small.
SMALL = 0.05

# Largest dual above which the constraints weigh enough in the training to be enforced.
STRONG_DUAL = 1.0


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


def progress(multipliers, rows):
    """The dual problem's columns of an epoch's line in the history.

    Parameters
    ----------
    multipliers : Multipliers, whose ``loss`` and ``slack`` are up to date
    rows : int array of shape (m,), those that are trained on

    Returns
    -------
    columns : dict
    """
    loss, slack, dual = multipliers.loss[rows], multipliers.slack[rows], multipliers.dual[rows]
    return {
        "objective": loss.mean().item(),
        "lagrangian": (loss + dual * slack).mean().item(),
        "max_violation": slack.max().clamp(min=0).item(),
        "dual_mean": dual.mean().item(),
        "dual_max": dual.max().item(),
        "fraction_active": (dual > 0).float().mean().item(),
    }


def optimality(net, numbered=None):
    """How far the conditions of Karush, Kuhn and Tucker are met, from one pass with gradients.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, in training or just trained
    numbered : RowNumbered data set, or None
        Rows whose losses are measured. None means those that are trained on; only these count in
        the conditions.

    Returns
    -------
    kkt : dict
        As in ``kkt_`` of the estimators.
    """
    rows = torch.as_tensor(net.numbered_.rows, device=net.device)
    multipliers = net.criterion_.multipliers
    weight = torch.zeros_like(multipliers.dual)
    weight[rows] = 1 / len(rows)
    net.module_.zero_grad()
    net.module_.eval()
    for X, (y, i) in net.get_iterator(net.numbered_ if numbered is None else numbered):
        with apart(net.module_):
            batch, i = net.batch_of(net.infer(X), y, X), i.to(rows.device)
            (weight[i] * net.criterion_.without_penalty(batch, i)).sum().backward()
            net.keep_losses(batch, i)
    gradients = [p.grad.flatten() for p in net.module_.parameters() if p.grad is not None]
    net.module_.zero_grad()
    dual, slack = multipliers.dual[rows], multipliers.slack[rows]
    return {
        "max_violation": slack.max().clamp(min=0).item(),
        "complementarity": (dual * slack).abs().max().item(),
        "stationarity": torch.cat(gradients).norm().item(),
        "fraction_active": (dual > 0).float().mean().item(),
    }


def agreement_of_gradients(net, n_groups=8):
    """How far groups of rows would still move the weights the same way, by a pass with gradients.

    Near a minimum of the Lagrangian the gradients of different rows cancel out. Far from it they
    agree, whatever the scale of losses and weights.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, in training
        Its multipliers observe the losses of all rows that are trained on.
    n_groups : int
        Consecutive rows are taken together in about so many groups.

    Returns
    -------
    agreement : float, from 0 to 1
        Length of the sum of the groups' gradients, over the sum of their lengths.
    """
    net.module_.eval()
    parameters = [p for p in net.module_.parameters() if p.requires_grad]
    gradients = []
    for rows in np.array_split(np.arange(len(net.numbered_)), min(n_groups, len(net.numbered_))):
        value = 0.0
        for X, (y, i) in net.get_iterator(Subset(net.numbered_, rows)):
            with apart(net.module_):
                batch = net.batch_of(net.infer(X), y, X)
                value = value + net.criterion_(batch, i.to(net.device)).sum()
                net.keep_losses(batch, i)
        parts = torch.autograd.grad(value, parameters, allow_unused=True)
        gradients.append(torch.cat([part.flatten() for part in parts if part is not None]))
    lengths = sum(gradient.norm() for gradient in gradients)
    return float(sum(gradients).norm() / lengths) if lengths > 0 else 0.0


def final_state(net):
    """Duals, slacks, embedding and optimality of all rows at the final weights, in one pass.

    Parameters
    ----------
    net : skorch net with :class:`skally.nets.primal_dual.PrimalDual`, just trained

    Returns
    -------
    state : dict
        ``dual_variables`` (n,), NaN for rows held out; ``slacks`` (n,); ``epsilon`` (n,);
        ``train_embedding`` (n, d); ``kkt`` (dict).
    """
    everything = RowNumbered(net.whole_, np.arange(len(net.whole_)))
    with recorded_inputs(find_embedding_layer(net.module_, net.embedding_layer)) as Z:
        kkt = optimality(net, everything)
    multipliers = net.criterion_.multipliers
    dual, slack = multipliers.dual.cpu().numpy(), multipliers.slack.cpu().numpy()
    return {
        "dual_variables": np.where(np.isin(everything.rows, net.numbered_.rows), dual, np.nan),
        "slacks": slack.copy(),
        "epsilon": multipliers.epsilon.cpu().numpy().astype(np.float64),
        "train_embedding": np.concatenate(Z),
        "kkt": kkt,
    }


def convergence_message(course, kkt, epsilon, *, n_dual_updates, automatic):
    """Text of the ConvergenceWarning after a training, or None if there is no reason for one.

    Parameters
    ----------
    course : list of dict
        The history's lines for this training, one an epoch.
    kkt : dict
        How far the conditions are met at the end, as in ``kkt_`` of the estimators.
    epsilon : array of shape (n,)
    n_dual_updates : int
    automatic : bool
        Whether converged duals were asked for, by ``dual_lr="auto"``.

    Returns
    -------
    message : str or None
    """
    typical, reached, n_epochs = float(np.median(epsilon)), kkt["max_violation"], len(course)
    if reached > SMALL * typical and n_dual_updates >= 20 and cannot_hold(course):
        return (
            f"The constraints cannot all hold: with epsilon == {typical:.3g}, the largest loss "
            f"still exceeds its tolerance by {reached:.3g} after {n_epochs} epochs, "
            "hardly less than before, while the dual variables keep rising. Try epsilon == "
            f"{typical + reached:.3g} or more, a larger net, or relaxed constraints (dual_max or "
            "dual_decay)."
        )
    product = kkt["complementarity"]
    is_off = product > SMALL * typical * max(STRONG_DUAL, course[-1]["dual_max"])
    if not automatic or not (reached > SMALL * typical or is_off):
        return None
    settled = "" if n_dual_updates else "The weights have not settled once: no dual has moved. "
    return (
        f"The dual variables have not converged after {n_epochs} epochs and {n_dual_updates} dual "
        f"steps: with epsilon == {typical:.3g}, the largest violation is {reached:.3g} and the "
        f"largest product of dual and slack {product:.3g}. {settled}Try a larger max_epochs or lr, "
        "or a larger epsilon, if it cannot be met."
    )


def cannot_hold(course):
    """Whether duals are strong and keep rising, while the largest violation no longer falls.

    Weak duals say nothing: constraints with small weights are not enforced.
    """
    quarter = len(course) // 4
    if quarter == 0 or course[-1]["dual_max"] < STRONG_DUAL:
        return False
    violation = [epoch["max_violation"] for epoch in course]
    stuck = min(violation[-quarter:]) > 0.9 * min(violation[quarter : 2 * quarter])
    return stuck and course[-1]["dual_mean"] > (1 + SMALL) * course[2 * quarter]["dual_mean"]
