import copyreg
import io
import pickle
import sys

import numpy as np
import pytest
from small_files import replace_original, stored, tarred

from skally.datasets import cifar10, fetch_cifar10
from skally.datasets.cifar10 import CIFAR10, CIFAR10_JPEG, CIFAR10_JPEG_LABELS, CLASSES

# CIFAR-10, the archive


def old_pickle(batch):
    """A pickle as Python 2 writes it: the flag `align` of the data type is 0 and not False."""
    packed = io.BytesIO()
    pickler = pickle.Pickler(packed, protocol=2)
    pickler.dispatch_table = copyreg.dispatch_table.copy()
    pickler.dispatch_table[type(np.dtype(np.uint8))] = lambda dtype: (np.dtype, ("u1", 0, 1))
    pickler.dump(batch)
    return packed.getvalue()


@pytest.fixture
def batches(rng):
    """Six small batches by their names, two images each, and another file."""
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    return {
        name: {
            b"data": rng.randint(256, size=(2, 3072)).astype(np.uint8),
            b"labels": [i, 9],
            b"batch_label": name.encode(),
        }
        for i, name in enumerate(names)
    }


@pytest.fixture
def cifar_home(monkeypatch, batches, tmp_path):
    """Folder with the small batches in an archive that is the original."""
    contents = {f"cifar-10-batches-py/{name}": old_pickle(b) for name, b in batches.items()}
    contents["cifar-10-batches-py/batches.meta"] = b"not read"
    replace_original(monkeypatch, cifar10, "CIFAR10", tarred(contents, "gz"), tmp_path)
    return tmp_path


def test_cifar_archive_gives_planes_of_red_green_and_blue(cifar_home, batches):
    bunch = fetch_cifar10(subset="train", data_home=cifar_home)
    assert bunch.data.shape == (10, 3, 32, 32) and bunch.data.dtype == np.float32
    for i in range(10):
        row = batches[f"data_batch_{i // 2 + 1}"][b"data"][i % 2]
        for channel, y, x in [(0, 0, 0), (1, 31, 0), (2, 5, 7)]:
            value = row[1024 * channel + 32 * y + x]
            assert bunch.data[i, channel, y, x] == np.float32(value / 255)
    assert bunch.target.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert bunch.name == "CIFAR-10"


def test_cifar_archive_has_its_test_batch_last(cifar_home, batches):
    bunch = fetch_cifar10(flat=True, data_home=cifar_home)
    assert bunch.n_train == 10
    assert np.array_equal(np.rint(bunch.data[10:] * 255), batches["test_batch"][b"data"])
    X, y = fetch_cifar10(subset="test", flat=True, return_X_y=True, data_home=cifar_home)
    assert np.array_equal(X, bunch.data[10:]) and y.tolist() == [5, 9]


def test_cifar_archive_that_is_not_the_original_is_never_unpickled(cifar_home, monkeypatch):
    path = cifar_home / CIFAR10.folder / CIFAR10.name
    path.write_bytes(path.read_bytes() + b"1")
    monkeypatch.setattr(pickle, "load", lambda *args, **kwargs: pytest.fail("unpickled"))
    with pytest.raises(OSError, match="cifar-10-python.tar.gz is missing or not the original"):
        fetch_cifar10(data_home=cifar_home)


# CIFAR-10, the JPEG copy


def jpeg(colour):
    """Bytes of a JPEG file of one colour."""
    image = pytest.importorskip("PIL.Image").new("RGB", (32, 32), colour)
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=95)
    return packed.getvalue()


# The number of an image counts within its class, in the order of LABELS. Members are not sorted.
LABELS = ["frog", "truck", "truck", "airplane", "frog"]
TRAIN = {  # row -> member
    3: "train/airplane/0000.jpg",
    4: "train/frog/0001.jpg",
    0: "train/frog/0000.jpg",
    2: "train/truck/0001.jpg",
    1: "train/truck/0000.jpg",
}
TEST = {2: "test/ship/0000.jpg", 1: "test/bird/0010.jpg", 0: "test/bird/0009.jpg"}


def colour_of(part, row):
    return (40 * row + 20, 200 if part == "test" else 100, 30)


