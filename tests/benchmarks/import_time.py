"""Time of ``import skally`` compared with ``import skorch``, each in a process of its own.

Run: ``python tests/benchmarks/import_time.py``
"""

import statistics
import subprocess
import sys
import time


def seconds(code):
    """Wall-clock time of one process that runs the code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main(n_runs=7):
    """Print medians of alternating runs, after a first one of each that does not count."""
    times = {code: [] for code in ("import skorch", "import skally")}
    for code in [*times] * (n_runs + 1):
        times[code].append(seconds(code))
    skorch, skally = (statistics.median(runs[1:]) for runs in times.values())
    print(
        f"import skorch {skorch:.2f} s, import skally {skally:.2f} s, ratio {skally / skorch:.3f}"
    )


if __name__ == "__main__":
    main()
