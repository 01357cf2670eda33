import hashlib
import json
import os
import pickle

import numpy as np
import pytest

import skally
from skally.saving.container import FORMAT, read, write, zipped


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    write(path, {"a": [1, None]}, [np.arange(3.0), np.array(["b"])])
    return path


def refused(path, words):
    with pytest.raises(ValueError, match=words) as caught:
        skally.load(path)
    assert str(path) in str(caught.value)


def test_content_and_arrays_come_back(path):
    content, arrays = read(path)
    assert content == {"a": [1, None]}
    assert arrays[0].tolist() == [0, 1, 2] and arrays[1].tolist() == ["b"]


def test_a_file_that_was_cut_short_is_refused_wherever_it_ends(path):
    data = path.read_bytes()
    for end in range(len(data)):
        path.write_bytes(data[:end])
        refused(path, "cut short|must be a file that skally.save wrote")


def test_a_changed_byte_is_noticed_wherever_it_is(path):
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        refused(path, "changed|newer")


def test_a_newer_format_is_refused(path):
    old, new = (b"format %d," % number for number in (FORMAT, FORMAT + 1))
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    refused(path, f"has format {FORMAT + 1}, must be at most {FORMAT}.*newer skally")


@pytest.mark.parametrize("data", [b"", b"text", pickle.dumps({"a": 1}), zipped({}, [])])
def test_other_files_are_refused(data, tmp_path):
    path = tmp_path / "other"
    path.write_bytes(data)
    refused(path, "must be a file that skally.save wrote")


@pytest.mark.parametrize(
    "content",
    [
        {}, [], {"names": []}, {"names": [], "estimator": 3}, {"names": [], "estimator": {"no": 1}},
        {"names": [], "estimator": {"array": 5}}, {"names": [], "estimator": {"same": 0}},
        {"names": ["numpy:float64"], "estimator": {"net": [0, {"dict": {}}]}},
        {"names": [], "estimator": {"random_state": [[1], 9999, 0, 0.0]}},
    ],
)  # fmt: skip
def test_content_that_save_never_writes_is_refused(content, tmp_path):
    path, data = tmp_path / "made", zipped(content, [])
    checksum = hashlib.sha256(data).hexdigest()
    path.write_bytes(f"skally file, format 1, sha256 {checksum}\n".encode() + data)
    refused(path, "path ==")


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        skally.load(tmp_path / "none")


def test_a_path_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "none" / "file", tmp_path, tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="path =="):
            write(path, {}, [])
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_file_that_was_there(path, monkeypatch):
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="cannot be written.*No space left"):
        write(path, {"b": 2}, [])
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_a_new_file_replaces_the_old_one_and_keeps_its_permissions(path):
    os.chmod(path, 0o640)
    write(path, {"b": 2}, [])
    assert read(path)[0] == {"b": 2}
    assert path.stat().st_mode & 0o777 == 0o640


def test_objects_of_python_are_never_unpickled(tmp_path):
    with pytest.raises(ValueError):
        zipped(json.loads("{}"), [np.array([object()], dtype=object)])
