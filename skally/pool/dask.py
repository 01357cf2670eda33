"""Queries of dask pools: each block shortlists rows on its worker, one query chooses among them."""

import sys
import warnings
from concurrent.futures import CancelledError
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from skally.pool.embedding import Scaling
from skally.pool.pool import Pool
from skally.utils.random import draw_seed, make_rng
from skally.utils.validation import check_n_instances, num_samples, take_rows


@dataclass(frozen=True)
class DaskQuery:
    """A query that is the same for every block, and is sent to the workers once.

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

    def run(self, X_pool, n_instances, random_state, return_utilities=False):
        """Query some rows of the pool with a clone of the sampler, as ``sampler.query`` does."""
        sampler = clone(self.sampler).set_params(random_state=random_state)
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
    """Blocks of a pool in the order of its rows, none of them empty.

    Parameters
    ----------
    parts : list of dask delayed objects
    lengths : list of int
        Number of rows of each part.
    shape : tuple of int
        Shape of the whole pool, which :class:`skally.pool.Pool` checks.
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
    """Result of one block.

    Parameters
    ----------
    positions : int array of shape (k,), ascending
        Positions within the block.
    rows : array, sparse matrix or data frame of those k rows
    utility : array of shape (n_block,), or None
        Utilities of all rows of the block.
    """

    positions: np.ndarray
    rows: Any
    utility: Any


def is_dask(X):
    """Whether X is a dask collection, without importing dask."""
    dask = sys.modules.get("dask")
    return dask is not None and dask.is_dask_collection(X)


def query_blocks(query, X_pool):
    """Query a pool that is a dask array or data frame, as :meth:`skally.BaseSampler.query` does.

    Each block shortlists as many rows as are queried, or all that it has, and the same sampler
    chooses among all shortlisted rows.

    Parameters
    ----------
    query : DaskQuery
    X_pool : dask array or data frame

    References
    ----------
    Mirzasoleiman, Karbasi, Sarkar, Krause, "Distributed Submodular Maximization: Identifying
    Representative Elements in Massive Data", NeurIPS 2013, Algorithm 2 (GreeDi), without its last
    line, which compares the choice with the best shortlist: a sampler has no objective to do so.
    """
    blocks = as_blocks(X_pool)
    check_n_instances(query.n_instances, len(Pool(query.estimator, blocks)))
    rng = make_rng(query.sampler.random_state)
    rng_of_choice = deepcopy(rng)  # the random numbers of the plain query, whatever the blocks
    seeds = [draw_seed(rng) for _ in blocks.parts]
    X, y = compute([query.X, query.y])
    query = replace(query, X=X, y=y, n_instances=int(query.n_instances))
    if len(blocks.parts) == 1:
        return map_blocks(query_whole, query, blocks, [rng_of_choice])[0]
    query = prepare(query, blocks, rng_of_choice)
    shortlists = map_blocks(shortlist, query, blocks, seeds)
    indices = choose(query, blocks, shortlists, rng_of_choice)
    if not query.return_utilities:
        return indices
    return indices, np.concatenate([each.utility for each in shortlists])


def prepare(query, blocks, rng):
    """The query with a sampler that has fitted what depends only on the labelled samples."""
    pool = Pool(query.estimator, blocks, query.X, query.y, memory_limit=query.memory_limit)
    vars(pool)["_scaling"] = Scaling(query.estimator, None, "X_pool", query.X)  # reads no block
    sampler = query.sampler.prepare(pool, rng)
    if not hasattr(sampler, "query"):
        raise ValueError(
            f"{type(query.sampler).__name__}.prepare returned {sampler!r}, must be a sampler."
        )
    return replace(query, sampler=sampler)


def as_blocks(X_pool):
    """Blocks of a dask array or data frame."""
    if hasattr(X_pool, "chunks") and hasattr(X_pool, "rechunk"):
        return array_blocks(X_pool)
    if hasattr(X_pool, "columns") and hasattr(X_pool, "to_delayed"):
        parts = X_pool.to_delayed()
        lengths = compute(map(delayed_length, parts))
        return filled_blocks(parts, lengths, ())  # each block checks its columns
    raise ValueError(
        f"X_pool is a dask {type(X_pool).__name__}, must be a dask array or data frame."
    )


