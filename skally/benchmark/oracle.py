"""Labels of samples, from an array or from an oracle that is asked once for each sample."""

from collections.abc import Iterator

import numpy as np

from skally.utils.validation import as_plain


class Labels:
    """Labels of samples by position.

    Parameters
    ----------
    y : array-like of n labels, or function
        A function, the oracle, takes an int array of positions and returns or yields their labels.
    store : Store
        Keeps the labels that the oracle gives, so that it is asked only once for each.
    """

    def __init__(self, y, store):
        self._y, self._store = (y if callable(y) else np.asarray(as_plain(y))), store

    def of(self, positions):
        """Labels of some samples, (len(positions),) or (len(positions), n_outputs)."""
        if not callable(self._y):
            return self._y[positions]
        known = self._store.labels(positions)
        missing = np.array([i for i in positions if int(i) not in known], dtype=int)
        if len(missing):
            self._ask(missing)
            known = self._store.labels(positions)
        return np.array([known[int(i)] for i in positions])

    def _ask(self, positions):
        """Get labels from the oracle, and store each of them before the next is asked for."""
        answer = self._y(positions.copy())
        if answer is None:
            raise ValueError(f"The oracle returned None, must return {len(positions)} labels.")
        if not isinstance(answer, Iterator):
            answer = np.asarray(as_plain(answer))
            if answer.ndim == 0 or len(answer) != len(positions):
                n = len(answer) if answer.ndim else "no"
                raise ValueError(f"The oracle returned {n} labels, must be {len(positions)}.")
        n_labels = 0
        for label in answer:
            if n_labels == len(positions):
                raise ValueError(f"The oracle yielded more than the {n_labels} labels asked for.")
            self._store_label(positions[n_labels], label)
            n_labels += 1
        if n_labels < len(positions):
            raise ValueError(
                f"The oracle yielded {n_labels} labels, must be {len(positions)}. Those are stored."
            )

    def _store_label(self, position, label):
        if label is None or is_nan(label):
            raise ValueError(
                f"The oracle returned {label} for position {position}, must be a label."
            )
        self._store.add_label(position, label)


def is_nan(label):
    """Whether a label is NaN, or NaT, or an array that holds one."""
    label = np.asarray(label)
    return bool(np.any(label != label))
