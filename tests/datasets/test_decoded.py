import errno
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from small_files import stored

from skally.datasets import decoded
from skally.datasets.decoded import cached_arrays

ARRAYS = {"a": np.arange(6).reshape(2, 3), "b": np.ones(4, np.uint8), "c": np.zeros(4, np.uint8)}


@pytest.fixture
def n_calls():
    """One entry for each call of `make`."""
    return []


@pytest.fixture
def fetch(n_calls):
    """Function from a key and names to arrays from the cache, which counts how often it decodes."""

    def make():
        n_calls.append(1)
        return dict(ARRAYS)

    def get(key="key", names=("a", "b", "c")):
        arrays = cached_arrays(key, list(names), make)
        assert list(arrays) == list(names)
        for name, array in arrays.items():
            assert np.array_equal(array, ARRAYS[name]) and array.dtype == ARRAYS[name].dtype
        return arrays

    return get


@pytest.fixture
def folder():
    """Where the arrays are stored."""
    import pooch

    return Path(pooch.os_cache("skally")) / "decoded" / "key"


def test_arrays_are_made_once_and_read_unchanged(fetch, n_calls):
    for _ in range(3):
        fetch()
    assert len(n_calls) == 1


def test_another_key_makes_other_arrays(fetch, n_calls):
    fetch("key")
    fetch("other")
    assert len(n_calls) == 2


def test_all_arrays_are_stored_when_some_are_asked_for(fetch, n_calls, folder):
    fetch(names=["a"])
    fetch(names=["c", "b"])
    assert len(n_calls) == 1
    assert sorted(stored(folder)) == ["a.npy", "b.npy", "c.npy"]


def change(array):
    """Bytes of a valid .npy file with an array, without a hash."""

    def damage(path):
        np.save(path, array)

    return damage


DAMAGES = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "one bit": lambda path: path.write_bytes(
        path.read_bytes()[:-33] + b"\x02" + path.read_bytes()[-32:]
    ),
    "header": lambda path: path.write_bytes(b"\x93" * 10 + path.read_bytes()[10:]),
    "forged": change(np.zeros(4, np.uint8)),
    "pickle": change(np.array([{}])),
    "copy of another array": lambda path: shutil.copy(path.with_name("c.npy"), path),
    "link to nothing": lambda path: (path.unlink(), path.symlink_to("nothing")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_made_anew(fetch, n_calls, folder, damage):
    fetch()
    DAMAGES[damage](folder / "b.npy")
    fetch()
    fetch()
    assert len(n_calls) == 2
    assert sorted(stored(folder)) == ["a.npy", "b.npy", "c.npy"]


def test_files_of_another_key_are_not_believed(fetch, n_calls, folder):
    fetch("other")
    shutil.copytree(folder.with_name("other"), folder)
    fetch()
    assert len(n_calls) == 2


def test_files_of_an_older_version_are_made_anew(fetch, n_calls, monkeypatch):
    fetch()
    monkeypatch.setattr(decoded, "VERSION", decoded.VERSION + 1)
    fetch()
    assert len(n_calls) == 2


def test_processes_that_decode_at_the_same_time_do_not_disturb_each_other(folder):
    barrier = threading.Barrier(4)
    results = []

    def make():
        barrier.wait(60)
        return dict(ARRAYS)

    def run():
        results.append(cached_arrays("key", list(ARRAYS), make))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.append(cached_arrays("key", list(ARRAYS), lambda: pytest.fail("decoded")))
    assert len(results) == 5
    for arrays in results:
        assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
    assert sorted(stored(folder)) == ["a.npy", "b.npy", "c.npy"]


def test_full_disk_leaves_no_part_of_a_file_and_warns(fetch, n_calls, folder, monkeypatch):
    def fail(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(decoded, "seal", fail)  # called after the array has been written
        with pytest.warns(UserWarning, match="cannot hold the decoded arrays.*No space left"):
            fetch()
    assert stored(folder) == []
    fetch()
    fetch()
    assert len(n_calls) == 2


@pytest.mark.parametrize("place", ["skally", "skally/decoded/key", "skally/decoded/key/b.npy"])
def test_cache_folder_that_cannot_be_written_gives_the_arrays_and_warns(fetch, folder, place):
    taken = folder.parents[2] / place
    taken.parent.mkdir(parents=True, exist_ok=True)
    if place.endswith(".npy"):
        taken.mkdir()
    else:
        taken.write_bytes(b"a file in the place of a folder")
    with pytest.warns(UserWarning, match="so the next call decodes again"):
        fetch()


def test_error_of_decoding_stores_nothing(folder):
    def make():
        raise OSError("damaged")

    with pytest.raises(OSError, match="^damaged$"):
        cached_arrays("key", ["a"], make)
    assert not folder.exists()
