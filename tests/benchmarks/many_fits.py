"""What many small fits gain by running side by side, and by being trained as one stack.

Run: ``python tests/benchmarks/many_fits.py [--runs 5] [--threads 1 2] [--tables stacks]``

First table: 16 fits of a ``GridSearchCV`` with ``n_jobs=2``, as a ratio to the same one after
another, and the threads that torch has in a fit of each. Second table: five constrained nets, each
with its own start and order of rows, by plain loops one after another, as a ratio to one loop over
stacked parameters: by ``torch.func`` (``stack_module_state``, ``functional_call`` and ``vmap``) and
by batched matrix products written by hand, the most that stacking can give. The loops end with the
same duals, which is checked: the largest difference is in the table. Above 1: side by side, or
stacked, is faster. Medians of the ratios of runs one after another.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time

import numpy as np
import torch
from sklearn.model_selection import GridSearchCV
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from skally import ConstrainedNetRegressor
from skally.modules import MLP

N, N_FEATURES, LR, DUAL_LR, EPSILON = 1_000, 20, 1e-3, 0.01, 0.1
N_NETS, BATCH_SIZE, MAX_EPOCHS, EVALUATED = 5, 64, 10, 256
LAYERS = ((64, 64), (256, 256))


def data(n=N):
    """A smooth function with noise, as tensors."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n, N_FEATURES)).astype(np.float32)
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n)
    return torch.from_numpy(X), torch.from_numpy(y.astype(np.float32))


def n_threads(net, X, y):
    """Scorer: torch's threads where the net was fitted."""
    return torch.get_num_threads()


def search(layers, n_jobs):
    """Sixteen fits by a grid search; the threads of each."""
    X, y = (each.numpy() for each in data())
    net = ConstrainedNetRegressor(
        MLP,
        n_members=1,
        lr=1e-3,
        module__hidden_layer_sizes=layers,
        max_epochs=30,
        random_state=0,
        dual_max=1.0,
    )
    grid = {"epsilon": np.geomspace(0.05, 0.5, 8)}
    found = GridSearchCV(net, grid, cv=2, n_jobs=n_jobs, refit=False, scoring=n_threads)
    return found.fit(X, y).cv_results_["mean_test_score"].max()


def starts(layers):
    """Nets before training, and the order of rows of each in each epoch, (epochs, nets, n)."""
    torch.manual_seed(0)
    sizes = {"n_features": N_FEATURES, "n_outputs": 1, "hidden_layer_sizes": layers}
    nets = [MLP(**sizes) for _ in range(N_NETS)]
    orders = [[torch.randperm(N) for _ in nets] for _ in range(MAX_EPOCHS)]
    return nets, torch.stack([torch.stack(order) for order in orders])


def one_by_one(nets, orders):
    """Duals (nets, n), from a loop for each net."""
    X, y = data()
    duals = torch.zeros(N_NETS, N)
    for k, (net, dual) in enumerate(zip(nets, duals, strict=True)):
        optimizer = torch.optim.Adam(net.parameters(), lr=LR, fused=True)
        for order in orders[:, k]:
            for rows in order.split(BATCH_SIZE):
                optimizer.zero_grad()
                loss = (net(X[rows])[:, 0] - y[rows]).square()
                value = (loss + dual[rows] * (loss - EPSILON)).mean()
                (value / (1 + dual.mean())).backward()
                optimizer.step()
            with torch.no_grad():
                for rows in torch.arange(N).split(EVALUATED):
                    loss = (net(X[rows])[:, 0] - y[rows]).square()
                    dual[rows] = (dual[rows] + DUAL_LR * (loss - EPSILON)).clamp(min=0)
    return duals


def by_vmap(nets):
    """Stacked parameters, and a function from them and inputs (nets, b, d) to outputs."""
    params, _ = stack_module_state(nets)
    each = vmap(lambda weights, X: functional_call(nets[0], weights, (X,)))
    return list(params.values()), lambda X: each(params, X)


