from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_files import sha256, store, zipped

from skally.datasets import fetch_uci_classification
from skally.datasets.classification_tables import CLASSIFICATION, without_spaces

# Number of rows of each class, by the descriptions of the source.
LETTERS = [789, 766, 736, 805, 768, 775, 773, 734, 755, 747, 739, 761, 792]
LETTERS += [783, 753, 803, 783, 758, 748, 796, 813, 764, 752, 787, 786, 734]
PENDIGITS = {
    "train": [780, 779, 780, 719, 780, 720, 720, 778, 719, 719],
    "test": [363, 364, 364, 336, 364, 335, 336, 364, 336, 336],
}
SATIMAGE = {
    "train": [1072, 479, 961, 415, 470, 1038],
    "test": [461, 224, 397, 211, 237, 470],
}
PUBLISHED = [
    ("letter", "all", LETTERS, 16),
    ("magic", "all", [6688, 12332], 10),
    *(("pendigits", part, counts, 16) for part, counts in PENDIGITS.items()),
    *(("satimage", part, counts, 36) for part, counts in SATIMAGE.items()),
]
SPLIT = ["pendigits", "satimage"]


@pytest.fixture
def home_of(real_home):
    """Function from a table's name to the folder with its real files."""
    return lambda name: real_home(*CLASSIFICATION[name].files.values())


def lines_of(home, name, part):
    """Rows of a real file as lists of text."""
    table = CLASSIFICATION[name]
    text = (home / "classification" / table.files[part].name).read_text()
    return [line.split(table.separator) for line in text.splitlines()]


def test_all_names_are_tested():
    assert list(dict.fromkeys(name for name, *_ in PUBLISHED)) == list(CLASSIFICATION)


@pytest.mark.parametrize(("name", "subset", "counts", "n_features"), PUBLISHED)
def test_real_table_has_the_published_classes(home_of, name, subset, counts, n_features):
    bunch = fetch_uci_classification(name, subset=subset, data_home=home_of(name))
    assert np.array_equal(np.bincount(bunch.target), counts)
    assert bunch.data.shape == (sum(counts), n_features)
    assert bunch.data.dtype == np.float64 and bunch.target.dtype.kind == "i"
    assert np.isfinite(bunch.data).all()
    assert len(bunch.feature_names) == len(set(bunch.feature_names)) == n_features
    assert len(bunch.target_names) == len(counts)
    assert "Licence" in bunch.DESCR and "Source" in bunch.DESCR


@pytest.mark.parametrize(
    ("name", "at", "names"),
    [
        ("letter", 0, {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}),
        ("magic", -1, {"g": "gamma", "h": "hadron"}),
        ("pendigits", -1, {str(digit): str(digit) for digit in range(10)}),
        ("satimage", -1, {"1": "red soil", "7": "very damp grey soil", "4": "damp grey soil"}),
    ],
)
def test_numbers_of_classes_lead_back_to_the_labels_in_the_file(home_of, name, at, names):
    home = home_of(name)
    part = next(iter(CLASSIFICATION[name].files))
    rows = lines_of(home, name, part)
    bunch = fetch_uci_classification(name, data_home=home)
    found = np.array(bunch.target_names)[bunch.target[: len(rows)]]
    for label, class_name in names.items():
        assert np.array_equal(found == class_name, [row[at] == label for row in rows])
    values = [[float(value) for j, value in enumerate(row) if j != at % len(row)] for row in rows]
    assert np.array_equal(bunch.data[: len(rows)], values)


@pytest.mark.parametrize("name", SPLIT)
def test_all_rows_are_the_training_set_and_then_the_test_set(home_of, name):
    home = home_of(name)
    train, test, both = (
        fetch_uci_classification(name, subset=subset, data_home=home)
        for subset in ("train", "test", "all")
    )
    assert (train.n_train, test.n_train, both.n_train) == (len(train.data), 0, len(train.data))
    assert np.array_equal(both.data, np.vstack([train.data, test.data]))
    assert np.array_equal(both.target, np.hstack([train.target, test.target]))


def test_table_without_a_split_has_no_n_train(home_of):
    assert fetch_uci_classification("letter", data_home=home_of("letter")).n_train is None


