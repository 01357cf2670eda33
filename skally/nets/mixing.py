"""How much groups of members are to weigh together, by what they predict for held-out rows.

A group is the members of one variant. Its held-out prediction of a row is the mean over those of
its members that did not train on the row.
"""

import numpy as np
from scipy.optimize import minimize_scalar, nnls

# Share of the weight that all groups have alike, since held-out rows are few.
EQUAL_SHARE = 0.2

# Fewest targets that a temperature is chosen by, and what it may be.
LEAST_TARGETS = 20
TEMPERATURES = 0.25, 8.0


def regression_weights(held_out, targets):
    """Weights of groups and of the mean of the targets, of least held-out squared error.

    Parameters
    ----------
    held_out : array of shape (n, G, m)
        Prediction of each group. Rows with NaN, which were never held out, are left out.
    targets : array of shape (n, m)
        Outputs count by their squared errors together, so they should be of like scale.

    Returns
    -------
    weights : array of shape (G,)
        They sum to 1: the prediction is ``(1 - constant_weight) * weights @ groups``, and
        ``constant_weight`` times the mean of the targets.
    constant_weight : float

    References
    ----------
    Breiman, "Stacked Regressions", Machine Learning 24, 1996.
    """
    held_out, targets = usable_rows(held_out, targets)
    constant = targets.sum(axis=0) / max(len(targets), 1)
    return shrunk(*stacked_weights(held_out, targets, constant))


def class_weights(held_out, targets):
    """Weights of groups and of the classes' shares, of least held-out Brier score.

    Parameters
    ----------
    held_out : array of shape (n, G, C)
        Probabilities of the classes by each group. Rows with NaN are left out.
    targets : int array of shape (n,)
        Class of each row, from 0 to C - 1.

    Returns
    -------
    weights, constant_weight : as by :func:`regression_weights`
        The constant is :func:`class_shares` of the rows that are not left out.
    """
    held_out = with_shape("held_out", held_out, (None, None, None))
    targets = with_shape("targets", targets, held_out.shape[:1])
    n_classes = held_out.shape[2]
    held_out, one_hot = usable_rows(held_out, targets[:, None] == np.arange(n_classes))
    constant = class_shares(one_hot.argmax(axis=1), n_classes)
    return shrunk(*stacked_weights(held_out, one_hot, constant))


def label_weights(held_out, targets):
    """:func:`class_weights` for probabilities (n, G, L) of labels (n, L) that are 0 or 1.

    The constant is :func:`label_shares` of the rows that are not left out.
    """
    held_out, targets = usable_rows(held_out, targets)
    return shrunk(*stacked_weights(held_out, targets, label_shares(targets)))


def class_shares(targets, n_classes):
    """Share of each class (C,) among targets (n,), with one more row of each."""
    counts = np.bincount(targets, minlength=n_classes) + 1.0
    return counts / counts.sum()


def label_shares(targets):
    """Share of rows with each label (L,) for targets (n, L), with one more row with and without."""
    return (targets.sum(axis=0) + 1.0) / (len(targets) + 2.0)


def stacked_weights(held_out, targets, constant):
    """Weights of groups (n, G, m) and of a constant (m,) before they are shrunk; they sum to 1.

    Where there is no row, groups weigh alike and the constant nothing.
    """
    n, n_groups, _ = held_out.shape
    if n == 0:
        return np.full(n_groups, 1 / n_groups), 0.0
    constant = np.broadcast_to(constant, targets.shape)[:, None]
    errors = np.concatenate([held_out, constant], axis=1) - targets[:, None]  # (n, G + 1, m)
    weights = simplex_weights(errors.swapaxes(1, 2).reshape(-1, n_groups + 1))
    return weights[:-1], float(weights[-1])


def simplex_weights(errors):
    """Weights w >= 0 with sum 1 for which the squared length of ``errors @ w`` is least.

    Non-negative least squares without the constraint on the sum finds them: for v = t w, the
    objective ||errors v||^2 + s^2 (sum v - 1)^2 is t^2 q + s^2 (t - 1)^2, with q the squared length
    of ``errors @ w``. Its least value over t is s^2 q / (s^2 + q), which grows with q for any
    s > 0, so the best v is a multiple of the best w. Shapes are (n, k), with n >= 1, and (k,).

    Columns are scaled to length 1, and a ridge of 1e-12 makes groups that say the same weigh alike:
    SciPy before 1.16 solves the normal equations, and fails where columns are alike.
    """
    k = errors.shape[1]
    triangle = np.linalg.qr(errors, mode="r")  # gives products with w the lengths that errors do
    norms = np.linalg.norm(triangle, axis=0)
    scale = norms.min() or norms.max() or 1.0  # s
    system = np.vstack([triangle, np.full(k, scale)])
    lengths = np.linalg.norm(system, axis=0)
    system = np.vstack([1e-6 * np.eye(k), system / lengths])
    scaled, _ = nnls(system, np.append(np.zeros(len(system) - 1), 1.0))
    weights = scaled / lengths
    return weights / weights.sum()


