"""Time and memory of every strategy's selection, on features that are already there.

Run: ``python tests/benchmarks/strategies.py [--to-lcmd] [sampler ...]``

A line a strategy: processor seconds and peak memory beyond the data for each size of the pool, and
the growth exponent of the time between the two. Each query runs once, in a fresh process with one
thread, so that on an idle machine processor seconds are those of the clock.

With ``--to-lcmd``, for a smaller pool and batch: seconds, the least of five queries, each with
features of its own, and their ratio to those of ``LCMDSampler`` in the same process.
"""

import inspect
import json
import os
import resource
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone, is_classifier
from skorch import NeuralNetClassifier
from torch import nn

from skally import BADGESampler, CoreSetSampler, EntropySampler, LCMDSampler, MarginSampler
from skally.nets.data import ArrayDataset
from skally.nets.loader import BatchLoader
from skally.samplers import all_samplers

SIZES = (20_000, 200_000)
N_LABELED, N_FEATURES, N_CLASSES, K = 1_000, 128, 10, 200
SMALL = {"n": 10_000, "n_features": 64, "k": 100}  # for ratios to LCMD's time
LIMIT = 1_800  # seconds
# At its default radius the labelled samples cover all of this pool, and nothing is left to do.
PARAMS = {"ProbCoverSampler": {"delta": 0.8}}
# Measured on the predictions of twelve members, where others have 20 draws of dropout.
OF_MEMBERS = ("SpreadSampler", "WeightedLCMDSampler", "EPIGSampler")
# What wrappers are given.
PARTS = {
    "sampler": EntropySampler(), "utility": EntropySampler(), "selection": CoreSetSampler(),
    "samplers": [MarginSampler(), BADGESampler(), LCMDSampler()],
}  # fmt: skip


