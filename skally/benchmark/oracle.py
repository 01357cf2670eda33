"""Labels of samples, from an array or from an oracle that is asked once for each sample."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time

import numpy as np

from skally.benchmark.answers import Kind, check_label, check_stored
from skally.benchmark.replies import Answer, Undo, last_labels, listed


class Undone(Exception):
    """Labels were taken back: the rounds that used them are to be done again."""


@dataclass
class Asked:
    """What an oracle is asked for at once.

    Parameters
    ----------
    positions : list of int
    round_number : int or None
    given : dict of int to label
        Labels so far.
    open : list of int
        Positions that have no answer yet, not even a wrong one.
    """

    positions: list
    round_number: int | None
    given: dict = field(default_factory=dict)
    open: list = field(init=False)

    def __post_init__(self):
        self.open = list(self.positions)

    def position_of(self, answer):
        """Position that an answer is for: the one it names, or the next."""
        if answer.position is None:
            if not self.open:
                n = len(self.positions)
                raise ValueError(f"The oracle yielded more than the {n} labels asked for.")
            return self.open.pop(0)
        if answer.position not in self.positions:
            raise ValueError(
                f"The oracle gave {answer.label!r:.80} for position {answer.position}, which was "
                f"not asked for, must be one of {self.positions}."
            )
        if answer.position in self.open:
            self.open.remove(answer.position)
        return answer.position


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
        self._first_kind = Kind() if kind is None else kind
        if callable(y):
            self._read()

    def _read(self):
        self._known = self._store.labels()
        self._kind = check_stored(self._known.items(), self._first_kind)

    @property
    def known(self):
        """Labels of the oracle so far, a dict from position to label."""
        return self._known if callable(self._y) else {}

    def check_positions(self, n):
        """Raise unless all stored labels are of the n samples."""
        largest = max(self.known, default=-1)
        if largest >= n:
            raise ValueError(
                f"{self._store.name} holds a label of position {largest}, must be below {n}, the "
                "number of rows of X."
            )

    def of(self, positions, round_number=None):
        """Labels of some samples, (len(positions),) or (len(positions), n_outputs).

        Parameters
        ----------
        positions : int array
        round_number : int, optional
            The round that needs them.

        Raises
        ------
        Undone
            If the oracle took labels back.
        """
        if not callable(self._y):
            return self._y[positions]
        missing = np.array([i for i in positions if int(i) not in self._known], dtype=int)
        if len(missing):
            self._ask(missing, round_number)
        return np.array([self._known[int(i)] for i in positions])

    def classes(self, y_labeled, y_test):
        """All classes that a curve knows of: those of y, or its answers so far, and of the test."""
        y = y_labeled if callable(self._y) else self._y
        return np.unique(y if y_test is None else np.concatenate([y, y_test]))

    def _ask(self, positions, round_number):
        """Get labels from the oracle, and store those it yields before the next is asked for."""
        self._store.reserve(len(positions))
        answer = self._y(positions.copy())
        if answer is None:
            raise ValueError(f"The oracle returned None, must return {len(positions)} labels.")
        asked = Asked(positions.tolist(), round_number)
        if not isinstance(answer, Iterator):
            self._keep(asked, listed(answer, len(positions)))
        else:
            for each in answer:
                if isinstance(each, Undo):
                    self._take_back(each, answer)
                self._keep(asked, [each])
        n_labels = len(asked.given)
        if n_labels < len(positions):
            raise ValueError(
                f"The oracle yielded {n_labels} labels, must be {len(positions)}. Those are stored."
            )

    def _keep(self, asked, answers):
        """Store all answers that can be labels, and raise on the first that cannot."""
        right, about, wrong = {}, {}, None
        for each in answers:
            each = each if isinstance(each, Answer) else Answer(each)
            try:
                position, label = self._check(asked, each)
            except ValueError as error:
                wrong = wrong or error
                continue
            if position not in asked.given:
                asked.given[position] = right[position] = label
                about[position] = (asked.round_number, time(), each.labeller)
        self._store.add_labels(right, about)
        self._known |= right
        if wrong is not None:
            raise wrong

    def _check(self, asked, answer):
        """Position and plain label of an answer."""
        position = asked.position_of(answer)
        try:
            label, self._kind = check_label(answer.label, self._kind)
        except ValueError as error:
            raise ValueError(
                f"The oracle returned {answer.label!r:.80} for position {position}, {error}. It is "
                "not stored, all others are."
            ) from None
        known = asked.given.get(position, label)
        if known != label:
            raise ValueError(
                f"The oracle gave {known!r:.80} and then {label!r:.80} for position {position}, "
                "must be the same. The first is stored: yield Undo() to take it back."
            )
        return position, label

    def _take_back(self, undo, answers):
        """Delete the last labels, and have the rounds done again that used them."""
        if hasattr(answers, "close"):
            answers.close()
        labels = self._store.answered()
        self._store.remove_labels(last_labels(labels, undo, is_clipped=True)["position"])
        self._read()
        raise Undone


@contextmanager
def errors_say_where_labels_are(labels, cache):
    """Add a note to an error that ends a run: where the labels are that were given before.

    Parameters
    ----------
    labels : Labels
    cache : str, path-like or None
        File of the labels. Without one the note holds the labels themselves.
    """
    try:
        yield
    except BaseException as error:
        known = labels.known
        if known and cache is None:
            tell(
                error,
                f"cache is None: these labels by position are in no file: {json.dumps(known)}",
            )
        elif known:
            tell(error, f"cache == {str(cache)!r} has {len(known)} labels: the same call goes on.")
        raise


def tell(error, note):
    """Add a note to an error; Python 3.10, which has no notes, warns instead."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        warnings.warn(note, UserWarning, stacklevel=4)
