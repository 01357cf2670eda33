"""Which rows of the training data each member of an ensemble is kept from.

The members of a variant take the folds in turn: each row that has a fold is held out from about the
same share of the members of every variant. The others train on it.
"""

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_array

from skally.utils.validation import as_plain

# Fewest rows of which some are held out: losses of fewer say too little.
LEAST_ROWS = 20


def n_folds_of(n_members, n_variants):
    """Number of folds in which the members of a variant each hold out one, or 1 of 4 if many.

    Parameters
    ----------
    n_members : int
    n_variants : int

    Returns
    -------
    n_folds : int
        1 for a single member of each variant, which is to train on all rows.
    """
    n_per_variant = max(n_members // n_variants, 1)
    return n_per_variant if n_per_variant <= 5 else 4


def member_folds(sizes, n_folds):
    """Fold that each member holds out.

    Parameters
    ----------
    sizes : sequence of int
        Number of members of each variant; those of one variant follow each other.
    n_folds : int
        Those that there are, ``folds.max() + 1`` for the result of :func:`assign_folds`: fewer than
        asked for where there are few groups, and 0 if no row is held out.

    Returns
    -------
    member_folds : int array of shape (K,)
    """
    return np.concatenate([np.arange(size) % max(n_folds, 1) for size in sizes])


def withheld(folds, of_members):
    """Whether a row is withheld from a member, for each of both.

    Parameters
    ----------
    folds : int array of shape (n,)
        Fold of each row; -1 for a row that all members train on.
    of_members : int array of shape (K,)

    Returns
    -------
    withheld : bool array of shape (n, K)
    """
    return np.asarray(folds)[:, None] == np.asarray(of_members)


def sees_withheld(folds, dual_loss):
    """Whether duals see the losses of members from which rows are withheld.

    Parameters
    ----------
    folds : int array of shape (n,), or None for a single net
    dual_loss : "auto", "held_out" or "training"
    """
    return folds is not None and bool(np.any(folds >= 0)) and dual_loss != "training"


def assign_folds(targets, n_folds, *, groups=None, stratify=False, rng):
    """Divide rows into folds, each to be held out from some of the members.

    Parameters
    ----------
    targets : array-like of shape (n, ...)
        Only their number counts unless ``stratify``.
    n_folds : int
        With 1 no row is held out.
    groups : array-like of shape (n,) or None
        Rows with equal values share a fold, so with fewer groups than folds there are as many folds
        as groups.
    stratify : bool
        Whether targets are classes, of shape (n,), which each fold is to have its share of. Where a
        fold would have all rows of a class, a single one for instance, all members train on
        these rows, so that each of them sees every class. The other rows of their groups stay held
        out.
    rng : numpy.random.RandomState

    Returns
    -------
    folds : int array of shape (n,)
        From 0 without a gap; -1 for a row that is held out from no member.
    message : str or None
        Why no row at all is held out, to warn of.

    Raises
    ------
    ValueError
        If there is not one group for each row, or one class where these are asked for.
    """
    n = len(targets)
    groups = None if groups is None else group_numbers(groups, n)
    classes = class_numbers(targets) if stratify else None
    n_groups = n if groups is None else len(np.unique(groups))
    nowhere = np.full(n, -1)
    if n_folds < 2:
        return nowhere, None
    if n < LEAST_ROWS:
        return nowhere, nothing_held_out(f"n_samples == {n}, must be >= {LEAST_ROWS} for that")
    if n_groups < 2:
        return nowhere, nothing_held_out("all are in one group, and it takes two or more")
    folds = divide(n, min(n_folds, n_groups), groups, classes, rng)
    if stratify:
        folds[in_one_fold(classes, folds)] = -1
    if (folds < 0).all():
        return nowhere, nothing_held_out("each class is in one group, and must be in two or more")
    return without_gaps(folds), None


def divide(n, n_folds, groups, classes, rng):
    """Fold of each of n rows, by numbers of groups and of classes where these are not None."""
    if groups is not None:
        return divide_groups(groups, n_folds, classes, rng)
    order = rng.permutation(n)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(n, dtype=int)
    folds[order] = np.arange(n) % n_folds
    return folds


def divide_groups(groups, n_folds, classes, rng):
    """Fold of each row so that those of a group share one, of about equal size or share of classes.

    scikit-learn's greedy division depends on the order of the groups' numbers, which are therefore
    drawn anew. Its own shuffling by ``GroupKFold`` would not keep the folds of equal size.

    Parameters
    ----------
    groups : int array of shape (n,), numbers from 0 without a gap
    n_folds : int, at most the number of groups
    classes : int array of shape (n,) or None
    rng : numpy.random.RandomState

    Returns
    -------
    folds : int array of shape (n,)
    """
    groups = rng.permutation(groups.max() + 1)[groups]
    if classes is None:
        splits = GroupKFold(n_folds).split(groups, groups=groups)
    else:
        # It refuses classes of fewer rows than folds. Repeating all rows changes no proportion.
        y, repeated = np.tile(classes, n_folds), np.tile(groups, n_folds)
        splits = StratifiedGroupKFold(n_folds).split(y, y, repeated)
    folds = np.empty(len(groups) * (1 if classes is None else n_folds), dtype=int)
    for fold, (_, rows) in enumerate(splits):
        folds[rows] = fold
    return folds[: len(groups)]


def in_one_fold(classes, folds):
    """Whether a row's class is in no other fold than the row's: bool array of shape (n,)."""
    pairs = np.unique(np.stack([classes, folds]), axis=1)
    n_folds_with = np.bincount(pairs[0])  # (C,)
    return n_folds_with[classes] == 1


def without_gaps(folds):
    """Folds numbered from 0 on; sklearn's stratified division by groups may leave one empty."""
    found = np.unique(folds[folds >= 0])
    return np.where(folds < 0, -1, np.searchsorted(found, folds))


def class_numbers(targets):
    """Number of each row's class, from 0 without a gap, for targets of shape (n,) or (n, 1)."""
    return np.unique(column_or_1d(as_plain(targets)), return_inverse=True)[1]


def group_numbers(groups, n):
    """Number of each of n rows' group, from 0 without a gap."""
    groups = column_or_1d(check_array(as_plain(groups), ensure_2d=False, dtype=None))
    if len(groups) != n:
        raise ValueError(f"groups has {len(groups)} values, must have {n}, one for each sample.")
    return np.unique(groups, return_inverse=True)[1]


def nothing_held_out(reason):
    """Warning that held-out predictions, and what follows from them, are missing."""
    return f"No sample is held out from training, which sees all of them: {reason}."
