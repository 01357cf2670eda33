"""Picks of a dask pool and those of the same pool in one place, by the number of blocks.

Run: ``python tests/benchmarks/distributed.py``

20,000 rows of a normal mixture in random order, 64 features, 200 labelled samples, 200 queried. A
line a number of blocks. Core-set: largest distance of a row to the nearest labelled or picked one.
LCMD: sum of these distances squared. ALLY and BADGE: mean utility of the picks. Each as a ratio to
that of one block, whose picks are those of the plain query. Overlap: share of the picks that one
block gives too; with another seed, one block's own share is in the last line. For ALLY that is
another head and other clusters; a line of its own has one block with the same head, and clusters by
five other seeds, least and most.

Then seconds a row of a net's embedding, two hidden layers of 256, and of each selection, measured
here with one thread, and what follows from them for 10^9 rows in blocks of 10^6 on 100 workers.
"""

import time

import dask
import dask.array as da
import numpy as np
import torch
from sklearn.base import clone
from strategies import Classifier, mixture

from skally import (
    ALLYSampler,
    BADGESampler,
    ConstrainedNetClassifier,
    CoreSetSampler,
    LCMDSampler,
)
from skally.functional.distances import squared_distance_to_nearest
from skally.modules import MLP
from skally.pool.pool import Pool

N, N_LABELED, N_FEATURES, K = 20_000, 200, 64, 200
N_BLOCKS = (1, 2, 4, 8, 16, 32)
N_ROWS, N_WORKERS, BLOCK = 10**9, 100, 10**6
SAMPLERS = (CoreSetSampler, LCMDSampler, ALLYSampler, BADGESampler)


def task():
    """Estimator that has learned, and a pool."""
    Z = mixture(N + N_LABELED, N_FEATURES)
    estimator = Classifier().fit(Z[:N_LABELED], np.arange(N_LABELED) % 10)
    estimator.dual_variables_ = estimator.predict_proba(Z[:N_LABELED])[:, 0]  # can be learned
    return estimator, Z[N_LABELED:]


def picks(cls, estimator, X_pool, n_blocks, seed=0):
    """Positions by one sampler, block after block."""
    pool = da.from_array(X_pool, chunks=(-(-N // n_blocks), -1))
    with dask.config.set(scheduler="synchronous"):
        return cls(random_state=seed).query(estimator, pool, K)


def objective(cls, estimator, X_pool, chosen, utility):
    """What the sampler is after: small for the first two, large for the others."""
    if utility is not None:
        return utility[chosen].mean()
    gap = squared_distance_to_nearest(
        X_pool, np.concatenate([estimator.train_embedding_, X_pool[chosen]])
    )
    return np.sqrt(gap.max()) if cls is CoreSetSampler else gap.sum()


def central(cls, estimator, X_pool):
    """Picks of one block, and utilities where they are the objective."""
    sampler = cls(random_state=0)
    if cls in (CoreSetSampler, LCMDSampler):
        return sampler.query(estimator, X_pool, K), None
    return sampler.query(estimator, X_pool, K, return_utilities=True)


def quality(estimator, X_pool):
    """A line a number of blocks: ratio and overlap of each sampler."""
    print(f"{'blocks':12s}" + "".join(f"{cls.__name__ + ', overlap':>26s}" for cls in SAMPLERS))
    known = {cls: central(cls, estimator, X_pool) for cls in SAMPLERS}
    for n_blocks, seed in [(n_blocks, 0) for n_blocks in N_BLOCKS] + [(1, 1)]:
        line = f"{n_blocks:<6d}" + ("      " if seed == 0 else "seed 1")
        for cls, (best, utility) in known.items():
            chosen = picks(cls, estimator, X_pool, n_blocks, seed)
            values = [objective(cls, estimator, X_pool, rows, utility) for rows in (chosen, best)]
            line += f"{values[0] / values[1]:17.3f}{np.isin(chosen, best).mean():9.0%}"
        print(line, flush=True)


def other_clusters(estimator, X_pool):
    """Line of ALLY's picks with the same head: what the seed of its clustering makes of them."""
    best, utility = central(ALLYSampler, estimator, X_pool)
    known = ALLYSampler().prepare(Pool(estimator, X_pool), np.random.RandomState(0))
    found = []
    for seed in range(1, 6):
        chosen = clone(known).set_params(random_state=seed).query(estimator, X_pool, K)
        found.append((utility[chosen].mean() / utility[best].mean(), np.isin(chosen, best).mean()))
    least, most = np.min(found, axis=0), np.max(found, axis=0)
    print(f"ALLY, one head: {least[0]:.3f} to {most[0]:.3f}, {least[1]:.0%} to {most[1]:.0%}")


def seconds(call):
    """Least of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def projection(estimator, X_pool):
    """Seconds a row, and hours for a pool that no machine holds."""
    net = ConstrainedNetClassifier(MLP, n_members=1, lr=1e-3, max_epochs=1, random_state=0)
    net.fit(estimator.train_embedding_, np.arange(N_LABELED) % 10)
    embedding = seconds(lambda: net.embed(X_pool)) / N
    n_candidates = N_ROWS // BLOCK * K
    print(f"\nembedding: {embedding * 1e6:.2f} us a row")
    print(f"{N_ROWS:.0e} rows, {N_WORKERS} workers of one thread, {N_ROWS // BLOCK} blocks:")
    print(f"shortlists: {n_candidates} rows, {n_candidates * N_FEATURES * 4 / 1e6:.0f} MB")
    for cls in SAMPLERS:
        sampler = cls(random_state=0)
        selection = seconds(lambda sampler=sampler: sampler.query(estimator, X_pool, K)) / N
        on_workers = N_ROWS / N_WORKERS * (embedding + selection) / 60
        at_last = n_candidates * (embedding + selection) / 60
        print(
            f"{cls.__name__:16s} selection {selection * 1e6:6.2f} us a row;"
            f" workers {on_workers:6.1f} min, then the choice {at_last:5.2f} min"
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    made = task()
    quality(*made)
    other_clusters(*made)
    projection(*made)
