import copyreg
import io
import pickle
import sys
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat
from small_files import sha256, store, stored

from skally.datasets import fetch_cifar10, fetch_stl10, fetch_svhn, photographs
from skally.datasets.photograph_descr import CIFAR10_CLASSES
from skally.datasets.photographs import CIFAR10, CIFAR10_JPEG, CIFAR10_JPEG_LABELS, STL10, SVHN


def tarred(contents, kind):
    """A compressed tar archive of files by their names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{kind}") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def make_original(monkeypatch, name, content, home, local_name=None):
    """Put a file into a folder, and let it be the original that can't be downloaded."""
    file = getattr(photographs, name)
    monkeypatch.setattr(photographs, name, replace(file, sha256=sha256(content), source=None))
    return store(home, file, content)


# CIFAR-10, the archive


def old_pickle(batch):
    """A pickle whose data type has the form that Python 2 gave it: the flag `align` is a 0."""
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
    make_original(monkeypatch, "CIFAR10", tarred(contents, "gz"), tmp_path)
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


# Numbers within the class are in their order among the labels, the members in another one.
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
    make_original(monkeypatch, "CIFAR10_JPEG", tarred(contents, "xz"), tmp_path)
    lines = ["id,label", *(f"{i + 1},{label}" for i, label in enumerate(LABELS)), ""]
    make_original(monkeypatch, "CIFAR10_JPEG_LABELS", "\n".join(lines).encode(), tmp_path)
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


def test_jpeg_copy_calls_itself_so(jpeg_home):
    bunch = fetch_cifar10(data_home=jpeg_home)
    assert bunch.name == "CIFAR-10 (JPEG copy)"
    assert '"CIFAR-10 (JPEG copy)"' in bunch.DESCR


def test_jpeg_copy_is_decoded_once_and_nothing_is_written_beside_it(jpeg_home, monkeypatch):
    before = sorted(stored(jpeg_home))
    first = fetch_cifar10(data_home=jpeg_home)
    monkeypatch.setattr(photographs, "read_cifar_jpegs", lambda *paths: pytest.fail("decoded"))
    first.data[:] = 0.0
    second = fetch_cifar10(data_home=jpeg_home)
    assert second.data.min() > 0.0
    assert type(second.data) is np.ndarray and type(second.target) is np.ndarray
    assert sorted(stored(jpeg_home)) == before


def test_the_archive_goes_before_the_jpeg_copy(jpeg_home, cifar_home):
    assert jpeg_home == cifar_home
    assert fetch_cifar10(data_home=jpeg_home).name == "CIFAR-10"


def test_without_pillow_the_jpeg_copy_says_what_to_install(jpeg_home, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        fetch_cifar10(data_home=jpeg_home)


@pytest.mark.parametrize("name", ["CIFAR10_JPEG", "CIFAR10_JPEG_LABELS"])
def test_jpeg_copy_that_is_cut_short_is_named(jpeg_home, name):
    file = getattr(photographs, name)
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
        # The means that everyone standardises with, of the archive's training set.
        means = bunch.data[:50000].mean(axis=(0, 2, 3), dtype=float)
        assert np.allclose(means, [0.4914, 0.4822, 0.4465], atol=2e-3)


# SVHN


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


def test_svhn_axes_and_the_label_10_are_put_right(svhn_home):
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


def test_svhn_that_is_cut_short_is_named(svhn_home):
    path = svhn_home / "svhn" / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[:-4])
    assert len(fetch_svhn(subset="train", data_home=svhn_home).data) == 3
    with pytest.raises(OSError, match="test_32x32.mat is missing or not the original"):
        fetch_svhn(data_home=svhn_home)


# STL-10


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
    make_original(monkeypatch, "STL10", tarred(contents, "gz"), tmp_path)
    return tmp_path


def test_stl10_images_stand_upright_and_classes_count_from_0(stl_home):
    bunch = fetch_stl10(data_home=stl_home)
    assert bunch.data.shape == (5, 3, 96, 96) and bunch.data.dtype == np.float32
    assert bunch.data[1, 1, 5, 90] == np.float32(0.2)
    assert bunch.data[4, 1, 5, 90] == np.float32(0.4)
    assert bunch.target.tolist() == [9, 1, 2, 0, 6]
    assert [bunch.target_names[label] for label in bunch.target[2:]] == ["car", "airplane", "horse"]
    assert bunch.n_train == 3


def test_stl10_is_unpacked_once_and_not_into_its_folder(stl_home, monkeypatch):
    first = fetch_stl10(subset="test", data_home=stl_home)
    monkeypatch.setattr(photographs, "read_stl10", lambda path: pytest.fail("unpacked"))
    second = fetch_stl10(subset="test", data_home=stl_home)
    assert np.array_equal(first.data, second.data)
    assert len(fetch_stl10(subset="train", data_home=stl_home).data) == 3
    assert stored(stl_home) == [STL10.name]


def test_stl10_that_is_cut_short_is_named(stl_home):
    path = stl_home / STL10.folder / STL10.name
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(OSError, match="stl10_binary.tar.gz is missing or not the original"):
        fetch_stl10(data_home=stl_home)


def test_classes_of_cifar_are_in_the_order_of_their_names():
    assert list(CIFAR10_CLASSES) == sorted(CIFAR10_CLASSES)
