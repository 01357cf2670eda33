import signal
import threading
import warnings

import pytest
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier

from skally.utils.interrupts import interrupts_raised, recorded_interrupts


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def test_a_ctrl_c_is_recorded_and_an_exception_of_its_class_is_not():
    with recorded_interrupts() as pressed:
        with pytest.raises(KeyboardInterrupt) as caught:
            press_ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            raise KeyboardInterrupt
    assert pressed == [caught.value]


def test_the_handler_is_what_it_was_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError), recorded_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
        raise RuntimeError
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_that_ignores_ctrl_c_still_does():
    before = signal.signal(signal.SIGINT, lambda *args: None)
    try:
        with interrupts_raised():
            press_ctrl_c()
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_may_use_it():
    recorded = []

    def use():
        with recorded_interrupts() as pressed:
            recorded.append(pressed)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert recorded == [[]]


def test_what_scikit_learns_nets_swallow_is_raised(monkeypatch):
    X, y = load_iris(return_X_y=True)
    net = MLPClassifier(max_iter=3)
    update = MLPClassifier._update_no_improvement_count

    def interrupted(self, *args):
        press_ctrl_c()
        return update(self, *args)

    monkeypatch.setattr(MLPClassifier, "_update_no_improvement_count", interrupted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(X, y)  # they do
        with pytest.raises(KeyboardInterrupt), interrupts_raised():
            net.fit(X, y)
