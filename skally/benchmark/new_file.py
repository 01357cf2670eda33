"""A new file of learning curves, with its tables."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from skally.utils.folders import sync_folder

APPLICATION = 0x5CA11E  # SQLite's application_id, which marks a file as written by this class
FORMAT = 3  # 1 described settings by names only, 2 had no answers

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
ANSWERS = """
CREATE TABLE answers (
    number INTEGER PRIMARY KEY, position INTEGER NOT NULL UNIQUE, round INTEGER, time REAL,
    labeller TEXT
)
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


def statements(number=FORMAT):
    """Statements that create the tables of a format, a list."""
    tables = [each for each in TABLES.split(";") if each.strip()]
    return tables if number < 3 else [*tables, ANSWERS]


def make_tables(db):
    """Create the tables of a new file, in one transaction."""
    db.execute("BEGIN EXCLUSIVE")
    for statement in statements():
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")


def bring_up_to_date(db, number):
    """Add what a file of an earlier format lacks, inside the caller's transaction.

    A file of format 1 keeps its number, since its settings cannot be compared with any others.

    Returns
    -------
    number : int
        Format that the file has now.
    """
    db.execute(ANSWERS.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
    if number == 2:
        number = FORMAT
        db.execute(f"PRAGMA user_version = {number}")
    return number
