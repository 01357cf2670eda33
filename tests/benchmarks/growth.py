"""How the time of a query grows with rows, features, picks and classes.

Run: ``python tests/benchmarks/growth.py [sampler ...]``

Prints one line for each strategy: the exponents of n, d, k and C in the growth of processor
seconds. An exponent is the slope of a line through the logarithms of time and size, for four sizes,
each twice the one before, while the other three are at their base. The time is the least of three
runs with one thread and does not include computing the features.
"""

import sys
import time

import numpy as np
import torch
from strategies import Classifier, Regressor, build, mixture
from threadpoolctl import threadpool_limits

SAMPLERS = (
    "EntropySampler", "CoreSetSampler", "KMeansSampler", "TypiClustSampler", "ProbCoverSampler",
    "DiscriminativeSampler", "ImprovedGreedySampler", "BADGESampler", "BAITSampler", "LCMDSampler",
    "ALLYSampler", "DualLCMDSampler", "CoordinatedMatchingSampler",
)  # fmt: skip
BASE = {"n": 16_000, "d": 64, "k": 64, "C": 8}
BASES = {"BAITSampler": {"n": 4_000, "d": 32, "k": 16, "C": 4}}  # with BASE it would take hours
N_LABELED, FACTORS = 500, (0.5, 1, 2, 4)


def seconds(name, n, d, k, C):
    """Processor seconds of a query, the least of three."""
    Z, y = mixture(n + N_LABELED, d), np.arange(N_LABELED) % C
    X, X_pool, sampler = Z[:N_LABELED], Z[N_LABELED:], build(name)
    kind = Regressor if name == "ImprovedGreedySampler" else Classifier
    estimator, found = kind(n_classes=C).fit(X, y), []
    for _ in range(3):
        start = time.process_time()
        sampler.query(estimator, X_pool, k, X=X, y=y)
        found.append(time.process_time() - start)
    return min(found)


def exponent(name, size):
    """Slope of the logarithm of seconds over the logarithm of one size."""
    base = BASES.get(name, BASE)
    times = [seconds(name, **{**base, size: int(base[size] * factor)}) for factor in FACTORS]
    return np.polyfit(np.log(FACTORS), np.log(times), 1)[0]


def main(names):
    """Print one line for each strategy."""
    torch.set_num_threads(1)
    print(f"{'':28s}" + "".join(f"{size:>8s}" for size in BASE))
    with threadpool_limits(1):
        for name in names:
            row = "".join(f"{exponent(name, size):8.2f}" for size in BASE)
            print(f"{name:28s}{row}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or SAMPLERS)
