"""One file: a line with format and checksum, then a zip of one JSON text and of arrays."""

import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from skally.utils.folders import sync_folder

FORMAT = 1
LINE = re.compile(rb"skally file, format (\d{1,6}), sha256 ([0-9a-f]{64})\n")
CONTENT = "content.json"


def write(path, content, arrays):
    """Write a file beside its place and then rename it, so that there is never half a file.

    Parameters
    ----------
    path : path-like
    content : object of JSON
    arrays : list of arrays, none of objects

    Raises
    ------
    OSError
        If the path cannot be written. What was there before is still there.
    """
    path, data = Path(path).resolve(), zipped(content, arrays)
    if path.is_dir():
        raise IsADirectoryError(f"path == {str(path)!r} is a folder, must be a file.")
    line = b"skally file, format %d, sha256 %b\n" % (
        FORMAT,
        hashlib.sha256(data).hexdigest().encode(),
    )
    try:
        descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise type(error)(f"path == {str(path)!r} cannot be written: {error}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(line + data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(new, path.stat().st_mode if path.exists() else 0o666 & ~umask())
        os.replace(new, path)
        sync_folder(path.parent)
    except OSError as error:
        raise type(error)(f"path == {str(path)!r} cannot be written: {error}.") from error
    finally:
        with suppress(OSError):
            os.unlink(new)


def umask():
    """Permissions that new files of this process lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def zipped(content, arrays):
    """Bytes of a zip with ``content.json`` and an ``.npy`` for each array."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr(CONTENT, json.dumps(content))
        for number, array in enumerate(arrays):
            with archive.open(f"{number}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def read(path):
    """Content and arrays of a file.

    Returns
    -------
    content : object of JSON
    arrays : list of arrays

    Raises
    ------
    ValueError
        If it is no file of ``skally.save``, was cut short or changed, or is of a newer format.
    OSError
        If it cannot be read.
    """
    data = Path(path).read_bytes()
    line = LINE.match(data)
    if line is None:
        raise ValueError("must be a file that skally.save wrote, whole and unchanged")
    if int(line[1]) > FORMAT:
        raise ValueError(
            f"has format {int(line[1])}, must be at most {FORMAT}: it was written by a newer skally"
        )
    data = data[line.end() :]
    if hashlib.sha256(data).hexdigest().encode() != line[2]:
        raise ValueError("was cut short or changed: its checksum is another")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = json.loads(archive.read(CONTENT))
        arrays = [
            np.lib.format.read_array(io.BytesIO(archive.read(f"{number}.npy")), allow_pickle=False)
            for number in range(len(archive.namelist()) - 1)
        ]
    return content, arrays
