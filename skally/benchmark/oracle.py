"""Labels of samples, from an array or from an oracle that is asked once for each sample."""

from collections.abc import Iterator

import numpy as np

from skally.benchmark.answers import Kind, check_label, check_stored
from skally.utils.validation import as_plain


class Labels:
    """Labels of samples by position.

    Parameters
    ----------
    y : array of n labels, or function
        A function, the oracle, takes an int array of positions and returns or yields their labels.
    store : Store
        Keeps the labels that the oracle gives, so that it is asked only once for each.
    kind : Kind
        What is known of the labels, from those of the test samples.
    """

    def __init__(self, y, store, kind=None):
        self._y, self._store = y, store
        if callable(y):
            self._known = store.labels()
            self._kind = check_stored(self._known.items(), Kind() if kind is None else kind)

    def of(self, positions):
        """Labels of some samples, (len(positions),) or (len(positions), n_outputs)."""
        if not callable(self._y):
            return self._y[positions]
        missing = np.array([i for i in positions if int(i) not in self._known], dtype=int)
        if len(missing):
            self._ask(missing)
        return np.array([self._known[int(i)] for i in positions])

    def classes(self, y_labeled, y_test):
        """All classes that a curve knows of: those of y, or its answers so far, and of the test."""
        y = y_labeled if callable(self._y) else self._y
        return np.unique(y if y_test is None else np.concatenate([y, y_test]))

    def _ask(self, positions):
        """Get labels from the oracle, and store those it yields before the next is asked for."""
        self._store.reserve(len(positions))
        answer = self._y(positions.copy())
        if answer is None:
            raise ValueError(f"The oracle returned None, must return {len(positions)} labels.")
        if not isinstance(answer, Iterator):
            self._keep(positions, listed(answer, len(positions)))
            return
        n_labels = 0
        for label in answer:
            if n_labels == len(positions):
                raise ValueError(f"The oracle yielded more than the {n_labels} labels asked for.")
            self._keep(positions[n_labels : n_labels + 1], [label])
            n_labels += 1
        if n_labels < len(positions):
            raise ValueError(
                f"The oracle yielded {n_labels} labels, must be {len(positions)}. Those are stored."
            )

    def _keep(self, positions, answers):
        """Store all answers that can be labels, and raise on the first that cannot."""
        right, wrong = {}, None
        for position, answer in zip(positions.tolist(), answers, strict=True):
            try:
                right[position], self._kind = check_label(answer, self._kind)
            except ValueError as error:
                wrong = wrong or (
                    f"The oracle returned {answer!r:.80} for position {position}, {error}. It is "
                    "not stored, all others are."
                )
        self._store.add_labels(right)
        self._known |= right
        if wrong is not None:
            raise ValueError(wrong)


def listed(answer, n):
    """Answers that an oracle returned together, one for each of n positions."""
    if hasattr(answer, "to_numpy"):
        answer = answer.to_numpy()
    answer = as_plain(answer)
    if not isinstance(answer, (list, tuple)):
        answer = np.asarray(answer)
        if answer.ndim == 0:
            raise ValueError(f"The oracle returned no labels, must be {n}.")
        if answer.ndim == 2 and answer.shape[1] == 1:
            answer = answer[:, 0]
    if len(answer) != n:
        raise ValueError(f"The oracle returned {len(answer)} labels, must be {n}.")
    return list(answer)
