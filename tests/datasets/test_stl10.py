import numpy as np
import pytest
from small_files import replace_original, stored, tarred

from skally.datasets import fetch_stl10, stl10
from skally.datasets.stl10 import STL10


@pytest.fixture
def stl_home(monkeypatch, rng, tmp_path):
    """Folder with a small archive of STL-10's format as the original."""
    contents = {"stl10_binary/class_names.txt": b"airplane\n"}
    for part, labels in (("test", [1, 7]), ("train", [10, 2, 3])):
        images = bytearray(rng.bytes(len(labels) * 27648))
        # Image 1, green, line 5, column 90: stored by columns.
        images[27648 + 9216 + 96 * 90 + 5] = 51 if part == "train" else 102
        contents[f"stl10_binary/{part}_X.bin"] = bytes(images)
        contents[f"stl10_binary/{part}_y.bin"] = bytes(labels)
    contents["stl10_binary/unlabeled_X.bin"] = b"not read"
    replace_original(monkeypatch, stl10, "STL10", tarred(contents, "gz"), tmp_path)
    return tmp_path


def test_stl10_images_are_transposed_and_classes_start_at_0(stl_home):
    bunch = fetch_stl10(data_home=stl_home)
    assert bunch.data.shape == (5, 3, 96, 96) and bunch.data.dtype == np.float32
    assert bunch.data[1, 1, 5, 90] == np.float32(0.2)
    assert bunch.data[4, 1, 5, 90] == np.float32(0.4)
    assert bunch.target.tolist() == [9, 1, 2, 0, 6]
    assert [bunch.target_names[label] for label in bunch.target[2:]] == ["car", "airplane", "horse"]
    assert bunch.n_train == 3


def test_stl10_is_unpacked_once_and_not_into_its_folder(stl_home, monkeypatch):
    first = fetch_stl10(subset="test", data_home=stl_home)
    monkeypatch.setattr(stl10, "read_archive", lambda path: pytest.fail("unpacked"))
    second = fetch_stl10(subset="test", data_home=stl_home)
    assert np.array_equal(first.data, second.data)
    assert len(fetch_stl10(subset="train", data_home=stl_home).data) == 3
    assert stored(stl_home) == [STL10.name]


def test_stl10_that_is_truncated_is_an_error_that_names_it(stl_home):
    path = stl_home / STL10.folder / STL10.name
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(OSError, match="stl10_binary.tar.gz is missing or not the original"):
        fetch_stl10(data_home=stl_home)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"test_X.bin": b""}, id="no images"),
        pytest.param({"test_X.bin": bytes(27647)}, id="a pixel is missing"),
        pytest.param({"test_y.bin": b"\1\2"}, id="too many labels"),
        pytest.param({"test_y.bin": b"\0"}, id="label 0"),
        pytest.param({"test_y.bin": b"\x0b"}, id="label 11"),
        pytest.param({"test_y.bin": None}, id="no labels"),
        pytest.param({"test_y.bin": bytes(13000 * 27649)}, id="too large"),
    ],
)
def test_odd_archive_is_an_oserror_that_names_it(changed, monkeypatch, tmp_path):
    contents = {f"{part}_X.bin": bytes(27648) for part in ("train", "test")}
    contents |= {f"{part}_y.bin": b"\1" for part in ("train", "test")}
    contents = {
        f"stl10_binary/{name}": content
        for name, content in (contents | changed).items()
        if content is not None
    }
    path = replace_original(monkeypatch, stl10, "STL10", tarred(contents, "gz"), tmp_path)
    with pytest.raises(OSError) as caught:
        fetch_stl10(data_home=tmp_path)
    assert str(path) in str(caught.value)
