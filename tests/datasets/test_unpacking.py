import gzip
import io
import tarfile
import tracemalloc
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from small_files import sha256, tarred

from skally.datasets.unpacking import (
    TarFiles,
    arrays_sha256,
    gzip_content,
    npy_array,
    npz_arrays,
    whole_file,
)

BOMB_SIZE = 2**28


def expected(content, max_size=2**20):
    """What an unpacker needs to know of a file."""
    return SimpleNamespace(sha256=sha256(content), max_size=max_size)


# Sizes


def npy_bomb():
    """Start of an .npy file of BOMB_SIZE zeros."""
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (BOMB_SIZE,)}
    np.lib.format.write_array_header_1_0(header, shape)
    return header.getvalue()


def bomb(kind):
    """A small file of zeros that is large when it is unpacked."""
    packed, block = io.BytesIO(), bytes(2**20)
    if kind == "gzip":
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as member:
            for _ in range(BOMB_SIZE // len(block)):
                member.write(block)
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("X_train.npy", "w") as member:
                member.write(npy_bomb())
                for _ in range(BOMB_SIZE // len(block)):
                    member.write(block)
    return packed


@pytest.mark.parametrize(("kind", "unpack"), [("gzip", gzip_content), ("zip", npz_arrays)])
def test_bomb_is_refused_before_it_takes_memory(kind, unpack):
    packed = bomb(kind)
    packed.seek(0)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1048576 bytes"):
        unpack(packed, expected(b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BOMB_SIZE / 16


@pytest.mark.parametrize("unpack", [whole_file, gzip_content])
def test_largest_size_is_allowed_and_one_byte_more_is_not(unpack):
    content = bytes(range(100))
    packed = gzip.compress(content) if unpack is gzip_content else content
    assert unpack(io.BytesIO(packed), expected(content, 100)) == content
    with pytest.raises(ValueError, match="more than 99 bytes"):
        unpack(io.BytesIO(packed), expected(content, 99))


def test_arrays_of_an_archive_share_one_limit():
    packed = io.BytesIO()
    np.savez(packed, a=np.zeros(100), b=np.zeros(100))
    digest = arrays_sha256({"a": np.zeros(100), "b": np.zeros(100)}).hexdigest()
    size = 2 * (800 + 128)  # an .npy file's header has 128 bytes
    unpacked = npz_arrays(packed, SimpleNamespace(sha256=digest, max_size=size))
    assert sorted(unpacked) == ["a", "b"]
    with pytest.raises(ValueError, match="more than"):
        npz_arrays(packed, SimpleNamespace(sha256=digest, max_size=size - 1))


# Arrays


def npy(array, **kwargs):
    """Bytes of an .npy file."""
    packed = io.BytesIO()
    np.save(packed, array, **kwargs)
    return packed.getvalue()


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.ones(4, np.uint8), np.array(3)])
def test_npy_file_gives_its_array(array):
    found = npy_array(npy(array))
    assert np.array_equal(found, array)
    assert found.dtype == array.dtype and found.shape == array.shape


def test_npy_file_that_promises_more_than_it_holds_takes_no_memory():
    with pytest.raises(ValueError, match="do not fill"):
        npy_array(npy_bomb() + bytes(8))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(npy(np.arange(6))[:-1], id="truncated"),
        pytest.param(npy(np.arange(6)) + b"1", id="too long"),
        pytest.param(npy(np.array([{}]), allow_pickle=True), id="pickle"),
        pytest.param(npy(np.asfortranarray(np.ones((2, 3)))), id="other order"),
        pytest.param(npy(np.arange(6)).replace(b"(6,), ", b"(-6,),"), id="negative shape"),
    ],
)
def test_other_npy_files_are_refused(content):
    with pytest.raises(ValueError):
        npy_array(content)


def test_hash_of_arrays_tells_names_types_shapes_and_bits():
    zeros = np.zeros((2, 3), "<f4")
    others = [
        {"a": zeros},
        {"b": zeros},
        {"a": zeros.T},
        {"a": zeros.ravel()},
        {"a": zeros.astype("<i4")},
        {"a": zeros.astype(">f4")},
        {"a": -zeros},
        {"a": zeros, "b": zeros[:0]},
    ]
    assert len({arrays_sha256(arrays).hexdigest() for arrays in others}) == len(others)
    assert arrays_sha256({"a": np.asfortranarray(zeros)}).digest() == (
        arrays_sha256({"a": zeros}).digest()
    )


# Tar archives

WANTED = TarFiles(r"folder/[ab]", max_unpacked=10)
CONTENTS = {"folder/a": b"12345", "folder/c": bytes(100), "./folder/b": b"67890"}


@pytest.mark.parametrize("kind", ["gz", "xz", ""])
def test_only_the_files_that_are_wanted_are_kept(kind):
    packed = tarred(CONTENTS, kind)
    found = WANTED(io.BytesIO(packed), expected(packed))
    assert found == {"folder/a": b"12345", "folder/b": b"67890"}


def test_archive_is_not_unpacked_before_its_hash_is_known(monkeypatch):
    packed = io.BytesIO(tarred(CONTENTS, "gz"))
    monkeypatch.setattr(tarfile, "open", lambda *args, **kwargs: pytest.fail("opened"))
    with pytest.raises(ValueError, match="its hash is"):
        WANTED(packed, expected(b"another"))


def test_archive_that_changes_after_it_was_hashed_is_refused():
    packed = tarred(CONTENTS, "gz")
    forged = tarred({"folder/a": b"54321"}, "gz")

    class Changing(io.BytesIO):
        def seek(self, position):
            self.__init__(forged)
            return 0

    with pytest.raises(ValueError, match=f"its hash is {sha256(forged)}"):
        WANTED(Changing(packed), expected(packed))


def linked(kind, name="folder/a"):
    """A tar archive whose member of this name is no file, and a file outside that it points to."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("secret"), io.BytesIO())
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "secret"
        archive.addfile(member)
    return packed.getvalue()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]
)
def test_member_that_is_no_file_is_refused(kind):
    packed = linked(kind)
    with pytest.raises(ValueError, match="folder/a in the archive is not a regular file"):
        WANTED(io.BytesIO(packed), expected(packed))


def test_names_outside_the_folder_are_not_read():
    contents = {"/folder/a": b"1", "../folder/a": b"2", "x/folder/a": b"3", "folder/a/b": b"4"}
    packed = tarred(contents, "gz")
    assert WANTED(io.BytesIO(packed), expected(packed)) == {}


def test_member_that_appears_twice_and_members_that_are_too_large_are_refused():
    twice = tarred({"folder/a": b"1", "./folder/a": b"2"}, "gz")
    with pytest.raises(ValueError, match="appears twice"):
        WANTED(io.BytesIO(twice), expected(twice))
    large = tarred({"folder/a": b"12345", "folder/b": b"678901"}, "gz")
    with pytest.raises(ValueError, match="more than 10 bytes"):
        WANTED(io.BytesIO(large), expected(large))
