"""Seconds of twelve members in one stack, beside the same nets one after another.

Run: ``python tests/benchmarks/members.py`` on an idle machine. Everything has one thread, and is
measured in turn; what is printed is the median over the repetitions.

- Fit: members of the module for tables, 20 epochs on 300 and 2,000 random rows, as a ratio to
  twelve fits of a single net, each of the member's own kind.
- Predict: 10^6 rows, as a ratio to twelve passes of a single module over the same rows.
"""

import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from skally import ConstrainedNetRegressor
from skally.modules import TabularMLP

N_MEMBERS, N_EPOCHS, N_PREDICTED, N_REPETITIONS = 12, 20, 1_000_000, 5
BATCH = 1024  # rows of a pass without gradients


def data(n, d):
    """Random rows and a target that depends on two columns."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(n, d)).astype(np.float32)
    return X, np.sin(X[:, 0]) + X[:, 1]


def net(**params):
    """Regressor that trains for all its epochs."""
    return ConstrainedNetRegressor(
        TabularMLP, lr=2e-3, max_epochs=N_EPOCHS, random_state=0, **params
    )


def stack():
    """Members side by side."""
    return net(n_members=N_MEMBERS, callbacks__best_epoch=None)


def row():
    """Single nets of the same kinds."""
    kinds = TabularMLP.variants
    params = [kinds[i % len(kinds)] for i in range(N_MEMBERS)]
    return [net(n_members=1, **{f"module__{k}": v for k, v in kind.items()}) for kind in params]


def passes(nets, X):
    """One pass of each module over all rows."""
    with torch.no_grad():
        for each in nets:
            module = each.module_.eval()
            for batch in torch.as_tensor(X).split(BATCH):
                module(batch)


def seconds(function, *args):
    """Time of one call."""
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def report(name, one, other, n_repetitions=N_REPETITIONS):
    """Print medians of two functions that are called in turn."""
    one(), other()  # the first call of each is slower
    times = np.array([[seconds(one), seconds(other)] for _ in range(n_repetitions)])
    (a, b), ratio = np.median(times, axis=0), np.median(times[:, 0] / times[:, 1])
    print(f"{name}: {a:.2f} s, in a row {b:.2f} s, ratio {ratio:.2f}", flush=True)


def main():
    """Measure and print."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for d in (8, 19, 64):
            for n in (300, 2_000):
                X, y = data(n, d)
                report(
                    f"fit {n} rows of {d} columns",
                    lambda X=X, y=y: stack().fit(X, y),
                    lambda X=X, y=y: [each.fit(X, y) for each in row()],
                )
        X, y = data(300, 19)
        members, singles = stack().fit(X, y), [each.fit(X, y) for each in row()]
        many = data(N_PREDICTED, 19)[0]
        report(
            f"predict {N_PREDICTED} rows of 19 columns",
            lambda: members.predict(many),
            lambda: passes(singles, many),
            n_repetitions=3,
        )


if __name__ == "__main__":
    main()
