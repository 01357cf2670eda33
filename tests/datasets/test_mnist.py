import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest
from small_files import sha256, store

from skally.datasets import fetch_mnist
from skally.datasets.mnist import MNIST

# Number of images of each digit, as the source and many papers report them.
MNIST_COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
MNIST_FILES = [file for pair in MNIST.values() for file in pair]


def idx(array):
    """Bytes of the IDX format: two zeros, the type, the number of axes, their sizes, the values."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def small_mnist(rng):
    """Images and labels of a small MNIST, of other sizes than the real one."""
    return {
        part: (rng.randint(256, size=(n, 3, 5)), rng.randint(10, size=n))
        for part, n in (("train", 4), ("test", 300))
    }


@pytest.fixture
def mnist_home(monkeypatch, small_mnist, tmp_path):
    """Folder with the small MNIST as the original."""
    for part, arrays in small_mnist.items():
        files = []
        for file, array in zip(MNIST[part], arrays, strict=True):
            files.append(replace(file, sha256=sha256(idx(array)), source=None))
            store(tmp_path, file, gzip.compress(idx(array)))
        monkeypatch.setitem(MNIST, part, tuple(files))
    return tmp_path


def test_mnist_images_are_the_bytes_of_the_files_over_255(mnist_home, small_mnist):
    for part, (images, labels) in small_mnist.items():
        bunch = fetch_mnist(subset=part, data_home=mnist_home)
        assert bunch.data.dtype == np.float32
        assert bunch.data.shape == (len(images), 1, 3, 5)
        assert np.array_equal(np.rint(bunch.data[:, 0] * 255), images)
        assert bunch.target.dtype == np.int64
        assert np.array_equal(bunch.target, labels)
        assert bunch.image_shape == (1, 3, 5)


def test_mnist_as_rows_reads_images_line_by_line(mnist_home, small_mnist):
    X, y = fetch_mnist(flat=True, return_X_y=True, data_home=mnist_home)
    lines = [[pixel for row in image for pixel in row] for image in small_mnist["train"][0]]
    assert np.array_equal(np.rint(X[:4] * 255), lines)
    assert X.shape == (304, 15) and y.shape == (304,)


def test_all_images_are_the_training_set_and_then_the_test_set(mnist_home):
    train, test, both = (
        fetch_mnist(subset=subset, data_home=mnist_home) for subset in ("train", "test", "all")
    )
    assert (train.n_train, test.n_train, both.n_train) == (4, 0, 4)
    assert np.array_equal(both.data, np.concatenate([train.data, test.data]))
    assert np.array_equal(both.target, np.concatenate([train.target, test.target]))


def test_only_the_files_of_the_subset_are_needed(mnist_home):
    (mnist_home / "mnist" / MNIST["test"][1].name).unlink()
    assert len(fetch_mnist(subset="train", data_home=mnist_home).data) == 4
    with pytest.raises(OSError, match="t10k-labels"):
        fetch_mnist(subset="test", data_home=mnist_home)


def test_mnist_that_is_truncated_is_an_error_that_names_it(mnist_home):
    path = mnist_home / "mnist" / MNIST["train"][0].name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(OSError, match=f"{path.name} is missing or not the original"):
        fetch_mnist(data_home=mnist_home)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"text, no numbers", id="text"),
        pytest.param(idx(np.zeros(300))[:-1], id="too few"),
        pytest.param(idx(np.zeros(300)) + b"\0", id="too many"),
        pytest.param(idx(np.zeros(299)), id="one label too few"),
        pytest.param(idx(np.full(300, 10)), id="label 10"),
        pytest.param(idx(np.zeros((150, 2))), id="another shape"),
        pytest.param(idx(np.zeros(300))[:5], id="half a header"),
        pytest.param(b"\0\0\x08\x01\xff\xff\xff\xff" + bytes(300), id="size -1"),
        pytest.param(b"\0\0\x0d" + idx(np.zeros(300))[3:], id="floats"),
    ],
)
def test_odd_file_of_labels_is_an_oserror_that_names_it(mnist_home, monkeypatch, content):
    images, labels = MNIST["test"]
    labels = replace(labels, sha256=sha256(content))
    monkeypatch.setitem(MNIST, "test", (images, labels))
    path = store(mnist_home, labels, gzip.compress(content))
    with pytest.raises(OSError) as caught:
        fetch_mnist(subset="test", data_home=mnist_home)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("part", ["train", "test"])
def test_real_mnist_has_the_published_digits(real_home, part):
    bunch = fetch_mnist(subset=part, data_home=real_home(*MNIST_FILES))
    assert np.array_equal(np.bincount(bunch.target), MNIST_COUNTS[part])
    assert bunch.data.shape == (len(bunch.target), 1, 28, 28)
    assert (bunch.data.min(), bunch.data.max()) == (0.0, 1.0)
    if part == "train":  # the usual numbers for standardising
        assert round(float(bunch.data.mean(dtype=float)), 4) == 0.1307
        assert round(float(bunch.data.std(dtype=float)), 4) == 0.3081
