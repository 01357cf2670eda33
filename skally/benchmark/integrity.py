"""Checks that a file holds what a run of learning curves writes, and nothing else."""

import json
import math
import sqlite3

from skally.benchmark.answers import check_stored
from skally.benchmark.new_file import TABLES


def check_file(db):
    """Raise ValueError unless all tables hold what a run could have written.

    Parameters
    ----------
    db : sqlite3.Connection
    """
    try:
        check_schema(db)
        check_settings(db)
        sizes = check_batches(db)
        check_rounds(db, sizes)
        labels = db.execute("SELECT position, label FROM labels").fetchall()
        check_stored([(check_position(at), read_json(text)) for at, text in labels])
    except sqlite3.Error as error:
        raise ValueError(f"it is damaged: {error}") from error


def check_schema(db):
    """Raise unless there are the tables of a run, and no views, triggers or other tables."""
    expected = {" ".join(each.split()) for each in TABLES.split(";") if each.strip()}
    found = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    for kind, name, sql in found:
        is_own_index = kind == "index" and sql is None and name.startswith("sqlite_autoindex_")
        if not is_own_index and " ".join(str(sql).split()) not in expected:
            raise ValueError(f"it holds the {kind} {name!r}, must hold only those of a run")
    if sum(kind == "table" for kind, _, _ in found) != len(expected):
        raise ValueError(f"it holds {len(found)} tables and indexes, must hold all of a run")
    damage = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if damage != "ok":
        raise ValueError(f"it is damaged: {damage}")


def check_settings(db):
    """Raise unless settings and samplers are JSON by name."""
    for table in ("settings", "samplers"):
        for name, text in db.execute(f"SELECT name, value FROM {table}"):
            value = read_json(text)
            if not isinstance(name, str):
                raise ValueError(f"it holds {table} under the name {name!r}, must be text")
            if name == "test_ratio" and table == "settings":
                check_real("test_ratio", value, 0.0)


def check_batches(db):
    """Number of labelled rows after each round, a list by curve, checked."""
    n_instances, n_samples = setting(db, "n_instances"), setting(db, "n_samples")
    query = "SELECT sampler, seed, round, indices, query_seconds FROM batches ORDER BY 1, 2, 3"
    sizes, seen = {}, {}
    for sampler, seed, number, text, seconds in db.execute(query):
        curve = check_curve(sampler, seed)
        sizes.setdefault(curve, [])
        check_next("batch", curve, number, len(sizes[curve]))
        check_real("query_seconds", seconds, 0.0)
        batch = read_json(text)
        if not isinstance(batch, list) or not batch:
            raise ValueError(
                f"the batch of {words(curve, number)} is {text[:60]!r}, must be a list"
            )
        if number > 0 and n_instances is not None and len(batch) != n_instances:
            raise ValueError(
                f"the batch of {words(curve, number)} has {len(batch)} positions, must have "
                f"{n_instances}"
            )
        known = seen.setdefault(curve, set())
        for position in batch:
            if check_position(position) in known:
                raise ValueError(f"position {position} is labelled twice in {words(curve, number)}")
            if n_samples is not None and position >= n_samples:
                raise ValueError(f"it holds position {position}, must be below {n_samples}")
            known.add(position)
        sizes[curve].append(len(known))
    return sizes


def setting(db, name):
    """Integer that is stored as a setting, or None."""
    row = db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    value = None if row is None else read_json(row[0])
    if row is not None and (type(value) is not int or value < 1):
        raise ValueError(f"it holds {name} == {value!r:.60}, must be an integer >= 1")
    return value


def check_rounds(db, sizes):
    """Raise unless the rounds of each curve follow its batches without a gap."""
    query = (
        "SELECT sampler, seed, round, n_labeled, score, fit_seconds, observation FROM rounds "
        "ORDER BY 1, 2, 3"
    )
    n_rounds = dict.fromkeys(sizes, 0)
    for sampler, seed, number, n_labeled, score, seconds, observation in db.execute(query):
        curve = check_curve(sampler, seed)
        check_next("result", curve, number, n_rounds.get(curve, 0))
        if number >= len(sizes.get(curve, [])) or n_labeled != sizes[curve][number]:
            raise ValueError(
                f"{words(curve, number)} has {n_labeled!r} labels, must have those of its batches"
            )
        if score is not None:
            check_real("score", score)
        check_real("fit_seconds", seconds, 0.0)
        if observation is not None:
            read_json(observation)
        n_rounds[curve] += 1
    for curve, n_batches in sizes.items():
        if len(n_batches) > n_rounds[curve] + 1:
            raise ValueError(f"the result of {words(curve, n_rounds[curve])} is missing")


def check_curve(sampler, seed):
    """Name and seed of a curve, checked."""
    if not isinstance(sampler, str) or type(seed) is not int or not 0 <= seed < 2**32:
        raise ValueError(f"it holds a curve of sampler {sampler!r} and random state {seed!r}")
    return sampler, seed


def check_next(what, curve, number, expected):
    """Raise unless a round follows the one before it."""
    if type(number) is not int or number != expected:
        raise ValueError(
            f"it holds a {what} of {words(curve, number)}, must be of round {expected}"
        )


def check_position(position):
    """A position, checked."""
    if type(position) is not int or position < 0:
        raise ValueError(f"it holds position {position!r:.60}, must be an integer >= 0")
    return position


def check_real(name, value, least=-math.inf):
    """Raise unless a value is a finite number of some size."""
    if type(value) not in (int, float) or not math.isfinite(value) or value < least:
        raise ValueError(f"it holds {name} == {value!r:.60}, must be a finite number >= {least}")


def read_json(text):
    """Value of a text of the file."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"it holds {text!r:.60}, must be JSON") from error


def words(curve, number):
    """Which round of which curve."""
    return f"round {number!r} of sampler {curve[0]!r}, random state {curve[1]}"