def by_products(nets):
    """As :func:`by_vmap`, without torch.func."""
    linear = [[layer for layer in net.modules() if isinstance(layer, nn.Linear)] for net in nets]
    weights = [torch.stack([k.weight.detach().T for k in each]) for each in zip(*linear)]  # noqa: B905
    biases = [torch.stack([k.bias.detach()[None] for k in each]) for each in zip(*linear)]  # noqa: B905
    params = [each.contiguous().requires_grad_() for each in (*weights, *biases)]

    def outputs(X):
        for weight, bias in zip(params[: len(weights)], params[len(weights) :], strict=True):
            X = torch.baddbmm(bias, X if weight is params[0] else X.relu(), weight)
        return X

    return params, outputs


def stacked(nets, orders, stack):
    """As :func:`one_by_one`, in one loop for all nets."""
    X, y = data()
    params, outputs = stack(nets)
    optimizer = torch.optim.Adam(params, lr=LR, fused=True)
    duals, everything = torch.zeros(N_NETS, N), torch.arange(N).expand(N_NETS, N)
    for order in orders:
        for rows in order.split(BATCH_SIZE, dim=1):
            optimizer.zero_grad()
            loss = (outputs(X[rows])[..., 0] - y[rows]).square()
            value = (loss + duals.gather(1, rows) * (loss - EPSILON)).mean(dim=1)
            (value / (1 + duals.mean(dim=1))).sum().backward()
            optimizer.step()
        with torch.no_grad():
            for rows in everything.split(EVALUATED, dim=1):
                loss = (outputs(X[rows])[..., 0] - y[rows]).square()
                ahead = duals.gather(1, rows) + DUAL_LR * (loss - EPSILON)
                duals.scatter_(1, rows, ahead.clamp(min=0))
    return duals


def timed(function, *args):
    """Seconds, and what was returned."""
    start = time.perf_counter()
    returned = function(*args)
    return time.perf_counter() - start, returned


def compare_searches(layers):
    """One run of the first table."""
    alone, threads = timed(search, layers, 1)
    side, threads_of_two = timed(search, layers, 2)
    return {"gain": alone / side, "threads": threads, "threads of two": threads_of_two}


def compare_stacks(layers):
    """One run of the second table."""
    row = {}
    for name, stack in (("vmap", by_vmap), ("products", by_products)):
        together, duals = timed(stacked, *starts(layers), stack)
        alone, expected = timed(one_by_one, *starts(layers))
        row[f"{name} gain"] = alone / together
        row[f"{name} difference"] = float((duals - expected).abs().max() / expected.max())
    return row


def medians(compare, layers, n_runs):
    """Medians of runs; the first warms up."""
    found = [compare(layers) for _ in range(n_runs + 1)][1:]
    return {name: float(np.median([row[name] for row in found])) for name in found[0]}


TABLES = {"searches": compare_searches, "stacks": compare_stacks}


def in_fresh_process(table, layers, n_threads, n_runs):
    """Medians of a line, with so many threads for what is not side by side."""
    one = ["--one", table, *map(str, layers), str(n_threads), str(n_runs)]
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    shown = subprocess.run(
        [sys.executable, __file__, *one], env=env, stdout=subprocess.PIPE, check=True
    )
    return json.loads(shown.stdout)


def main():
    """A line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    options = parser.parse_args()
    for table in options.tables:
        for i, (threads, layers) in enumerate(itertools.product(options.threads, LAYERS)):
            found = in_fresh_process(table, layers, threads, options.runs)
            if i == 0:
                print(f"{'net':>9s}{'threads':>9s}" + "".join(f"{name:>21s}" for name in found))
            cells = "".join(f"{value:21.3g}" for value in found.values())
            print(f"{'x'.join(map(str, layers)):>9s}{threads:9d}{cells}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        *layers, n_threads_alone, n_runs = map(int, sys.argv[3:])
        torch.set_num_threads(n_threads_alone)
        print(json.dumps(medians(TABLES[sys.argv[2]], tuple(layers), n_runs)))
    else:
        main()
