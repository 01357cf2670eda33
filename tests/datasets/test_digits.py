import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest
from small_files import sha256, store

from skally.datasets import digits, fetch_mnist, fetch_usps
from skally.datasets.digits import MNIST, USPS, usps_sha256

# Images of each digit, as the sources and many papers give them.
MNIST_COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
USPS_COUNTS = {
    "train": [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644],
    "test": [359, 264, 198, 166, 200, 160, 170, 147, 166, 177],
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


# MNIST


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


def test_mnist_that_is_cut_short_is_named(mnist_home):
    path = mnist_home / "mnist" / MNIST["train"][0].name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(OSError, match=f"{path.name} is missing or not the original"):
        fetch_mnist(data_home=mnist_home)


@pytest.mark.parametrize("part", ["train", "test"])
def test_real_mnist_has_the_published_digits(real_home, part):
    bunch = fetch_mnist(subset=part, data_home=real_home(*MNIST_FILES))
    assert np.array_equal(np.bincount(bunch.target), MNIST_COUNTS[part])
    assert bunch.data.shape == (len(bunch.target), 1, 28, 28)
    assert (bunch.data.min(), bunch.data.max()) == (0.0, 1.0)
    if part == "train":  # the two numbers that everyone standardises with
        assert round(float(bunch.data.mean(dtype=float)), 4) == 0.1307
        assert round(float(bunch.data.std(dtype=float)), 4) == 0.3081


# USPS


@pytest.fixture
def small_usps(rng):
    """Arrays of a small USPS, with values in thousandths, as in the real one."""
    arrays = {}
    for part, n in (("train", 3), ("test", 2)):
        arrays[f"X_{part}"] = (rng.randint(-1000, 1001, size=(n, 16, 16)) / 1000).astype("f4")
        arrays[f"y_{part}"] = rng.randint(10, size=n)
    return arrays


@pytest.fixture
def usps_home(monkeypatch, small_usps, tmp_path):
    """Folder with the small USPS as the original."""
    path = store(tmp_path, USPS, b"")
    np.savez(path, **small_usps)
    monkeypatch.setattr(digits, "USPS", replace(USPS, sha256=usps_sha256(path)))
    return tmp_path


def test_usps_goes_from_paper_0_to_ink_1(usps_home, small_usps):
    bunch = fetch_usps(data_home=usps_home)
    values = np.concatenate([small_usps["X_train"], small_usps["X_test"]])
    assert bunch.data.shape == (5, 1, 16, 16) and bunch.data.dtype == np.float32
    assert np.allclose(2 * bunch.data[:, 0] - 1, values, atol=1e-6)
    assert np.array_equal(bunch.target, np.hstack([small_usps["y_train"], small_usps["y_test"]]))
    assert bunch.n_train == 3


def test_usps_in_another_wrapper_is_the_original_and_with_another_value_not(usps_home, small_usps):
    path = usps_home / "usps" / "usps.npz"
    np.savez_compressed(path, **small_usps)
    assert digits.USPS.is_original(path)
    for name in small_usps:
        changed = small_usps[name].copy()
        changed.flat[0] += 1 if name.startswith("y") else 0.001
        np.savez(path, **{**small_usps, name: changed})
        assert not digits.USPS.is_original(path)


def test_usps_download_ends_in_the_file_that_is_read(
    monkeypatch, usps_home, small_usps, local_server
):
    expected = fetch_usps(data_home=usps_home)
    (usps_home / "usps" / "usps.npz").unlink()
    texts = {}
    for part in ("train", "test"):
        rows = zip(small_usps[f"y_{part}"], small_usps[f"X_{part}"], strict=True)
        lines = [f"{y:.4f} " + " ".join(f"{x:.4f}" for x in X.ravel()) + " \n" for y, X in rows]
        texts[f"zip.{part}.gz"] = gzip.compress("".join(lines).encode())
    local_server.body = texts
    source = replace(USPS.source, url=local_server.root)
    monkeypatch.setattr(digits, "USPS", replace(digits.USPS, source=source))
    found = fetch_usps(data_home=usps_home)
    assert np.array_equal(found.data, expected.data)
    assert np.array_equal(found.target, expected.target)
    fetch_usps(data_home=usps_home)
    assert local_server.n_requests == 2


def test_usps_that_is_cut_short_is_named(monkeypatch, usps_home):
    monkeypatch.setattr(digits, "USPS", replace(digits.USPS, source=None))
    path = usps_home / "usps" / "usps.npz"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(OSError, match="usps.npz is missing or not the original"):
        fetch_usps(data_home=usps_home)


@pytest.mark.parametrize("part", ["train", "test"])
def test_real_usps_has_the_published_digits(real_home, part):
    bunch = fetch_usps(subset=part, flat=True, data_home=real_home(USPS))
    assert np.array_equal(np.bincount(bunch.target), USPS_COUNTS[part])
    assert bunch.data.shape == (len(bunch.target), 256)
    assert (bunch.data.min(), bunch.data.max()) == (0.0, 1.0)
