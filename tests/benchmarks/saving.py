"""Size of a file, and time of save and load, beside pickle.

Run: ``OMP_NUM_THREADS=1 python tests/benchmarks/saving.py``
"""

import pickle
import statistics
import tempfile
import time
from pathlib import Path

from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skally
from skally.modules import MLP


def pickled(estimator, path):
    """Write a pickle."""
    with open(path, "wb") as file:
        pickle.dump(estimator, file)


def unpickled(path):
    """Read a pickle."""
    with open(path, "rb") as file:
        return pickle.load(file)


def seconds(function, *args, n_runs=5):
    """Median time of a call."""
    times = []
    for _ in range(n_runs + 1):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main(n=1000, max_epochs=20):
    """Print a line for each net and each way."""
    X, y = make_classification(n, random_state=0)
    single = skally.ConstrainedNetClassifier(MLP, n_members=1, max_epochs=max_epochs)
    members = skally.ConstrainedNetClassifier(max_epochs=max_epochs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        for name, net in (("one net", single), ("12 members", members)):
            pipeline = make_pipeline(StandardScaler(), net).fit(X, y)
            for way, write, read in (
                ("skally", skally.save, skally.load),
                ("pickle", pickled, unpickled),
            ):
                to_write, to_read = seconds(write, pipeline, path), seconds(read, path)
                size = path.stat().st_size / 1e6
                print(f"{name}, {way}: {size:.2f} MB, {to_write:.3f} s, {to_read:.3f} s")


if __name__ == "__main__":
    main()
