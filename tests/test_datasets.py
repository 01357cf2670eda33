import doctest
import functools
import hashlib
import io
import os
import socket
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from skally import datasets
from skally.datasets import PARKINSONS, PARKINSONS_COLUMNS, fetch_parkinsons

needs_real_file = pytest.mark.skipif(
    not Path(os.environ.get("SKALLY_DATA", ""), PARKINSONS.folder, PARKINSONS.name).is_file(),
    reason="SKALLY_DATA names no folder with parkinsons/parkinsons_updrs.data",
)


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


def zipped(content, name=PARKINSONS.name):
    """A zip archive that holds `content` beside another file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr(name, content)
        members.writestr("parkinsons_updrs.names", "another file")
    return archive.getvalue()


class Server:
    """An HTTP server on this machine that answers every GET with `body` and counts them."""

    def __init__(self):
        self.body, self.status, self.n_requests = b"", 200, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.n_requests += 1
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *args):
                """Keep the test's output clean."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/archive.zip"


@pytest.fixture
def server(monkeypatch, content):
    """A server that stands in for the archive's, with the small file as the original."""
    server = Server()
    server.body = zipped(content)
    use_original(monkeypatch, content, server.url)
    thread = threading.Thread(target=functools.partial(server.http.serve_forever, 0.01))
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


