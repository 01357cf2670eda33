"""The way round with a real Label Studio, which the test starts and ends.

``LABEL_STUDIO_ENV`` names a virtual environment of the same Python, which has label-studio; without
it the test makes one.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from skally import MarginSampler
from skally.interop.labelstudio import label_config, make_tasks, pull, push, read_labels

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Folder with Label Studio; what comes with it is found after the packages of the tests."""
    given = os.environ.get("LABEL_STUDIO_ENV")
    folder = Path(given) if given else tmp_path_factory.mktemp("env") / "label-studio"
    if not given:
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "-q", "label-studio"],
                       check=True)  # fmt: skip
    sys.path.append(str(folder / SITE))
    yield folder
    sys.path.remove(str(folder / SITE))


@pytest.fixture(scope="module")
def client(environment, tmp_path_factory):
    """Client of a server of its own, with an empty folder for data."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder, token = tmp_path_factory.mktemp("data"), secrets.token_hex(20)
    url = f"http://127.0.0.1:{port}"
    command = [
        environment / "bin/label-studio", "start", "--no-browser", "--internal-host", "127.0.0.1",
        "--port", str(port), "--data-dir", folder, "--username", "anna@example.com",
        "--password", secrets.token_hex(8), "--user-token", token, "--enable-legacy-api-token",
    ]  # fmt: skip
    quiet = {"COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0", "SENTRY_DSN": ""}
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            command, env={**kept, **quiet}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(url, server, folder / "log")
        import httpx
        from label_studio_sdk import LabelStudio

        with httpx.Client(timeout=60) as connection:
            yield LabelStudio(base_url=url, api_key=token, httpx_client=connection)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(url, server, log):
    """Wait until the server answers, five minutes at most."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, log.read_text()[-2000:]
            time.sleep(1)
    raise TimeoutError(log.read_text()[-2000:])


def test_twenty_labels_by_the_api_and_the_next_twenty_in_order(client):
    X, y = load_digits(return_X_y=True)
    X, y = X[y < 3] / 16, y[y < 3]
    shown = [f"digit {row}" for row in range(len(X))]
    classes, start = np.unique(y), np.arange(6)
    config = label_config(classes)
    project = client.projects.create(title="digits", label_config=config).id
    config = client.projects.get(id=project).label_config
    labeled, answers, asked = start, y[start], []
    for n_round in (1, 2):
        model = LogisticRegression().fit(X[labeled], answers)
        pool = np.setdiff1d(np.arange(len(X)), labeled)
        rows = MarginSampler(random_state=0).query(model, X[pool], 20)
        waiting = make_tasks(
            MarginSampler(random_state=0), model, X[pool], 20, config=config,
            shown=[shown[row] for row in pool], positions=pool,
        )  # fmt: skip
        push(client, project, waiting)
        asked += pool[rows].tolist()
        there = sorted(pull(client, project), key=lambda task: task["id"])
        assert [task["data"]["position"] for task in there] == asked
        stored = client.predictions.list(task=there[-1]["id"])
        assert stored[0].result[0]["value"] == waiting[-1]["predictions"][0]["result"][0]["value"]
        if n_round == 1:
            for task in there:
                value = {"choices": [str(y[task["data"]["position"]])]}
                result = {"from_name": "label", "to_name": "sample", "type": "choices",
                          "value": value}  # fmt: skip
                client.annotations.create(id=task["id"], result=[result])
        labels = read_labels(pull(client, project), X, config=config, asked=asked, classes=classes)
        assert labels.positions.tolist() == sorted(asked[:20])
        assert np.array_equal(labels.y, y[labels.positions])
        labeled = np.concatenate([start, labels.positions])
        answers = np.concatenate([y[start], labels.y])
    with pytest.raises(ValueError, match="are tasks of project"):
        push(client, project, waiting)
    assert len(pull(client, project)) == 40
