"""A new file of learning curves, with its tables."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from skally.utils.folders import sync_folder

APPLICATION = 0x5CA11E  # SQLite's application_id, which marks a file as written by this class
FORMAT = 2  # 1 described settings by names only

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


def make_file(path):
    """Make a new file under another name and then rename it, so that it is never half made."""
    new = Path(f"{path}.new")
    try:
        for end in ("", "-journal"):
            Path(f"{new}{end}").unlink(missing_ok=True)
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            make_tables(db)
        os.replace(new, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def make_tables(db):
    """Create the tables of a new file, in one transaction."""
    db.execute("BEGIN EXCLUSIVE")
    for statement in TABLES.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")
