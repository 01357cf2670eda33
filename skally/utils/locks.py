"""Locks for what all threads of a process share and no thread can have of its own."""

import os
import threading
import warnings
from contextlib import contextmanager


class ForkSafeLock:
    """Reentrant lock that is open in a process forked while another thread held it."""

    def __init__(self):
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self):
        self._lock = threading.RLock()

    @contextmanager
    def held(self):
        """Context that one thread at a time is in; the same thread may enter it again."""
        with self._lock:
            yield


WARNING_FILTERS = ForkSafeLock()


@contextmanager
def warnings_ignored(category):
    """Context without warnings of some kind, which leaves the filters of the process as they were.

    ``warnings.catch_warnings`` alone does not where two threads are in it: whichever leaves last
    restores what the other had set. So threads enter one after another, and what runs inside must
    not wait for another thread that wants to enter.

    Parameters
    ----------
    category : class
    """
    with WARNING_FILTERS.held(), warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield
