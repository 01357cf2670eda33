import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_files import sha256, store, stored, zipped

from skally.datasets import fetch_parkinsons, parkinsons
from skally.datasets.parkinsons import PARKINSONS, PARKINSONS_COLUMNS


@pytest.fixture
def table():
    """A small table of the same layout: column j of row i holds 100 i + j."""
    return 100.0 * np.arange(1, 5)[:, None] + np.arange(len(PARKINSONS_COLUMNS))


@pytest.fixture
def content(table):
    """The small table as the bytes of a data file."""
    text = io.StringIO()
    header = ",".join(PARKINSONS_COLUMNS)
    np.savetxt(text, table, delimiter=",", header=header, comments="", fmt="%.1f")
    return text.getvalue().encode()


@pytest.fixture
def server(monkeypatch, content, local_server):
    """A server that replaces the archive's, with the small file as the original."""
    local_server.body = zipped({PARKINSONS.name: content, "parkinsons_updrs.names": b"another"})
    use_original(monkeypatch, content, local_server.url)
    return local_server


@pytest.fixture
def no_network(monkeypatch, content, closed_url):
    """The small file is the original, and its address does not answer."""
    use_original(monkeypatch, content, closed_url)


def use_original(monkeypatch, content, url):
    original = replace(
        PARKINSONS, source=replace(PARKINSONS.source, url=url), sha256=sha256(content)
    )
    monkeypatch.setattr(parkinsons, "PARKINSONS", original)


# The values


def test_real_data_have_the_published_shape_and_columns(real_home):
    bunch = fetch_parkinsons(features="all", data_home=real_home(PARKINSONS))
    assert bunch.data.shape == (5875, 19)
    assert bunch.data.dtype == bunch.target.dtype == np.float64
    assert bunch.target.shape == (5875,)
    assert bunch.feature_names[:4] == ["age", "sex", "test_time", "Jitter(%)"]
    assert np.array_equal(np.unique(bunch.groups), np.arange(1, 43))
    assert np.isfinite(bunch.data).all()
    assert (bunch.target.min(), bunch.target.max()) == (7.0, 54.992)


def test_columns_are_named_as_in_the_header_of_the_real_file(real_home):
    path = real_home(PARKINSONS) / PARKINSONS.folder / PARKINSONS.name
    assert path.read_text().splitlines()[0].split(",") == PARKINSONS_COLUMNS


def test_voice_features_leave_out_patient_target_and_group(no_network, tmp_path, content, table):
    store(tmp_path, PARKINSONS, content)
    bunch = fetch_parkinsons(data_home=tmp_path)
    assert np.array_equal(bunch.data, table[:, 6:])
    assert np.array_equal(bunch.target, table[:, 5])
    assert np.array_equal(bunch.groups, table[:, 0])
    assert bunch.groups.dtype.kind == "i"
    assert bunch.feature_names == PARKINSONS_COLUMNS[6:]
    assert bunch.target_names == ["total_UPDRS"]
    assert bunch.frame is None
    assert "Creative Commons" in bunch.DESCR


def test_all_features_put_the_patient_first(no_network, tmp_path, content, table):
    store(tmp_path, PARKINSONS, content)
    X, y = fetch_parkinsons(
        target="motor_UPDRS", features="all", return_X_y=True, data_home=tmp_path
    )
    assert np.array_equal(X, np.hstack([table[:, 1:4], table[:, 6:]]))
    assert np.array_equal(y, table[:, 4])


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_targets_come_in_the_order_asked_for(no_network, tmp_path, content, table, kind):
    store(tmp_path, PARKINSONS, content)
    target = kind(["total_UPDRS", "motor_UPDRS"])
    bunch = fetch_parkinsons(target=target, data_home=tmp_path)
    assert np.array_equal(bunch.target, table[:, [5, 4]])
    assert bunch.target_names == ["total_UPDRS", "motor_UPDRS"]


@pytest.mark.parametrize("target", ["total_UPDRS", ["total_UPDRS", "motor_UPDRS"]])
def test_frames_hold_the_same_values_as_arrays(no_network, tmp_path, content, target):
    store(tmp_path, PARKINSONS, content)
    arrays = fetch_parkinsons(target=target, features="all", data_home=tmp_path)
    frames = fetch_parkinsons(target=target, features="all", as_frame=True, data_home=tmp_path)
    assert isinstance(frames.data, pd.DataFrame)
    assert isinstance(frames.target, pd.Series if isinstance(target, str) else pd.DataFrame)
    for name in ("data", "target", "groups"):
        assert np.array_equal(frames[name].to_numpy(), arrays[name])
    assert list(frames.data.columns) == arrays.feature_names
    assert list(frames.frame.columns) == arrays.feature_names + arrays.target_names


