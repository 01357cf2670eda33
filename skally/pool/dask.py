"""Queries of pools that no machine holds: blocks shortlist where they lie, one place chooses."""

import sys
import threading
import warnings
from concurrent.futures import CancelledError
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from skally.pool.pool import Pool
from skally.utils.random import draw_seed, make_rng
from skally.utils.validation import check_n_instances, num_samples, take_rows

# Hooks on a net's layers and torch's generator belong to the process, and its threads share them.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class DaskQuery:
    """What is asked of every block, sent once.

    Parameters
    ----------
    sampler, estimator, n_instances, X, y, return_utilities, memory_limit
        As in ``sampler.query``.
    """

    sampler: Any
    estimator: Any
    n_instances: int
    X: Any
    y: Any
    return_utilities: bool
    memory_limit: int | None = None

    def ask(self, X_pool, n_instances, random_state, return_utilities=False):
        """Answer of a clone of the sampler, of some rows of the pool."""
        sampler = clone(self.sampler).set_params(random_state=random_state)
        with ONE_AT_A_TIME:
            return sampler.query(
                self.estimator,
                X_pool,
                n_instances,
                X=self.X,
                y=self.y,
                return_utilities=return_utilities,
                memory_limit=self.memory_limit,
            )


@dataclass(frozen=True)
class Blocks:
    """Parts of a pool in the order of its rows, none of them empty.

    Parameters
    ----------
    parts : list of dask delayed objects
    lengths : list of int, the rows of each
    shape : tuple of int
        Of the whole pool, for the checks that every pool has to pass.
    """

    parts: list
    lengths: list
    shape: tuple

    @property
    def starts(self):
        """Position in the pool of each part's first row, int array."""
        return np.cumsum(self.lengths) - self.lengths


@dataclass(frozen=True)
class Shortlist:
    """What a block sends.

    Parameters
    ----------
    positions : int array of shape (k,), ascending
        In the block.
    rows : array, sparse matrix or data frame of those k rows
    utility : array of shape (n_block,), or None
    """

    positions: np.ndarray
    rows: Any
    utility: Any


def is_dask(X):
    """Whether it is a dask collection; dask is not imported for that."""
    dask = sys.modules.get("dask")
    return dask is not None and dask.is_dask_collection(X)


def query_blocks(query, X_pool):
    """As :meth:`skally.BaseSampler.query`, of a pool that is a dask array or data frame.

    Each block shortlists as many rows as are queried, or all that it has, and the same sampler
    chooses among these.

    Parameters
    ----------
    query : DaskQuery
    X_pool : dask array or data frame

    References
    ----------
    Mirzasoleiman, Karbasi, Sarkar, Krause, "Distributed Submodular Maximization: Identifying
    Representative Elements in Massive Data", NeurIPS 2013, Algorithm 2 (GreeDi), but for the last
    line: a sampler has no objective by which the best shortlist could win against the choice.
    """
    blocks = as_blocks(X_pool)
    check_n_instances(query.n_instances, len(Pool(query.estimator, blocks)))
    rng = make_rng(query.sampler.random_state)
    given = deepcopy(rng)  # the choice draws as the plain query would, whatever the blocks
    seeds = [draw_seed(rng) for _ in blocks.parts]
    X, y = compute([query.X, query.y])
    query = replace(query, X=X, y=y, n_instances=int(query.n_instances))
    if len(blocks.parts) == 1:
        return ask_blocks(answer, query, blocks, [given])[0]
    query = prepare(query, blocks, given)
    shortlists = ask_blocks(shortlist, query, blocks, seeds)
    indices = choose(query, blocks, shortlists, given)
    if not query.return_utilities:
        return indices
    return indices, np.concatenate([each.utility for each in shortlists])


def prepare(query, blocks, rng):
    """DaskQuery by a sampler that has learned what it learns from the labelled samples alone."""
    pool = Pool(query.estimator, blocks, query.X, query.y, query.memory_limit)
    with ONE_AT_A_TIME:
        return replace(query, sampler=query.sampler.prepare(pool, rng))


