import errno
import gc
import gzip
import io
import os
import warnings
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from small_files import sha256, store, stored, zipped

from skally.datasets import fetch_parkinsons
from skally.datasets import files as files_module
from skally.datasets.files import (
    DataFile,
    Download,
    NotOriginalError,
    ZipMember,
    data_folder,
    original,
    read_originals,
)
from skally.datasets.unpacking import gzip_content

CONTENT = b"the original bytes " * 50


@pytest.fixture
def plain(local_server):
    """A file that the server sends unchanged."""
    local_server.body = CONTENT
    return DataFile("folder", "name", sha256(CONTENT), Download(local_server.url))


@pytest.fixture
def wrapped(plain):
    """A gzip file checked by its content; the server sends it without gzip."""
    return replace(plain, name="name.gz", unpack=gzip_content)


def test_download_is_kept_as_it_came_and_asked_for_once(plain, local_server, tmp_path):
    assert [original(plain, tmp_path) for _ in range(2)] == [CONTENT] * 2
    assert (tmp_path / "folder" / "name").read_bytes() == CONTENT
    assert local_server.n_requests == 1
    assert stored(tmp_path) == ["name"]


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_new_gzip_wrapper_leaves_the_original(wrapped, local_server, tmp_path, level):
    packed = gzip.compress(CONTENT, level)
    path = store(tmp_path, wrapped, packed)
    assert original(wrapped, tmp_path) == CONTENT
    assert path.read_bytes() == packed
    assert local_server.n_requests == 0


def test_gzip_file_truncated_or_changed_anywhere_is_not_the_original(wrapped, tmp_path):
    packed = gzip.compress(CONTENT)
    path = store(tmp_path, wrapped, b"")
    for end in range(len(packed)):
        path.write_bytes(packed[:end])
        with pytest.raises(NotOriginalError, match="name.gz is not the original"):
            wrapped.read(path)
    for i in range(10, len(packed)):  # the first ten bytes hold no content
        path.write_bytes(packed[:i] + bytes([packed[i] ^ 1]) + packed[i + 1 :])
        with pytest.raises(NotOriginalError):
            wrapped.read(path)
    path.write_bytes(packed)
    assert wrapped.read(path) == CONTENT


def test_error_of_a_reader_is_the_cause_of_the_error_that_names_the_file(wrapped, tmp_path):
    packed = gzip.compress(CONTENT)
    path = store(tmp_path, wrapped, packed[:10] + b"\xff" + packed[11:])
    with pytest.raises(NotOriginalError) as caught:
        wrapped.read(path)
    assert isinstance(caught.value.__cause__, zlib.error)


def test_download_that_is_no_gzip_file_is_refused_and_names_the_file(
    wrapped, local_server, tmp_path
):
    local_server.body = b"<html>"
    broken = gzip.compress(CONTENT)[:-9]
    path = store(tmp_path, wrapped, broken)
    with pytest.raises(OSError, match="name.gz is missing or not the original"):
        original(wrapped, tmp_path)
    assert path.read_bytes() == broken


def test_converted_member_of_an_archive_is_what_is_checked_and_kept(local_server, tmp_path):
    local_server.body = zipped({"inner/table": b"a  b", "other": b""})
    source = ZipMember(local_server.url, "inner/table", lambda content: content.replace(b" ", b""))
    assert original(DataFile("folder", "name", sha256(b"ab"), source), tmp_path) == b"ab"
    assert (tmp_path / "folder" / "name").read_bytes() == b"ab"


@pytest.mark.parametrize("content", [None, b"changed", b""])
def test_file_without_a_source_that_is_not_the_original_is_an_error(plain, tmp_path, content):
    file = replace(plain, source=None)
    if content is not None:
        store(tmp_path, file, content)
    with pytest.raises(OSError, match=r"folder.name is missing or not the original"):
        original(file, tmp_path)


# What is checked is what is returned


def test_content_is_that_of_the_file_that_was_opened(plain, tmp_path):
    path = store(tmp_path, plain, CONTENT)

    def swap(stream, file):
        path.with_name("forged").write_bytes(b"forged")
        path.with_name("forged").replace(path)
        return plain.unpack(stream, file)

    assert original(replace(plain, unpack=swap), tmp_path) == CONTENT
    assert path.read_bytes() == b"forged"


def test_download_that_is_changed_after_it_was_stored_is_not_what_is_returned(
    plain, tmp_path, monkeypatch
):
    move = Path.replace

    def move_and_change(path, target):
        move(path, target)
        Path(target).write_bytes(b"forged")

    monkeypatch.setattr(Path, "replace", move_and_change)
    assert original(plain, tmp_path) == CONTENT


# Sizes


def test_file_larger_than_the_original_is_not_read(plain, tmp_path):
    file = replace(plain, max_size=len(CONTENT), unpack=lambda *args: pytest.fail("read"))
    path = store(tmp_path, file, CONTENT)
    os.truncate(path, 2**40)  # a hole, which takes no room
    with pytest.raises(NotOriginalError, match="larger than the original"):
        file.read(path)


def test_download_stops_after_the_largest_size(plain, local_server, tmp_path):
    exact = replace(plain.source, max_size=len(CONTENT))
    assert original(replace(plain, source=exact), tmp_path) == CONTENT
    short = replace(plain.source, max_size=len(CONTENT) - 1)
    with pytest.raises(OSError, match="sends more than the original"):
        original(replace(plain, name="other", source=short), tmp_path)
    assert stored(tmp_path) == ["name"]


