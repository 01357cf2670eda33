"""Mutual information of labels: what the label of one row tells about those of others."""

import numpy as np
from sklearn.utils import gen_batches

from skally.functional.uncertainty import entropy

TILE = 2**16  # joint probabilities that are held at once


def joint_information(draws, target_draws):
    """Mutual information of each row's class and a target's class, mean over targets, in nats.

    The joint probabilities of two classes are the mean over models of the products of the models'
    probabilities. Time is O(n m C^2 n_models).

    Parameters
    ----------
    draws : array of shape (n_models, n, C)
        Class probabilities by each model.
    target_draws : array of shape (n_models, m, C)

    Returns
    -------
    information : array of shape (n,), not negative
    """
    n_models, n, C = draws.shape
    m = target_draws.shape[1]
    right = (target_draws / n_models).astype(np.float32).reshape(n_models, m * C)
    marginal = entropy(draws.mean(axis=0)) + entropy(target_draws.mean(axis=0)).mean()
    joint = np.empty(n)
    for rows in gen_batches(n, max(1, TILE // (m * C * C))):
        left = draws[:, rows].astype(np.float32).reshape(n_models, -1)
        p = left.T @ right  # (n_rows C, m C)
        logs = np.maximum(p, np.finfo(np.float32).tiny)
        p *= np.log(logs, out=logs)
        joint[rows] = -p.sum(axis=1).reshape(-1, C).sum(axis=1) / m
    return np.maximum(marginal - joint, 0)


def gaussian_information(draws, target_draws, noise):
    """As :func:`joint_information`, of numbers that are normal, summed over outputs.

    A label is the prediction of a model plus noise of one variance. With the correlation r of the
    labels of two rows, over models, their information is -log(1 - r^2) / 2.

    Parameters
    ----------
    draws : array of shape (n_models, n, n_outputs)
        Predictions by each model.
    target_draws : array of shape (n_models, m, n_outputs)
    noise : float, more than 0
        Variance of the noise, as a multiple of the mean variance of the predictions of targets.

    Returns
    -------
    information : array of shape (n,), not negative; zeros where all models say the same of targets
    """
    information = np.zeros(draws.shape[1])
    for output in range(draws.shape[2]):
        f, t = (d[:, :, output].astype(np.float64) for d in (draws, target_draws))
        f, t = f - f.mean(axis=0), t - t.mean(axis=0)
        variance, of_targets = f.var(axis=0), t.var(axis=0)
        if not of_targets.any():
            continue
        scale = of_targets.mean()
        for rows in gen_batches(len(variance), max(1, TILE // len(of_targets))):
            covariance = f[:, rows].T @ t / len(f) / scale  # (n_rows, m)
            known = np.outer(variance[rows] / scale + noise, of_targets / scale + noise)
            information[rows] -= np.log1p(-(covariance**2) / known).mean(axis=1) / 2
    return information
