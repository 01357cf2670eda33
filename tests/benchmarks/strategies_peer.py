"""Time and picks beside scikit-activeml 1.0.1, on the same features in the same run.

Run: ``python tests/benchmarks/strategies_peer.py``

The peer is installed in a virtual environment of its own, in a temporary folder. A line a strategy:
processor seconds of each with one thread, their ratio, and the share of picks in common where both
follow one definition without chance. The peer's are asked with its defaults, but for the radius of
ProbCover; TypiClust there has no bound on clusters.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

N_POOL, N_LABELED, N_CLASSES, K = 20_000, 500, 10, 200
PAIRS = {  # ours: theirs
    "CoreSetSampler": "CoreSet",
    "TypiClustSampler": "TypiClust",
    "ProbCoverSampler": "ProbCover",
    "BADGESampler": "Badge",
}
WITHOUT_CHANCE = ("CoreSetSampler",)
DELTA = 0.8  # of ProbCover, on features scaled to length one, which the peer does not do itself


def query_ours(name, Z):
    """Picks of our sampler, from 0 in the pool."""
    from strategies import Classifier

    import skally.samplers

    X, X_pool = Z[:N_LABELED], Z[N_LABELED:]
    estimator = Classifier().fit(X, None)
    sampler = getattr(skally.samplers, name)(random_state=0)
    if name == "ProbCoverSampler":
        sampler.set_params(delta=DELTA)
    start = time.process_time()
    picks = sampler.query(estimator, X_pool, K, X=X, y=labels())
    return time.process_time() - start, picks


def query_theirs(name, Z):
    """Picks of the peer's strategy, from 0 in the pool."""
    import skactiveml.pool
    from skactiveml.base import SkactivemlClassifier

    class Classifier(SkactivemlClassifier):
        """Softmax of the same fixed linear map."""

        def fit(self, X, y):
            self._validate_data(X, y)
            self.head_ = np.random.RandomState(1).normal(size=(X.shape[1], N_CLASSES)) / 4
            return self

        def predict_proba(self, X):
            p = np.exp(X @ self.head_.astype(X.dtype))
            return p / p.sum(axis=1, keepdims=True)

    y = np.full(len(Z), np.nan)
    y[:N_LABELED] = labels()
    strategy, extra = getattr(skactiveml.pool, name)(random_state=0), {}
    if name == "ProbCover":
        Z = Z / np.linalg.norm(Z, axis=1, keepdims=True)
        strategy.set_params(deltas=[DELTA])
    if name == "Badge":
        extra = {"clf": Classifier(classes=range(N_CLASSES)).fit(Z, y), "fit_clf": False}
    start = time.process_time()
    picks = strategy.query(Z, y, batch_size=K, **extra)
    return time.process_time() - start, np.asarray(picks) - N_LABELED


def labels():
    """Labels of the labelled rows."""
    return np.arange(N_LABELED) % N_CLASSES


def measure(python, library, name, folder):
    """Seconds and picks of one query in a fresh process with one thread."""
    one_thread = {f"{kind}_NUM_THREADS": "1" for kind in ("OMP", "OPENBLAS", "MKL")}
    command = [python, __file__, library, name, str(folder)]
    subprocess.run(command, env={**os.environ, **one_thread}, check=True)
    result = np.load(folder / "result.npz")
    return float(result["seconds"]), result["picks"]


def main():
    """Install the peer, then a line a strategy and number of features."""
    from strategies import mixture

    import skally.samplers

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "peer", with_pip=True)
        peer = folder / "peer" / "bin" / "python"
        subprocess.run([peer, "-m", "pip", "install", "-q", "scikit-activeml==1.0.1"], check=True)
        print(f"{'':20s}{'d':>5s}{'ours':>10s}{'theirs':>11s}{'ratio':>7s}  picks in common")
        for ours, theirs in PAIRS.items():
            for d in (64, 128) if hasattr(skally.samplers, ours) else ():
                np.save(folder / "features.npy", mixture(N_POOL + N_LABELED, d))
                t, picks = measure(sys.executable, "ours", ours, folder)
                t_peer, picks_peer = measure(peer, "theirs", theirs, folder)
                common = f"{np.isin(picks, picks_peer).mean():.0%}"
                print(
                    f"{ours:20s}{d:5d}{t:8.3f} s{t_peer:9.2f} s{t_peer / t:7.1f}  "
                    f"{common if ours in WITHOUT_CHANCE else 'drawn at random'}",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        library, name, folder = sys.argv[1:]
        query = {"ours": query_ours, "theirs": query_theirs}[library]
        seconds, picks = query(name, np.load(Path(folder) / "features.npy"))
        np.savez(Path(folder) / "result.npz", seconds=seconds, picks=picks)
    else:
        main()
