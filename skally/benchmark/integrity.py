"""Checks that a file holds what a run of learning curves writes, and nothing else."""

import json
import math
import sqlite3

from skally.benchmark.answers import check_stored
from skally.benchmark.new_file import ANSWERS, statements


def check_file(db, number):
    """Raise ValueError unless all tables hold what a run could have written.

    Parameters
    ----------
    db : sqlite3.Connection
    number : int
        Format of the file.
    """
    try:
        has_answers = check_schema(db, number)
        check_settings(db)
        sizes = check_batches(db)
        check_rounds(db, sizes)
        labels = db.execute("SELECT position, label FROM labels").fetchall()
        check_stored([(check_position(at), read_json(text)) for at, text in labels])
        if has_answers:
            check_answers(db)
    except sqlite3.Error as error:
        raise ValueError(f"it is damaged: {error}") from error


def check_schema(db, number):
    """Raise unless there are the tables of a run, and no views, triggers or other tables.

    Returns
    -------
    has_answers : bool
        Whether there is the table that files of the first two formats lack.
    """
    expected = {" ".join(each.split()) for each in statements(number)}
    later = " ".join(ANSWERS.split())
    found = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    has_answers = any(" ".join(str(sql).split()) == later for _, _, sql in found)
    expected |= {later} if has_answers else set()
    for kind, name, sql in found:
        is_own_index = kind == "index" and sql is None and name.startswith("sqlite_autoindex_")
        if not is_own_index and " ".join(str(sql).split()) not in expected:
            raise ValueError(f"it holds the {kind} {name!r}, must hold only those of a run")
    if sum(kind == "table" for kind, _, _ in found) != len(expected):
        raise ValueError(f"it holds {len(found)} tables and indexes, must hold all of a run")
    damage = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if damage != "ok":
        raise ValueError(f"it is damaged: {damage}")
    return has_answers


def check_settings(db):
    """Raise unless settings and samplers are JSON by name."""
    for table in ("settings", "samplers"):
        for name, text in db.execute(f"SELECT name, value FROM {table}"):
            value = read_json(text)
            if not isinstance(name, str):
                raise ValueError(f"it holds {table} under the name {name!r}, must be text")
            if name == "test_ratio" and table == "settings":
                check_real("test_ratio", value, 0.0)
            if name == "score_limits" and table == "settings":
                check_limits(value)


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


def check_answers(db):
    """Raise unless each answer is of a stored label."""
    query = """
    SELECT number, answers.position, round, time, labeller, label FROM answers
    LEFT JOIN labels USING (position)
    """
    for number, position, round_number, time, labeller, label in db.execute(query):
        if label is None:
            raise ValueError(f"it holds an answer for position {position!r}, must hold its label")
        if type(number) is not int or not (labeller is None or isinstance(labeller, str)):
            raise ValueError(f"it holds answer {number!r:.60} by {labeller!r:.60}, must be by text")
        if round_number is not None and (type(round_number) is not int or round_number < 0):
            raise ValueError(f"it holds round {round_number!r:.60}, must be an integer >= 0")
        if time is not None:
            check_real("time", time)


def check_limits(limits):
    """Raise unless they are the least and the largest score, None where there is no bound."""
    if not isinstance(limits, list) or len(limits) != 2:
        raise ValueError(f"it holds score_limits == {limits!r:.60}, must be two numbers")
    for each in limits:
        if each is not None:
            check_real("score_limits", each)


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
