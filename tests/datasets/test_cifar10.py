import copyreg
import io
import os
import pickle
import struct
import sys

import numpy as np
import pytest
from small_files import replace_original, stored, tarred

from skally.datasets import cifar10, fetch_cifar10, unpacking
from skally.datasets.cifar10 import (
    CIFAR10,
    CIFAR10_JPEG,
    CIFAR10_JPEG_LABELS,
    CLASSES,
    BatchUnpickler,
)

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
    monkeypatch.setattr(cifar10, "BatchUnpickler", lambda *args, **kwargs: pytest.fail("unpickled"))
    with pytest.raises(OSError, match="cifar-10-python.tar.gz is missing or not the original"):
        fetch_cifar10(data_home=cifar_home)


def test_cifar_archive_is_unpickled_as_it_was_when_it_was_hashed(cifar_home, batches, monkeypatch):
    path = cifar_home / CIFAR10.folder / CIFAR10.name
    expected = fetch_cifar10(data_home=cifar_home)
    read_rest = unpacking.HashingReader.read_rest

    def swap(reader):
        digest = read_rest(reader)
        path.with_name("forged").write_bytes(b"forged")
        path.with_name("forged").replace(path)
        return digest

    monkeypatch.setattr(unpacking.HashingReader, "read_rest", swap)
    assert np.array_equal(fetch_cifar10(data_home=cifar_home).data, expected.data)
    assert path.read_bytes() == b"forged"


@pytest.fixture
def put_batches(monkeypatch, batches, tmp_path):
    """Function that makes an archive of the small batches, with some changed, the original."""

    def put(**changed):
        contents = {name: old_pickle(batch) for name, batch in batches.items()} | changed
        contents = {f"cifar-10-batches-py/{name}": content for name, content in contents.items()}
        replace_original(monkeypatch, cifar10, "CIFAR10", tarred(contents, "gz"), tmp_path)
        return tmp_path

    return put