def test_changing_one_result_leaves_the_next_call_alone(no_network, tmp_path, content):
    store(tmp_path, PARKINSONS, content)
    first = fetch_parkinsons(data_home=tmp_path)
    expected = first.data.copy()
    first.data[:] = 0.0
    first.feature_names.clear()
    second = fetch_parkinsons(data_home=tmp_path)
    assert np.array_equal(second.data, expected)
    assert len(second.feature_names) == 16


# Where the file is looked for


def test_data_home_takes_precedence_over_the_environment_variable(
    no_network, tmp_path, content, monkeypatch
):
    store(tmp_path / "here", PARKINSONS, content)
    monkeypatch.setenv("SKALLY_DATA", str(tmp_path / "elsewhere"))
    assert len(fetch_parkinsons(data_home=tmp_path / "here").target) == 4


def test_environment_variable_names_the_folder(no_network, tmp_path, content, monkeypatch):
    store(tmp_path, PARKINSONS, content)
    monkeypatch.setenv("SKALLY_DATA", str(tmp_path))
    assert len(fetch_parkinsons().target) == 4


@pytest.mark.parametrize("variable", [None, ""])
def test_cache_folder_is_used_without_data_home_and_variable(
    no_network, tmp_path, content, monkeypatch, variable
):
    store(tmp_path / "skally", PARKINSONS, content)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    if variable is not None:
        monkeypatch.setenv("SKALLY_DATA", variable)
    assert len(fetch_parkinsons().target) == 4


def test_data_home_may_start_with_a_tilde(no_network, tmp_path, content, monkeypatch):
    store(tmp_path / "data", PARKINSONS, content)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(fetch_parkinsons(data_home="~/data").target) == 4


# The download


def test_file_is_downloaded_once_and_kept(server, tmp_path, table):
    for _ in range(2):
        bunch = fetch_parkinsons(data_home=tmp_path)
        assert np.array_equal(bunch.data, table[:, 6:])
    assert server.n_requests == 1
    assert stored(tmp_path) == [PARKINSONS.name]


def test_file_that_is_not_the_original_is_replaced(server, tmp_path, content):
    path = store(tmp_path, PARKINSONS, content[:-10])
    fetch_parkinsons(data_home=tmp_path)
    assert path.read_bytes() == content


def test_download_with_a_wrong_checksum_is_refused_and_not_kept(server, tmp_path, content):
    server.body = zipped({PARKINSONS.name: content + b"1"})
    with pytest.raises(OSError, match="hash"):
        fetch_parkinsons(data_home=tmp_path)
    assert stored(tmp_path) == []


def test_bad_download_leaves_a_file_that_was_there(server, tmp_path, content):
    path = store(tmp_path, PARKINSONS, b"something of the user's")
    server.body = zipped({PARKINSONS.name: content + b"1"})
    with pytest.raises(OSError, match="not the original"):
        fetch_parkinsons(data_home=tmp_path)
    assert path.read_bytes() == b"something of the user's"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"<html>", 200, id="no archive"),
        pytest.param(zipped({"other.data": b""}), 200, id="another archive"),
        pytest.param(b"gone", 404, id="no such page"),
    ],
)
def test_answer_that_is_not_the_archive_is_refused(server, tmp_path, body, status):
    server.body, server.status = body, status
    with pytest.raises(OSError, match=PARKINSONS.name):
        fetch_parkinsons(data_home=tmp_path)
    assert stored(tmp_path) == []


def test_error_without_network_names_the_file_to_provide(no_network, tmp_path):
    with pytest.raises(OSError) as caught:
        fetch_parkinsons(data_home=tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "parkinsons" / "parkinsons_updrs.data") in message
    assert parkinsons.PARKINSONS.source.url in message
    assert "SKALLY_DATA" in message
    assert stored(tmp_path) == []


# Bad arguments


@pytest.mark.parametrize("target", ["UPDRS", "age", None, 3, [], ["total_UPDRS", "age"]])
def test_bad_target_is_refused_before_any_download(server, tmp_path, target):
    with pytest.raises(ValueError, match="^target == .*'motor_UPDRS', 'total_UPDRS'"):
        fetch_parkinsons(target=target, data_home=tmp_path)
    assert server.n_requests == 0


@pytest.mark.parametrize(
    ("argument", "value", "allowed"),
    [
        ("features", "Voice", "'voice', 'all'"),
        ("features", ["age"], "'voice', 'all'"),
        ("return_X_y", "yes", "True, False"),
        ("as_frame", None, "True, False"),
    ],
)
def test_bad_option_is_refused_before_any_download(server, tmp_path, argument, value, allowed):
    with pytest.raises(ValueError, match=f"^{argument} == .*{allowed}"):
        fetch_parkinsons(**{argument: value}, data_home=tmp_path)
    assert server.n_requests == 0