@pytest.fixture
def jpeg_home(monkeypatch, tmp_path):
    """Folder with a small JPEG copy as the original."""
    contents = {"README.md": b"text", "train/": b""}
    contents |= {name: jpeg(colour_of("train", row)) for row, name in TRAIN.items()}
    contents |= {name: jpeg(colour_of("test", row)) for row, name in TEST.items()}
    replace_original(monkeypatch, cifar10, "CIFAR10_JPEG", tarred(contents, "xz"), tmp_path)
    lines = ["id,label", *(f"{i + 1},{label}" for i, label in enumerate(LABELS)), ""]
    replace_original(
        monkeypatch, cifar10, "CIFAR10_JPEG_LABELS", "\n".join(lines).encode(), tmp_path
    )
    return tmp_path


def test_jpeg_copy_s_training_rows_are_in_the_order_of_the_labels(jpeg_home):
    bunch = fetch_cifar10(data_home=jpeg_home)
    assert [bunch.target_names[label] for label in bunch.target[:5]] == LABELS
    assert bunch.n_train == 5
    for row in range(5):
        expected = np.array(colour_of("train", row))[:, None, None]
        assert np.abs(255 * bunch.data[row] - expected).max() < 4


def test_jpeg_copy_s_test_rows_come_class_by_class_in_the_order_of_their_numbers(jpeg_home):
    bunch = fetch_cifar10(subset="test", data_home=jpeg_home)
    assert [bunch.target_names[label] for label in bunch.target] == ["bird", "bird", "ship"]
    for row in range(3):
        expected = np.array(colour_of("test", row))[:, None, None]
        assert np.abs(255 * bunch.data[row] - expected).max() < 4


def test_jpeg_copy_has_a_name_of_its_own(jpeg_home):
    bunch = fetch_cifar10(data_home=jpeg_home)
    assert bunch.name == "CIFAR-10 (JPEG copy)"
    assert '"CIFAR-10 (JPEG copy)"' in bunch.DESCR


def test_jpeg_copy_is_decoded_once_and_nothing_is_written_beside_it(jpeg_home, monkeypatch):
    before = sorted(stored(jpeg_home))
    first = fetch_cifar10(data_home=jpeg_home)
    monkeypatch.setattr(cifar10, "read_jpegs", lambda *paths: pytest.fail("decoded"))
    first.data[:] = 0.0
    second = fetch_cifar10(data_home=jpeg_home)
    assert second.data.min() > 0.0
    assert type(second.data) is np.ndarray and type(second.target) is np.ndarray
    assert sorted(stored(jpeg_home)) == before


def test_the_archive_takes_precedence_over_the_jpeg_copy(jpeg_home, cifar_home):
    assert jpeg_home == cifar_home
    assert fetch_cifar10(data_home=jpeg_home).name == "CIFAR-10"


def test_without_pillow_the_jpeg_copy_says_what_to_install(jpeg_home, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        fetch_cifar10(data_home=jpeg_home)


@pytest.mark.parametrize("name", ["CIFAR10_JPEG", "CIFAR10_JPEG_LABELS"])
def test_jpeg_copy_that_is_truncated_is_an_error_that_names_it(jpeg_home, name):
    file = getattr(cifar10, name)
    path = jpeg_home / file.folder / file.name
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(OSError, match=f"{file.name} is missing or not the original"):
        fetch_cifar10(data_home=jpeg_home)


@pytest.mark.slow
def test_real_jpeg_copy_has_the_labels_and_the_brightness_of_the_archive(real_home):
    bunch = fetch_cifar10(data_home=real_home(CIFAR10_JPEG, CIFAR10_JPEG_LABELS))
    assert bunch.data.shape == (60000, 3, 32, 32)
    assert bunch.n_train == 50000
    assert np.array_equal(np.bincount(bunch.target[:50000]), [5000] * 10)
    assert np.array_equal(np.bincount(bunch.target[50000:]), [1000] * 10)
    assert bunch.target[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]  # as in data_batch_1
    if bunch.name.endswith("(JPEG copy)"):
        # The usual means for standardising, of the archive's training set.
        means = bunch.data[:50000].mean(axis=(0, 2, 3), dtype=float)
        assert np.allclose(means, [0.4914, 0.4822, 0.4465], atol=2e-3)


def test_classes_of_cifar_are_in_the_order_of_their_names():
    assert list(CLASSES) == sorted(CLASSES)
