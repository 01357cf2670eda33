import numpy as np
import torch
def n_folds_of(n_members, n_variants):
    per = n_members // n_variants
    return per if per <= 5 else 4
def assign_folds(targets, n_folds, *, groups=None, stratify=False, rng):
    n = len(targets)
    if n < 20: return np.full(n, -1), "few rows"
    order = rng.permutation(n)
    folds = np.empty(n, int)
    if stratify:
        o = order[np.argsort(np.asarray(targets)[order], kind="stable")]
    else: o = order
    folds[o] = np.arange(n) % n_folds
    if stratify:
        c = np.bincount(targets)
        folds[c[targets]==1] = -1
    return folds, None
def sees_withheld(folds, dual_loss):
    return folds is not None and bool((folds >= 0).any()) and dual_loss != "training"
def withheld(folds, sizes):
    n_folds = max(folds.max() + 1, 1)
    of_members = np.concatenate([np.arange(size) % n_folds for size in sizes])
    return torch.as_tensor(folds[:, None] == of_members)
