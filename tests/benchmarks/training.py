"""Time of training, as a ratio to a loop written by hand and to skorch without constraints.

Run: ``python tests/benchmarks/training.py [--runs 5] [--threads 1 2] [--overrides]``

A line a net, batch size and number of threads; whole fits of 16 epochs, medians of the ratios of
runs one after another. "epoch" and "batch" are the two ways of ``dual_update``. The loop by hand
does the same arithmetic in the same order on the same batches, so that it ends with the same duals:
"difference" is the largest, as a share of the largest dual. "skorch" is ``NeuralNetRegressor`` as
it comes, without constraints, and "lean" the same with this package's batches and optimizer.

``--overrides`` shows instead what each method brings that the nets override to save time: the share
of the processor's time that a fit takes longer with skorch's own method in its place. Fits with and
without take turns, and the quickest of each are compared.
"""

import argparse
import gc
import itertools
import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetRegressor
from torch import nn

from skally import ConstrainedNetRegressor
from skally.modules import MLP
from skally.nets.data import ArrayDataset
from skally.nets.loader import BatchLoader
from skally.nets.loop import LeanLoop

N, N_FEATURES, MAX_EPOCHS, LR, DUAL_LR, EPSILON = 4_000, 20, 16, 1e-3, 0.01, 0.1
LAYERS, BATCH_SIZES = ((64, 64), (256, 256)), (64, 256)

# A small table, for what the overrides bring.
SMALL_N, SMALL_EPOCHS, SMALL_FITS, QUICKEST = 1_000, 4, 40, 3


def data(n=N):
    """A smooth function with noise, as float32."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n, N_FEATURES)).astype(np.float32)
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n)
    return X, y.astype(np.float32)


def ours(X, y, layers, batch_size, dual_update, max_epochs=MAX_EPOCHS):
    """Duals of a net of the package."""
    net = ConstrainedNetRegressor(
        MLP, n_members=1, module__hidden_layer_sizes=layers, epsilon=EPSILON, dual_lr=DUAL_LR,
        lr=LR, dual_update=dual_update, batch_size=batch_size, max_epochs=max_epochs,
        random_state=0, normalize_y=False,
    )  # fmt: skip
    return net.fit(X, y).dual_variables_


def by_hand(X, y, layers, batch_size, dual_update):
    """The same by a plain loop."""
    seed = int(np.random.RandomState(0).randint(np.iinfo(np.int32).max))
    torch.manual_seed(seed)
    module = MLP(n_features=N_FEATURES, n_outputs=1, hidden_layer_sizes=layers)
    optimizer = torch.optim.Adam(module.parameters(), lr=LR, fused=True)
    X, y, dual = torch.from_numpy(X), torch.from_numpy(y)[:, None], torch.zeros(N)
    for epoch in range(MAX_EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = LR * (1 + math.cos(math.pi * epoch / MAX_EPOCHS)) / 2
        order = torch.randperm(N)
        for start in range(0, N, batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(module(X[rows]), y[rows], reduction="none")[:, 0]
            value = (loss + dual[rows] * (loss - EPSILON)).mean()
            value = value / (1 + dual.mean()) if dual_update == "epoch" else value
            value.backward()
            optimizer.step()
            if dual_update == "batch":
                with torch.no_grad():
                    dual[rows] = (dual[rows] + DUAL_LR * (loss - EPSILON)).clamp(min=0)
        if dual_update == "epoch":
            with torch.no_grad():
                for start in range(0, N, 1024):
                    rows = slice(start, start + 1024)
                    loss = nn.functional.mse_loss(module(X[rows]), y[rows], reduction="none")[:, 0]
                    dual[rows] = (dual[rows] + DUAL_LR * (loss - EPSILON)).clamp(min=0)
    return dual.numpy()


def skorch_free(X, y, layers, batch_size, **kwargs):
    """The same net by skorch alone."""
    return NeuralNetRegressor(
        MLP, module__n_features=N_FEATURES, module__n_outputs=1, module__hidden_layer_sizes=layers,
        optimizer=torch.optim.Adam, lr=LR, batch_size=batch_size, max_epochs=MAX_EPOCHS,
        iterator_train__shuffle=True, train_split=None, verbose=0, **kwargs
    ).fit(X, y[:, None])  # fmt: skip


def skorch_lean(X, y, layers, batch_size):
    """The same with this package's batches and optimizer."""
    parts = {"dataset": ArrayDataset, "iterator_train": BatchLoader, "optimizer__fused": True}
    return skorch_free(X, y, layers, batch_size, **parts)


