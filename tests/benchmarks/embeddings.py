"""First labels and batches for embeddings and a logistic regression.

Run: ``python tests/benchmarks/embeddings.py [--mnist] [--states 0,1,2,3,4]``

Prints the accuracy by number of labels, mean over random states, for several strategies and sizes
of batches, and the processor seconds of all fits and queries. The pool are 10,000 made-up
embeddings of length 384, as in the page "Embeddings and no net" of the documentation; with
``--mnist`` real images instead, projected on 384 random directions.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from skally import BADGESampler, MarginSampler, RandomSampler, TypiClustSampler
from skally.datasets import fetch_mnist

N_POOL, D, SIZES = 10_000, 384, (50, 100, 150, 200, 250)

# Sampler of the first 50 labels, sampler after some number of labels, that number, batch.
STRATEGIES = {
    "random": (RandomSampler, RandomSampler, 50, 50),
    "TypiClust": (TypiClustSampler, TypiClustSampler, 50, 50),
    "random, margin from 50": (RandomSampler, MarginSampler, 50, 50),
    "TypiClust, margin from 50": (TypiClustSampler, MarginSampler, 50, 50),
    "TypiClust, margin from 150": (TypiClustSampler, MarginSampler, 150, 50),
    "TypiClust, BADGE from 50": (TypiClustSampler, BADGESampler, 50, 50),
    "TypiClust, BADGE from 150": (TypiClustSampler, BADGESampler, 150, 50),
    "TypiClust, margin from 50, batches of 10": (TypiClustSampler, MarginSampler, 50, 10),
    "TypiClust, BADGE from 50, batches of 10": (TypiClustSampler, BADGESampler, 50, 10),
    "TypiClust, margin from 50, one by one": (TypiClustSampler, MarginSampler, 50, 1),
}


def made_up(seed, n=12_000, n_topics=60, n_classes=20):
    """Embeddings of length one around topics, each of which belongs to a class."""
    rng = np.random.RandomState(seed)
    class_of = np.append(np.arange(n_classes), rng.randint(n_classes, size=n_topics - n_classes))
    topic = rng.choice(n_topics, n, p=rng.dirichlet(np.ones(n_topics)))
    Z = rng.normal(size=(n_topics, 40))[topic] + rng.normal(size=(n, 40))
    X = Z @ rng.normal(size=(40, D)) / np.sqrt(40) + 0.5 * rng.normal(size=(n, D))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), class_of[topic]


def mnist(seed, n=12_000):
    """Images on random directions, as rows of length one."""
    rng = np.random.RandomState(seed)
    X, y = fetch_mnist(return_X_y=True)
    rows = rng.permutation(len(X))[:n]
    X = X[rows].reshape(n, -1)
    X = (X - X.mean(axis=0)) @ rng.normal(size=(X.shape[1], D))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), y[rows]


def curve(name, X, y, X_test, y_test, seed):
    """Accuracies by number of labels, and processor seconds."""
    cold, warm, switch, batch = STRATEGIES[name]
    labeled, pool, model, found = np.arange(0), np.arange(len(X)), None, {}
    start = time.process_time()
    while len(labeled) < SIZES[-1]:
        is_warm = len(labeled) >= switch
        sampler = (warm if is_warm else cold)(random_state=seed)
        k = batch if is_warm else 50
        picks = sampler.query(model, X[pool], k, X=X[labeled], y=y[labeled])
        labeled, pool = np.append(labeled, pool[picks]), np.delete(pool, picks)
        model = LogisticRegression(C=10, max_iter=500).fit(X[labeled], y[labeled])
        if len(labeled) in SIZES:
            found[len(labeled)] = model.score(X_test, y_test)
    return {**found, "seconds": time.process_time() - start, "sampler": name}


def main(make, seeds):
    """Print the table."""
    lines = []
    for seed in seeds:
        X, y = make(seed)
        for name in STRATEGIES:
            parts = X[:N_POOL], y[:N_POOL], X[N_POOL:], y[N_POOL:]
            lines.append({**curve(name, *parts, seed), "state": seed})
            print(lines[-1], flush=True)
    table = pd.DataFrame(lines)
    means = table.groupby("sampler", sort=False)[[*SIZES, "seconds"]].mean()
    print(means.round(3).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--mnist", action="store_true")
    parser.add_argument("--states", default="0,1,2,3,4")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        main(mnist if options.mnist else made_up, map(int, options.states.split(",")))
