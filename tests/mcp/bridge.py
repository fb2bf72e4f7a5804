"""Put an MCP server that speaks over standard streams behind HTTP, for tools that speak nothing else.

One process for each session. Every line passes as it is: `orch mcp` is what answers.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from uuid import uuid4

PATIENCE = 60.0  # seconds for an answer
SESSION = "Mcp-Session-Id"
Message = dict[str, Any]


class _Session:
    """One server process."""

    def __init__(self, command: Sequence[str]) -> None:
        self._answers: dict[str, queue.SimpleQueue[Message]] = {}
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="bridge")
        self._reader.start()

    def send(self, message: Message) -> Message | None:
        """Pass a message on, and return the answer if it is a request."""
        waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        key = json.dumps(message.get("id"))
        self._answers[key] = waiting
        with self._lock:
            assert self._server.stdin
            self._server.stdin.write(json.dumps(message) + "\n")
            self._server.stdin.flush()
        return waiting.get(timeout=PATIENCE) if "id" in message and "method" in message else None

    def close(self) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._server.stdout.close()

    def _read(self) -> None:
        assert self._server.stdout
        for line in self._server.stdout:
            message = json.loads(line)
            if "method" not in message:
                self._answers.pop(json.dumps(message["id"])).put(message)


class Bridge:
    """The HTTP side, on a port of its own. A context manager."""

    def __init__(self, command: Sequence[str]) -> None:
        sessions: dict[str, _Session] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = self.headers.get(SESSION) or uuid4().hex
                session = sessions.get(name) or sessions.setdefault(name, _Session(command))
                answer = session.send(message)
                body = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(202 if answer is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header(SESSION, name)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:  # the server sends nothing by itself
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._sessions = sessions
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, name="http")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/mcp"

    def __enter__(self) -> Bridge:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        for session in self._sessions.values():
            session.close()
