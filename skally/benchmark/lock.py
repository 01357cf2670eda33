"""Lock of a file that one run at a time may use, and refusal of what may lie beside the file."""

from pathlib import Path

from filelock import FileLock, Timeout

# SQLite's documentation, "Database File Format", section 3: the end of a rollback journal that
# names a super-journal.
SUPER_JOURNAL = bytes([0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7])
BESIDE = ("-journal", "-wal", "-shm")


def locked(path):
    """Lock of a file, a Path, held from now on until its ``release`` or the end of the process.

    SQLite's own lock is lost as soon as the same process closes any other descriptor of the file,
    as a backup copy does. This one is on a file of its own, PATH.lock.

    Raises
    ------
    OSError
        If another run has the lock, or there can be none at this place.
    """
    name = f"cache == {str(path)!r}"
    if not path.parent.is_dir():
        raise OSError(f"{name} cannot be opened: there is no folder {str(path.parent)!r}.")
    lock = FileLock(f"{path}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise OSError(f"{name} is open in another run.") from error
    except (OSError, NotImplementedError, RuntimeError) as error:
        raise OSError(f"{name} cannot be opened, since it cannot be locked: {error}.") from error
    return lock


def check_beside(path):
    """Raise if SQLite would change other files on opening this one.

    A journal can name a super-journal, which SQLite deletes, and can be a link to another file,
    which SQLite writes. The files of a run are never of these kinds.
    """
    for end in BESIDE:
        beside = Path(f"{path}{end}")
        if beside.is_symlink() or (beside.exists() and not beside.is_file()):
            raise ValueError(
                f"cache == {str(path)!r} has {beside.name!r} beside it, which must be a file of "
                "its own, not a link or a folder."
            )
    journal = Path(f"{path}-journal")
    if journal.exists() and journal.read_bytes().endswith(SUPER_JOURNAL):
        raise ValueError(
            f"cache == {str(path)!r} has a journal beside it that names another journal, which "
            "SQLite would delete. It must be without one."
        )
