"""Learning curves that kill themselves: ``killed_run.py FILE [N]``.

The process sends SIGKILL to itself at the N-th line that it executes in ``skally/benchmark``, so
that a test does not depend on the clock. Without N it finishes, and prints how many lines it was.
"""

import os
import signal
import sys

from sklearn.datasets import load_iris

import skally.benchmark
from skally import ALLYSampler, ConstrainedNetClassifier, DualRegressor, EntropySampler
from skally.modules import MLP

FOLDER = os.path.dirname(skally.benchmark.__file__)
n_lines, kill_at = 0, None


def count_lines(frame, event, arg):
    """Trace function of the lines of skally.benchmark."""
    global n_lines
    if not frame.f_code.co_filename.startswith(FOLDER):
        return None
    n_lines += event == "line"
    if n_lines == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return count_lines


if __name__ == "__main__":
    kill_at = int(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.settrace(count_lines)
    skally.benchmark.learning_curves(
        ConstrainedNetClassifier(MLP, n_members=1, max_epochs=4),
        {"ALLY": ALLYSampler(regressor=DualRegressor(max_epochs=3)), "entropy": EntropySampler()},
        *load_iris(return_X_y=True),
        n_initial=20,
        n_instances=10,
        n_rounds=4,
        random_states=[0, 1],
        cache=sys.argv[1],
    )
    sys.settrace(None)
    print(n_lines)
