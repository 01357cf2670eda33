"""BADGE, BAIT and LCMD beside public implementations: same features, times, same picks.

Run: ``python tests/benchmarks/gradient_peers.py [folder]``

The peers are installed in a virtual environment of their own, in ``folder`` or a temporary one.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

PEERS = ("scikit-activeml==1.0.1", "bmdal-reg==3.0.2", "torch==2.13.0")
K = 200
N_RUNS = 3


def mixture(n, n_labeled, d=128, n_classes=10, seed=0):
    """Normal mixture as embedding, with probabilities: pool and labelled."""
    rng = np.random.RandomState(seed)
    centers = 2 * rng.standard_normal((20, d))
    Z = centers[rng.randint(20, size=n + n_labeled)] + rng.standard_normal((n + n_labeled, d))
    logits = 2 * Z @ rng.standard_normal((d, n_classes)) / np.sqrt(d)
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Z[:n], proba[:n] / proba[:n].sum(axis=1, keepdims=True), Z[n:]


def median_time(function, n_runs=N_RUNS):
    """Median of the times of some runs, and the last run's answer."""
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        answer = function()
        times.append(time.perf_counter() - start)
    return float(np.median(times)), np.asarray(answer)


# Ours


def known(table):
    """Classifier whose probabilities are given: the first rows of a table, whatever the input."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Known(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            return self

        def __sklearn_is_fitted__(self):
            return True

        def predict_proba(self, X):
            return table[: len(X)]

    return Known()


def our_picks(Z, proba, Z_labeled):
    """Time and picks of each sampler, whole queries."""
    from sklearn.linear_model import LinearRegression

    from skally import BADGESampler, BAITSampler, LCMDSampler

    linear = LinearRegression().fit(Z_labeled, Z_labeled[:, 0])
    badge, bait = BADGESampler(random_state=0), BAITSampler(pick_weight=1.0)  # as in bmdal_reg
    return {
        "BADGE": median_time(lambda: badge.query(known(proba), Z, K)),
        "LCMD": median_time(lambda: LCMDSampler().query(linear, Z, K, X=Z_labeled)),
        "BAIT, regression": median_time(lambda: bait.query(linear, Z, K, X=Z_labeled)),
    }


def badge_from_origin(Z, proba, seed):
    """BADGE's picks as scikit-activeml defines them: with the origin as one more centre."""
    from skally.functional.distances import factored_norms, factored_squared_distance
    from skally.functional.selection import draw

    q, rng = np.eye(proba.shape[1])[proba.argmax(axis=1)] - proba, np.random.RandomState(seed)
    norms = factored_norms(q, Z)
    nearest_squared, chosen = norms, [int(norms.argmax())]
    while len(chosen) < K:
        nearest_squared = np.minimum(
            nearest_squared, factored_squared_distance(q, Z, norms, chosen[-1])
        )
        nearest_squared[chosen] = 0.0
        chosen.append(draw(nearest_squared, rng))
    return chosen


def bait_by_classes(n, n_labeled):
    """Time of BAIT for ten classes, and the process's peak memory; there is no peer."""
    from skally import BAITSampler

    Z, proba, Z_labeled = mixture(n, n_labeled)
    run = lambda: BAITSampler().query(known(proba), Z, K, X=Z_labeled)  # noqa: E731
    seconds, _ = median_time(run, n_runs=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"BAIT, 10 classes  n = {n}: ours {seconds:.0f} s, peak {peak:.0f} MB of the process")


# Theirs, in their own environment


def peer_badge(Z, proba):
    """scikit-activeml's Badge, its classifier's probabilities given."""
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import Badge

    class Known(SkactivemlClassifier):
        def fit(self, X, y):
            return self

        def predict_proba(self, X):
            return proba

    classifier, y = Known(classes=range(proba.shape[1])), np.full(len(Z), np.nan)
    return median_time(
        lambda: Badge(random_state=0).query(Z, y, classifier, fit_clf=False, batch_size=K)
    )


def peer_bmdal(Z, Z_labeled, name, **params):
    """A selection method of bmdal_reg on given features."""
    np.Inf = np.inf  # noqa: NPY201 (bmdal_reg 3.0.2 uses it, and numpy 2 has it no more)
    import torch
    from bmdal_reg.bmdal import selection
    from bmdal_reg.bmdal.feature_data import TensorFeatureData
    from bmdal_reg.bmdal.feature_maps import IdentityFeatureMap
    from bmdal_reg.bmdal.features import Features

    def features(array):
        return Features(IdentityFeatureMap(array.shape[1]), TensorFeatureData(torch.tensor(array)))

    def run():
        method = getattr(selection, name)(
            features(Z), features(Z_labeled), sel_with_train=True, verbosity=0, **params
        )
        return method.select(K).numpy()

    return median_time(run)


def peer_main(folder):
    """Times and picks of the peers, written beside the features."""
    data = np.load(folder / "features.npz")
    Z, proba, Z_labeled = data["Z"], data["proba"], data["Z_labeled"]
    both = np.vstack([Z, Z_labeled])
    prior = np.square(both).sum() / both.size  # one row of average information, as in ours
    found = {
        "BADGE": peer_badge(Z, proba),
        "LCMD": peer_bmdal(Z, Z_labeled, "LargestClusterMaxDistSelectionMethod"),
        "BAIT, regression": peer_bmdal(
            Z,
            Z_labeled,
            "BaitFeatureSpaceSelectionMethod",
            noise_sigma=prior**0.5,
            overselection_factor=2.0,
        ),
    }
    for name, (seconds, picks) in found.items():
        np.savez(folder / f"{name}.npz", seconds=seconds, picks=picks)


def peer_python(folder):
    """Python of the peers' environment, made if it is not there."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


def main(folder, n=20_000, n_labeled=1000):
    """A line a strategy; BAIT by classes, which has no peer, for a larger pool."""
    python = peer_python(folder)
    Z, proba, Z_labeled = mixture(n, n_labeled)
    np.savez(folder / "features.npz", Z=Z, proba=proba, Z_labeled=Z_labeled)
    subprocess.run([python, __file__, "--peer", folder], check=True)
    peers = {path.stem: np.load(path) for path in folder.glob("*.npz")}
    for name, (seconds, picks) in our_picks(Z, proba, Z_labeled).items():
        if name == "BADGE":  # theirs has another centre and a generator of its own
            seed = int(np.random.RandomState(0).randint(1, 2**31)) * (n + 1) % 2**31
            picks = badge_from_origin(Z, proba, seed)
        same = np.sum(picks == peers[name]["picks"])
        ratio = peers[name]["seconds"] / seconds
        print(
            f"{name:17s} n = {n}: ours {seconds:.2f} s, peer {ratio * seconds:.2f} s, "
            f"ratio {ratio:.1f}, {same} of {K} picks the same, in order",
            flush=True,
        )
    bait_by_classes(50_000, n_labeled)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer_main(Path(sys.argv[2]))
    elif len(sys.argv) > 1:
        os.makedirs(sys.argv[1], exist_ok=True)
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
