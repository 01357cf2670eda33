import io
from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat
from small_files import sha256, store

from skally.datasets import fetch_svhn, svhn
from skally.datasets.svhn import SVHN


@pytest.fixture
def svhn_home(monkeypatch, rng, tmp_path):
    """Folder with small files of SVHN's format as the originals: the image's number comes last."""
    for part, labels in (("train", [1, 10, 9]), ("test", [10, 2])):
        packed = io.BytesIO()
        X = rng.randint(256, size=(32, 32, 3, len(labels))).astype(np.uint8)
        X[4, 7, 2, 1] = 51 if part == "train" else 102
        y = np.array(labels, np.uint8)[:, None]
        savemat(packed, {"X": X, "y": y}, do_compression=True)
        content = packed.getvalue()
        file = replace(SVHN[part], sha256=sha256(content), source=None)
        monkeypatch.setitem(SVHN, part, file)
        store(tmp_path, file, content)
    return tmp_path


def test_svhn_axes_and_the_label_10_are_converted(svhn_home):
    bunch = fetch_svhn(data_home=svhn_home)
    assert bunch.data.shape == (5, 3, 32, 32) and bunch.data.dtype == np.float32
    assert bunch.data.flags.c_contiguous
    assert bunch.data[1, 2, 4, 7] == np.float32(0.2)
    assert bunch.data[4, 2, 4, 7] == np.float32(0.4)
    assert bunch.target.tolist() == [1, 0, 9, 0, 2]
    assert bunch.n_train == 3
    assert bunch.target_names == list("0123456789")


def test_svhn_as_rows_keeps_the_order_of_channel_line_and_column(svhn_home):
    X, y = fetch_svhn(subset="test", flat=True, return_X_y=True, data_home=svhn_home)
    assert X.shape == (2, 3072)
    assert X[1, 2 * 1024 + 4 * 32 + 7] == np.float32(0.4)
    assert y.tolist() == [0, 2]


def test_svhn_that_is_truncated_is_an_error_that_names_it(svhn_home):
    path = svhn_home / "svhn" / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[:-4])
    assert len(fetch_svhn(subset="train", data_home=svhn_home).data) == 3
    with pytest.raises(OSError, match="test_32x32.mat is missing or not the original"):
        fetch_svhn(data_home=svhn_home)


def put(monkeypatch, home, content):
    """Make some bytes the original of the test set, and return their path."""
    file = replace(SVHN["test"], sha256=sha256(content), source=None)
    monkeypatch.setitem(SVHN, "test", file)
    return store(home, file, content)


def mat(**arrays):
    """Bytes of a file of SVHN's format."""
    packed = io.BytesIO()
    savemat(packed, arrays, do_compression=True)
    return packed.getvalue()


IMAGES = np.zeros((32, 32, 3, 2), np.uint8)
LABELS = np.array([[1], [10]], np.uint8)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"text, no numbers" * 100, id="text"),
        pytest.param(mat(X=IMAGES, y=LABELS)[:-20], id="truncated"),
        pytest.param(mat(y=LABELS), id="no images"),
        pytest.param(mat(X=IMAGES), id="no labels"),
        pytest.param(mat(X=IMAGES, y=LABELS[:1]), id="one label too few"),
        pytest.param(mat(X=IMAGES, y=LABELS - 1), id="label 0"),
        pytest.param(mat(X=IMAGES, y=LABELS + 1), id="label 11"),
        pytest.param(mat(X=IMAGES, y=LABELS + 0.5), id="fractions"),
        pytest.param(mat(X=IMAGES, y=LABELS * np.nan), id="not a number"),
        pytest.param(mat(X=IMAGES * 1.0, y=LABELS), id="floats"),
        pytest.param(mat(X=IMAGES[:31], y=LABELS), id="small images"),
    ],
)
def test_odd_file_is_an_oserror_that_names_it(monkeypatch, tmp_path, content):
    path = put(monkeypatch, tmp_path, content)
    with pytest.raises(OSError) as caught:
        fetch_svhn(subset="test", data_home=tmp_path)
    assert str(path) in str(caught.value)


def test_labels_may_have_another_type(monkeypatch, tmp_path):
    put(monkeypatch, tmp_path, mat(X=IMAGES, y=LABELS.astype(float)))
    assert fetch_svhn(subset="test", data_home=tmp_path).target.tolist() == [1, 0]


def test_more_images_than_the_source_has_are_not_unpacked(monkeypatch, tmp_path):
    monkeypatch.setattr(svhn, "MAX_IMAGES", 1)
    monkeypatch.setattr("scipy.io.loadmat", lambda *args, **kwargs: pytest.fail("unpacked"))
    put(monkeypatch, tmp_path, mat(X=IMAGES, y=LABELS))
    with pytest.raises(OSError, match="must be at most 1 images"):
        fetch_svhn(subset="test", data_home=tmp_path)