def as_blocks(X_pool):
    """Blocks of a dask array or data frame."""
    if hasattr(X_pool, "chunks") and hasattr(X_pool, "rechunk"):
        return array_blocks(X_pool)
    if hasattr(X_pool, "columns") and hasattr(X_pool, "to_delayed"):
        parts = X_pool.to_delayed()
        lengths = compute(map(delayed_length, parts))
        return filled_blocks(parts, lengths, (len(X_pool.columns),))
    raise ValueError(
        f"X_pool is a dask {type(X_pool).__name__}, must be a dask array or data frame."
    )


def array_blocks(X_pool):
    """Blocks of a dask array, each with whole rows."""
    if np.isnan([length for axis in X_pool.chunks for length in axis]).any():
        raise ValueError(
            "X_pool has chunks of unknown size, must have known ones: call "
            "X_pool.compute_chunk_sizes(), or to_dask_array(lengths=True) of a data frame."
        )
    X_pool = X_pool.rechunk(dict.fromkeys(range(1, X_pool.ndim), -1))
    return filled_blocks(X_pool.to_delayed().ravel(), X_pool.chunks[0], X_pool.shape[1:])


def filled_blocks(parts, lengths, row_shape):
    """Blocks without the empty ones."""
    filled = [(part, int(length)) for part, length in zip(parts, lengths, strict=True) if length]
    lengths = [length for _, length in filled]
    return Blocks([part for part, _ in filled], lengths, (sum(lengths), *row_shape))


def delayed_length(part):
    """Rows of a part of a data frame, to be counted where it lies."""
    import dask

    return dask.delayed(len)(part)


def ask_blocks(function, query, blocks, seeds):
    """What ``function(query, part, length, seed)`` gives for each block, in their order."""
    import dask

    sent = dask.delayed(query, traverse=False)  # one object of the graph, whatever the blocks
    ask = dask.delayed(function, pure=False)
    return compute(map(ask, [sent] * len(seeds), blocks.parts, blocks.lengths, seeds))


def answer(query, X_block, n_rows, rng):
    """Plain query of the only block, as :meth:`skally.BaseSampler.query` returns it."""
    check_length(X_block, n_rows)
    return query.ask(X_block, query.n_instances, rng, query.return_utilities)


def shortlist(query, X_block, n_rows, seed):
    """Rows of a block that may be among the best of the pool.

    A block that has no more than are queried hands over all, and embeds them only where someone
    wants to see their utilities.
    """
    check_length(X_block, n_rows)
    k, utility = min(query.n_instances, n_rows), None
    if query.return_utilities:
        picks, utility = query.ask(X_block, k, seed, True)
    elif k < n_rows:
        picks = query.ask(X_block, k, seed)
    else:
        return Shortlist(np.arange(n_rows), X_block, None)
    picks = np.sort(picks)
    return Shortlist(picks, take_rows(X_block, picks), utility)


def check_length(X_block, n_rows):
    """Raise where a block is not what it was said to be: positions would be wrong."""
    if num_samples(X_block) != n_rows:
        raise ValueError(
            f"X_pool has a block of {num_samples(X_block)} rows, must be of {n_rows}, as it says."
        )


def choose(query, blocks, shortlists, rng):
    """Positions in the pool of the best rows of all shortlists, (n_instances,)."""
    starts = zip(blocks.starts, shortlists, strict=True)
    positions = np.concatenate([start + each.positions for start, each in starts])
    rows = stack([each.rows for each in shortlists])
    return positions[query.ask(rows, query.n_instances, rng)]


def stack(parts):
    """Rows of all parts, which are arrays, sparse matrices or data frames."""
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts)
    if sparse.issparse(parts[0]):
        return sparse.vstack(parts).tocsr()
    return np.concatenate(parts)


def compute(tasks):
    """Results of dask objects, and whatever else there is as it is, in their order.

    Raises
    ------
    RuntimeError
        If the cluster went away.
    """
    import dask

    try:
        with warnings.catch_warnings():  # nets weigh more than graphs as a rule do
            warnings.filterwarnings("ignore", message="Sending large graph")
            return dask.compute(*tasks, traverse=False)
    except CancelledError as error:
        raise RuntimeError(
            "The cluster went away before the query was done. Nothing has changed: query again "
            "once there is one."
        ) from error
