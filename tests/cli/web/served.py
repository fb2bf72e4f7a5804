"""A running `orch web`, and a client that sends it what a browser, or somebody else, would send."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT

SLOW = 30.0  # seconds: a bound, never the expected time


class Got(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str


class Served:
    """`orch web` in a process of its own, until the end of the test."""

    def __init__(self, workspace: WorkspacePaths, *options: str) -> None:
        words = [sys.executable, "-m", "supervisor.cli.main", "-C", str(workspace.root), "web", "--no-open", *options]
        self._errors = workspace.root / "web.err"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline().strip()
        assert self.line, self.errors()
        self.link = str(json.loads(self.line)["link"]) if self.line.startswith("{") else self.line
        self.url, _, self.token = self.link.partition("#")
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.host, self.port, self.secure = parts.hostname, parts.port, parts.scheme == "https"
        self.cookie = ""

    def errors(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    def close(self) -> int:
        """End it as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(SLOW)

    def send(self, method: str, path: str, body: str | None = None, **headers: str | None) -> Got:
        """Send a request as the page itself would; a header of None is left out."""
        given = {"host": f"{self.host}:{self.port}", "cookie": self.cookie or None}
        if method == "POST":
            given |= {"origin": self.url.rstrip("/"), "content-type": "application/x-www-form-urlencoded"}
            given |= {"sec-fetch-site": "same-origin"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = self.connection()
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            data = (body or "").encode()
            connection.putheader("content-length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, kept, answer.read().decode())
        finally:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        if not self.secure:
            return http.client.HTTPConnection(self.host, self.port, timeout=SLOW)
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=SLOW, context=anybody)

    def get(self, path: str = "/", **headers: str | None) -> Got:
        return self.send("GET", path, **headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str | None) -> Got:
        return self.send("POST", path, urlencode(fields), **headers)

    def enter(self) -> Got:
        """Use the link up, and keep the cookie."""
        got = self.post("/enter", {"token": self.token})
        self.cookie = got.headers.get("set-cookie", "").partition(";")[0]
        return got


def files_with(folder: Path, words: str) -> list[str]:
    """The files below a folder that hold these words."""
    return [str(one) for one in folder.rglob("*") if one.is_file() and words.encode() in one.read_bytes()]
