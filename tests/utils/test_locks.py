import os
import threading
import warnings

import pytest
from threads import in_threads

from skally.utils.locks import ForkSafeLock, warnings_ignored


def test_one_thread_at_a_time_is_inside_and_may_enter_again():
    lock, inside, seen = ForkSafeLock(), [], []

    def enter():
        with lock.held(), lock.held():
            inside.append(1)
            seen.append(len(inside))
            inside.pop()

    in_threads(enter, 50)
    assert seen == [1] * 400


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # what Python says of it in threads
def test_a_process_forked_while_another_thread_is_inside_may_enter():
    lock, entered, leave = ForkSafeLock(), threading.Event(), threading.Event()

    def stay():
        with lock.held():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait(60)
    child = os.fork()
    if child == 0:  # it ends here, whatever happens
        os._exit(0 if lock._lock.acquire(blocking=False) else 1)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_filters_of_warnings_are_put_back_after_many_threads():
    before = list(warnings.filters)

    def ignore():
        with warnings_ignored(UserWarning):
            warnings.warn("ignored", UserWarning, stacklevel=1)

    in_threads(ignore, 50)
    assert warnings.filters == before