def timed(function, *args):
    """Seconds, and what was returned."""
    start = time.perf_counter()
    returned = function(*args)
    return time.perf_counter() - start, returned


def measure(layers, batch_size, n_runs):
    """Ratios and differences."""
    X, y = data()
    found = []
    for _ in range(n_runs + 1):  # the first warms up
        row = {}
        for mode in ("epoch", "batch"):
            seconds, duals = timed(ours, X, y, layers, batch_size, mode)
            loop, expected = timed(by_hand, X, y, layers, batch_size, mode)
            row[f"{mode} s"], row[f"{mode} / loop"] = seconds, seconds / loop
            row[f"{mode} difference"] = float(np.abs(duals - expected).max() / expected.max())
        skorch, _ = timed(skorch_free, X, y, layers, batch_size)
        lean, _ = timed(skorch_lean, X, y, layers, batch_size)
        row["skorch / epoch"], row["batch / lean"] = skorch / row["epoch s"], row["batch s"] / lean
        found.append(row)
    return {name: float(np.median([row[name] for row in found[1:]])) for name in found[0]}


def in_fresh_process(layers, batch_size, n_threads, n_runs):
    """As :func:`measure`, with so many threads."""
    threads = {f"{library}_NUM_THREADS": str(n_threads) for library in ("OMP", "MKL")}
    one = ["--one", *map(str, layers), str(batch_size), str(n_runs)]
    shown = subprocess.run(
        [sys.executable, __file__, *one], env={**os.environ, **threads}, capture_output=True,
        check=True,
    )  # fmt: skip
    return json.loads(shown.stdout)


def small_fit(X, y, dual_update):
    """Processor time of a fit of a small table."""
    gc.collect()
    start = time.process_time()
    ours(X, y, LAYERS[0], BATCH_SIZES[0], dual_update, SMALL_EPOCHS)
    return time.process_time() - start


def small_fit_without(override, *args):
    """The same with skorch's own method in the place of an override."""
    method = vars(LeanLoop)[override]
    delattr(LeanLoop, override)
    try:
        return small_fit(*args)
    finally:
        setattr(LeanLoop, override, method)


def saved(override, dual_update):
    """Share of the time of a fit that an override saves."""
    X, y = data(SMALL_N)
    times = [
        (small_fit(X, y, dual_update), small_fit_without(override, X, y, dual_update))
        for _ in range(SMALL_FITS)
    ]
    ours, theirs = np.sort(times, axis=0)[:QUICKEST].mean(axis=0)
    return 1 - ours / theirs


def show_overrides():
    """A line an override."""
    torch.set_num_threads(1)
    print(f"{'override':>26s}{'epoch':>8s}{'batch':>8s}")
    for name in list(vars(LeanLoop)):
        if not name.startswith("_") and hasattr(NeuralNet, name):
            shares = (saved(name, dual_update) for dual_update in ("epoch", "batch"))
            print(f"{name:>26s}" + "".join(f"{share:8.1%}" for share in shares), flush=True)


def main():
    """A line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--overrides", action="store_true")
    options = parser.parse_args()
    if options.overrides:
        show_overrides()
        return
    cases = itertools.product(options.threads, LAYERS, BATCH_SIZES)
    for number, (n_threads, layers, batch_size) in enumerate(cases):
        found = in_fresh_process(layers, batch_size, n_threads, options.runs)
        if number == 0:
            print(f"{'net':>9s}{'batch':>6s}{'threads':>8s}" + "".join(f"{k:>18s}" for k in found))
        name = "x".join(map(str, layers))
        cells = "".join(f"{value:18.3g}" for value in found.values())
        print(f"{name:>9s}{batch_size:6d}{n_threads:8d}{cells}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        *layers, batch_size, n_runs = map(int, sys.argv[2:])
        print(json.dumps(measure(tuple(layers), batch_size, n_runs)))
    else:
        main()
