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
    while (parts := (as_parts(kept), as_parts(given))) != (None, None):
        if None in parts or parts[0].keys() != parts[1].keys():
            break
        key = next((key for key in parts[0] if not is_same(parts[0][key], parts[1][key])), None)
        if key is None:
            break
        path, kept, given = [*path, str(key)], parts[0][key], parts[1][key]
    return sentence(path, kept, given)


def sentence(path, kept, given):
    """Sentence on the part under some path, whose values differ."""
    name = ".".join(path)
    if "code" in path[1:]:
        at = path.index("code", 1)
        owner, part = ".".join(path[:at]), ".".join(path[at + 1 :])
        return f"{owner}'s code differs from that in the file, or was written in another version of Python (at {part or 'its names'})."
    if "weights" in path[1:]:
        at = path.index("weights", 1)
        owner, part = ".".join(path[:at]), ".".join(path[at + 1 :])
        return f"{owner}'s weights differ from those in the file (at {part or 'their names'})."
    if is_hash(kept) and is_hash(given):
        return f"{name} == {given}, must be {kept} as in the file: its values differ."
    if type(kept) is not type(given) and kept == given:
        kinds = type(given).__name__, type(kept).__name__
        return f"{name} == {given!r}, of type {kinds[0]}, must be {kept!r}, of type {kinds[1]}, as in the file."
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
