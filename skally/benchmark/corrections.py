"""Correction of labels that an oracle gave and a file keeps."""

import numbers
from pathlib import Path

from skally.benchmark.answers import check_label, check_stored
from skally.benchmark.store import Store


def correct_labels(cache, labels):
    """Replace labels of an oracle in a file of :func:`skally.benchmark.learning_curves`.

    All rounds that used a label that changes are deleted with it, and the batches that they chose.
    The next call of ``learning_curves`` computes them again, and asks only for labels that are not
    in the file.

    Parameters
    ----------
    cache : str or path-like
    labels : dict of int to label
        The right labels by position in X. Each position must have a stored label.

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
    if not Path(cache).exists():
        raise OSError(f"There is no file {str(cache)!r}.")
    if not isinstance(labels, dict):
        raise ValueError(f"labels == {labels!r}, must be a dict from positions to labels.")
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
        for position, label in labels.items():
            try:
                label, kind = check_label(label, kind)
            except ValueError as error:
                raise ValueError(f"labels[{position}] == {label!r}, {error}.") from None
            if label != stored[int(position)] or type(label) is not type(stored[int(position)]):
                right[int(position)] = label
        return store.correct_labels(right)
