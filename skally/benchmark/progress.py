"""Progress of a run: a bar in a terminal, and a few lines where output goes to a file."""

import sys
import time


def progress_bar(total, verbose):
    """Bar of the rounds, as a context manager with the methods of tqdm's that a run calls.

    Parameters
    ----------
    total : int, number of rounds
    verbose : int, 0 shows nothing
    """
    from tqdm import tqdm

    if verbose and not is_terminal(sys.stderr):
        return ProgressLines(total)
    return tqdm(total=total, unit="round", disable=not verbose)


def is_terminal(stream):
    """Whether a stream can redraw its last line."""
    return stream is not None and stream.isatty()


class ProgressLines:
    """Progress as a line on stderr for each tenth of the rounds.

    Parameters
    ----------
    total : int
    """

    def __init__(self, total):
        self.total, self.done, self.description = total, 0, ""
        self.start = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def set_description(self, description):
        """Set the words that the next line begins with."""
        self.description = description

    def reset(self):
        """Count from 0 again."""
        self.done = 0

    def update(self, n=1):
        """Count n more rounds, and print a line if they end another tenth."""
        before, self.done = self.done, self.done + n
        if 10 * self.done // self.total > 10 * before // self.total:
            seconds = time.monotonic() - self.start
            print(
                f"{self.description}: {self.done}/{self.total} fits, {seconds:.0f} s",
                file=sys.stderr,
                flush=True,
            )