def test_frames_hold_the_same_values_as_arrays(home_of):
    home = home_of("satimage")
    arrays = fetch_uci_classification("satimage", data_home=home)
    frames = fetch_uci_classification("satimage", as_frame=True, data_home=home)
    assert isinstance(frames.data, pd.DataFrame) and isinstance(frames.target, pd.Series)
    assert arrays.frame is None
    assert np.array_equal(frames.data.to_numpy(), arrays.data)
    assert np.array_equal(frames.target.to_numpy(), arrays.target)
    assert list(frames.frame.columns) == [*arrays.feature_names, "label"]
    assert list(frames.frame.index) == list(range(6435))


def test_pendigits_download_ends_in_the_layout_of_the_reader(monkeypatch, local_server, tmp_path):
    official = {
        "pendigits.tra": b" 47,100, 27, 81, 57, 37, 26,  0,  0, 23, 56, 53,100, 90, 40, 98, 8\n \n",
        "pendigits.tes": b" 88, 92,  2, 99, 16, 66, 94, 37, 70,  0,  0, 24, 42, 65,100,100, 8\r\n",
    }
    kept = {
        "train": b"47,100,27,81,57,37,26,0,0,23,56,53,100,90,40,98,8\n",
        "test": b"88,92,2,99,16,66,94,37,70,0,0,24,42,65,100,100,8\n",
    }
    local_server.body = zipped(official)
    table = CLASSIFICATION["pendigits"]
    files = {
        part: replace(
            file, sha256=sha256(kept[part]), source=replace(file.source, url=local_server.url)
        )
        for part, file in table.files.items()
    }
    monkeypatch.setitem(CLASSIFICATION, "pendigits", replace(table, files=files))
    X, y = fetch_uci_classification("pendigits", return_X_y=True, data_home=tmp_path)
    assert X[:, 1].tolist() == [100.0, 92.0]
    assert y.tolist() == [8, 8]
    for part, content in kept.items():
        assert (tmp_path / "classification" / files[part].name).read_bytes() == content


def test_only_the_files_of_the_subset_are_needed(monkeypatch, tmp_path):
    row = b"1 " * 36 + b"7\n"
    table = CLASSIFICATION["satimage"]
    file = replace(table.files["test"], sha256=sha256(row), source=None)
    files = {"train": replace(file, name="missing"), "test": file}
    monkeypatch.setitem(CLASSIFICATION, "satimage", replace(table, files=files))
    store(tmp_path, file, row)
    X, y = fetch_uci_classification("satimage", subset="test", return_X_y=True, data_home=tmp_path)
    assert X.shape == (1, 36) and y.tolist() == [5]
    with pytest.raises(OSError, match="missing"):
        fetch_uci_classification("satimage", data_home=tmp_path)


def test_real_pendigits_files_are_in_the_layout_that_downloads_end_in(home_of):
    for file in CLASSIFICATION["pendigits"].files.values():
        content = (home_of("pendigits") / file.folder / file.name).read_bytes()
        assert without_spaces(content) == content


# Bad arguments


@pytest.mark.parametrize("name", ["iris", None, "Letter", ["letter"]])
def test_unknown_name_is_refused_with_all_names(name):
    with pytest.raises(ValueError, match="^name == ") as caught:
        fetch_uci_classification(name)
    assert all(repr(known) in str(caught.value) for known in CLASSIFICATION)


@pytest.mark.parametrize("name", ["letter", "magic"])
@pytest.mark.parametrize("subset", ["train", "test"])
def test_part_of_a_table_without_a_split_is_refused(name, subset):
    with pytest.raises(ValueError, match=f"^subset == '{subset}', must be 'all'"):
        fetch_uci_classification(name, subset=subset)


@pytest.mark.parametrize(
    ("argument", "value"), [("subset", "valid"), ("return_X_y", "yes"), ("as_frame", None)]
)
def test_bad_option_is_refused(argument, value):
    with pytest.raises(ValueError, match=f"^{argument} == .*, must be one of"):
        fetch_uci_classification("pendigits", **{argument: value})
