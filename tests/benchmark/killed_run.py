"""Learning curves that a test kills: ``killed_run.py FILE``, or with ``--warm`` on no file."""

import sys

from sklearn.datasets import load_iris

from skally import ALLYSampler, ConstrainedNetClassifier, EntropySampler
from skally.benchmark import learning_curves

if __name__ == "__main__":
    learning_curves(
        ConstrainedNetClassifier(max_epochs=20),
        {"ALLY": ALLYSampler(), "entropy": EntropySampler()},
        *load_iris(return_X_y=True),
        n_initial=20,
        n_instances=10,
        n_rounds=5,
        random_states=[0, 1],
        cache=None if "--warm" in sys.argv else sys.argv[1],
    )
