"""A scripted model on loopback that serves the Responses API, so that the real Codex runs without account or network.

    with ScriptedModel(directive_script) as model:
        codex_home(home, model.base_url)        # then start codex with CODEX_HOME=home and ORCH_DEMO_KEY=x

A script is called once per response and returns the steps of that response. `python -m supervisor.demo.model` serves a
model for a person to try.
"""

from __future__ import annotations

import argparse
import itertools
import json
import secrets
import signal
import socketserver
import sys
import threading
from collections import deque
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from supervisor.demo.directive import directive_script
from supervisor.demo.request import ModelRequest, ToolOutput
from supervisor.demo.response import POLL, Gate, Response, plain_answer
from supervisor.demo.steps import (
    AskUser,
    Cut,
    Fail,
    Failed,
    FinalReport,
    Patch,
    Run,
    Say,
    Script,
    Silence,
    Step,
    Stream,
    ToolCall,
    Used,
    Wait,
    add_file,
)
from supervisor.demo.stories import STORIES

__all__ = [
    "KEY_ENV",
    "AskUser",
    "Cut",
    "Fail",
    "Failed",
    "FinalReport",
    "Gate",
    "ModelRequest",
    "Patch",
    "Run",
    "Say",
    "Script",
    "ScriptedModel",
    "Silence",
    "Step",
    "Stream",
    "ToolCall",
    "ToolOutput",
    "Used",
    "Wait",
    "add_file",
    "codex_home",
    "directive_script",
]

KEY_ENV = "ORCH_DEMO_KEY"  # must be set, to anything, in the environment of the codex that uses the model
KEPT_REQUESTS = 256  # the latest ones; each holds a whole history

_CONFIG = """\
model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
web_search = "disabled"
suppress_unstable_features_warning = true

[analytics]
enabled = false

[features]
apps = false
default_mode_request_user_input = true
plugins = false
remote_plugin = false
unbounded_connection_retries = false

[model_providers.scripted]
name = "Scripted"
base_url = {base_url}
wire_api = "responses"
env_key = {key_env}
requires_openai_auth = false
supports_websockets = false
request_max_retries = {request_retries}
stream_max_retries = {stream_retries}
stream_idle_timeout_ms = {idle_ms}
"""


def codex_home(
    path: Path,
    base_url: str,
    *,
    key_env: str = KEY_ENV,
    request_max_retries: int = 0,
    stream_max_retries: int = 0,
    stream_idle_timeout_ms: int = 10_000,
) -> None:
    """Make a CODEX_HOME (mode 0700) whose only model is the scripted one. `path` must not be under /tmp."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    text = _CONFIG.format(
        base_url=json.dumps(base_url),
        key_env=json.dumps(key_env),
        request_retries=request_max_retries,
        stream_retries=stream_max_retries,
        idle_ms=stream_idle_timeout_ms,
    )
    (path / "config.toml").write_text(text, encoding="utf-8")


class ScriptedModel:
    """A model that serves from its construction until `close`, or for the body of a `with`.

    `requests` are those of the model whose place it takes.
    """

    def __init__(self, script: Script, *, port: int = 0, requests: Sequence[ModelRequest] = ()) -> None:
        self.script = script
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._requests: deque[ModelRequest] = deque(requests, maxlen=KEPT_REQUESTS)
        self._errors: list[Exception] = []
        self._gates: dict[str, Gate] = {}
        self._token = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._server = _ModelServer(self, port)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL,), name="model", daemon=True)
        self._thread.start()

    def __enter__(self) -> ScriptedModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def requests(self) -> list[ModelRequest]:
        """The last 256 requests, oldest first."""
        with self._lock:
            return list(self._requests)

    @property
    def errors(self) -> list[Exception]:
        """The exceptions that the script raised. Each one was answered with a 400."""
        with self._lock:
            return list(self._errors)

    def gate(self, name: str) -> Gate:
        """The gate with this name, the same one each time."""
        with self._lock:
            return self._gates.setdefault(name, Gate(name))

    def reset(self, script: Script) -> None:
        """Follow another script from now on, and forget all requests, errors and gates."""
        with self._lock:
            self.script = script
            self._requests.clear()
            self._errors.clear()
            self._gates.clear()

    def close(self) -> None:
        """Stop serving. Responses that wait are cut off. A second call does nothing."""
        if self.closing.is_set():
            return
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: ModelRequest) -> Sequence[Step]:
        """Record the request and return the script's steps for it.

        Codex's terminal (from 0.170 on) asks for a title of each thread. No script expects that; it is answered here.
        """
        if request.source == "thread_title":
            return (Say(json.dumps({"title": "Scripted"})),)
        with self._lock:
            self._requests.append(request)
        try:
            return tuple(self.script(request))
        except Exception as error:  # the script is code of a test: fail the turn, and let the test see why
            with self._lock:
                self._errors.append(error)
            return (Fail(400, f"the script failed: {error!r}"),)

    def unique_suffix(self) -> str:
        """Make the end of an id that no model has used before, because threads outlive models."""
        return f"{self._token}_{next(self._numbers)}"


class _ModelServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # children may all start at once

    def __init__(self, model: ScriptedModel, port: int) -> None:
        self.model = model
        super().__init__(("127.0.0.1", port), _Exchange)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own looks up the host's name, which may take seconds
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    """One request and its answer. The connection is closed afterwards."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        model = cast(_ModelServer, self.server).model
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/gates/"):
            model.gate(self.path.removeprefix("/gates/")).open()
            plain_answer(self, 200, "open\n")
        elif self.path == "/v1/responses":
            request = ModelRequest.parse(json.loads(body))
            steps = model.answer(request)
            Response(self, model, len(body)).perform(steps)
        else:
            plain_answer(self, 404, f"nothing at {self.path}\n")

    def do_GET(self) -> None:
        plain_answer(self, 404, f"nothing at {self.path}\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing; `ScriptedModel.requests` has it all."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a scripted model until SIGTERM or Ctrl-C. The first line of output is its base URL."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.demo.model", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--write-home", type=Path, metavar="DIR", help="also write a CODEX_HOME that uses this model")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--directive", action="store_true", help="do what the ```model blocks of prompts say (default)")
    which.add_argument("--story", metavar="NAME", help="play the three children of `orch demo --story NAME`")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    script = _story(given.story) if given.story else directive_script
    with ScriptedModel(script, port=given.port) as model:
        print(model.base_url, flush=True)
        if given.write_home is not None:
            codex_home(given.write_home, model.base_url)
            print(f"CODEX_HOME={given.write_home.absolute()} {KEY_ENV}=any codex", flush=True)
        stop.wait()


def _story(name: str) -> Script:
    return STORIES[name].script()


if __name__ == "__main__":
    main()
