"""Time, memory and inertia of k-means by scikit-learn and by faiss, for clustering large pools.

Run: ``python tests/benchmarks/kmeans.py [n k]``

The data have 100 features and are drawn from 30 normal clusters. "mini batch" is what the paper's
code uses, with batches of 1,024. All others start from random rows and run ten iterations. "256 per
cluster" fits on 256 random rows for each cluster and then assigns the other rows, as faiss does.
Inertia is that of all rows, in percent above the best method of the same size. Each method runs
once, in a fresh process with one thread. faiss-cpu is installed into a virtual environment of its
own in a temporary folder.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

SIZES = ((50_000, 100), (50_000, 1_000), (200_000, 200), (1_000_000, 100), (1_000_000, 1_000))
N_FEATURES, N_PARTS, N_ITERATIONS = 100, 30, 10
METHODS = ("full", "256 per cluster", "64 per cluster", "mini batch", "faiss")


def mixture(n):
    """Rows drawn from normal clusters, (n, N_FEATURES), without large temporary arrays."""
    rng = np.random.RandomState(0)
    centers = rng.normal(size=(N_PARTS, N_FEATURES)).astype(np.float32)
    Z = np.empty((n, N_FEATURES), dtype=np.float32)
    for start in range(0, n, 10_000):
        part = Z[start : start + 10_000]
        part[:] = rng.normal(size=part.shape)
        part += centers[rng.randint(N_PARTS, size=len(part))]
    return Z


def cluster(method, Z, k):
    """Centres found by one of the methods, (k, d), and the cluster of each row."""
    if method == "faiss":
        import faiss

        faiss.omp_set_num_threads(1)
        model = faiss.Kmeans(Z.shape[1], k, niter=N_ITERATIONS, seed=0)
        model.train(Z)
        return model.centroids, model.index.search(Z, 1)[1].ravel()
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.metrics import pairwise_distances_argmin

    if method == "mini batch":
        model = MiniBatchKMeans(k, batch_size=1024, random_state=0).fit(Z)
        return model.cluster_centers_, model.labels_
    model = KMeans(k, init="random", n_init=1, max_iter=N_ITERATIONS, random_state=0)
    if method == "full":
        return model.fit(Z).cluster_centers_, model.labels_
    n_rows = int(method.split()[0]) * k
    rows = np.sort(np.random.RandomState(0).permutation(len(Z))[:n_rows])
    centers = model.fit(Z[rows]).cluster_centers_
    return centers, pairwise_distances_argmin(Z, centers)


def measure(method, n, k):
    """Seconds, MB beyond the data, and inertia."""
    Z = mixture(n)
    cluster(method, Z[:1_000].copy(), 2)  # imports
    before, start = peak_mb(), time.process_time()
    centers, labels = cluster(method, Z, k)
    seconds, mb = time.process_time() - start, peak_mb() - before
    parts = range(0, n, 10_000)
    inertia = sum(
        float(((Z[i : i + 10_000] - centers[labels[i : i + 10_000]]) ** 2).sum()) for i in parts
    )
    return seconds, mb, inertia


def peak_mb():
    """Peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_fresh_process(python, method, n, k):
    """Run :func:`measure` in a process of its own with one thread."""
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    shown = subprocess.run(
        [python, __file__, "--one", method, str(n), str(k)],
        env={**os.environ, **one_thread}, capture_output=True, check=True,
    )  # fmt: skip
    return json.loads(shown.stdout)


def main(sizes):
    """Print one line for each size, with three figures for each method."""
    print(f"{'n':>9s}{'k':>6s}" + "".join(f"{method:>30s}" for method in METHODS))
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        peer = str(Path(folder) / "bin" / "python")
        subprocess.run([peer, "-m", "pip", "install", "-q", "faiss-cpu"], check=True)
        for n, k in sizes:
            found = [
                in_fresh_process(peer if method == "faiss" else sys.executable, method, n, k)
                for method in METHODS
            ]
            least = min(inertia for _, _, inertia in found)
            line = f"{n:9,d}{k:6,d}"
            for seconds, mb, inertia in found:
                line += f"{seconds:10.2f} s {mb:5.0f} MB +{inertia / least - 1:6.2%}"
            print(line, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
    else:
        main([tuple(map(int, sys.argv[1:3]))] if sys.argv[1:] else SIZES)