@pytest.fixture
def no_network(monkeypatch, content):
    """The small file is the original, and nothing answers at its address."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        use_original(monkeypatch, content, f"http://127.0.0.1:{unused.getsockname()[1]}/a.zip")
        yield


def use_original(monkeypatch, content, url):
    sha256 = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(datasets, "PARKINSONS", replace(PARKINSONS, url=url, sha256=sha256))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SKALLY_DATA", raising=False)


def stored(data_home):
    """Names of all files below `data_home`."""
    return [path.name for path in Path(data_home).rglob("*") if path.is_file()]


def write(data_home, content):
    """Put `content` where the fetcher looks."""
    path = Path(data_home, PARKINSONS.folder, PARKINSONS.name)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


# The values


@needs_real_file
def test_real_data_have_the_published_shape_and_columns():
    parkinsons = fetch_parkinsons(features="all")
    assert parkinsons.data.shape == (5875, 19)
    assert parkinsons.data.dtype == parkinsons.target.dtype == np.float64
    assert parkinsons.target.shape == (5875,)
    assert parkinsons.feature_names[:4] == ["age", "sex", "test_time", "Jitter(%)"]
    assert np.array_equal(np.unique(parkinsons.groups), np.arange(1, 43))
    assert np.isfinite(parkinsons.data).all()
    assert (parkinsons.target.min(), parkinsons.target.max()) == (7.0, 54.992)


@needs_real_file
def test_columns_are_named_as_in_the_header_of_the_real_file():
    path = Path(os.environ["SKALLY_DATA"], PARKINSONS.folder, PARKINSONS.name)
    assert path.read_text().splitlines()[0].split(",") == PARKINSONS_COLUMNS


@needs_real_file
def test_docstring_example_runs_where_the_data_are():
    text = fetch_parkinsons.__doc__.replace("+SKIP", "+ELLIPSIS")
    example = doctest.DocTestParser().get_doctest(text, {}, "fetch_parkinsons", None, 0)
    assert len(example.examples) > 0
    assert doctest.DocTestRunner().run(example).failed == 0


def test_voice_features_leave_out_patient_target_and_group(no_network, tmp_path, content, table):
    write(tmp_path, content)
    parkinsons = fetch_parkinsons(data_home=tmp_path)
    assert np.array_equal(parkinsons.data, table[:, 6:])
    assert np.array_equal(parkinsons.target, table[:, 5])
    assert np.array_equal(parkinsons.groups, table[:, 0])
    assert parkinsons.groups.dtype.kind == "i"
    assert parkinsons.feature_names == PARKINSONS_COLUMNS[6:]
    assert parkinsons.target_names == ["total_UPDRS"]
    assert parkinsons.frame is None
    assert "Creative Commons" in parkinsons.DESCR


def test_all_features_put_the_patient_first(no_network, tmp_path, content, table):
    write(tmp_path, content)
    X, y = fetch_parkinsons(
        target="motor_UPDRS", features="all", return_X_y=True, data_home=tmp_path
    )
    assert np.array_equal(X, np.hstack([table[:, 1:4], table[:, 6:]]))
    assert np.array_equal(y, table[:, 4])


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_targets_come_in_the_order_asked_for(no_network, tmp_path, content, table, kind):
    write(tmp_path, content)
    target = kind(["total_UPDRS", "motor_UPDRS"])
    parkinsons = fetch_parkinsons(target=target, data_home=tmp_path)
    assert np.array_equal(parkinsons.target, table[:, [5, 4]])
    assert parkinsons.target_names == ["total_UPDRS", "motor_UPDRS"]


@pytest.mark.parametrize("target", ["total_UPDRS", ["total_UPDRS", "motor_UPDRS"]])
def test_frames_hold_the_same_values_as_arrays(no_network, tmp_path, content, target):
    pd = pytest.importorskip("pandas")
    write(tmp_path, content)
    arrays = fetch_parkinsons(target=target, features="all", data_home=tmp_path)
    frames = fetch_parkinsons(target=target, features="all", as_frame=True, data_home=tmp_path)
    assert isinstance(frames.data, pd.DataFrame)
    assert isinstance(frames.target, pd.Series if isinstance(target, str) else pd.DataFrame)
    for name in ("data", "target", "groups"):
        assert np.array_equal(frames[name].to_numpy(), arrays[name])
    assert list(frames.data.columns) == arrays.feature_names
    assert list(frames.frame.columns) == arrays.feature_names + arrays.target_names


def test_changing_one_result_leaves_the_next_call_alone(no_network, tmp_path, content):
    write(tmp_path, content)
    first = fetch_parkinsons(data_home=tmp_path)
    expected = first.data.copy()
    first.data[:] = 0.0
    first.feature_names.clear()
    second = fetch_parkinsons(data_home=tmp_path)
    assert np.array_equal(second.data, expected)
    assert len(second.feature_names) == 16


# Where the file is looked for


def test_data_home_goes_before_the_environment_variable(no_network, tmp_path, content, monkeypatch):
    write(tmp_path / "here", content)
    monkeypatch.setenv("SKALLY_DATA", str(tmp_path / "elsewhere"))
    assert len(fetch_parkinsons(data_home=tmp_path / "here").target) == 4


def test_environment_variable_names_the_folder(no_network, tmp_path, content, monkeypatch):
    write(tmp_path, content)
    monkeypatch.setenv("SKALLY_DATA", str(tmp_path))
    assert len(fetch_parkinsons().target) == 4


@pytest.mark.parametrize("variable", [None, ""])
def test_cache_folder_is_the_last_resort(no_network, tmp_path, content, monkeypatch, variable):
    write(tmp_path / "skally", content)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    if variable is not None:
        monkeypatch.setenv("SKALLY_DATA", variable)
    assert len(fetch_parkinsons().target) == 4


def test_data_home_may_start_with_the_home_folder(no_network, tmp_path, content, monkeypatch):
    write(tmp_path / "data", content)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(fetch_parkinsons(data_home="~/data").target) == 4


# The download


def test_file_is_downloaded_once_and_kept(server, tmp_path, table):
    for _ in range(2):
        parkinsons = fetch_parkinsons(data_home=tmp_path)
        assert np.array_equal(parkinsons.data, table[:, 6:])
    assert server.n_requests == 1
    assert stored(tmp_path) == [PARKINSONS.name]


def test_file_that_is_not_the_original_is_replaced(server, tmp_path, content):
    path = write(tmp_path, content[:-10])
    fetch_parkinsons(data_home=tmp_path)
    assert path.read_bytes() == content


def test_download_with_a_wrong_checksum_is_refused_and_not_kept(server, tmp_path, content):
    server.body = zipped(content + b"1")
    with pytest.raises(OSError, match="hash"):
        fetch_parkinsons(data_home=tmp_path)
    assert stored(tmp_path) == []


def test_bad_download_leaves_a_file_that_was_there(server, tmp_path, content):
    path = write(tmp_path, b"something of the user's")
    server.body = zipped(content + b"1")
    with pytest.raises(OSError, match="not the original"):
        fetch_parkinsons(data_home=tmp_path)
    assert path.read_bytes() == b"something of the user's"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"<html>", 200, id="no archive"),
        pytest.param(zipped(b"", name="other.data"), 200, id="another archive"),
        pytest.param(b"gone", 404, id="no such page"),
    ],
)
def test_answer_that_is_not_the_archive_is_refused(server, tmp_path, body, status):
    server.body, server.status = body, status
    with pytest.raises(OSError, match=PARKINSONS.name):
        fetch_parkinsons(data_home=tmp_path)
    assert stored(tmp_path) == []


def test_error_without_network_says_what_to_put_where(no_network, tmp_path):
    with pytest.raises(OSError) as caught:
        fetch_parkinsons(data_home=tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "parkinsons" / "parkinsons_updrs.data") in message
    assert datasets.PARKINSONS.url in message
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
