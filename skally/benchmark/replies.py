"""What an oracle may reply beside plain labels: who labelled which sample, and corrections."""

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

from skally.utils.validation import as_plain, check_number


@dataclass(frozen=True)
class Answer:
    """A label that an oracle gives, with the sample it is of and the name of who gave it.

    Parameters
    ----------
    label : number, text, truth value, or list of these
    position : int, default=None
        Position in X, one of those asked for, so that samples may be labelled in any order. None
        means the next of those that have no answer yet.
    labeller : str, default=None
        For the column ``labeller`` of :attr:`~skally.benchmark.LearningCurves.labels`.

    Raises
    ------
    ValueError
        If the position or the name is of another type.

    Examples
    --------
    >>> from skally.benchmark import Answer
    >>> def ask(positions):
    ...     for i in positions:
    ...         yield Answer(input("label: "), labeller="Ann")
    """

    label: Any
    position: int | None = None
    labeller: str | None = None

    def __post_init__(self):
        if self.position is not None:
            check_number("position", self.position, numbers.Integral, 0)
            object.__setattr__(self, "position", int(self.position))
        if self.labeller is not None and not (isinstance(self.labeller, str) and self.labeller):
            raise ValueError(
                f"labeller == {self.labeller!r}, must be text or None, with label {self.label!r}."
            )


@dataclass(frozen=True)
class Undo:
    """Yielded by an oracle to take back the last labels and be asked for them again.

    Rounds that used these labels are done again. The oracle is called anew, with all positions that
    have no label. If there are fewer labels, all are taken back.

    Parameters
    ----------
    n_labels : int, default=None
        How many labels. None means 1, unless ``n_rounds`` is given.
    n_rounds : int, default=None
        The labels of how many rounds, in the place of ``n_labels``.

    Examples
    --------
    >>> from skally.benchmark import Undo
    >>> def ask(positions):
    ...     for i in positions:
    ...         text = input("label, or u to undo: ")
    ...         yield Undo() if text == "u" else text
    """

    n_labels: int | None = None
    n_rounds: int | None = None

    def __post_init__(self):
        if self.n_labels is not None and self.n_rounds is not None:
            raise ValueError("n_labels and n_rounds are given, must be one of them.")
        for name in ("n_labels", "n_rounds"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), numbers.Integral, 1)


def last_labels(labels, undo, is_clipped=False):
    """The last rows of a table of labels, which are to be taken back.

    Parameters
    ----------
    labels : data frame
        In the order in which they were given.
    undo : Undo
    is_clipped : bool
        Whether to take all if there are fewer, or to raise.
    """
    rounds = labels["round"].fillna(-1).astype(int).to_numpy()  # -1 for labels from elsewhere
    starts = np.flatnonzero(np.diff(rounds, prepend=-2))  # of each round
    name, n = ("n_labels", undo.n_labels) if undo.n_rounds is None else ("n_rounds", undo.n_rounds)
    n = 1 if n is None else n
    most = len(labels) if name == "n_labels" else len(starts)
    if n > most and not is_clipped:
        raise ValueError(f"{name} == {n}, must be <= {most}, as many as there are.")
    n = min(n, most)
    if name == "n_rounds":
        n = len(labels) - (starts[-n] if n else len(labels))
    return labels.iloc[len(labels) - n :]


def listed(answer, n):
    """Answers that an oracle returned together, one for each of n positions.

    A dict is of labels by position.
    """
    if isinstance(answer, dict):
        return [Answer(label, position) for position, label in answer.items()]
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
        raise ValueError(
            f"The oracle returned {len(answer)} labels, must be {n}. It is not known of which "
            f"samples they are, so they are not stored: {list(answer)}."
        )
    return list(answer)
