"""A model hub in miniature: serves folders on 127.0.0.1 as huggingface.co serves repositories.

Only what huggingface_hub asks for: the listing of a revision, HEAD and GET of a file, and, as the real hub does for
large files, a redirect of weights to a second host with the true size and hash in X-Linked-* headers. Ranges are
answered. Every request is written down, and transfers can be cut in the middle.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from tests.locations import PROJECT

_LISTING = re.compile(r"/api/models/([^/]+/[^/]+)/revision/(.+)")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_LARGE = (".safetensors", ".bin")
_UNSET = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN", "http_proxy")


@dataclass
class HubServer:
    """The repositories served and the requests made so far.

    `refusals` maps a hub id to the status and X-Error-Code of every answer about it; `cuts` maps a file name to the
    number of its transfers that break off half-way.
    """

    url: str = ""
    requests: list[str] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    cuts: Counter[str] = field(default_factory=Counter)
    commits: dict[tuple[str, str], str] = field(default_factory=dict)
    folders: dict[tuple[str, str], Path] = field(default_factory=dict)

    def publish(self, hub_id: str, folder: Path, *, commit: str, branch: str = "main") -> None:
        """Serve the folder's files as one commit of the repository, and as the head of its branch."""
        self.commits[hub_id, branch] = self.commits[hub_id, commit] = commit
        self.folders[hub_id, commit] = folder

    def fetched(self) -> list[str]:
        """Names of the files asked for, by HEAD or GET, each once and in order."""
        paths = [line.split()[1] for line in self.requests]
        return list(dict.fromkeys(match[3] for path in paths if (match := _FILE.fullmatch(path))))

    def environment(self, hf_home: Path, **changes: str) -> dict[str, str]:
        """The environment of a process that uses this hub and the cache in `hf_home`."""
        kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
        return {**kept, "HF_HOME": str(hf_home), "HF_ENDPOINT": self.url, "NO_PROXY": "*", **changes}

    def run(self, program: str, hf_home: Path, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program in that environment: huggingface_hub reads it once, when imported."""
        command = [sys.executable, "-c", program]
        environment = self.environment(hf_home, **changes)
        return subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=60)


@contextmanager
def serve_hub() -> Iterator[HubServer]:
    """A running hub without repositories, on a free port."""
    hub = HubServer()

    class Handler(_HubHandler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _HubHandler(BaseHTTPRequestHandler):
    served: HubServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the requests are in `HubServer.requests`."""

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.served.requests.append(f"{self.command} {path}")
        if match := _LISTING.fullmatch(path):
            self._answer_listing(match[1], match[2])
        elif match := _FILE.fullmatch(path):
            self._answer_file(match[1], match[2], match[3])
        elif path.startswith("/large"):
            self._send_file(Path(path.removeprefix("/large")), {})
        else:
            self._refuse(404, "")

    def _answer_listing(self, hub_id: str, revision: str) -> None:
        commit = self._commit(hub_id, revision)
        if commit is None:
            return
        paths = sorted(self.served.folders[hub_id, commit].iterdir())
        siblings = [{"rfilename": path.name, "size": path.stat().st_size, "blobId": _sha1(path)} for path in paths]
        listing = {"id": hub_id, "sha": commit, "siblings": siblings, "tags": [], "private": False}
        self._send(200, json.dumps(listing).encode(), {"Content-Type": "application/json"})

    def _answer_file(self, hub_id: str, revision: str, name: str) -> None:
        commit = self._commit(hub_id, revision)
        if commit is None:
            return
        path = self.served.folders[hub_id, commit] / name
        headers = {"X-Repo-Commit": commit}
        if not path.is_file():
            self._refuse(404, "EntryNotFound", headers)
        elif name.endswith(_LARGE):
            headers["X-Linked-Size"] = str(path.stat().st_size)
            headers["X-Linked-ETag"] = f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"'
            headers["Location"] = f"{self.served.url.replace('127.0.0.1', 'localhost')}/large{quote(str(path))}"
            self._send(302, b"", headers)
        else:
            self._send_file(path, {**headers, "ETag": f'"{_sha1(path)}"'})

    def _commit(self, hub_id: str, revision: str) -> str | None:
        """The commit of a revision; None once a refusal has been sent."""
        commit = self.served.commits.get((hub_id, revision))
        if hub_id in self.served.refusals:
            self._refuse(*self.served.refusals[hub_id])
        elif hub_id not in {known for known, _ in self.served.commits}:
            self._refuse(401, "RepoNotFound")  # the hub does not tell a stranger what exists
        elif commit is None:
            self._refuse(404, "RevisionNotFound")
        else:
            return commit
        return None

    def _send_file(self, path: Path, headers: Mapping[str, str]) -> None:
        content = path.read_bytes()
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(match[1]), int(match[2] or len(content) - 1)
            place = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
            self._send(206, content[first : last + 1], {**headers, **place}, name=path.name)
        else:
            self._send(200, content, {**headers, "Accept-Ranges": "bytes"}, name=path.name)

    def _refuse(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, b"{}", {**(headers or {}), "X-Error-Code": code, "Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, name: str = "") -> None:
        self.send_response(status)
        for header, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.served.cuts[name] > 0:
            self.served.cuts[name] -= 1
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)


def _sha1(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
