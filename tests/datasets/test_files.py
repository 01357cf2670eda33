import gzip
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_files import sha256, store, stored, zipped

from skally.datasets.files import (
    DataFile,
    Download,
    ZipMember,
    cached_arrays,
    gunzipped_sha256,
    local_copy,
)

CONTENT = b"the original bytes " * 50


@pytest.fixture
def plain(local_server):
    """A file that the server sends unchanged."""
    local_server.body = CONTENT
    return DataFile("folder", "name", sha256(CONTENT), Download(local_server.url))


@pytest.fixture
def wrapped(plain):
    """A gzip file checked by its content; the server sends it without gzip."""
    return replace(plain, name="name.gz", digest=gunzipped_sha256)


def test_download_is_kept_as_it_came_and_asked_for_once(plain, local_server, tmp_path):
    paths = [local_copy(plain, tmp_path) for _ in range(2)]
    assert paths == [tmp_path / "folder" / "name"] * 2
    assert paths[0].read_bytes() == CONTENT
    assert local_server.n_requests == 1
    assert stored(tmp_path) == ["name"]


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_new_gzip_wrapper_leaves_the_original(wrapped, local_server, tmp_path, level):
    packed = gzip.compress(CONTENT, level)
    path = store(tmp_path, wrapped, packed)
    assert local_copy(wrapped, tmp_path) == path
    assert path.read_bytes() == packed
    assert local_server.n_requests == 0


def test_gzip_file_truncated_or_changed_anywhere_is_not_the_original(wrapped, tmp_path):
    packed = gzip.compress(CONTENT)
    path = store(tmp_path, wrapped, b"")
    for end in range(len(packed)):
        path.write_bytes(packed[:end])
        assert not wrapped.is_original(path)
    for i in range(10, len(packed)):  # the first ten bytes hold no content
        path.write_bytes(packed[:i] + bytes([packed[i] ^ 1]) + packed[i + 1 :])
        assert not wrapped.is_original(path)
    path.write_bytes(packed)
    assert wrapped.is_original(path)


def test_changed_bytes_of_a_gzip_file_raise_all_that_counts_as_unreadable(wrapped, tmp_path):
    packed = gzip.compress(CONTENT)
    path = store(tmp_path, wrapped, packed[:10] + b"\xff" + packed[11:])
    with pytest.raises(zlib.error):
        wrapped.digest(path)
    assert not wrapped.is_original(path)


def test_download_that_is_no_gzip_file_is_refused_and_names_the_file(
    wrapped, local_server, tmp_path
):
    local_server.body = b"<html>"
    broken = gzip.compress(CONTENT)[:-9]
    path = store(tmp_path, wrapped, broken)
    with pytest.raises(OSError, match="name.gz is missing or not the original"):
        local_copy(wrapped, tmp_path)
    assert path.read_bytes() == broken


def test_converted_member_of_an_archive_is_what_is_checked_and_kept(local_server, tmp_path):
    local_server.body = zipped({"inner/table": b"a  b", "other": b""})
    source = ZipMember(local_server.url, "inner/table", lambda content: content.replace(b" ", b""))
    path = local_copy(DataFile("folder", "name", sha256(b"ab"), source), tmp_path)
    assert path.read_bytes() == b"ab"


@pytest.mark.parametrize("content", [None, b"changed"])
def test_file_without_a_source_that_is_not_the_original_is_an_error(plain, tmp_path, content):
    file = replace(plain, source=None)
    if content is not None:
        store(tmp_path, file, content)
    with pytest.raises(OSError, match=r"folder.name is missing or not the original"):
        local_copy(file, tmp_path)


# The cache of decoded arrays


def arrays_of(n_calls):
    """A function that makes two arrays and counts its calls."""

    def make():
        n_calls.append(1)
        return {"a": np.arange(6).reshape(2, 3), "b": np.ones(4, np.uint8)}

    return make


def test_arrays_are_made_once_and_read_unchanged():
    n_calls = []
    for _ in range(2):
        arrays = cached_arrays("key", ["a", "b"], arrays_of(n_calls))
        assert np.array_equal(arrays["a"], [[0, 1, 2], [3, 4, 5]])
        assert arrays["b"].dtype == np.uint8
    assert len(n_calls) == 1


def test_another_key_makes_other_arrays():
    n_calls = []
    cached_arrays("key", ["a", "b"], arrays_of(n_calls))
    cached_arrays("other", ["a", "b"], arrays_of(n_calls))
    assert len(n_calls) == 2


def test_arrays_are_made_again_if_one_is_missing():
    n_calls = []
    arrays = cached_arrays("key", ["a", "b"], arrays_of(n_calls))
    folder = Path(arrays["a"].filename).parent
    (folder / "b.npy").unlink()
    cached_arrays("key", ["a", "b"], arrays_of(n_calls))
    assert len(n_calls) == 2
    assert sorted(stored(folder)) == ["a.npy", "b.npy"]
