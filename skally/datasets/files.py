"""Files of the data sets: where they are kept, where they come from, how they are checked."""

import gzip
import hashlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# What the readers raise for a file that is not in their format.
UNREADABLE = (ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile)


@dataclass(frozen=True)
class Download:
    """A file from the web, kept unchanged."""

    url: str

    def __call__(self, path):
        """Write the file to a path, or to an open file."""
        from pooch import HTTPDownloader

        HTTPDownloader(timeout=30)(self.url, path, None)


@dataclass(frozen=True)
class ZipMember:
    """One file of a zip archive on the web.

    Only that file is kept and checked, since a server may repack the archive. `convert` is a
    function from its bytes to the bytes that are kept.
    """

    url: str
    member: str
    convert: Callable = bytes

    def __call__(self, path):
        """Write the member to a path."""
        packed = io.BytesIO()
        Download(self.url)(packed)
        with zipfile.ZipFile(packed) as archive:
            Path(path).write_bytes(self.convert(archive.read(self.member)))


def file_sha256(path):
    """Hash of a file's bytes."""
    import pooch

    return pooch.file_hash(str(path), alg="sha256")


def gunzipped_sha256(path):
    """Hash of the content of a gzip file, since its wrapper may vary."""
    with gzip.open(path) as unpacked:
        return hashlib.sha256(unpacked.read()).hexdigest()


@dataclass(frozen=True)
class DataFile:
    """One file below the data folder.

    Parameters
    ----------
    folder, name : str
        Where it is kept below the data folder.
    sha256 : str
        What `digest` returns for the original.
    source : callable or None
        Writes the file to a path. Errors name its ``url``. None if it cannot be downloaded.
    digest : callable
        Function from a path to a hash, of all bytes or of the content that matters.
    """

    folder: str
    name: str
    sha256: str
    source: Callable | None
    digest: Callable = file_sha256

    def is_original(self, path):
        """Whether there is a file at a path, and it is the original."""
        try:
            return path.is_file() and self.digest(path) == self.sha256
        except UNREADABLE:
            return False


def data_folder(data_home=None):
    """Folder of the data sets: `data_home`, else SKALLY_DATA, else the user's cache folder."""
    import pooch

    if data_home is None:
        # A variable that is set but empty counts as unset.
        data_home = os.environ.get("SKALLY_DATA") or pooch.os_cache("skally")
    return Path(data_home).expanduser()


def local_copy(file, data_home=None):
    """Path of a checked copy of a file, which is downloaded if necessary.

    Parameters
    ----------
    file : DataFile
    data_home : str, path-like or None
        As in the fetchers.

    Raises
    ------
    OSError
        If there is no original and it cannot be downloaded. The message says which file to put
        where.
    """
    path = data_folder(data_home) / file.folder / file.name
    if file.is_original(path):
        return path
    if file.source is None:
        raise OSError(f"{path} is missing or not the original, and cannot be downloaded.")
    try:
        download(file, path)
    except (OSError, *UNREADABLE) as error:
        raise OSError(
            f"{path} is missing or not the original, and downloading it failed: {error}. "
            f"Put {file.name} from {file.source.url} there, or set the environment variable "
            f"SKALLY_DATA to a folder that holds {file.folder}/{file.name}."
        ) from error
    return path


def download(file, path):
    """Put the original at a path, or raise and leave a file that was there as it was."""
    import pooch

    pooch.get_logger().info("Downloading %s to %s", file.source.url, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch, file.name)
        file.source(str(fresh))
        if not file.is_original(fresh):
            raise ValueError(f"the hash of the download is not {file.sha256}, that of the original")
        fresh.replace(path)


def cached_arrays(key, names, make):
    """Arrays that are slow to decode: made once, then read from the user's cache folder.

    Parameters
    ----------
    key : str
        Name of their folder there. It must change when the files change that they are made from.
    names : list of str
    make : callable
        Function without arguments that returns a dictionary from these names to arrays.

    Returns
    -------
    arrays : dict of str to memory map
    """
    import pooch

    folder = Path(pooch.os_cache("skally")) / "decoded" / key
    paths = {name: folder / f"{name}.npy" for name in names}
    if not all(path.is_file() for path in paths.values()):
        arrays = make()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            for name, path in paths.items():
                fresh = Path(scratch, path.name)
                np.save(fresh, arrays[name])
                fresh.replace(path)  # a reader sees a whole file or none
    return {name: np.load(path, mmap_mode="r") for name, path in paths.items()}
