"""Checks of the fetchers' arguments, made before anything is read or downloaded."""

PARTS = {"train": ["train"], "test": ["test"], "all": ["train", "test"]}


def check_choice(name, value, allowed):
    """Raise unless the value is one of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} == {value!r}, must be one of {allowed}.")


def check_flags(**flags):
    """Raise unless each is True or False."""
    for name, value in flags.items():
        check_choice(name, value, [True, False])


def check_target(target, allowed):
    """Raise unless the target is a name in `allowed` or a list of such names."""
    names = target if isinstance(target, (list, tuple)) else [target]
    if len(names) == 0 or any(name not in allowed for name in names):
        raise ValueError(f"target == {target!r}, must be one of {allowed} or a list of these.")
