"""Where the time of a query of ALLY goes.

Run: ``python tests/benchmarks/query_parts.py``

The net has two hidden layers of 256 units, the pool is 50,000 x 256, k = 1,000, and 2,000 samples
are labelled. Median seconds of five queries, one thread, and of what they did not spend in the
forward pass, the clustering or the head; beside the pass, that of the bare module in torch.
"""

import contextlib
import time
from unittest import mock

import numpy as np
import torch
from large_pool import bare_pass
from threadpoolctl import threadpool_limits

from skally import ALLYSampler, ConstrainedNetRegressor, DualRegressor
from skally.modules import MLP
from skally.pool import samples
from skally.samplers import ally

N, D, N_LABELED, K, N_RUNS = 50_000, 256, 2_000, 1_000, 5
PARTS = {
    "forward pass": (samples, "by_parts"),
    "clustering": (ally, "kmeans"),
    "head, learning": (DualRegressor, "fit"),
    "head, predicting": (DualRegressor, "predict"),
}


def watched(function, seconds, name):
    """The function, which adds what it takes to ``seconds[name]``."""

    def call(*args, **kwargs):
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[name] += time.perf_counter() - start

    return call


def one_query(net, X_pool):
    """Seconds by part."""
    seconds = dict.fromkeys(PARTS, 0.0)
    with contextlib.ExitStack() as stack:
        for name, (owner, attribute) in PARTS.items():
            function = watched(getattr(owner, attribute), seconds, name)
            stack.enter_context(mock.patch.object(owner, attribute, function))
        start = time.perf_counter()
        ALLYSampler(random_state=0).query(net, X_pool, K)
        whole = time.perf_counter() - start
    rest = whole - sum(seconds.values())
    return {"whole query": whole, **seconds, "all else": rest}


def main():
    """A line a part."""
    torch.set_num_threads(1)
    rng = np.random.RandomState(0)
    X = rng.normal(size=(N + N_LABELED, D)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + X[:, 2]
    net = ConstrainedNetRegressor(MLP, n_members=1, lr=1e-3, max_epochs=20, random_state=0).fit(
        X[:N_LABELED], y[:N_LABELED]
    )
    with threadpool_limits(1):
        runs = [one_query(net, X[N_LABELED:]) for _ in range(N_RUNS)]
        bare = [bare_pass(net.module_.eval(), X[N_LABELED:]) for _ in range(N_RUNS)]
    medians = {name: np.median([run[name] for run in runs]) for name in runs[0]}
    for name, seconds in {**medians, "(bare module)": np.median(bare)}.items():
        print(f"{name:20s}{seconds:8.2f} s{seconds / medians['whole query']:7.1%}")


if __name__ == "__main__":
    main()
