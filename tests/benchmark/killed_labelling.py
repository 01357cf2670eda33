"""A labelling that is killed again and again: ``killed_labelling.py FOLDER N_KILLS SEED``.

Each run is a fork that sends SIGKILL to itself at a random line of ``skally/benchmark``, so that
nothing depends on the clock. Lines that compare settings do not count, since nearly all are. The
oracle notes in a file of its own what it answers, and what was kept: that it was resumed after it
had yielded a label, which promises that the label is stored.

Prints the numbers of kills, of files that were labelled to the end, of labels that were kept, of
those of them that a file lacked or had wrong after a kill ("lost"), that were asked for again, and
of labels that had been answered and not yet kept when the kill came ("in_flight"), as JSON.
"""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

import skally.benchmark
from skally import EntropySampler, RandomSampler
from skally.benchmark import Answer, LearningCurves

FOLDER = Path(skally.benchmark.__file__).parent
COUNTED = {str(path) for path in FOLDER.glob("*.py")}
COUNTED -= {str(FOLDER / f"{name}.py") for name in ("code", "difference", "fingerprint")}
X, y = load_iris(return_X_y=True)


class Notes:
    """Lines of a file, each of which is there as soon as it is written."""

    def __init__(self, path):
        self.path = path

    def add(self, word, position):
        with open(self.path, "ab", buffering=0) as file:
            file.write(f"{word} {position}\n".encode())

    def of(self, word):
        lines = self.path.read_text().split("\n") if self.path.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]


def label(cache, notes):
    """The run that is killed."""

    def ask(positions):
        for i in positions:
            notes.add("answered", i)
            yield Answer(int(y[i]), labeller="Ann" if i % 2 else "Bob")
            notes.add("kept", i)

    skally.benchmark.learning_curves(
        GaussianNB(var_smoothing=1e-3),
        {"random": RandomSampler(), "entropy": EntropySampler()},
        X,
        ask,
        n_initial=6,
        n_instances=3,
        n_rounds=3,
        random_states=[0],
        cache=cache,
    )


def run(cache, notes, kill_at=None):
    """Label in a fork; whether it was killed, and how many lines it was otherwise."""
    count = Path(f"{cache}.lines")
    child = os.fork()
    if child == 0:
        n_lines = 0

        def trace(frame, event, arg):
            nonlocal n_lines
            if frame.f_code.co_filename not in COUNTED:
                return None
            n_lines += event == "line"
            if n_lines == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            sys.settrace(trace)
            label(cache, notes)
            sys.settrace(None)
            count.write_text(str(n_lines))
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL, 0
    assert os.WEXITSTATUS(status) == 0
    return False, int(count.read_text())


def stored(cache):
    """Labels in the file by position."""
    if not cache.exists():
        return {}
    labels = LearningCurves.load(cache).labels
    assert labels["labeller"].tolist() == ["Ann" if i % 2 else "Bob" for i in labels["position"]]
    return dict(zip(labels["position"].tolist(), labels["label"].tolist(), strict=True))


def check_whole(cache, whole):
    """Raise unless a run that was killed ends as one that was not."""
    one, other = LearningCurves.load(cache), LearningCurves.load(whole)
    columns = ["sampler", "seed", "round", "n_labeled"]
    assert one.frame[columns].equals(other.frame[columns])
    same = zip(one.frame["indices"], other.frame["indices"], strict=True)
    assert all(np.array_equal(a, b) for a, b in same)
    columns = ["position", "label", "round", "labeller"]
    assert one.labels[columns].equals(other.labels[columns])


if __name__ == "__main__":
    folder, n_kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rng, whole = np.random.RandomState(seed), folder / "whole"
    _, n_lines = run(whole, Notes(folder / "whole.notes"))
    total = dict.fromkeys(("kills", "files", "kept", "lost", "again", "in_flight"), 0)
    n_kept = n_again = n_answered = 0
    while total["kills"] < n_kills:
        cache = folder / f"labels{total['files']}"
        notes = Notes(folder / f"{cache.name}.notes")
        is_killed, _ = run(cache, notes, 1 + rng.randint(n_lines))
        total["kills"] += is_killed
        labels, kept, answered = stored(cache), notes.of("kept"), notes.of("answered")
        new = answered[n_answered:]
        total["in_flight"] += bool(new) and new[-1] not in labels
        total["lost"] += sum(labels.get(position) != y[position] for position in kept)
        total["kept"] += len(kept) - n_kept
        total["again"] += len(kept) - len(set(kept)) - n_again
        n_kept, n_again = len(kept), len(kept) - len(set(kept))
        n_answered = len(answered)
        if not is_killed:
            check_whole(cache, whole)
            total["files"] += 1
            n_kept = n_again = n_answered = 0
    print(json.dumps({name: int(each) for name, each in total.items()}))
