from dataclasses import replace

import numpy as np
import pytest
from small_files import sha256, store

from skally.datasets import fetch_parkinsons, fetch_uci_classification, fetch_uci_regression
from skally.datasets import parkinsons as parkinsons_module
from skally.datasets.classification_tables import CLASSIFICATION
from skally.datasets.parkinsons import PARKINSONS, PARKINSONS_COLUMNS
from skally.datasets.regression_tables import REGRESSION
from skally.datasets.tables import read_table


def test_table_gives_the_closest_floats_by_column():
    table = read_table(b"a,b\n1,0.1\n2,1e-7\n", ["x", "y"], n_header=1)
    assert list(table.columns) == ["x", "y"]
    assert np.array_equal(table.to_numpy(), [[1.0, 0.1], [2.0, 1e-7]])


ODD = {
    "empty": b"",
    "a field too few": b"1,2\n1\n",
    "a field too many": b"1,2\n1,2,3\n",
    "a field too many in each row": b"1,2,3\n1,2,3\n",
    "empty field": b"1,2\n,2\n",
    "not a number": b"1,2\nnan,2\n",
    "infinite": b"1,2\n1,-inf\n",
    "overflow": b"1,2\n1,1e999\n",
    "text": b"1,2\none,2\n",
    "another encoding": b"1,2\n\xff\xfe,2\n",
    "null characters": b"1,2\n\0\0,2\n",
    "open quotation": b'1,2\n"1,2\n',
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_table_is_refused(odd):
    with pytest.raises(ValueError):
        read_table(ODD[odd], ["x", "y"])


def test_error_tells_the_number_of_columns():
    with pytest.raises(ValueError, match="it has 3 columns, must be 2"):
        read_table(b"1,2,3\n1,2,3\n", ["x", "y"])


def test_error_names_row_and_column_of_what_is_missing():
    with pytest.raises(ValueError, match="row 1 has no value, or no finite one, in 'y'"):
        read_table(b"1,2\n3,inf\n", ["x", "y"])
    with pytest.raises(ValueError, match="row 0 .* in 'x'"):
        read_table(b",2\n", ["x", "y"], text=["x"])


def line(columns, separator=","):
    """A row of ones, as bytes."""
    return separator.join(["1"] * len(columns)).encode()


def damaged(columns, separator=","):
    """A table whose second row lacks a field."""
    return line(columns, separator) + b"\n" + line(columns[1:], separator) + b"\n"


@pytest.mark.parametrize("name", REGRESSION)
def test_odd_regression_table_is_an_oserror_that_names_it(name, monkeypatch, tmp_path):
    table = REGRESSION[name]
    separator = "," if table.file.name.endswith("csv") else " "
    content = b"header\n" * (separator == ",") + damaged(table.columns, separator)
    file = replace(table.file, sha256=sha256(content), source=None)
    monkeypatch.setitem(REGRESSION, name, replace(table, file=file))
    path = store(tmp_path, file, content)
    with pytest.raises(OSError) as caught:
        fetch_uci_regression(name, data_home=tmp_path)
    assert f"{path} cannot be read" in str(caught.value)


@pytest.mark.parametrize("change", ["a field too few", "unknown class"])
@pytest.mark.parametrize("name", CLASSIFICATION)
def test_odd_classification_table_is_an_oserror_that_names_it(name, change, monkeypatch, tmp_path):
    table = CLASSIFICATION[name]
    content = damaged(table.columns, table.separator)
    if change == "unknown class":
        content = table.separator.join(["77"] * len(table.columns)).encode()
    files = {
        part: replace(file, sha256=sha256(content), source=None)
        for part, file in table.files.items()
    }
    monkeypatch.setitem(CLASSIFICATION, name, replace(table, files=files))
    paths = [store(tmp_path, file, content) for file in files.values()]
    with pytest.raises(OSError) as caught:
        fetch_uci_classification(name, data_home=tmp_path)
    assert f"{paths[0]} cannot be read" in str(caught.value)


def test_unknown_quality_of_a_diamond_is_an_oserror_that_names_it(monkeypatch, tmp_path):
    table = REGRESSION["diamonds"]
    content = b"header\n0.2,Ideal,E,SI3,61,55,326,4,4,2\n"
    file = replace(table.file, sha256=sha256(content), source=None)
    monkeypatch.setitem(REGRESSION, "diamonds", replace(table, file=file))
    store(tmp_path, file, content)
    with pytest.raises(OSError, match=r"diamonds.csv cannot be read: clarity is \['SI3'\]"):
        fetch_uci_regression("diamonds", data_home=tmp_path)


def test_odd_parkinsons_table_is_an_oserror_that_names_it(monkeypatch, tmp_path):
    content = b"header\n" + damaged(PARKINSONS_COLUMNS)
    file = replace(PARKINSONS, sha256=sha256(content), source=None)
    monkeypatch.setattr(parkinsons_module, "PARKINSONS", file)
    path = store(tmp_path, file, content)
    with pytest.raises(OSError) as caught:
        fetch_parkinsons(data_home=tmp_path)
    assert f"{path} cannot be read" in str(caught.value)