def array_blocks(X_pool):
    """Blocks of a dask array, each of whole rows."""
    if np.isnan([length for axis in X_pool.chunks for length in axis]).any():
        raise ValueError(
            "X_pool has chunks of unknown size, must have known ones: call "
            "X_pool.compute_chunk_sizes(), or to_dask_array(lengths=True) of a data frame."
        )
    X_pool = X_pool.rechunk(dict.fromkeys(range(1, X_pool.ndim), -1))
    return filled_blocks(X_pool.to_delayed().ravel(), X_pool.chunks[0], X_pool.shape[1:])


def filled_blocks(parts, lengths, row_shape):
    """Blocks of the parts that have rows."""
    filled = [(part, int(length)) for part, length in zip(parts, lengths, strict=True) if length]
    lengths = [length for _, length in filled]
    return Blocks([part for part, _ in filled], lengths, (sum(lengths), *row_shape))


def delayed_length(part):
    """Number of rows of a part of a data frame, as a dask object: its worker counts them."""
    import dask

    return dask.delayed(len)(part)


def map_blocks(function, query, blocks, seeds):
    """Results of ``function(query, part, length, seed)`` for each block, in their order."""
    import dask

    shared = dask.delayed(query, traverse=False)  # one node of the graph, sent once to a worker
    function = dask.delayed(function, pure=False)
    return compute(map(function, [shared] * len(seeds), blocks.parts, blocks.lengths, seeds))


def query_whole(query, X_block, n_rows, rng):
    """Plain query of a block that is the whole pool."""
    check_length(X_block, n_rows)
    return query.run(X_block, query.n_instances, rng, query.return_utilities)


def shortlist(query, X_block, n_rows, seed):
    """Best rows of a block, as many as are queried.

    A block that does not have more rows sends all of them, and computes no features of them unless
    their utilities are to be returned.
    """
    check_length(X_block, n_rows)
    k, utility = min(query.n_instances, n_rows), None
    if k == n_rows and not query.return_utilities:
        return Shortlist(np.arange(n_rows), X_block, None)
    try:
        picks = query.run(X_block, k, seed, query.return_utilities)
    except ValueError as error:
        if type(error) is not ValueError or " in row" not in str(error):
            raise
        where = f"(Rows are numbered within a block of {n_rows} rows of X_pool.)"
        raise ValueError(f"{error} {where}") from error
    if query.return_utilities:
        picks, utility = picks
    picks = np.sort(picks)
    return Shortlist(picks, take_rows(X_block, picks), utility)


def check_length(X_block, n_rows):
    """Raise if a block has another length than the pool says: positions would be wrong."""
    if num_samples(X_block) != n_rows:
        raise ValueError(
            f"X_pool has a block of {num_samples(X_block)} rows, must be of {n_rows}, the length "
            "that it declares."
        )


def choose(query, blocks, shortlists, rng):
    """Query of all shortlisted rows together: positions in the pool, (n_instances,)."""
    starts = zip(blocks.starts, shortlists, strict=True)
    positions = np.concatenate([start + each.positions for start, each in starts])
    rows = stack([each.rows for each in shortlists])
    return positions[query.run(rows, query.n_instances, rng)]


def stack(parts):
    """Arrays, sparse matrices or data frames on top of each other."""
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts)
    if sparse.issparse(parts[0]):
        return sparse.vstack(parts).tocsr()
    return np.concatenate(parts)


def compute(tasks):
    """Results of dask objects, and other objects as they are, in their order.

    Raises
    ------
    RuntimeError
        If the cluster was closed before the results were there.
    """
    import dask

    try:
        # Not warnings_ignored: a query in a thread of dask would wait for this one.
        with warnings.catch_warnings():  # a net makes the graph larger than dask expects
            warnings.filterwarnings("ignore", message="Sending large graph")
            return dask.compute(*tasks, traverse=False)
    except CancelledError as error:
        raise RuntimeError(
            "The cluster went away before the query was done. Nothing was changed: start a cluster "
            "and query again."
        ) from error
