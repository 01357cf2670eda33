import gzip
from dataclasses import replace

import numpy as np
import pytest
from small_files import store

from skally.datasets import fetch_usps, usps
from skally.datasets.unpacking import arrays_sha256
from skally.datasets.usps import USPS

# Number of images of each digit, as the source and many papers report them.
USPS_COUNTS = {
    "train": [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644],
    "test": [359, 264, 198, 166, 200, 160, 170, 147, 166, 177],
}


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
    monkeypatch.setattr(usps, "USPS", replace(USPS, sha256=arrays_sha256(small_usps).hexdigest()))
    return tmp_path


def test_usps_goes_from_paper_0_to_ink_1(usps_home, small_usps):
    bunch = fetch_usps(data_home=usps_home)
    values = np.concatenate([small_usps["X_train"], small_usps["X_test"]])
    assert bunch.data.shape == (5, 1, 16, 16) and bunch.data.dtype == np.float32
    assert np.allclose(2 * bunch.data[:, 0] - 1, values, atol=1e-6)
    assert np.array_equal(bunch.target, np.hstack([small_usps["y_train"], small_usps["y_test"]]))
    assert bunch.n_train == 3


def put(home, arrays, save=np.savez):
    """Store arrays as USPS."""
    save(home / "usps" / "usps.npz", **arrays)


def test_usps_in_another_wrapper_is_the_original(usps_home, small_usps):
    expected = fetch_usps(return_X_y=True, data_home=usps_home)
    put(usps_home, small_usps, np.savez_compressed)
    for found, value in zip(
        fetch_usps(return_X_y=True, data_home=usps_home), expected, strict=True
    ):
        assert np.array_equal(found, value)


def with_one_value(name, array):
    """The array with another first value."""
    changed = array.copy()
    changed.flat[0] = 1 - changed.flat[0]
    return changed


# Functions of an array's name and the array.
FORGERIES = {
    "one value": with_one_value,
    "last bit": lambda name, array: (
        np.nextafter(array, np.float32(2)) if "X" in name else array + 1
    ),
    "what 16 bits of thousandths hide": lambda name, array: array + 65.536,
    "another type": lambda name, array: array.astype(float),
    "imaginary": lambda name, array: array + 5j,
    "other byte order": lambda name, array: array.astype(array.dtype.newbyteorder(">")),
    "not a number": lambda name, array: array * np.nan,
    "another shape": lambda name, array: array.reshape(-1, 1, *array.shape[1:]),
    "cut in two": lambda name, array: (
        array.reshape(2 * len(array), -1) if "X" in name else array[:0]
    ),
    "objects": lambda name, array: array.astype(object),
}


@pytest.mark.parametrize("name", ["X_train", "y_train", "X_test", "y_test"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_usps_with_other_values_types_or_shapes_is_refused(
    usps_home, small_usps, name, forgery, monkeypatch
):
    monkeypatch.setattr(usps, "USPS", replace(usps.USPS, source=None))
    put(usps_home, {**small_usps, name: FORGERIES[forgery](name, small_usps[name])})
    with pytest.raises(OSError, match="usps.npz is missing or not the original"):
        fetch_usps(data_home=usps_home)


@pytest.mark.parametrize("change", ["missing", "swapped", "more"])
def test_usps_with_other_names_is_refused(usps_home, small_usps, change, monkeypatch):
    monkeypatch.setattr(usps, "USPS", replace(usps.USPS, source=None))
    if change == "missing":
        small_usps.pop("y_test")
    elif change == "more":
        small_usps["z"] = np.zeros(1)
    else:
        for kind in "Xy":
            train, test = f"{kind}_train", f"{kind}_test"
            small_usps[train], small_usps[test] = small_usps[test], small_usps[train]
    put(usps_home, small_usps)
    with pytest.raises(OSError, match="usps.npz is missing or not the original"):
        fetch_usps(data_home=usps_home)


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
    monkeypatch.setattr(usps, "USPS", replace(usps.USPS, source=source))
    found = fetch_usps(data_home=usps_home)
    assert np.array_equal(found.data, expected.data)
    assert np.array_equal(found.target, expected.target)
    fetch_usps(data_home=usps_home)
    assert local_server.n_requests == 2


def test_usps_that_is_truncated_is_an_error_that_names_it(monkeypatch, usps_home):
    monkeypatch.setattr(usps, "USPS", replace(usps.USPS, source=None))
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
