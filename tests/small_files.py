"""Small files in the formats of the real ones, and an HTTP server for them."""

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def sha256(content):
    """Hash of some bytes."""
    return hashlib.sha256(content).hexdigest()


def zipped(contents):
    """A zip archive of files by their names."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        for name, content in contents.items():
            members.writestr(name, content)
    return archive.getvalue()


def tarred(contents, kind):
    """A compressed tar archive of files by their names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{kind}") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def stored(data_home):
    """Names of all files below `data_home`."""
    return [path.name for path in Path(data_home).rglob("*") if path.is_file()]


def store(data_home, file, content):
    """Put `content` where the fetchers look for a DataFile."""
    path = Path(data_home, file.folder, file.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def replace_original(monkeypatch, module, name, content, home):
    """Store `content` as the original of a module's DataFile, without a source to download from."""
    file = getattr(module, name)
    monkeypatch.setattr(module, name, replace(file, sha256=sha256(content), source=None))
    return store(home, file, content)


class Server:
    """An HTTP server on this machine that answers every GET with `body` and counts them.

    If `body` is a dictionary, the last part of the address is the key.
    """

    def __init__(self):
        self.body, self.status, self.n_requests = b"", 200, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.n_requests += 1
                body = outer.body
                body = body[self.path.split("/")[-1]] if isinstance(body, dict) else body
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                """Keep the test's output clean."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.http.server_port}"
        self.url = f"{self.root}/archive.zip"