class Harmful:
    """An object whose pickle calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("function", [os.mkdir, eval, getattr, np.load, np.save])
def test_pickle_of_anything_but_bytes_calls_nothing(put_batches, tmp_path, function, protocol):
    target = tmp_path / "made"
    harm = Harmful(function, str(target))
    home = put_batches(test_batch=pickle.dumps({b"data": harm, b"labels": [1]}, protocol))
    with pytest.raises(OSError, match="cifar-10-python.tar.gz cannot be read: a batch must not"):
        fetch_cifar10(data_home=home)
    assert not target.exists()


def test_type_of_bytes_stays_as_it_is_when_a_pickle_changes_its_copy(put_batches, batches):
    fetch_cifar10(data_home=put_batches())
    assert np.dtype(np.uint8).isbuiltin == 1
    assert BatchUnpickler(io.BytesIO(pickle.dumps(np.dtype("u1")))).load() is not np.dtype("u1")
    with pytest.raises(pickle.UnpicklingError, match="values have type"):
        BatchUnpickler(io.BytesIO(pickle.dumps(np.dtype("O")))).load()


def python2_pickle(images, labels):
    """A batch, written code by code as Python 2 and its numpy write one, where text is bytes."""
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    shape = b"K" + bytes([len(images)]) + b"M\x00\x0c\x86"
    byte = (
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNN"
        + 2 * b"J\xff\xff\xff\xff"
        + b"K\x00tb"
    )
    values = b"T" + struct.pack("<i", images.size) + images.tobytes()
    state = b"(K\x01" + shape + byte + b"\x89" + values + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(U\x04data" + array + state + b"U\x06labels" + numbers + b"u."


def test_pickle_of_python_2_gives_the_same(put_batches, batches):
    expected = fetch_cifar10(subset="test", data_home=put_batches())
    batch = batches["test_batch"]
    home = put_batches(test_batch=python2_pickle(batch[b"data"], batch[b"labels"]))
    found = fetch_cifar10(subset="test", data_home=home)
    assert np.array_equal(found.data, expected.data)
    assert np.array_equal(found.target, expected.target)


@pytest.mark.parametrize("protocol", [2, 4])
def test_pickles_of_this_numpy_are_read_too(put_batches, batches, protocol):
    expected = fetch_cifar10(subset="test", data_home=put_batches())
    home = put_batches(test_batch=pickle.dumps(batches["test_batch"], protocol))
    found = fetch_cifar10(subset="test", data_home=home)
    assert np.array_equal(found.data, expected.data)


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param({b"labels": [1, 2]}, id="no images"),
        pytest.param(
            {b"data": np.zeros((2, 3071), np.uint8), b"labels": [1, 2]}, id="small images"
        ),
        pytest.param({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, id="one label"),
        pytest.param({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 10]}, id="label 10"),
        pytest.param({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, -1]}, id="label -1"),
        pytest.param(
            {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1.0, 2.5]}, id="fractions"
        ),
        pytest.param([1, 2], id="a list"),
        pytest.param("", id="text"),
    ],
)
def test_odd_batch_is_an_oserror_that_names_the_archive(put_batches, batch):
    home = put_batches(test_batch=old_pickle(batch))
    with pytest.raises(OSError, match="cifar-10-python.tar.gz cannot be read"):
        fetch_cifar10(subset="test", data_home=home)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x02"])
def test_batch_that_is_no_pickle_is_an_oserror_that_names_the_archive(put_batches, content):
    with pytest.raises(OSError, match="cifar-10-python.tar.gz cannot be read"):
        fetch_cifar10(subset="test", data_home=put_batches(test_batch=content))


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR10_JPEG"])
@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", tarred({"other": b""}, "gz"), tarred({}, "xz")],
    ids=["empty", "no archive", "another member", "no member"],
)
def test_odd_archive_is_an_oserror_that_names_it(name, content, monkeypatch, tmp_path):
    path = replace_original(monkeypatch, cifar10, name, content, tmp_path)
    replace_original(monkeypatch, cifar10, "CIFAR10_JPEG_LABELS", b"id,label\n", tmp_path)
    with pytest.raises(OSError) as caught:
        fetch_cifar10(data_home=tmp_path)
    assert str(path) in str(caught.value)


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


def test_decoded_copy_that_was_changed_is_made_anew(jpeg_home):
    import pooch

    expected = fetch_cifar10(data_home=jpeg_home)
    (path,) = pooch.os_cache("skally").rglob("test_images.npy")
    np.save(path, np.zeros((3, 3, 32, 32), np.uint8))
    assert np.array_equal(fetch_cifar10(data_home=jpeg_home).data, expected.data)


@pytest.mark.parametrize(
    "member",
    [
        pytest.param({"train/frog/0001.jpg": b""}, id="empty image"),
        pytest.param({"train/frog/0001.jpg": b"text"}, id="no image"),
        pytest.param({"train/frog/0001.jpg": None}, id="large image"),
        pytest.param({"train/toad/0001.jpg": b""}, id="unknown class"),
    ],
)
def test_odd_image_is_an_oserror_that_names_the_archive(jpeg_home, monkeypatch, member):
    large = io.BytesIO()
    pytest.importorskip("PIL.Image").new("RGB", (33, 32)).save(large, "JPEG")
    contents = {name: jpeg(colour_of("train", row)) for row, name in TRAIN.items()}
    contents |= {name: jpeg(colour_of("test", row)) for row, name in TEST.items()}
    contents |= {name: large.getvalue() if part is None else part for name, part in member.items()}
    path = replace_original(monkeypatch, cifar10, "CIFAR10_JPEG", tarred(contents, "xz"), jpeg_home)
    with pytest.raises(OSError) as caught:
        fetch_cifar10(data_home=jpeg_home)
    assert f"{path} and " in str(caught.value)


def test_image_of_another_size_is_refused_before_it_is_decoded(monkeypatch):
    image = pytest.importorskip("PIL.Image")
    large = io.BytesIO()
    image.new("RGB", (33, 32)).save(large, "JPEG")
    monkeypatch.setattr(image.Image, "convert", lambda *args: pytest.fail("decoded"))
    with pytest.raises(ValueError, match=r"size \(33, 32\), must be \(32, 32\)"):
        cifar10.decode_jpeg(large.getvalue())


@pytest.mark.parametrize(
    "labels",
    [
        b"",
        b"id,name\n1,frog\n",
        b"id,label\n1,toad\n",
        b"id,label\n1,ship\n",
        b"id,label\n1,\xff\n",
    ],
)
def test_odd_labels_are_an_oserror_that_names_their_file(jpeg_home, monkeypatch, labels):
    path = replace_original(monkeypatch, cifar10, "CIFAR10_JPEG_LABELS", labels, jpeg_home)
    with pytest.raises(OSError) as caught:
        fetch_cifar10(data_home=jpeg_home)
    assert f" and {path}" in str(caught.value)


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
