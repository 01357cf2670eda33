import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_files import sha256, store, zipped

from skally.datasets import fetch_uci_regression
from skally.datasets.regression_tables import DIAMONDS_QUALITIES, REGRESSION, short_casp

SHAPES = {
    "kin8nm": (8192, 8),
    "naval": (11934, 16),
    "power-plant": (9568, 4),
    "concrete": (1030, 8),
    "energy": (768, 8),
    "protein": (45730, 9),
    "diamonds": (53940, 9),
}


@pytest.fixture
def home_of(real_home):
    """Function from a table's name to the folder with its real file."""
    return lambda name: real_home(REGRESSION[name].file)


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Function from a table's name and a file's content to a folder with it as the original."""

    def put(name, content):
        file = replace(REGRESSION[name].file, sha256=sha256(content))
        monkeypatch.setitem(REGRESSION, name, replace(REGRESSION[name], file=file))
        store(tmp_path, file, content)
        return tmp_path

    return put


def test_all_names_are_tested():
    assert list(SHAPES) == list(REGRESSION)


@pytest.mark.parametrize("name", SHAPES)
def test_real_table_has_the_published_shape_and_no_gaps(home_of, name):
    bunch = fetch_uci_regression(name, data_home=home_of(name))
    assert bunch.data.shape == SHAPES[name]
    assert bunch.target.shape == (len(bunch.data),)
    assert bunch.data.dtype == bunch.target.dtype == np.float64
    assert np.isfinite(bunch.data).all() and np.isfinite(bunch.target).all()
    assert len(bunch.feature_names) == bunch.data.shape[1]
    assert len(set(bunch.feature_names + bunch.target_names)) == bunch.data.shape[1] + 1
    for column in bunch.feature_names + bunch.target_names:
        assert column.rstrip("0123456789") in bunch.DESCR  # theta1 to theta8
    assert "Licence" in bunch.DESCR and "Source" in bunch.DESCR


@pytest.mark.parametrize("name", ["kin8nm", "naval", "power-plant", "concrete", "energy"])
def test_text_tables_hold_numpy_s_own_reading_with_the_targets_last(home_of, name):
    home = home_of(name)
    expected = np.loadtxt(home / "regression" / REGRESSION[name].file.name)
    targets = list(REGRESSION[name].targets)
    bunch = fetch_uci_regression(name, target=targets, data_home=home)
    assert np.array_equal(np.hstack([bunch.data, bunch.target]), expected)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        pytest.param("naval", 0.95, 1.0, id="compressor's decay by the source"),
        pytest.param("power-plant", 420.26, 495.76, id="MW by the source"),
        pytest.param("concrete", 2.33, 82.6, id="MPa by the source"),
        pytest.param("energy", 6.01, 43.10, id="heating load by the source"),
        pytest.param("protein", 0.0, 20.999, id="angstrom by the source"),
        pytest.param("diamonds", 326.0, 18823.0, id="dollars by the source"),
    ],
)
def test_target_has_its_published_range(home_of, name, low, high):
    X, y = fetch_uci_regression(name, return_X_y=True, data_home=home_of(name))
    assert X.shape == SHAPES[name]
    assert (y.min(), y.max()) == (low, high)


def test_naval_targets_are_chosen_by_name_and_are_not_features(home_of):
    home = home_of("naval")
    both = ["turbine_decay", "compressor_decay"]
    bunch = fetch_uci_regression("naval", target=both, data_home=home)
    turbine = fetch_uci_regression("naval", target="turbine_decay", data_home=home)
    assert bunch.target_names == both
    assert np.array_equal(bunch.target[:, 0], turbine.target)
    assert (turbine.target.min(), turbine.target.max()) == (0.975, 1.0)
    assert np.array_equal(bunch.data, turbine.data)
    assert turbine.data.shape[1] == 16


def test_protein_s_target_is_its_first_column(home_of):
    home = home_of("protein")
    expected = np.loadtxt(home / "regression" / "CASP.csv", delimiter=",", skiprows=1)
    X, y = fetch_uci_regression("protein", return_X_y=True, data_home=home)
    assert np.array_equal(np.column_stack([y, X]), expected)


def test_diamonds_qualities_are_places_in_the_order_from_worst_to_best(home_of):
    home = home_of("diamonds")
    bunch = fetch_uci_regression("diamonds", data_home=home)
    with open(home / "regression" / "diamonds.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for j, name in enumerate(bunch.feature_names):
        order = DIAMONDS_QUALITIES.get(name)
        expected = [order.index(row[name]) if order else float(row[name]) for row in rows]
        assert np.array_equal(bunch.data[:, j], expected)
    assert np.array_equal(bunch.target, [float(row["price"]) for row in rows])


def test_qualities_of_diamonds_follow_the_trade_s_scales():
    assert DIAMONDS_QUALITIES["color"] == list("JIHGFED")  # D is colourless
    assert DIAMONDS_QUALITIES["clarity"] == "I1 SI2 SI1 VS2 VS1 VVS2 VVS1 IF".split()
    assert DIAMONDS_QUALITIES["cut"] == ["Fair", "Good", "Very Good", "Premium", "Ideal"]


def test_better_diamonds_of_one_weight_cost_more(home_of):
    bunch = fetch_uci_regression("diamonds", data_home=home_of("diamonds"))
    one_carat = np.abs(bunch.data[:, 0] - 1.0) < 0.03
    for name in DIAMONDS_QUALITIES:
        quality = bunch.data[one_carat, bunch.feature_names.index(name)]
        assert np.corrcoef(quality, bunch.target[one_carat])[0, 1] > 0.1


@pytest.mark.parametrize("name", ["energy", "diamonds"])
def test_frames_hold_the_same_values_as_arrays(home_of, name):
    home = home_of(name)
    arrays = fetch_uci_regression(name, data_home=home)
    frames = fetch_uci_regression(name, as_frame=True, data_home=home)
    assert list(frames.data.columns) == arrays.feature_names
    assert list(frames.frame.columns) == arrays.feature_names + arrays.target_names
    assert isinstance(frames.target, pd.Series) and arrays.frame is None
    assert np.array_equal(frames.target.to_numpy(), arrays.target)
    for j, column in enumerate(arrays.feature_names):
        values = frames.data[column]
        if column in DIAMONDS_QUALITIES:
            assert values.cat.ordered
            assert list(values.cat.categories) == DIAMONDS_QUALITIES[column]
            values = values.cat.codes
        assert np.array_equal(values.to_numpy(), arrays.data[:, j])


def test_changing_a_result_leaves_the_next_call_alone(small):
    home = small("power-plant", b"1 2 3 4 5\n")
    fetch_uci_regression("power-plant", data_home=home).feature_names.clear()
    assert len(fetch_uci_regression("power-plant", data_home=home).feature_names) == 4


# The download


def test_protein_s_download_ends_in_the_layout_of_the_reader(monkeypatch, local_server, tmp_path):
    official = (
        b'"RMSD","F1","F2","F3","F4","F5","F6","F7","F8","F9"\r\n'
        b"3.693,17836.10,5278.61,0.29595,158.42,2512040.5785,253.024,5574.37,196,22.1107\r\n"
        b"0,12090,100,0.50000,129.002,803446.6966,186.309,4262.78,0,30.3916\r\n"
    )
    kept = (
        b"y,F1,F2,F3,F4,F5,F6,F7,F8,F9\n"
        b"3.693,17836.1,5278.61,0.29595,158.42,2512040.579,253.024,5574.37,196,22.1107\n"
        b"0,12090,100,0.5,129.002,803446.6966,186.309,4262.78,0,30.3916\n"
    )
    assert short_casp(official) == kept
    local_server.body = zipped({"CASP.csv": official})
    table = REGRESSION["protein"]
    source = replace(table.file.source, url=local_server.url)
    file = replace(table.file, source=source, sha256=sha256(kept))
    monkeypatch.setitem(REGRESSION, "protein", replace(table, file=file))
    X, y = fetch_uci_regression("protein", return_X_y=True, data_home=tmp_path)
    assert np.array_equal(y, [3.693, 0.0])
    assert X[0, 4] == 2512040.579
    assert (tmp_path / "regression" / "CASP.csv").read_bytes() == kept


def test_the_real_protein_table_is_in_the_layout_that_downloads_end_in(home_of):
    content = (home_of("protein") / "regression" / "CASP.csv").read_bytes()
    assert short_casp(content) == content


# Bad arguments


@pytest.mark.parametrize("name", ["boston", None, "Energy", ["energy"]])
def test_unknown_name_is_refused_with_all_names(name):
    with pytest.raises(ValueError, match="^name == ") as caught:
        fetch_uci_regression(name)
    assert all(repr(known) in str(caught.value) for known in REGRESSION)


@pytest.mark.parametrize("target", ["turbine", 3, [], ["compressor_decay", "speed"]])
def test_bad_target_is_refused(target):
    with pytest.raises(ValueError, match="^target == .*'compressor_decay', 'turbine_decay'"):
        fetch_uci_regression("naval", target=target)


@pytest.mark.parametrize("flag", ["return_X_y", "as_frame"])
def test_bad_flag_is_refused(flag):
    with pytest.raises(ValueError, match=f"^{flag} == 'yes', must be one of"):
        fetch_uci_regression("energy", **{flag: "yes"})