@pytest.mark.parametrize("status", [200, 404])
def test_download_that_is_broken_off_or_refused_leaves_no_socket_open(
    plain, local_server, tmp_path, status
):
    local_server.status, local_server.body = status, bytes(2**20)  # more than one read
    short = replace(plain, source=replace(plain.source, max_size=len(CONTENT)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(OSError, match="downloading it failed"):
            original(short, tmp_path)
        gc.collect()
    assert [w for w in caught if issubclass(w.category, ResourceWarning)] == []


def test_member_of_a_downloaded_archive_is_unpacked_within_a_limit(
    local_server, tmp_path, monkeypatch
):
    monkeypatch.setattr(files_module, "MAX_SIZE", 10)
    content = bytes(11)
    local_server.body = zipped({"table": content})
    source = ZipMember(local_server.url, "table")
    with pytest.raises(OSError, match="more than 10 bytes"):
        original(DataFile("folder", "name", sha256(content), source), tmp_path)


# Odd archives, files and folders


def encrypted():
    """A zip archive whose member says that it is encrypted."""
    packed = bytearray(zipped({"table": CONTENT}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def of_method(method):
    """A zip archive with a method of compression in its headers."""
    packed = bytearray(zipped({"table": CONTENT}))
    packed[8] = packed[packed.index(b"PK\x01\x02") + 10] = method
    return bytes(packed)


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(b"", id="empty"),
        pytest.param(zipped({"table": CONTENT})[:-30], id="truncated"),
        pytest.param(zipped({"table/": b""}), id="folder"),
        pytest.param(encrypted(), id="encrypted"),
        pytest.param(of_method(99), id="unknown method"),
        pytest.param(zipped({"../table": CONTENT, "/table": CONTENT}), id="paths"),
    ],
)
def test_odd_archive_from_a_server_is_an_oserror_that_names_the_file(
    archive, local_server, tmp_path
):
    local_server.body = archive
    file = DataFile("folder", "name", sha256(CONTENT), ZipMember(local_server.url, "table"))
    with pytest.raises(OSError) as caught:
        original(file, tmp_path)
    assert str(tmp_path / "folder" / "name") in str(caught.value)
    assert stored(tmp_path) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_method_that_takes_the_memory_that_the_archive_asks_for_is_not_unpacked(
    local_server, tmp_path, method
):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("table", CONTENT)
    local_server.body = packed.getvalue()
    file = DataFile("folder", "name", sha256(CONTENT), ZipMember(local_server.url, "table"))
    with pytest.raises(OSError, match="table in the archive is not compressed by deflate"):
        original(file, tmp_path)


def test_member_that_cannot_be_converted_is_an_oserror_that_names_the_file(local_server, tmp_path):
    local_server.body = zipped({"table": b"text"})
    source = ZipMember(local_server.url, "table", lambda content: {}[content])
    with pytest.raises(OSError, match="name is missing"):
        original(DataFile("folder", "name", sha256(b"text"), source), tmp_path)


def test_something_else_in_the_place_of_the_file_is_an_error_before_a_download(
    plain, local_server, tmp_path
):
    path = tmp_path / "folder" / "name"
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"folder.name is not a regular file"):
        original(plain, tmp_path)
    path.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        with pytest.raises(OSError, match=r"folder.name is not a regular file"):
            original(plain, tmp_path)
    assert local_server.n_requests == 0


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_data_folder_that_is_a_file_is_an_error_that_says_so(by, tmp_path, monkeypatch):
    path = tmp_path / "data"
    path.write_bytes(b"")
    monkeypatch.setenv("SKALLY_DATA", str(path))
    name = "data_home" if by == "argument" else "SKALLY_DATA"
    with pytest.raises(OSError, match=f"^{name} == .*data', must be a folder"):
        fetch_parkinsons(data_home=path if by == "argument" else None)


@pytest.mark.parametrize("data_home", [3, b"data", ["data"], True, "da\0ta"])
def test_data_home_that_is_no_path_is_refused(data_home):
    with pytest.raises(ValueError, match="^data_home == .*, must be the path of a folder"):
        data_folder(data_home)


def test_names_that_are_too_long_and_unknown_users_are_oserrors(plain, tmp_path):
    for home in (tmp_path / ("a" * 5000), "~no-such-user-of-this-machine/data"):
        with pytest.raises(OSError):
            original(plain, home)


def test_full_disk_is_an_oserror_that_names_the_file_and_leaves_nothing(
    plain, tmp_path, monkeypatch
):
    def fail(writer, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files_module.LimitedWriter, "write", fail)
    with pytest.raises(OSError, match="name is missing.*No space left"):
        original(plain, tmp_path)
    assert stored(tmp_path) == []


# Reading the content


@pytest.mark.parametrize("error", [ValueError("text"), KeyError("a"), IndexError(), EOFError()])
def test_content_that_cannot_be_read_is_an_oserror_that_names_the_files(plain, tmp_path, error):
    def read(*contents):
        raise error

    other = replace(plain, name="other")
    with pytest.raises(OSError, match=r"name and .*other cannot be read: \S") as caught:
        read_originals([plain, other], read, tmp_path)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("kind", [MemoryError, ImportError, KeyboardInterrupt])
def test_errors_that_say_nothing_of_the_file_stay_what_they_are(plain, tmp_path, kind):
    def read(content):
        raise kind

    with pytest.raises(kind):
        read_originals([plain], read, tmp_path)
