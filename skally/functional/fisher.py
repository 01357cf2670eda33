"""Fisher information of a linear last layer, and the batch that adds most of it.

The information of row i is x_i^T x_i with x_i = A_i (x) h_i^T, a matrix of r rows and C d columns.
The factor A_i of shape (r, C) comes from the outputs, h_i of shape (d,) is the embedding. The
products x_i are never stored for all rows.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import helmert
from scipy.linalg.blas import dgemm
from scipy.linalg.lapack import dpotrf, dpotri
from sklearn.utils import gen_batches

CHUNK = 2**21  # floats in the largest temporary array
# A number that subtractions have made smaller than this share of what it was has lost too many
# digits to cancellation.
LOST = 1e-6


def softmax_factor(proba):
    """Factor A of the information of a softmax: row c is sqrt(p_c) (onehot_c - p).

    These rows sum to zero over the classes. They are written in a basis of the vectors that do, so
    that the direction without information (the same change of all outputs) is left out.

    Parameters
    ----------
    proba : array of shape (n, C)

    Returns
    -------
    A : array of shape (n, C, C - 1), or (n, 1, 1) for one class
    """
    C = proba.shape[1]
    basis = helmert(C).T if C > 1 else np.ones((1, 1))
    return (np.sqrt(proba)[:, :, None] * (np.eye(C) - proba[:, None, :])) @ basis


def information(A, h):
    """Sum of x_i^T x_i over all rows.

    Parameters
    ----------
    A : array of shape (n, r, C)
    h : array of shape (n, d)

    Returns
    -------
    total : array of shape (C d, C d)
    """
    C, d = A.shape[2], h.shape[1]
    total = np.zeros((C * d, C * d))
    for rows in _chunks(A, h):
        Z, outputs = h[rows], A[rows].transpose(0, 2, 1) @ A[rows]
        for c in range(C):  # the blocks on and above the diagonal, which the others mirror
            right = outputs[:, c, c:, None] * Z[:, None, :]  # (chunk, C - c, d)
            total[c * d : (c + 1) * d, c * d :] += Z.T @ right.reshape(len(Z), -1)
    return np.triu(total) + np.triu(total, 1).T


def quadratic_forms(A, h, M):
    """x_i M x_i^T of every row.

    Parameters
    ----------
    A : array of shape (n, r, C)
    h : array of shape (n, d)
    M : symmetric array of shape (C d, C d)

    Returns
    -------
    forms : array of shape (n, r, r)
    """
    (n, r, C), d = A.shape, h.shape[1]
    forms = np.empty((n, r, r))
    for rows in _chunks(A, h):
        Z, blocks = h[rows], np.empty((len(h[rows]), C, C))
        for c in range(C):
            right = (Z @ M[c * d : (c + 1) * d, c * d :]).reshape(len(Z), C - c, d)
            blocks[:, c, c:] = blocks[:, c:, c] = np.einsum("ncd,nd->nc", right, Z)
        forms[rows] = A[rows] @ blocks @ A[rows].transpose(0, 2, 1)
    return forms


@dataclass(frozen=True)
class Candidates:
    """Rows to choose from, and the information that there is before any is chosen.

    Parameters
    ----------
    A : array of shape (n, r, C)
    h : array of shape (n, d)
    known, F : symmetric arrays of shape (C d, C d)
        Information gathered so far, and information of all rows that the model is to be good on.
    M : array of shape (C d, C d)
        Inverse of ``known``.
    U, V : arrays of shape (n, r, r)
        x_i M x_i^T and x_i M F M x_i^T.
    """

    A: np.ndarray
    h: np.ndarray
    known: np.ndarray
    F: np.ndarray
    M: np.ndarray
    U: np.ndarray
    V: np.ndarray


def candidates(A, h, known, F):
    """Make :class:`Candidates`: compute M, U and V."""
    M = inverse_of(known)
    U, V = quadratic_forms(A, h, M), quadratic_forms(A, h, M @ F @ M)
    return Candidates(A, h, known, F, M, U, V)


def inverse_of(known):
    """Inverse of a positive definite matrix, from its Cholesky factor.

    Picks of large weight make the matrix ill-conditioned. ``numpy.linalg.inv``, which does
    not use the symmetry, then has a much larger error.
    """
    lower, info = dpotrf(known.T, lower=True, clean=False)
    if info != 0:
        raise np.linalg.LinAlgError(
            "The information matrix is not positive definite after rounding: a larger "
            "regularization or a smaller pick_weight is needed."
        )
    M = np.tril(dpotri(lower, lower=True, overwrite_c=True)[0])
    M += np.tril(M, -1).T
    return np.ascontiguousarray(M)


def trace_change(U, V, sign=1):
    """Decrease of the trace of M F if a row is added, or its increase if a row is removed.

    Parameters
    ----------
    U, V : arrays of shape (n, r, r)
        As in :class:`Candidates`.
    sign : 1 to add, -1 to remove

    Returns
    -------
    change : array of shape (n,)
    """
    inverse = np.linalg.inv(np.eye(U.shape[1]) + sign * U)
    return np.einsum("nij,nij->n", inverse, V)


def fisher_greedy(rows, k, weight=1.0):
    """Rows that make the trace of M F small: 2 k added one by one, then k of them removed.

    A step takes time O(n C r (d + r)) for U and V, and O(r (C d)^2) for M and F.

    Parameters
    ----------
    rows : Candidates
    k : int, at most their number
    weight : float, more than 0
        Information of a picked row is multiplied by it.

    Returns
    -------
    chosen : int array of shape (k,), in the order in which they were added

    References
    ----------
    Ash, Goel, Krishnamurthy, Kakade, "Gone Fishing: Neural Active Learning with Fisher
    Embeddings", NeurIPS 2021, Algorithm 1.
    """
    rows = weighted(rows, weight)
    A, h, F, M, U, V = rows.A, rows.h, rows.F, rows.M, rows.U, rows.V
    chosen, rest, highest = [], np.ones(len(h), dtype=bool), V.max()
    while len(chosen) < min(2 * k, len(h)):
        chosen.append(_best_addition(U, V, rest))
        rest[chosen[-1]] = False
        _step(A, h, U, V, M, F, chosen[-1], sign=1)
        if V.max() < LOST * highest:
            again = candidates(A, h, rows.known + information(A[chosen], h[chosen]), F)
            M, U, V, highest = again.M, again.U, again.V, again.V.max()
    return np.array(chosen)[_remove(rows, chosen, k)]


def weighted(rows, weight):
    """Copy with ``known`` divided by ``weight``, which weighs all other information up by it.

    M, U and V are new arrays, so that they can be updated in place.
    """
    return replace(
        rows,
        known=rows.known / weight,
        M=rows.M * weight,
        U=rows.U * weight,
        V=rows.V * weight**2,
    )


def _remove(rows, chosen, k):
    """Positions in ``chosen`` of the k rows that are left after removing the others one by one."""
    A, h, F = rows.A[chosen], rows.h[chosen], rows.F
    start = candidates(A, h, rows.known + information(A, h), F)
    M, U, V = start.M, start.U, start.V
    kept = np.arange(len(chosen))
    while len(kept) > k:
        rise = trace_change(U[kept], V[kept], sign=-1)
        least = np.argmin(np.where(rise < 0, np.inf, rise))  # negative by rounding alone
        _step(A, h, U, V, M, F, kept[least], sign=-1)
        kept = np.delete(kept, least)
    return kept


def _best_addition(U, V, rest):
    """Row of the rest that lowers the trace most.

    The trace of V is an upper bound of the change, so the change itself is computed only for rows
    whose bound is at least the best change found among the 256 rows of largest bound.
    """
    bound = np.where(rest, np.einsum("nii->n", V), -np.inf)
    n_first = min(256, rest.sum())
    first = np.argpartition(-bound, n_first - 1)[:n_first]
    least = trace_change(U[first], V[first]).max()
    rows = np.flatnonzero(bound >= least - 1e-9 * abs(least))
    return int(rows[np.argmax(trace_change(U[rows], V[rows]))])


def _step(A, h, U, V, M, F, i, sign):
    """Update M, U and V in place when row i is added or removed, by Woodbury's identity.

    M decreases by sign P P^T, and so M F M by sign (P R^T + R P^T). M must be in C order.
    """
    (_, r, C), d = A.shape, h.shape[1]
    x = (A[i][:, :, None] * h[i]).reshape(r, C * d)
    values, vectors = np.linalg.eigh(U[i])
    seen = values > 1e-12 * values[-1]  # directions that this row has information about
    if not seen.any():
        return
    scale = np.maximum(1 + sign * values[seen], LOST)  # can be negative by rounding
    P = (M @ x.T) @ (vectors[:, seen] / np.sqrt(scale))
    FP = F @ P
    R = M @ FP - sign / 2 * P @ (P.T @ FP)
    both = np.stack([P, R]).reshape(2, C, d, -1).transpose(2, 1, 0, 3).reshape(d, -1)
    for rows in _chunks(A, h):
        W, Y = np.moveaxis((h[rows] @ both).reshape(-1, C, 2, P.shape[1]), 2, 0)
        W, Y = A[rows] @ W, A[rows] @ Y  # (chunk, r, rank)
        cross = W @ Y.transpose(0, 2, 1)
        U[rows] -= sign * W @ W.transpose(0, 2, 1)
        V[rows] -= sign * (cross + cross.transpose(0, 2, 1))
    # M -= sign * P @ P.T without two temporary arrays of the size of M.
    dgemm(-sign, P, P, 1.0, M.T, trans_b=True, overwrite_c=True)


def _chunks(A, h):
    return gen_batches(len(h), max(1, CHUNK // (A.shape[2] * max(h.shape[1], A.shape[2]))))
