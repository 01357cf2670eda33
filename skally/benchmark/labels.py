"""Tables of given labels: what they must hold, their files, and several of them as one."""

import csv
import json
import numbers
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from skally.benchmark.answers import check_stored, plain_label

COLUMNS = ["position", "label", "round", "time", "labeller"]


def as_labels(rows=()):
    """Data frame of labels.

    Parameters
    ----------
    rows : list of (position, label, round, time, labeller)
        Plain values; the time is in seconds since 1970, in UTC. The last three may be None.
    """
    position, label, number, when, labeller = (
        map(list, zip(*rows, strict=True)) if rows else [[]] * 5
    )
    is_plain = all(isinstance(each, (int, float)) for each in label) and label  # bool is an int
    when = [as_time(each) for each in when]
    return pd.DataFrame(
        {
            "position": pd.Series(position, dtype=np.int64),
            "label": pd.Series(label, dtype=None if is_plain else object),
            "round": pd.Series(pd.array(number, dtype="Int64")),
            "time": pd.Series(when, dtype="datetime64[ns, UTC]"),
            "labeller": pd.Series(labeller, dtype=object),
        }
    )


def as_time(when):
    """Time of seconds since 1970, in whole microseconds, so that a file has the same."""
    return pd.NaT if when is None else pd.Timestamp(round(when * 1e6), unit="us", tz="UTC")


def rows_of(labels, name="labels"):
    """Rows of a user's table of labels, as :func:`as_labels` takes them, checked.

    A position that is there twice with the same label is taken once.

    Raises
    ------
    ValueError
        If a column is missing, a value is not what it must be, or a position has two labels.
    """
    if not isinstance(labels, pd.DataFrame):
        raise ValueError(f"{name} is a {type(labels).__name__}, must be a data frame of labels.")
    missing = [each for each in COLUMNS[:2] if each not in labels.columns]
    if missing:
        raise ValueError(f"{name} lacks the columns {missing}, must have position and label.")
    others = [[None] * len(labels) if c not in labels else labels[c].tolist() for c in COLUMNS[2:]]
    rows = []
    for position, *values in zip(labels["position"], labels["label"], *others, strict=True):
        is_position = isinstance(position, numbers.Integral) and not isinstance(position, bool)
        if not is_position or position < 0:
            raise ValueError(f"{name} holds position {position!r}, must be an integer >= 0.")
        try:
            rows.append((int(position), *plain_row(*values)))
        except ValueError as error:
            raise ValueError(f"{name}, position {position}: {error}.") from None
    return join({name: rows})


def plain_row(label, number, when, labeller):
    """Label, round, time and labeller as plain values; what is missing is None."""
    try:
        plain = plain_label(label)
    except ValueError as error:
        raise ValueError(f"the label is {label!r:.80}, {error}") from None
    number, when, labeller = (None if is_none(each) else each for each in (number, when, labeller))
    if number is not None and not (isinstance(number, numbers.Real) and number >= 0 == number % 1):
        raise ValueError(f"round == {number!r}, must be an integer >= 0, or missing")
    if labeller is not None and not isinstance(labeller, str):
        raise ValueError(f"labeller == {labeller!r}, must be text, or missing")
    return plain, None if number is None else int(number), seconds(when), labeller


def is_none(value):
    """Whether a cell is empty: None, NaN, NaT or no text."""
    return not value if isinstance(value, str) else bool(pd.isna(value))


def seconds(when):
    """Seconds since 1970 of a time, which is in UTC unless it says otherwise."""
    if when is None:
        return None
    try:
        when = pd.Timestamp(when)
    except (TypeError, ValueError) as error:
        raise ValueError(f"time == {when!r}, must be a time, or missing") from error
    return (when.tz_localize("UTC") if when.tz is None else when).timestamp()


def join(tables):
    """Rows of several tables as one, the first of each position.

    Parameters
    ----------
    tables : dict of str to list of rows
        Rows by the name of their table, for the error.

    Raises
    ------
    ValueError
        If they have different labels for a position, or labels of different kinds.
    """
    first, conflicts = {}, []
    for name, rows in tables.items():
        for row in rows:
            source, known = first.setdefault(row[0], (name, row))
            if known[1] != row[1] or type(known[1]) is not type(row[1]):
                conflicts.append(
                    f"position {row[0]} is {in_words(known)} in {source} and {in_words(row)} in "
                    f"{name}"
                )
    if conflicts:
        shown, rest = conflicts[:20], len(conflicts) - 20
        more = f"; and {rest} more" if rest > 0 else ""
        raise ValueError(
            f"{len(conflicts)} labels contradict each other, must be the same: {'; '.join(shown)}"
            f"{more}."
        )
    rows = [row for _, row in first.values()]
    check_stored([row[:2] for row in rows])
    return rows


def in_words(row):
    """A label, by whom and when it was given."""
    _, label, _, when, labeller = row
    about = [] if labeller is None else [f"by {labeller}"]
    about += [] if when is None else [f"{pd.Timestamp(when, unit='s'):%Y-%m-%d %H:%M}"]
    return f"{label!r:.80}" + (f" ({', '.join(about)})" if about else "")


