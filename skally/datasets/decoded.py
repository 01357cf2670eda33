"""Arrays that are slow to decode, kept in the user's cache folder."""

import hashlib
import io
import tempfile
import warnings
from pathlib import Path

import numpy as np

from skally.datasets.unpacking import npy_array

# To be raised when the same files are decoded to other arrays, so that old copies are not used.
VERSION = 2
HASH_SIZE = hashlib.sha256().digest_size


def cached_arrays(key, names, make):
    """Arrays that are slow to decode: made once, then read from the user's cache folder.

    An array is stored in one file with a hash of its bytes, its key and its name. A file that does
    not fit its hash is made anew. If nothing can be stored, the arrays are made on every call.

    Parameters
    ----------
    key : str
        Name of their folder there. It must change when the files change that they are made from.
    names : list of str
        The arrays to return.
    make : callable
        Function without arguments that returns a dictionary from names, these and perhaps more, to
        arrays.

    Returns
    -------
    arrays : dict of str to array
        Arrays that may be read-only.

    Warns
    -----
    UserWarning
        If the arrays cannot be stored.
    """
    import pooch

    folder = Path(pooch.os_cache("skally")) / "decoded" / key
    try:
        return {name: load(folder / f"{name}.npy") for name in names}
    except (OSError, ValueError):
        pass  # a copy is missing, damaged or of another version
    arrays = make()
    try:
        for name, array in arrays.items():
            save(folder / f"{name}.npy", array)
    except OSError as error:
        warnings.warn(
            f"{folder} cannot hold the decoded arrays ({error}), so the next call decodes again.",
            UserWarning,
            stacklevel=2,
        )
    return {name: arrays[name] for name in names}


def seal(path, content):
    """Hash at the end of a stored array, which also tells its place and this version."""
    place = f"{VERSION} {path.parent.name} {path.name}\n"
    return hashlib.sha256(place.encode() + hashlib.sha256(content).digest()).digest()


def load(path):
    """Array stored at a path, or an error if its hash does not fit."""
    if not path.is_file():
        raise FileNotFoundError(path)
    whole = memoryview(path.read_bytes())
    content, found = whole[:-HASH_SIZE], whole[-HASH_SIZE:]
    if found != seal(path, content):
        raise ValueError(f"{path} is damaged")
    return npy_array(content)


def save(path, array):
    """Store an array; other processes see a whole file or none."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), (1, 0), allow_pickle=False)
    content = buffer.getbuffer()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch, path.name)
        with open(fresh, "wb") as stored:
            stored.write(content)
            stored.write(seal(path, content))
        fresh.replace(path)
