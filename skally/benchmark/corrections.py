"""Labels that a file keeps: corrected, taken back, or added from elsewhere."""

import numbers
import os
from pathlib import Path

from skally.benchmark.answers import check_label, check_stored
from skally.benchmark.labels import join, read_labels, rows_of
from skally.benchmark.replies import Answer, Undo, last_labels
from skally.benchmark.store import Store


def correct_labels(cache, labels):
    """Replace labels of an oracle in a file of :func:`skally.benchmark.learning_curves`.

    All rounds that used a label that changes are deleted with it, and the batches that they chose.
    The next call of ``learning_curves`` computes them again, and asks only for labels that are not
    in the file.

    Parameters
    ----------
    cache : str or path-like
    labels : dict of int to label or Answer
        The right labels by position in X. Each position must have a stored label. The time of a
        label that changes is now, and its labeller that of the :class:`~skally.benchmark.Answer`,
        if it is one.

    Returns
    -------
    n_rounds : int
        Number of rounds that were deleted.

    Raises
    ------
    ValueError
        If a position has no stored label, or its new label is of another kind than the others.
        Nothing is changed then.
    OSError
        If there is no such file, it cannot be written, or a run has it open.

    Examples
    --------
    >>> from skally.benchmark import correct_labels
    >>> correct_labels("labels.sqlite", {17: "seven"})  # doctest: +SKIP
    3
    """
    check_exists(cache)
    if not isinstance(labels, dict):
        raise ValueError(f"labels == {labels!r}, must be a dict from positions to labels.")
    answers = {
        at: each if isinstance(each, Answer) else Answer(each) for at, each in labels.items()
    }
    with Store(cache) as store:
        stored = store.labels()
        for position in labels:
            is_position = isinstance(position, numbers.Integral) and not isinstance(position, bool)
            if not is_position or position not in stored:
                raise ValueError(
                    f"labels holds position {position!r}, must be one of the {len(stored)} "
                    "positions with a stored label."
                )
        others = {at: label for at, label in stored.items() if at not in labels}
        kind = check_stored(others.items())
        right = {}
        for position, answer in answers.items():
            try:
                label, kind = check_label(answer.label, kind)
            except ValueError as error:
                raise ValueError(f"labels[{position}] == {answer.label!r}, {error}.") from None
            if label != stored[int(position)] or type(label) is not type(stored[int(position)]):
                right[int(position)] = label
        labellers = {int(position): answer.labeller for position, answer in answers.items()}
        return store.correct_labels(right, labellers)


def undo_labels(cache, *, n_labels=None, n_rounds=None):
    """Take back the last labels in a file of :func:`~skally.benchmark.learning_curves`.

    All rounds that used them are deleted too. The next call of ``learning_curves`` asks for what it
    needs of them again. While an oracle labels it can yield :class:`~skally.benchmark.Undo` to the
    same end.

    Parameters
    ----------
    cache : str or path-like
    n_labels : int, default=None
        How many labels. None means 1, unless ``n_rounds`` is given.
    n_rounds : int, default=None
        The labels of how many rounds, in the place of ``n_labels``.

    Returns
    -------
    labels : data frame
        The labels that were taken back, as :attr:`~skally.benchmark.LearningCurves.labels`.

    Raises
    ------
    ValueError
        If there are fewer labels or rounds. Nothing is changed then.
    OSError
        If there is no such file, it cannot be written, or a run has it open.

    Examples
    --------
    >>> from skally.benchmark import undo_labels
    >>> undo_labels("labels.sqlite", n_labels=2)["position"].tolist()  # doctest: +SKIP
    [17, 4]
    """
    undo = Undo(n_labels, n_rounds)
    check_exists(cache)
    with Store(cache) as store:
        labels = last_labels(store.answered(), undo)
        store.remove_labels(labels["position"])
        return labels


def import_labels(cache, labels):
    """Add labels from elsewhere to a file of :func:`~skally.benchmark.learning_curves`.

    The run does not ask for them.

    Parameters
    ----------
    cache : str or path-like
        If there is no such file, it is made: a run can begin with it.
    labels : data frame, str or path-like
        Labels as :attr:`~skally.benchmark.LearningCurves.labels`, of which the columns position and
        label suffice, or a file of :func:`~skally.benchmark.save_labels`. Positions are those of
        the X of the run.

    Returns
    -------
    n_labels : int
        How many the file did not have.

    Raises
    ------
    ValueError
        If a label contradicts another one, of the file or among those given (the message names the
        positions and the labels), is of another kind, or is of no row of X. Nothing is changed
        then.
    OSError
        If a file cannot be read or written, or a run has it open.

    Examples
    --------
    >>> import os, tempfile
    >>> import pandas as pd
    >>> from skally.benchmark import LearningCurves, import_labels
    >>> labels = pd.DataFrame({"position": [3, 5], "label": ["cat", "dog"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = os.path.join(folder, "labels.sqlite")
    ...     n_labels = import_labels(cache, labels)
    ...     LearningCurves.load(cache).labels["label"].tolist()
    ['cat', 'dog']
    """
    rows = rows_of(read_labels(labels) if isinstance(labels, (str, os.PathLike)) else labels)
    with Store(cache) as store:
        if store.setting("y") not in (None, "oracle"):
            raise ValueError(f"{store.name} holds curves of an array y, must be of an oracle.")
        n = store.setting("n_samples")
        largest = max((row[0] for row in rows), default=-1)
        if n is not None and largest >= n:
            raise ValueError(f"labels holds position {largest}, must be below {n}, the rows of X.")
        join({store.name: rows_of(store.answered()), "labels": rows})
        known = store.labels()
        rows = [row for row in rows if row[0] not in known]
        store.add_labels(
            {position: label for position, label, *_ in rows},
            {position: tuple(about) for position, _, *about in rows},
        )
        return len(rows)


def check_exists(cache):
    """Raise unless there is such a file."""
    if not Path(cache).exists():
        raise OSError(f"There is no file {str(cache)!r}.")
