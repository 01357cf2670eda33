import os
import signal
import subprocess
import sys
import threading

import pytest

from skally.benchmark.processes import interrupts_raised

RUN = """
import os, sys, threading
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB
from skally import RandomSampler
from skally.benchmark import learning_curves

class Endless(GaussianNB):
    def fit(self, X, y):
        with open(sys.argv[1], "w") as pipe:
            pipe.write(f"{os.getpid()}\\n")
        threading.Event().wait()

learning_curves(Endless(), [RandomSampler()], *load_iris(return_X_y=True), n_initial=20,
                n_instances=5, n_rounds=1, random_states=[0, 1], n_jobs=2)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")
def test_processes_of_a_run_end_when_it_is_killed(tmp_path):
    os.mkfifo(tmp_path / "pids")
    reader = os.open(tmp_path / "pids", os.O_RDWR)  # never ends, whoever writes
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path / "pids")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    started = b""
    while started.count(b"\n") < 2:
        started += os.read(reader, 100)
    os.close(reader)
    run.kill()
    # The processes hold the other end of the pipe, so this ends when all of them have.
    assert run.communicate(timeout=120)[0] == b""


def test_interrupt_that_the_code_swallows_is_raised_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        with interrupts_raised():
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                pass
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupt_that_the_code_turns_into_an_error_is_raised_as_what_it_is():
    with pytest.raises(KeyboardInterrupt):
        with interrupts_raised():
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise ValueError("stopped") from None


def test_other_errors_and_threads_pass():
    with pytest.raises(ValueError, match="other"):
        with interrupts_raised():
            raise ValueError("other")
    done = []

    def work():
        with interrupts_raised():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
