"""What every fetcher does."""

import doctest
import inspect
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from small_files import store, stored

from skally import datasets
from skally.datasets.cifar10 import CIFAR10, CIFAR10_JPEG, CIFAR10_JPEG_LABELS
from skally.datasets.classification_tables import CLASSIFICATION
from skally.datasets.files import original
from skally.datasets.mnist import MNIST
from skally.datasets.parkinsons import PARKINSONS
from skally.datasets.regression_tables import REGRESSION
from skally.datasets.stl10 import STL10
from skally.datasets.svhn import SVHN
from skally.datasets.usps import USPS

FILES = [
    *(PARKINSONS, USPS, CIFAR10, CIFAR10_JPEG, CIFAR10_JPEG_LABELS, STL10, *SVHN.values()),
    *(file for pair in MNIST.values() for file in pair),
    *(table.file for table in REGRESSION.values()),
    *(file for table in CLASSIFICATION.values() for file in table.files.values()),
]
BY_NAME = {"fetch_uci_regression": REGRESSION, "fetch_uci_classification": CLASSIFICATION}
IMAGES = ["fetch_mnist", "fetch_usps", "fetch_cifar10", "fetch_svhn", "fetch_stl10"]


def calls():
    """Every fetcher; those of tables once for each table."""
    for name in datasets.__all__:
        fetch = getattr(datasets, name)
        for table in BY_NAME.get(name, [None]):
            call = fetch if table is None else partial(fetch, table)
            yield pytest.param(call, id=f"{name}-{table}" if table else name)


@pytest.fixture
def no_network(monkeypatch):
    """Every download fails."""

    def fail(self, url, path, pooch):
        raise ConnectionError(f"no way to {url}")

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", fail)


@pytest.mark.parametrize("fetch", list(calls()))
def test_error_without_network_names_the_file_to_provide(fetch, no_network, tmp_path):
    with pytest.raises(OSError, match="SKALLY_DATA") as caught:
        fetch(data_home=tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "no way to http" in str(caught.value)
    assert any(f"{file.folder}/{file.name}" in str(caught.value) for file in FILES)
    assert stored(tmp_path) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_real_file_is_the_original(file, real_home):
    assert len(original(replace(file, source=None), real_home(file))) > 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_real_file_that_is_truncated_is_an_error_that_names_it(
    file, real_home, no_network, tmp_path
):
    content = (real_home(file) / file.folder / file.name).read_bytes()
    path = store(tmp_path, file, content[: len(content) // 2])
    with pytest.raises(OSError, match="is missing or not the original") as caught:
        original(file, tmp_path)
    assert str(path) in str(caught.value)


def test_no_two_files_have_one_place_or_one_hash():
    assert len({(file.folder, file.name) for file in FILES}) == len(FILES)
    assert len({file.sha256 for file in FILES}) == len(FILES)
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in FILES)


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize(
    ("argument", "value"), [("subset", "unlabelled"), ("flat", None), ("return_X_y", "yes")]
)
def test_bad_option_of_images_is_refused_before_any_download(name, argument, value, tmp_path):
    with pytest.raises(ValueError, match=f"^{argument} == {value!r}, must be one of"):
        getattr(datasets, name)(**{argument: value}, data_home=tmp_path)
    assert stored(tmp_path) == []


@pytest.mark.parametrize("name", datasets.__all__)
def test_arguments_are_keywords_but_for_a_name(name):
    parameters = inspect.signature(getattr(datasets, name)).parameters.values()
    for parameter in parameters:
        assert parameter.name == "name" or parameter.kind is parameter.KEYWORD_ONLY


def test_every_table_is_named_in_the_docstring_of_its_fetcher_and_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "datasets.rst").read_text(encoding="utf-8")
    for name in datasets.__all__:
        assert f"``{name}(" in page
    for name, tables in BY_NAME.items():
        for table in tables:
            assert f'"{table}"' in getattr(datasets, name).__doc__
            assert f'``{name}("{table}")``' in page


@pytest.mark.parametrize("name", sorted(set(datasets.__all__) - {"fetch_svhn", "fetch_stl10"}))
def test_docstring_example_runs_if_the_data_are_there(name, real_home, monkeypatch):
    if name == "fetch_cifar10":
        pytest.skip("slow where there is only the JPEG copy; its own tests read one")
    monkeypatch.setenv("SKALLY_DATA", str(real_home(PARKINSONS, USPS, *MNIST["train"])))
    text = getattr(datasets, name).__doc__.replace("+SKIP", "+ELLIPSIS")
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert len(example.examples) > 0
    assert doctest.DocTestRunner().run(example).failed == 0


def test_images_stay_bytes_until_one_array_of_floats_is_made():
    import tracemalloc

    from skally.datasets.images import ImageSet, image_bunch

    images = np.zeros((200, 3, 32, 32), np.uint8)
    parts = {part: (images, np.zeros(200, int)) for part in ("train", "test")}
    tracemalloc.start()
    X, _ = image_bunch(ImageSet("zeros", ("zero",), ""), parts, flat=True, return_X_y=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert X.nbytes == 4 * 2 * images.nbytes
    assert peak < 1.1 * (X.nbytes + 2 * images.nbytes)
