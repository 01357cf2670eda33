"""Fixtures for tests of data sets without a network and without the user's cache folder."""

import functools
import os
import socket
import threading
from pathlib import Path

import pytest
from small_files import Server

REAL_HOME = os.environ.get("SKALLY_DATA")


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path_factory):
    """Forbid connections to other machines, and access to the user's folders."""
    look_up = socket.getaddrinfo

    def look_up_this_machine(host, *args, **kwargs):
        assert host == "127.0.0.1", f"a test asked for {host}"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_this_machine)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SKALLY_DATA", raising=False)
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("pooch.os_cache", lambda project: cache / project)


@pytest.fixture
def real_home():
    """Function from DataFiles to the folder with the real files; skips if one is missing."""

    def find(*files):
        for file in files:
            if REAL_HOME is None or not Path(REAL_HOME, file.folder, file.name).is_file():
                pytest.skip(f"SKALLY_DATA names no folder with {file.folder}/{file.name}")
        return Path(REAL_HOME)

    return find


@pytest.fixture
def local_server():
    """A server that replaces those of the web."""
    server = Server()
    thread = threading.Thread(target=functools.partial(server.http.serve_forever, 0.01))
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


@pytest.fixture
def closed_url():
    """An address on this machine where nothing answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}/a.zip"