def mixture(n, n_features):
    """Normal mixture of N_CLASSES parts, all means and deviations standard, (n, n_features)."""
    rng = np.random.RandomState(0)
    centers = rng.normal(size=(N_CLASSES, n_features)).astype(np.float32)
    Z = np.empty((n, n_features), dtype=np.float32)
    for rows in np.array_split(np.arange(n), n // 1_000):  # little memory beside the result
        Z[rows] = rng.normal(size=(len(rows), n_features))
        Z[rows] += centers[rng.randint(N_CLASSES, size=len(rows))]
    return Z


class Features(BaseEstimator):
    """An estimator that has learned: its embedding is X, its last layer a fixed linear map."""

    def __init__(self, n_classes=N_CLASSES):
        self.n_classes = n_classes

    def fit(self, X, y):
        rng = np.random.RandomState(1)
        self.head_ = (rng.normal(size=(X.shape[1], self.n_classes)) / 4).astype(X.dtype)
        self.classes_ = np.arange(self.n_classes)
        self.train_embedding_ = X
        self.dual_variables_ = self.slacks_ = rng.exponential(size=len(X)).astype(X.dtype)
        self.epsilon_ = 0.0
        return self

    def embed(self, X):
        return X


class Classifier(ClassifierMixin, Features):
    """Softmax of the last layer."""

    def predict_proba(self, X):
        p = np.exp(X @ self.head_)
        return p / p.sum(axis=1, keepdims=True)


class Regressor(RegressorMixin, Features):
    """First output of the last layer."""

    def predict(self, X):
        return X @ self.head_[:, 0]


class Members:
    """Twelve last layers."""

    net_ = SimpleNamespace(n_members=12)

    def predict_members(self, X):
        rng = np.random.RandomState(2)
        for _ in range(self.net_.n_members):
            member = clone(self).fit(X[:1], None)
            member.head_ = self.head_ + rng.normal(size=self.head_.shape).astype(X.dtype) / 20
            yield member.predict_proba(X) if is_classifier(self) else member.predict(X)[:, None]


class MembersClassifier(Members, Classifier):
    """Softmax of each."""


class MembersRegressor(Members, Regressor):
    """First output of each."""


def linear_net(n_features):
    """The same with torch, behind dropout."""
    module = nn.Sequential(nn.Dropout(0.2), nn.Linear(n_features, N_CLASSES))
    batches = {
        "dataset": ArrayDataset,
        "iterator_train": BatchLoader,
        "iterator_valid": BatchLoader,
    }
    return NeuralNetClassifier(
        module, criterion=nn.CrossEntropyLoss, max_epochs=1, verbose=0, batch_size=1024, **batches
    )


def build(name):
    """Sampler of a class of the package."""
    cls = dict(all_samplers())[name]
    needed = [p.name for p in inspect.signature(cls).parameters.values() if p.default is p.empty]
    sampler = cls(**{part: PARTS[part] for part in needed}, random_state=0)
    return sampler.set_params(**PARAMS.get(name, {}))


def queries(name, n, n_features, k):
    """Query without arguments, by the first estimator that offers what the sampler needs."""
    Z, sampler = mixture(n + N_LABELED, n_features), build(name)
    X, X_pool = Z[:N_LABELED], Z[N_LABELED:]
    y = np.arange(N_LABELED) % N_CLASSES
    estimators = (Classifier(), Regressor(), linear_net(n_features))
    for estimator in (MembersClassifier(),) if name in OF_MEMBERS else estimators:
        estimator.fit(X, y)
        try:
            sampler.query(estimator, X_pool[:k], 2, X=X, y=y)
        except ValueError:
            continue
        return lambda: sampler.query(estimator, X_pool, k, X=X, y=y)
    raise ValueError(f"{name} works with none of the estimators here.")


def measure(name, n):
    """Seconds and MB of one query."""
    torch.set_num_threads(1)
    query = queries(name, n, N_FEATURES, K)
    before, start = peak_mb(), time.process_time()
    query()
    return time.process_time() - start, peak_mb() - before


def least_seconds(query, n_runs=5):
    """Processor seconds of the fastest of several queries."""
    seconds = []
    for _ in range(n_runs):
        start = time.process_time()
        query()
        seconds.append(time.process_time() - start)
    return min(seconds)


def peak_mb():
    """Most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_fresh_process(name, n):
    """As :func:`measure`; infinite if it takes longer than LIMIT."""
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    command = [sys.executable, __file__, name, str(n)]
    try:
        shown = subprocess.run(
            command, env={**os.environ, **one_thread}, capture_output=True, check=True,
            timeout=LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return np.inf, np.nan
    return json.loads(shown.stdout)


def main(names):
    """A line a strategy."""
    sizes = "".join(f"{f'n = {n:,}':>22s}" for n in SIZES)
    print(f"{'':28s}{sizes}{'exponent':>10s}")
    for name in names:
        results = [in_fresh_process(name, n) for n in SIZES]
        exponent = np.log(results[1][0] / results[0][0]) / np.log(SIZES[1] / SIZES[0])
        cells = "".join(f"{seconds:10.3f} s {mb:7.0f} MB" for seconds, mb in results)
        print(f"{name:28s}{cells}{exponent:10.2f}", flush=True)


def compare(names):
    """A line a strategy: seconds for a small pool, and their ratio to LCMD's."""
    torch.set_num_threads(1)
    lcmd = queries("LCMDSampler", **SMALL)
    for name in names:
        seconds, of_lcmd = least_seconds(queries(name, **SMALL)), least_seconds(lcmd)
        print(f"{name:28s}{seconds:10.3f} s{seconds / of_lcmd:8.1f}", flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--to-lcmd"]:
        compare(arguments[1:] or list(dict(all_samplers())))
    elif len(arguments) == 2 and arguments[1].isdigit():
        print(json.dumps(measure(arguments[0], int(arguments[1]))))
    else:
        main(arguments or list(dict(all_samplers())))
