"""Results of a run of learning curves so far, in one SQLite file that survives a crash."""

import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

APPLICATION = 0x5CA11E  # SQLite's application_id, which marks a file as written by this class
FORMAT = 1

TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE samplers (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE batches (
    sampler TEXT, seed INTEGER, round INTEGER, indices TEXT NOT NULL, query_seconds REAL NOT NULL,
    PRIMARY KEY (sampler, seed, round)
);
CREATE TABLE rounds (
    sampler TEXT, seed INTEGER, round INTEGER, n_labeled INTEGER NOT NULL, score REAL,
    fit_seconds REAL NOT NULL, observation TEXT, PRIMARY KEY (sampler, seed, round)
);
CREATE TABLE labels (position INTEGER PRIMARY KEY, label TEXT NOT NULL);
"""

FRAME = """
SELECT sampler, seed, round, n_labeled, score, fit_seconds, query_seconds, indices
FROM rounds JOIN batches USING (sampler, seed, round)
"""


class Store:
    """File of batches, scores and labels, which one run at a time can open.

    Every write is one transaction. The file is locked while the store is open; the operating
    system unlocks it if the process dies.

    Parameters
    ----------
    path : str, path-like or None
        None keeps everything in memory.

    Raises
    ------
    ValueError
        If the file holds something else, or was written by a newer skally.
    OSError
        If it cannot be opened, or another run has it open.
    """

    def __init__(self, path=None):
        self.path = ":memory:" if path is None else Path(path)
        try:
            self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise OSError(f"cache == {str(path)!r} cannot be opened: {error}.") from error
        try:
            self._set_up()
        except Exception:
            self.close()
            raise

    def _set_up(self):
        """Lock the file, create the tables of a new one, and refuse a file of another kind."""
        name = f"cache == {str(self.path)!r}"
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("BEGIN EXCLUSIVE")
            if self._one("SELECT count(*) FROM sqlite_master") == 0:
                self._make_tables()
        except sqlite3.OperationalError as error:
            why = "is open in another run" if "locked" in str(error) else f"cannot be used: {error}"
            raise OSError(f"{name} {why}.") from error
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{name} must be a file of learning curves: {error}.") from error
        if self._one("PRAGMA application_id") != APPLICATION:
            raise ValueError(f"{name} must be a file of learning curves.")
        version = self._one("PRAGMA user_version")
        if version > FORMAT:
            raise ValueError(
                f"{name} has format {version}, must be at most {FORMAT}: it was written by a newer "
                "skally."
            )
        self._db.execute("COMMIT")

    def _make_tables(self):
        for statement in TABLES.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA application_id = {APPLICATION}")
        self._db.execute(f"PRAGMA user_version = {FORMAT}")

    def _one(self, query, *values):
        row = self._db.execute(query, values).fetchone()
        return None if row is None else row[0]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Close the file, so that other runs can open it."""
        self._db.close()

    def agree(self, table, values):
        """Store settings, or raise if the file has another value for one of them.

        Parameters
        ----------
        table : "settings" or "samplers"
        values : dict of JSON-able values
        """
        for name, value in values.items():
            text = json.dumps(value, sort_keys=True)
            kept = self._one(f"SELECT value FROM {table} WHERE name = ?", name)
            if kept is not None and kept != text:
                raise ValueError(
                    f"cache == {str(self.path)!r} holds results of other settings. "
                    f"{difference(name, json.loads(kept), json.loads(text))} Use the settings of "
                    "the file, or another file."
                )
        with self._transaction():
            for name, value in values.items():
                row = (name, json.dumps(value, sort_keys=True))
                self._db.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", row)

    def keep_largest(self, name, value):
        """Store a number under a name, unless the number stored there is larger."""
        text = json.dumps(max(value, self.setting(name) or value))
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, text))

    def setting(self, name):
        """Value stored under a name, or None."""
        text = self._one("SELECT value FROM settings WHERE name = ?", name)
        return None if text is None else json.loads(text)

    def batches(self, sampler, seed):
        """Positions labelled in each round so far, a list of int arrays."""
        query = "SELECT indices FROM batches WHERE sampler = ? AND seed = ? ORDER BY round"
        rows = self._db.execute(query, (sampler, seed))
        return [np.array(json.loads(text), dtype=int) for (text,) in rows]

    def observations(self, sampler, seed):
        """What the stopping criterion measured in each finished round, a list."""
        query = "SELECT observation FROM rounds WHERE sampler = ? AND seed = ? ORDER BY round"
        return [json.loads(text) for (text,) in self._db.execute(query, (sampler, seed))]

    def add_batch(self, sampler, seed, round_number, indices, query_seconds):
        """Store the positions that a round labels."""
        text = json.dumps([int(i) for i in indices])
        row = (sampler, int(seed), round_number, text, query_seconds)
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

    def labels(self, positions):
        """Stored labels of an oracle: dict from position to label, for positions that have one."""
        query = "SELECT label FROM labels WHERE position = ?"
        texts = {int(i): self._one(query, int(i)) for i in positions}
        return {i: json.loads(text) for i, text in texts.items() if text is not None}

    def add_label(self, position, label):
        """Store one label of an oracle."""
        text = json.dumps(np.asarray(label).tolist())
        self._db.execute("INSERT OR REPLACE INTO labels VALUES (?, ?)", (int(position), text))

    def frame(self):
        """Data frame with one row for each finished round."""
        frame = pd.read_sql_query(FRAME, self._db)
        frame["indices"] = [np.array(json.loads(text), dtype=int) for text in frame["indices"]]
        return frame.astype({"score": float})

    @contextmanager
    def _transaction(self):
        """Commit all writes inside, or none if one fails."""
        with self._db:
            self._db.execute("BEGIN")
            yield


def difference(name, kept, given):
    """Sentence that names the innermost part in which two settings differ."""
    while (parts := (as_parts(kept), as_parts(given))) != (None, None):
        if None in parts or parts[0].keys() != parts[1].keys():
            break
        key = next(key for key in parts[0] if parts[0][key] != parts[1][key])
        name, kept, given = f"{name}.{key}", parts[0][key], parts[1][key]
    return f"{name} == {given!r}, must be {kept!r} as in the file."


def as_parts(value):
    """Parts of a dict or list by key or position; None for anything else."""
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else None
