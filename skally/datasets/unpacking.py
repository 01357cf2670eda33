"""Contents of data files, read once, within bounds, and believed only if their hash is right.

An unpacker is a function from an open file and its DataFile to the content. It raises an exception
if the content is not the original. A file that is given by the hash of its bytes is not unpacked
before that hash has been checked. Where the packing may vary and only the content has a hash, no
more than ``max_size`` bytes are unpacked to find it.
"""

import gzip
import hashlib
import io
import math
import re
import tarfile
import zipfile
from dataclasses import dataclass

import numpy as np


def check_hash(digest, file):
    """Raise unless a hash is that of the original."""
    if digest.hexdigest() != file.sha256:
        raise ValueError(f"its hash is {digest.hexdigest()}, must be {file.sha256}")


def read_at_most(stream, max_size):
    """All bytes of a stream, or an error if there are more than `max_size`."""
    content = stream.read(max_size + 1)
    if len(content) > max_size:
        raise ValueError(f"it has more than {max_size} bytes")
    return content


def unpacked_gzip(stream, max_size):
    """Bytes that a gzip file holds, `max_size` at most."""
    with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
        return read_at_most(unpacked, max_size)


def whole_file(stream, file):
    """Bytes of a file, which have the hash."""
    content = read_at_most(stream, file.max_size)
    check_hash(hashlib.sha256(content), file)
    return content


def gzip_content(stream, file):
    """Bytes inside a gzip file, which have the hash, since the wrapper may vary."""
    content = unpacked_gzip(stream, file.max_size)
    check_hash(hashlib.sha256(content), file)
    return content


class HashingReader:
    """A stream that takes the hash of all that is read from it."""

    def __init__(self, stream):
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size=-1):
        """Read at most `size` bytes."""
        content = self.stream.read(size)
        self.digest.update(content)
        return content

    def read_rest(self):
        """Hash of all bytes, after what is left has been read too."""
        while self.read(2**20):
            pass
        return self.digest


@dataclass(frozen=True)
class TarFiles:
    """Unpacker of some files of a compressed tar archive: a dict from names to bytes.

    The archive may be too large for the memory, so it is read twice from the same open file, first
    for its hash. The hash of what is read the second time is checked before anything is returned.
    No file is written, so links and names such as ``../a`` have no effect.

    Parameters
    ----------
    wanted : str
        Regular expression of the whole names of the files in the archive that are needed.
    max_unpacked : int
        Largest number of bytes of these files together.
    """

    wanted: str
    max_unpacked: int

    def __call__(self, stream, file):
        """Contents of the files that are wanted."""
        check_hash(HashingReader(stream).read_rest(), file)
        stream.seek(0)
        again = HashingReader(stream)
        contents, left = {}, self.max_unpacked
        with tarfile.open(fileobj=again, mode="r|*") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if re.fullmatch(self.wanted, name):
                    left -= member.size
                    self.check_member(member, name in contents, left)
                    contents[name] = archive.extractfile(member).read()
        check_hash(again.read_rest(), file)
        return contents

    def check_member(self, member, is_known, left):
        """Raise unless a member is a file, is new, and is not too large."""
        if not member.isreg():
            raise ValueError(f"{member.name} in the archive is not a regular file")
        if is_known:
            raise ValueError(f"{member.name} appears twice in the archive")
        if left < 0:
            raise ValueError(f"its files have more than {self.max_unpacked} bytes")


def zip_member(archive, name, max_size):
    """Bytes of one file of an open zip archive, `max_size` at most."""
    # Other methods take as much memory as the archive asks for.
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} in the archive is not compressed by deflate")
    with archive.open(name) as member:
        return read_at_most(member, max_size)


def npy_array(content):
    """Array of the bytes of an ``.npy`` file, without a copy of the values.

    Nothing is unpickled, and no memory is taken for values that the header promises and the file
    does not hold.
    """
    stream = io.BytesIO(content[: 2**17])  # more than any header of this version
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"version {version} of the .npy format, must be (1, 0)")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if is_fortran or dtype.hasobject:
        raise ValueError(f"values of type {dtype} in this order of axes are not read")
    if len(content) - stream.tell() != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"the values do not fill an array of shape {shape} and type {dtype}")
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape)


def arrays_sha256(arrays):
    """Hash of the names, types, shapes and all bits of the values of a dict of arrays."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest


def npz_arrays(stream, file):
    """Arrays of an ``.npz`` file by name, which have the hash, since the zip wrapper may vary."""
    arrays, left = {}, file.max_size
    with zipfile.ZipFile(stream) as archive:
        for name in archive.namelist():
            content = zip_member(archive, name, left)
            left -= len(content)
            arrays[name.removesuffix(".npy")] = npy_array(content)
    check_hash(arrays_sha256(arrays), file)
    return arrays
