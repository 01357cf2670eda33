"""Ends of a run: by Ctrl-C, and of its processes when the one that started them is killed."""

import os
import signal
import threading
import time
from contextlib import contextmanager

WATCHED = set()  # processes that this one ends with


@contextmanager
def interrupts_raised():
    """Context that ends in KeyboardInterrupt if Ctrl-C was pressed, even if the code went on.

    Some estimators end their training early on Ctrl-C and return as if it were done.
    """
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not callable(before):  # only the main thread gets signals
        yield
        return
    pressed = []

    def note(number, frame):
        pressed.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except Exception:
        if not pressed:
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def end_with(pid):
    """End this process when its parent is killed, if the parent is the process of this id.

    joblib's processes would otherwise finish their work, and then wait for more for some minutes.
    """
    if pid in WATCHED or os.getpid() == pid or os.getppid() != pid:
        return
    WATCHED.add(pid)
    threading.Thread(target=wait_for_end, args=(pid,), daemon=True).start()


def wait_for_end(pid):
    """End this process as soon as it has another parent."""
    while os.getppid() == pid:
        time.sleep(0.2)
    os._exit(1)
