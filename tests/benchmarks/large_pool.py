"""Time and peak memory of queries on a pool of 10^6 x 100 that is stored in a file.

Run: ``python tests/benchmarks/large_pool.py [--memory-limit MB] [sampler ...]``

The pool is a memory map. The net has two layers of 256 units, so that the embedding takes 1,024 MB.
Prints one line for each sampler, which runs in a fresh process: seconds of the whole query, seconds
of a bare forward pass in torch over the same rows, and peak memory beyond what the process had
after fitting the net. Pages read from the pool's file (400 MB) count as memory, and so do those of
the embedding's file if ``--memory-limit`` moves it to one.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import skally
from skally import ConstrainedNetClassifier
from skally.modules import MLP

N, D, N_LABELED, N_CLASSES, K = 1_000_000, 100, 1_000, 10, 1_000
SAMPLERS = ("ALLYSampler", "CoreSetSampler", "BADGESampler", "LCMDSampler", "EntropySampler")


def write_pool(path, seed=0):
    """Write rows drawn from a mixture of normal distributions, part by part."""
    rng = np.random.RandomState(seed)
    centers = rng.normal(size=(N_CLASSES, D)).astype(np.float32)
    X = np.lib.format.open_memmap(path, "w+", np.float32, (N + N_LABELED, D))
    for start in range(0, len(X), 10_000):
        part = rng.normal(size=X[start : start + 10_000].shape).astype(np.float32)
        part += centers[rng.randint(N_CLASSES, size=len(part))]
        X[start : start + 10_000] = part
    X.flush()


def peak_mb():
    """Peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bare_pass(module, X):
    """Seconds of the module alone, in batches of 1,024."""
    start = time.perf_counter()
    with torch.no_grad():
        for i in range(0, len(X), 1024):
            module(torch.from_numpy(np.array(X[i : i + 1024])))
    return time.perf_counter() - start


def measure(path, name, memory_limit):
    """Seconds of a query and of a bare pass, and MB of peak memory above that before the query."""
    X = np.load(path, mmap_mode="r")
    X_labeled = np.array(X[N:])
    y = X_labeled[:, :N_CLASSES].argmax(axis=1)
    net = ConstrainedNetClassifier(MLP, n_members=1, lr=1e-3, max_epochs=3, random_state=0).fit(
        X_labeled, y
    )
    sampler = getattr(skally, name)(random_state=0)
    sampler.query(net, X_labeled, 2, X=X_labeled)  # imports
    before, start = peak_mb(), time.perf_counter()
    picks = sampler.query(net, X[:N], K, X=X_labeled, memory_limit=memory_limit)
    seconds, mb = time.perf_counter() - start, peak_mb() - before
    assert len(set(picks.tolist())) == K
    return seconds, bare_pass(net.module_.eval(), X[:N]), mb


def main():
    """Print one line for each sampler."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samplers", nargs="*", default=SAMPLERS)
    parser.add_argument("--memory-limit", type=int, metavar="MB")
    options = parser.parse_args()
    limit = options.memory_limit and options.memory_limit * 2**20
    print(f"{'':20s}{'query':>10s}{'bare pass':>11s}{'memory':>10s}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pool.npy"
        write_pool(path)
        for name in options.samplers:
            shown = subprocess.run(
                [sys.executable, __file__, "--one", path, name, str(limit or 0)],
                capture_output=True, check=True,
            )  # fmt: skip
            seconds, bare, mb = json.loads(shown.stdout)
            print(f"{name:20s}{seconds:8.1f} s{bare:9.1f} s{mb:7.0f} MB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], sys.argv[3], int(sys.argv[4]) or None)))
    else:
        main()
