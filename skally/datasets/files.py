"""Files of the data sets: where they are kept, where they come from, how they are checked."""

import contextlib
import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skally.datasets.unpacking import whole_file, zip_member

# Bytes of a download or of an unpacked file, unless a file is known to be larger.
MAX_SIZE = 2**26


class NotOriginalError(OSError):
    """A file is there and is not the original."""


class LimitedWriter:
    """A stream to which no more than some bytes can be written."""

    def __init__(self, stream, max_size):
        self.stream, self.left = stream, max_size

    def write(self, content):
        """Write, or raise if it becomes too much."""
        self.left -= len(content)
        if self.left < 0:
            raise ValueError("the server sends more than the original")
        return self.stream.write(content)

    def flush(self):
        """Write what is waiting."""
        self.stream.flush()


@dataclass(frozen=True)
class Download:
    """A file from the web, kept unchanged, of no more than `max_size` bytes."""

    url: str
    max_size: int = MAX_SIZE

    def __call__(self, path):
        """Write the file to a path, or to an open file."""
        from pooch import HTTPDownloader

        is_open = hasattr(path, "write")
        responses = []  # pooch leaves them open, and their sockets, if a download is broken off
        keep = {"response": lambda response, **_: responses.append(response)}
        try:
            with contextlib.nullcontext(path) if is_open else open(path, "wb") as stream:
                download = HTTPDownloader(timeout=30, hooks=keep)
                download(self.url, LimitedWriter(stream, self.max_size), None)
        finally:
            for response in responses:
                response.close()


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
            content = zip_member(archive, self.member, MAX_SIZE)
        Path(path).write_bytes(self.convert(content))


@dataclass(frozen=True)
class DataFile:
    """One file below the data folder.

    Parameters
    ----------
    folder, name : str
        Where it is kept below the data folder.
    sha256 : str
        Hash of the original, of all bytes or of the content that matters.
    source : callable or None
        Writes the file to a path. Errors name its ``url``. None if it cannot be downloaded.
    unpack : callable
        Function from the open file and this object to the content, which compares the hash. See
        ``unpacking.py``.
    max_size : int
        No fewer bytes than the original has, after `unpack` has unpacked it.
    """

    folder: str
    name: str
    sha256: str
    source: Callable | None
    unpack: Callable = whole_file
    max_size: int = MAX_SIZE

    def read(self, path):
        """Content of a file, or a NotOriginalError if it is another one.

        The file is opened once, so what is returned is what has been checked.
        """
        if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
            raise IsADirectoryError(f"{path} is not a regular file")
        with open(path, "rb") as stream:
            # A wrapper with no compression at all adds a little.
            if os.fstat(stream.fileno()).st_size > 1.01 * self.max_size + 4096:
                raise NotOriginalError(f"{path} is larger than the original")
            with naming_errors(f"{path} is not the original", kind=NotOriginalError):
                return self.unpack(stream, self)


@contextlib.contextmanager
def naming_errors(text, advice="", kind=OSError):
    """Turn errors of damaged files into OSErrors that begin with a text.

    The readers of archives, images, tables and pickles raise errors of many classes for files that
    are damaged or forged. All count, except a lack of memory or of a package.
    """
    try:
        yield
    except (MemoryError, ImportError):
        raise
    except Exception as error:
        raise kind(f"{text}: {error or type(error).__name__}. {advice}".rstrip()) from error


def data_folder(data_home=None):
    """Folder of the data sets: `data_home`, else SKALLY_DATA, else the user's cache folder."""
    import pooch

    name = "data_home"
    if data_home is None:
        # A variable that is set but empty counts as unset.
        name, data_home = "SKALLY_DATA", os.environ.get("SKALLY_DATA") or pooch.os_cache("skally")
    if not isinstance(data_home, (str, os.PathLike)) or "\0" in str(data_home):
        raise ValueError(f"{name} == {data_home!r}, must be the path of a folder, or None.")
    try:
        folder = Path(data_home).expanduser()
    except RuntimeError as error:  # no such user
        raise OSError(f"{name} == {str(data_home)!r}: {error}") from error
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{name} == {str(data_home)!r}, must be a folder, not a file.")
    return folder


def original(file, data_home=None):
    """Content of a file, checked, and downloaded if necessary.

    Parameters
    ----------
    file : DataFile
    data_home : str, path-like or None
        As in the fetchers.

    Returns
    -------
    content : what ``file.unpack`` returns

    Raises
    ------
    OSError
        If there is no original and it cannot be downloaded. The message says which file to put
        where.
    """
    path = data_folder(data_home) / file.folder / file.name
    try:
        return file.read(path)
    except (NotOriginalError, FileNotFoundError) as error:
        found = error
    if file.source is None:
        raise OSError(
            f"{path} is missing or not the original, and cannot be downloaded."
        ) from found
    where = (
        f"Put {file.name} from {file.source.url} there, or set the environment variable "
        f"SKALLY_DATA to a folder that holds {file.folder}/{file.name}."
    )
    with naming_errors(f"{path} is missing or not the original, and downloading it failed", where):
        return download(file, path)


def read_originals(files, read, data_home=None):
    """What a function makes of the contents of some files; its errors name the files.

    Parameters
    ----------
    files : list of DataFile
    read : callable
        Function of their contents, in this order.
    data_home : str, path-like or None
    """
    contents = [original(file, data_home) for file in files]
    paths = [str(data_folder(data_home) / file.folder / file.name) for file in files]
    with naming_errors(f"{' and '.join(paths)} cannot be read"):
        return read(*contents)


def download(file, path):
    """Put the original at a path, or raise and leave a file that was there as it was.

    Returns
    -------
    content : what ``file.unpack`` returns
    """
    import pooch

    pooch.get_logger().info("Downloading %s to %s", file.source.url, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch, file.name)
        file.source(str(fresh))
        content = file.read(fresh)
        fresh.replace(path)
    return content
