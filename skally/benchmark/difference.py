"""Sentences that say in which part two descriptions of a setting differ."""

from skally.benchmark.fingerprint import HASH


def difference(name, kept, given):
    """Sentence that names the innermost part in which two settings differ.

    Parameters
    ----------
    name : str
    kept, given : JSON-able values of :func:`skally.benchmark.fingerprint.describe`
    """
    path = [name]
    while (key := differing_part(kept, given)) is not None:
        path, kept, given = [*path, str(key)], as_parts(kept)[key], as_parts(given)[key]
    return sentence(path, kept, given)


def differing_part(kept, given):
    """First key under which two dicts or lists differ; None if they are not to be compared so."""
    parts = as_parts(kept), as_parts(given)
    if None in parts:
        return None
    both = [key for key in parts[1] if key in parts[0]]
    differing = [key for key in both if not is_same(parts[0][key], parts[1][key])]
    if "class" in differing:
        return "class"
    if parts[0].keys() != parts[1].keys() or not differing:
        return None
    return differing[0]


def sentence(path, kept, given):
    """Sentence on the part under some path, whose values differ."""
    name = ".".join(path)
    for part, words in (
        ("code", "code differs from that in the file, or Python has another version,"),
        ("weights", "weights differ from those in the file,"),
    ):
        if part in path[1:]:
            at = path.index(part, 1)
            inner = ".".join(path[at + 1 :]) or "their names"
            return f"{'.'.join(path[:at])}'s {words} in {inner}."
    if isinstance(kept, dict) and isinstance(given, dict):
        more, less = sorted(given.keys() - kept.keys()), sorted(kept.keys() - given.keys())
        return f"{name} has the parts {more}, must not have them, and lacks {less}."
    if is_hash(kept) and is_hash(given):
        return f"{name} == {given}, must be {kept} as in the file: its values differ."
    if type(kept) is not type(given) and kept == given:
        given, kept = f"{given!r} ({type(given).__name__})", f"{kept!r} ({type(kept).__name__})"
        return f"{name} == {given}, must be {kept} as in the file."
    return f"{name} == {given!r}, must be {kept!r} as in the file."


def is_hash(value):
    """Whether a description stands for many values."""
    return isinstance(value, str) and value.startswith(HASH)


def is_same(one, other):
    """Whether two JSON-able values are equal and of the same types; NaN equals itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other or (one != one and other != other)


def as_parts(value):
    """Parts of a dict or list by key or position; None for anything else."""
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else None
