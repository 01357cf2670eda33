"""Speed of the most expensive computations as a share of what the machine can do.

Run: ``python tests/benchmarks/limits.py``

Prints one line for each computation, with one thread. What is bound by arithmetic is compared, in
GFLOP/s, with one large matrix product of the same type; what is bound by memory, in GB/s, with a
plain sum over an array. Figures are medians of five runs. The limit is measured again beside each.
"""

import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from skally import ConstrainedNetRegressor
from skally.functional.clustering import kmeans, largest_cluster
from skally.functional.selection import k_center
from skally.modules import MLP

N, D, K, WIDTH, BATCH = 50_000, 256, 1_000, 256, 256


def timed(function):
    """Seconds of a call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def flops_limit():
    """GFLOP/s of one large product."""
    A = np.ones((2048, 2048), dtype=np.float32)
    return 2 * 2048**3 / min(timed(lambda: A @ A) for _ in range(3)) / 1e9


def bandwidth_limit():
    """GB/s of a sum over an array larger than any cache."""
    A = np.ones((N, 2 * D), dtype=np.float32)
    return A.nbytes / min(timed(lambda: A.sum()) for _ in range(3)) / 1e9


def report(name, work, limit, function, unit):
    """Print the share of a limit that a function reaches; ``work`` is in units of 10^9."""
    rates = []
    for _ in range(5):
        most = limit()
        rates.append((work / timed(function), most))
    rate, most = np.median(rates, axis=0)
    print(f"{name:44s}{rate:8.1f} of {most:6.1f} {unit}{rate / most:8.0%}", flush=True)


def main():
    """Print one line for each computation."""
    torch.set_num_threads(1)
    rng = np.random.RandomState(0)
    Z = rng.normal(size=(N, D)).astype(np.float32)
    X, y = Z[:, :64].copy(), Z[:, 0].astype(float)
    net = ConstrainedNetRegressor(
        MLP, n_members=1, lr=1e-3, batch_size=BATCH, random_state=0, max_epochs=1
    )
    weights = 64 * WIDTH + WIDTH * WIDTH
    squared = ((Z - Z[0]) ** 2).sum(axis=1)
    with threadpool_limits(1):
        # Ten iterations and the final assignment.
        clustering = 2 * N * K * D * 11 / 1e9
        report("k-means", clustering, flops_limit, lambda: kmeans([Z], K, rng), "GFLOP/s")
        net.fit(X[:5_000], y[:5_000])
        passed = 2 * N * weights / 1e9
        report("embedding of a pool", passed, flops_limit, lambda: net.embed(X), "GFLOP/s")
        # A forward pass, a backward pass (twice the work) and a forward pass for the duals in each
        # epoch; a forward and a backward pass for kkt_ at the end.
        trained = 2 * 5_000 * weights * (4 + 3) / 1e9
        one_epoch = lambda: net.fit(X[:5_000], y[:5_000])  # noqa: E731
        report("one epoch of training and its ends", trained, flops_limit, one_epoch, "GFLOP/s")
        # Each pick reads the pool once.
        read = Z.nbytes * 100 / 1e9
        label = np.zeros(N, dtype=int)
        lcmd = lambda: largest_cluster(Z, label, squared, 100)  # noqa: E731
        report("LCMD, 100 picks", read, bandwidth_limit, lcmd, "GB/s")
        core_set = lambda: k_center(Z, squared, 100)  # noqa: E731
        report("CoreSet, 100 picks", read, bandwidth_limit, core_set, "GB/s")


if __name__ == "__main__":
    main()