def shrunk(weights, constant_weight):
    """Weights of groups (G,) with sum 1, moved towards equal ones; the constant's stays."""
    equal, total = np.full(len(weights), 1 / len(weights)), weights.sum()
    best = weights / total if total > 0 else equal
    return (1 - EQUAL_SHARE) * best + EQUAL_SHARE * equal, constant_weight


def best_temperature(logits, targets):
    """Temperature T that makes the log loss of softmax(logits / T) least, from 0.25 to 8.

    Parameters
    ----------
    logits : array of shape (n, C)
        Held-out logits, or logarithms of probabilities. Rows with NaN are left out.
    targets : int array of shape (n,)

    Returns
    -------
    temperature : float
        1 for fewer than 20 rows, which say too little.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    logits = with_shape("logits", logits, (None, None))
    targets = with_shape("targets", targets, logits.shape[:1])
    is_known = ~np.isnan(logits).any(axis=1)
    logits, targets = logits[is_known], targets[is_known].astype(int)
    if len(targets) < LEAST_TARGETS:
        return 1.0
    logits = logits - logits.max(axis=1, keepdims=True)
    logits = np.maximum(logits, np.log(np.finfo(float).tiny))  # finite for probabilities of 0
    mean_of_target = logits[np.arange(len(targets)), targets].mean()

    def log_loss(log_temperature):
        inverse = np.exp(-log_temperature)
        return np.log(np.exp(logits * inverse).sum(axis=1)).mean() - mean_of_target * inverse

    found = minimize_scalar(
        log_loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-3}
    )
    return float(np.exp(found.x))


def spread_factor(residual_sq, variance):
    """What the members' standard deviation is multiplied by to be that of held-out residuals.

    Parameters
    ----------
    residual_sq : array of shape (n, m)
        Squared held-out residuals.
    variance : array of shape (n, m)
        Variance over the members, as by :func:`unbiased_variance`. What is not finite in either
        array is left out of both.

    Returns
    -------
    factor : float
        1 where members never differ or nothing is left: no factor makes a standard deviation of 0
        that of the residuals, so it stays 0 and says nothing of them.
    """
    residual_sq = with_shape("residual_sq", residual_sq, (None, None))
    variance = with_shape("variance", variance, residual_sq.shape)
    is_known = np.isfinite(residual_sq) & np.isfinite(variance)
    mean_variance = variance[is_known].mean() if is_known.any() else 0.0
    if mean_variance <= 0:
        return 1.0
    return float(np.sqrt(residual_sq[is_known].mean()) / np.sqrt(mean_variance))


def unbiased_variance(outputs, weights, mask):
    """Variance of the distribution that members' outputs are drawn from, by a weighted sample.

    The weighted mean of squared deviations from the weighted mean has the expectation
    sigma^2 (1 - sum of squared weights), by which it is divided.

    Parameters
    ----------
    outputs : array of shape (K, n, m)
    weights : array of shape (K,)
        Not negative. Those of a row's usable members are scaled to sum to 1.
    mask : bool array of shape (n, K)
        Which member is usable for which row. A member of weight 0 is usable for none.

    Returns
    -------
    variance : array of shape (n, m)
        NaN for rows with fewer than two usable members.
    """
    outputs = with_shape("outputs", outputs, (None, None, None))
    weights = with_shape("weights", weights, outputs.shape[:1])
    mask = with_shape("mask", mask, outputs.shape[1::-1]) * weights > 0  # (n, K)
    weights = mask * weights
    several = mask.sum(axis=1) > 1
    weights[several] /= weights[several].sum(axis=1, keepdims=True)
    outputs = np.where(mask.T[:, :, None], outputs, 0.0)
    mean = np.einsum("nk,knm->nm", weights, outputs)
    variance = np.einsum("nk,knm->nm", weights, (outputs - mean) ** 2)
    share = np.where(several, 1 - (weights**2).sum(axis=1), np.nan)
    return variance / share[:, None]


def usable_rows(held_out, targets):
    """Predictions (n, G, m) and targets (n, m), without the rows in which either is not finite."""
    held_out = with_shape("held_out", held_out, (None, None, None))
    targets = with_shape("targets", targets, held_out.shape[::2])
    usable = np.isfinite(held_out).all(axis=(1, 2)) & np.isfinite(targets).all(axis=1)
    return held_out[usable], targets[usable]


def with_shape(name, values, shape):
    """Values as an array of floats; ValueError unless of a shape, with None for any length."""
    values = np.asarray(values, dtype=np.float64)
    same = len(shape) == values.ndim
    if not same or any(n not in (None, m) for n, m in zip(shape, values.shape, strict=True)):
        wanted = str(shape).replace("None", "any")
        raise ValueError(f"{name} has shape {values.shape}, must have {wanted}.")
    return values