def merge_labels(*labels):
    """Labels of several runs on the same samples, as one table.

    Parameters
    ----------
    labels : data frames
        As :attr:`~skally.benchmark.LearningCurves.labels`; the columns position and label suffice.
        Positions are those of the same X.

    Returns
    -------
    merged : data frame
        With the columns position, label, round, time and labeller. A position that has the same
        label in several tables is as in the first.

    Raises
    ------
    ValueError
        If tables have different labels for a position. The message names the positions, their
        labels and who gave them.

    Examples
    --------
    >>> import pandas as pd
    >>> from skally.benchmark import merge_labels
    >>> one = pd.DataFrame({"position": [3, 5], "label": ["cat", "dog"]})
    >>> other = pd.DataFrame({"position": [5, 8], "label": ["dog", "cat"]})
    >>> merge_labels(one, other)["position"].tolist()
    [3, 5, 8]
    """
    return as_labels(
        join({f"labels[{i}]": rows_of(each, f"labels[{i}]") for i, each in enumerate(labels)})
    )


def save_labels(labels, path):
    """Write labels to a CSV file, for a spreadsheet or :func:`~skally.benchmark.read_labels`.

    Texts are written as they are, unless they could be taken for numbers: then all are in quotes.
    Lists are written as JSON. A file that is there already is replaced once the new one is whole.

    Parameters
    ----------
    labels : data frame
        As :attr:`~skally.benchmark.LearningCurves.labels`; the columns position and label suffice.
    path : str or path-like

    Raises
    ------
    ValueError
        If a column is missing, or a position has two labels.
    OSError
        If the file cannot be written; one that was there is as it was.

    Examples
    --------
    >>> import os, tempfile
    >>> import pandas as pd
    >>> from skally.benchmark import read_labels, save_labels
    >>> labels = pd.DataFrame({"position": [3, 5], "label": ["cat", "dog"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_labels(labels, os.path.join(folder, "labels.csv"))
    ...     read_labels(os.path.join(folder, "labels.csv"))["label"].tolist()
    ['cat', 'dog']
    """
    rows = rows_of(labels)
    cells = as_cells([row[1] for row in rows])
    new = Path(f"{path}.new")
    try:
        with open(new, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for (position, _, number, when, labeller), cell in zip(rows, cells, strict=True):
                when = None if when is None else as_time(when).isoformat()
                writer.writerow([position, cell, number, when, labeller])
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        raise OSError(f"path == {str(path)!r} cannot be written: {error}.") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def read_labels(path):
    """Labels of a CSV file, written by :func:`~skally.benchmark.save_labels` or by hand.

    Parameters
    ----------
    path : str or path-like
        Its first line names the columns, of which position and label must be there. If every
        label is a number, true, false or a list, they are taken as that, else as text.

    Returns
    -------
    labels : data frame
        As :attr:`~skally.benchmark.LearningCurves.labels`.

    Raises
    ------
    ValueError
        If a value is not what it must be, or a position has two labels.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skally.benchmark import read_labels
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = Path(folder, "labels.csv").write_text("position,label\\n3,cat\\n5,dog\\n")
    ...     read_labels(Path(folder, "labels.csv"))[["position", "label"]]
       position label
    0         3   cat
    1         5   dog
    """
    name = f"path == {str(path)!r}"
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = list(csv.DictReader(file, strict=True))
    except OSError as error:
        raise OSError(f"{name} cannot be read: {error}.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{name} must be a CSV file: {error}.") from error
    if lines and not {"position", "label"} <= lines[0].keys():
        raise ValueError(f"{name} has the columns {list(lines[0])}, must have position and label.")
    without = [line["position"] for line in lines if not line["label"]]
    if without:
        raise ValueError(f"{name} has no label for position {without[0]}, must have one.")
    columns = {c: [line.get(c) or None for line in lines] for c in COLUMNS}
    columns["position"] = [as_integer(each) for each in columns["position"]]
    columns["round"] = [each and as_integer(each) for each in columns["round"]]
    columns["label"] = from_cells(columns["label"])
    table = pd.DataFrame({c: pd.Series(each, dtype=object) for c, each in columns.items()})
    return as_labels(rows_of(table, name))


def as_cells(labels):
    """Texts of labels in a file."""
    is_text = all(isinstance(each, str) for each in labels)
    if (
        is_text
        and all(each.isprintable() and each for each in labels)
        and from_cells(labels) == labels
    ):
        return labels
    return [json.dumps(each) for each in labels]


def from_cells(cells):
    """Labels of their texts in a file: JSON if all of them are, else as they are."""
    try:
        return [json.loads(each) for each in cells]
    except (ValueError, RecursionError):
        return cells


def as_integer(text):
    """An integer of its text, which is left for the check to refuse if it is none."""
    try:
        return int(text)
    except (TypeError, ValueError):
        return text
