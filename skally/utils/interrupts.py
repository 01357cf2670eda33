"""Ctrl-C: told apart from an end that a callback asks for, and raised where others swallow it."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def recorded_interrupts():
    """Record each KeyboardInterrupt that the process's handler of Ctrl-C raises inside.

    skorch's callbacks end a training by an exception of the same class. Signals reach the main
    thread only; in any other thread nothing is recorded.

    Yields
    ------
    pressed : list of KeyboardInterrupt, which grows while the context lasts
    """
    pressed = []
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def recording(*args):
        try:
            handler(*args)
        except KeyboardInterrupt as interrupt:
            pressed.append(interrupt)
            raise

    signal.signal(signal.SIGINT, recording)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def interrupts_raised():
    """Raise a Ctrl-C of the code inside at its end, if that code has swallowed it.

    scikit-learn's multilayer perceptrons and skorch's nets end their training at a Ctrl-C as if all
    were well. Whoever trains them on somebody's behalf would go on with half-trained ones.
    """
    with recorded_interrupts() as pressed:
        yield
    if pressed:
        raise pressed[0]
