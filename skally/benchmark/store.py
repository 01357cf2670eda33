"""Results of a run of learning curves so far, in one SQLite file that survives a crash."""

import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from time import time

import numpy as np
import pandas as pd

from skally.benchmark.difference import difference, is_same
from skally.benchmark.integrity import check_file
from skally.benchmark.labels import as_labels
from skally.benchmark.lock import check_beside, locked
from skally.benchmark.new_file import (
    APPLICATION,
    FORMAT,
    bring_up_to_date,
    make_file,
    make_tables,
)

FRAME = """
SELECT sampler, seed, round, n_labeled, score, fit_seconds, query_seconds, indices
FROM rounds JOIN batches USING (sampler, seed, round)
"""
# Labels of files without answers come first, since all others were given later.
ANSWERED = """
SELECT number, labels.position, label, round, time, labeller FROM labels
LEFT JOIN answers USING (position) ORDER BY number IS NOT NULL, number, labels.position
"""


class Store:
    """File of batches, scores and labels, which one run at a time can open.

    Every write is one transaction. The file is locked while the store is open, by a file of its own
    beside it, PATH.lock; the operating system unlocks it if the process dies.

    Parameters
    ----------
    path : str, path-like or None
        None keeps everything in memory.

    Raises
    ------
    ValueError
        If the file holds something else, is damaged, or was written by a newer skally.
    OSError
        If it cannot be opened or written, or another run has it open.
    """

    def __init__(self, path=None):
        self.path, self._lock, self._db = ":memory:", None, None
        self._said = path  # as the caller wrote it, for messages
        try:
            if path is not None:
                self.path = Path(path).resolve()
                self._lock = locked(self.path)
                check_beside(self.path)
                self._make_file()
            self._open()
        except BaseException:
            self.close()
            raise

    @property
    def name(self):
        """The file in words, for messages."""
        return f"cache == {str(self._said)!r}"

    def _make_file(self):
        """Make a new file if there is none; one without contents is not ours."""
        if self.path.exists():
            if self.path.is_file() and self.path.stat().st_size == 0:
                raise ValueError(
                    f"{self.name} is empty, must be a file of learning curves. Perhaps it was cut "
                    "off. Delete it to begin a new one."
                )
            return
        with self._errors("cannot be opened"):
            make_file(self.path)

    def _open(self):
        """Open the file, and refuse one of another kind before anything is written."""
        with self._errors("cannot be opened"):
            self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        if self._lock is None:
            make_tables(self._db)
            self.format = FORMAT
            return
        with self._errors("cannot be used"):
            try:
                self._db.execute("PRAGMA trusted_schema = OFF")
                self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._db.execute("BEGIN EXCLUSIVE")
                is_ours = self._one("PRAGMA application_id") == APPLICATION
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                words = f"{self.name} must be a file of learning curves: {error}."
                raise ValueError(words) from error
            self._check(is_ours)
            self._db.execute("COMMIT")

    def _check(self, is_ours):
        """Raise unless the file is of a known format and whole."""
        if not is_ours:
            raise ValueError(f"{self.name} must be a file of learning curves.")
        self.format = self._one("PRAGMA user_version")
        if self.format > FORMAT:
            raise ValueError(
                f"{self.name} has format {self.format}, must be at most {FORMAT}: it was written "
                "by a newer skally."
            )
        try:
            check_file(self._db, self.format)
        except ValueError as error:
            raise ValueError(f"{self.name} must be as a run left it: {error}.") from error
        if self.format < FORMAT:
            self.format = bring_up_to_date(self._db, self.format)

    @contextmanager
    def _errors(self, words="cannot be written or read"):
        """Turn errors of SQLite into OSErrors that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            is_locked = "locked" in str(error)
            words = "is open in another run" if is_locked else f"{words}: {error}"
            raise OSError(f"{self.name} {words}.") from error

    def _one(self, query, *values):
        row = self._db.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _all(self, query, *values):
        with self._errors():
            return self._db.execute(query, values).fetchall()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Close the file, so that other runs can open it."""
        if self._db is not None:
            self._db.close()
        if self._lock is not None:
            self._lock.release()

    def agree(self, table, values):
        """Store settings, or raise if the file has another value for one of them.

        Parameters
        ----------
        table : "settings" or "samplers"
        values : dict of JSON-able values
        """
        if self.format < FORMAT:
            raise ValueError(
                f"{self.name} has format {self.format}, of an earlier skally, whose "
                "settings cannot be compared with those given. LearningCurves.load reads it. Use "
                "another file."
            )
        kept = {name: json.loads(text) for name, text in self._all(f"SELECT * FROM {table}")}
        for name, value in values.items():
            given = json.loads(json.dumps(value))
            if name in kept and not is_same(kept[name], given):
                what = name if table == "settings" else f"samplers.{name}"
                raise ValueError(
                    f"{self.name} holds results of other settings. "
                    f"{difference(what, kept[name], given)} Use the settings of the file, or "
                    "another file."
                )
        if table == "settings" and kept and not values.keys() <= kept.keys():
            missing = sorted(values.keys() - kept.keys())
            raise ValueError(f"{self.name} lacks the settings {missing}, must have all of a run.")
        with self._transaction():
            for name, value in values.items():
                row = (name, json.dumps(value, sort_keys=True))
                self._db.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", row)

    def keep_largest(self, name, value):
        """Store a number under a name, unless the number stored there is larger."""
        self.note(name, max(value, self.setting(name) or value))

    def note(self, name, value):
        """Store a JSON-able value under a name, whatever is stored there."""
        with self._transaction():
            row = (name, json.dumps(value))
            self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", row)

    def setting(self, name):
        """Value stored under a name, or None."""
        rows = self._all("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def batches(self, sampler, seed):
        """Positions labelled in each round so far, a list of int arrays."""
        query = "SELECT indices FROM batches WHERE sampler = ? AND seed = ? ORDER BY round"
        rows = self._all(query, sampler, int(seed))
        return [np.array(json.loads(text), dtype=int) for (text,) in rows]

    def observations(self, sampler, seed):
        """What the stopping criterion measured in each finished round, a list."""
        query = "SELECT observation FROM rounds WHERE sampler = ? AND seed = ? ORDER BY round"
        return [json.loads(text or "null") for (text,) in self._all(query, sampler, int(seed))]

    def add_batch(self, sampler, seed, round_number, indices, query_seconds):
        """Store the positions that a round labels."""
        text = json.dumps([int(i) for i in indices])
        row = (sampler, int(seed), round_number, text, query_seconds)
        with self._errors():
            self._db.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", row)

    def add_round(self, sampler, seed, round_number, n_labeled, outcome):
        """Store the result of a round and the batch that it chose, in one transaction.

        Parameters
        ----------
        outcome : Outcome
        """
        result = (sampler, int(seed), round_number, n_labeled, outcome.score)
        times = (outcome.fit_seconds, json.dumps(outcome.observation))
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO rounds VALUES (?, ?, ?, ?, ?, ?, ?)", result + times
            )
            if outcome.indices is not None:
                batch = (outcome.indices, outcome.query_seconds)
                self.add_batch(sampler, seed, round_number + 1, *batch)

    def labels(self):
        """Stored labels of an oracle: dict from position to label."""
        rows = self._all("SELECT position, label FROM labels")
        return {position: json.loads(text) for position, text in rows}

    def reserve(self, n_labels):
        """Take the room on the disk that a number of labels needs, before they are asked for."""
        self.note("reserved", "x" * (300 * n_labels))
        with self._transaction():
            self._db.execute("DELETE FROM settings WHERE name = 'reserved'")

    def answered(self):
        """Stored labels in the order in which they were given, as a data frame.

        A label of a file that has no answers is of the first round that used it.
        """
        first, used = {}, "SELECT round, indices FROM batches ORDER BY round DESC"
        for number, text in self._all(used):
            first |= dict.fromkeys(json.loads(text), number)
        old, rows = [], []
        for number, at, text, *about in self._all(ANSWERED):
            if number is None:
                old.append((at, json.loads(text), first.get(at), None, None))
            else:
                rows.append((at, json.loads(text), *about))
        old.sort(key=lambda row: -1 if row[2] is None else row[2])  # stable: by position too
        return as_labels(old + rows)

    def add_labels(self, labels, about=None):
        """Store labels of an oracle, in one transaction.

        Parameters
        ----------
        labels : dict from position to plain label
        about : dict from position to (round, time, labeller), optional
            Each may be None. None means what is known of no label but the time, which is now.
        """
        about = {} if about is None else about
        rows = [(int(position), json.dumps(label)) for position, label in labels.items()]
        given = [(at, *about.get(at, (None, time(), None))) for at, _ in rows]
        insert = "INSERT OR REPLACE INTO answers (position, round, time, labeller) VALUES "
        try:
            with self._transaction():
                self._db.executemany("INSERT OR REPLACE INTO labels VALUES (?, ?)", rows)
                self._db.executemany(f"{insert} (?, ?, ?, ?)", given)
        except OSError as error:
            raise OSError(
                f"{str(error).removesuffix('.')}. These labels by position were given and are not "
                f"stored: {json.dumps(labels)}."
            ) from error

    def correct_labels(self, labels, labellers=None):
        """Replace stored labels, and delete all rounds that used them, in one transaction.

        Parameters
        ----------
        labels : dict from position to plain label
        labellers : dict from position to name or None, optional

        Returns
        -------
        n_rounds : int
            Number of rounds that are to be computed again.
        """
        labellers = {} if labellers is None else labellers
        rows = [(json.dumps(label), position) for position, label in labels.items()]
        given = [(time(), labellers.get(position), position) for position in labels]
        with self._transaction():
            n_rounds = self._forget_rounds(labels.keys())
            self._db.executemany("UPDATE labels SET label = ? WHERE position = ?", rows)
            self._db.executemany(
                "UPDATE answers SET time = ?, labeller = ? WHERE position = ?", given
            )
        return n_rounds

    def remove_labels(self, positions):
        """Delete stored labels, and all rounds that used them, in one transaction."""
        rows = [(int(position),) for position in positions]
        with self._transaction():
            self._forget_rounds({position for (position,) in rows})
            for table in ("labels", "answers"):
                self._db.executemany(f"DELETE FROM {table} WHERE position = ?", rows)

    def _forget_rounds(self, positions):
        """Delete all rounds that used labels, and the batches chosen by them; how many they are."""
        n_rounds = 0
        for sampler, seed in self._all("SELECT DISTINCT sampler, seed FROM batches"):
            batches = self.batches(sampler, seed)
            used = [i for i, each in enumerate(batches) if set(each.tolist()) & positions]
            if used:
                curve = (sampler, seed, used[0])
                where = "WHERE sampler = ? AND seed = ? AND round"
                deleted = self._db.execute(f"DELETE FROM rounds {where} >= ?", curve)
                n_rounds += deleted.rowcount
                self._db.execute(f"DELETE FROM batches {where} > ?", curve)
        return n_rounds

    def frame(self):
        """Data frame with one row for each finished round."""
        with self._errors():
            frame = pd.read_sql_query(FRAME, self._db)
        frame["indices"] = [np.array(json.loads(text), dtype=int) for text in frame["indices"]]
        return frame.astype({"score": float})

    @contextmanager
    def _transaction(self):
        """Commit all writes inside, or none if one fails."""
        with self._errors(), self._db:
            self._db.execute("BEGIN")
            yield
