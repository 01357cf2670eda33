"""Calls from several threads at once, as a labelling server or joblib's threads make them."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

N_THREADS = 8


def in_threads(call, n_repeats=3):
    """Results of a call by each of eight threads, which start together and are switched often.

    Parameters
    ----------
    call : function without arguments
    n_repeats : int
        Calls of each thread, one after another.

    Returns
    -------
    results : list
    """
    together, interval = threading.Barrier(N_THREADS, timeout=60), sys.getswitchinterval()

    def work(_):
        together.wait()
        return [call() for _ in range(n_repeats)]

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(N_THREADS) as pool:
            return [each for results in pool.map(work, range(N_THREADS)) for each in results]
    finally:
        sys.setswitchinterval(interval)
