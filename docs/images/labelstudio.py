"""Screenshots of Label Studio with 20 tasks in the order of a sampler, for docs/labelstudio.rst.

Run: ``LABEL_STUDIO_ENV=... python docs/images/labelstudio.py``, with playwright installed, and an
environment of the same Python that has label-studio. ``CHROMIUM`` names the browser.
"""

import base64
import io
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from skally import MarginSampler
from skally.interop.labelstudio import label_config, make_tasks, push

HERE = Path(__file__).parent
USER, PASSWORD, TOKEN = "anna@example.com", secrets.token_hex(8), secrets.token_hex(20)
ENVIRONMENT = Path(os.environ["LABEL_STUDIO_ENV"])
QUIET = {"COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0", "SENTRY_DSN": ""}


def start(folder):
    """Server with its data in a folder, and its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        ENVIRONMENT / "bin/label-studio", "start", "--no-browser", "--internal-host", "127.0.0.1",
        "--port", str(port), "--data-dir", folder, "--username", USER, "--password", PASSWORD,
        "--user-token", TOKEN, "--enable-legacy-api-token",
    ]  # fmt: skip
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    server = subprocess.Popen(command, env={**kept, **QUIET}, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            return server, url
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise RuntimeError("Label Studio ended.")


def address(digit):
    """A digit as the address of an image that contains it, with room at its sides."""
    file = io.BytesIO()
    large = np.kron(np.pad(digit.reshape(8, 8), ((1, 1), (11, 11))), np.ones((12, 12)))
    plt.imsave(file, large, cmap="gray_r")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def fill(client):
    """Project with 20 tasks, three of them labelled; its number and those of the tasks."""
    X, y = load_digits(return_X_y=True)
    rows = np.random.RandomState(0).permutation(len(X))
    labelled, pool = rows[:40], rows[40:640]
    model = LogisticRegression(max_iter=2000).fit(X[labelled] / 16, y[labelled])
    config = label_config(model.classes_, shows="image")
    project = client.projects.create(title="digits", label_config=config).id
    tasks = make_tasks(
        MarginSampler(random_state=0),
        model,
        X[pool] / 16,
        20,
        config=client.projects.get(id=project).label_config,
        shown=[address(X[i]) for i in pool],
        positions=pool,
    )
    push(client, project, tasks)
    there = sorted(task.id for task in client.tasks.list(project=project))
    for number, task in zip(there[:3], tasks, strict=False):
        label = str(y[task["data"]["position"]])
        answer = {"from_name": "label", "to_name": "sample", "type": "choices"}
        client.annotations.create(id=number, result=[{**answer, "value": {"choices": [label]}}])
    return project, there


def photograph(url, project, task):
    """Pictures of the list of tasks and of one task."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 700})
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_timeout(5000)
        for name, query in (("tasks", ""), ("form", f"?task={task}")):
            page.goto(f"{url}/projects/{project}/data{query}")
            page.wait_for_timeout(15000)
            page.screenshot(path=HERE / f"labelstudio_{name}.png")
        browser.close()


def main():
    """Start a server, fill it, and take its pictures."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    sys.path.append(str(ENVIRONMENT / "lib" / version / "site-packages"))
    import httpx
    from label_studio_sdk import LabelStudio

    with tempfile.TemporaryDirectory() as folder:
        server, url = start(folder)
        try:
            with httpx.Client(timeout=120) as connection:
                client = LabelStudio(base_url=url, api_key=TOKEN, httpx_client=connection)
                project, there = fill(client)
            photograph(url, project, there[3])
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
