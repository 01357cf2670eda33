"""Files of the data sets: where they are kept, where they come from, how they are known."""

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

# What a reader raises for bytes that are not in its format.
UNREADABLE = (ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile)


@dataclass(frozen=True)
class Download:
    """A file of the web, kept as it is."""

    url: str

    def __call__(self, path):
        """Write the file to a path, or to an open file."""
        from pooch import HTTPDownloader

        HTTPDownloader(timeout=30)(self.url, path, None)


@dataclass(frozen=True)
class ZipMember:
    """One file of a zip archive on the web.

    The file is kept and checked, not the archive, which the server may pack anew. `convert` is a
    function from its bytes to those that are kept.
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
    """Hash of what lies in a gzip file: its wrapper may be written anew."""
    with gzip.open(path) as unpacked:
        return hashlib.sha256(unpacked.read()).hexdigest()


@dataclass(frozen=True)
class DataFile:
    """One file below the data folder.

    Parameters
    ----------
    folder, name : str
        Where it is kept.
    sha256 : str
        What `digest` gives for the original.
    source : callable or None
        Writes the file to a path. Its ``url`` is named in errors. None: it can't be downloaded.
    digest : callable
        Function from a path to a hash, of all bytes or of what matters in them.
    """

    folder: str
    name: str
    sha256: str
    source: Callable | None
    digest: Callable = file_sha256

    def is_original(self, path):
        """Whether the file at a path is there, whole and the original."""
        try:
            return path.is_file() and self.digest(path) == self.sha256
        except UNREADABLE:
            return False


def data_folder(data_home=None):
    """Folder of the data sets: `data_home`, else SKALLY_DATA, else a cache of the user's."""
    import pooch

    if data_home is None:
        # A variable that is set but empty counts as unset.
        data_home = os.environ.get("SKALLY_DATA") or pooch.os_cache("skally")
    return Path(data_home).expanduser()


def local_copy(file, data_home=None):
    """Path of a checked copy of a file, downloaded where there is none.

    Parameters
    ----------
    file : DataFile
    data_home : str, path-like or None
        As in the fetchers.

    Raises
    ------
    OSError
        If there is no original and none can be had. The message says what to put where.
    """
    path = data_folder(data_home) / file.folder / file.name
    if file.is_original(path):
        return path
    if file.source is None:
        raise OSError(f"{path} is missing or not the original, and can't be downloaded.")
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
    """Put the original at a path, or raise and leave there what was there."""
    import pooch

    pooch.get_logger().info("Downloading %s to %s", file.source.url, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch, file.name)
        file.source(str(fresh))
        if not file.is_original(fresh):
            raise ValueError(f"the hash of what came is not {file.sha256}, that of the original")
        fresh.replace(path)


def cached_arrays(key, names, make):
    """Arrays that are slow to decode, from the user's cache folder once they are made.

    Parameters
    ----------
    key : str
        Name of their folder there: it must change with the files that they are made of.
    names : list of str
    make : callable
        Function without arguments that gives a dictionary from these names to arrays.

    Returns
    -------
    dict from name to array, read from the disk only where it is used
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
