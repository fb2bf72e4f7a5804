"""A small client for the real `codex app-server` over stdio."""

from __future__ import annotations

import importlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any

from supervisor.demo.model import KEY_ENV

PATIENCE = 60.0  # seconds for anything that a server does: a bound, never the expected time
HOMES = Path.home() / ".cache" / "orch-tests"  # Codex refuses homes under the temporary folder
Message = dict[str, Any]


def codex_binary() -> str:
    """The codex under test: $ORCH_CODEX_BIN, the one of the `codex` extra, or the one on PATH."""
    given = os.environ.get("ORCH_CODEX_BIN")
    if given:
        return given
    try:
        return str(importlib.import_module("codex_cli_bin").bundled_codex_path())
    except (ImportError, FileNotFoundError):
        found = shutil.which("codex")
    if found is None:
        raise AssertionError("there is no codex to test with: `scripts/venv dev` brings one")
    return found


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder outside the temporary one. It is removed afterwards."""
    HOMES.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="model-", dir=HOMES)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Codex:
    """One server, and the messages that it has sent so far."""

    def __init__(self, home: Path, cwd: Path) -> None:
        self.cwd = cwd
        self.messages: list[Message] = []
        self._ids = 0
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._server = subprocess.Popen(
            [codex_binary(), "app-server"],
            cwd=cwd,
            env={**os.environ, "CODEX_HOME": str(home), KEY_ENV: "not-a-secret"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, name="codex", daemon=True)
        self._reader.start()
        self.ask("initialize", clientInfo={"name": "tests", "version": "1"}, capabilities={"experimentalApi": True})
        self.send({"method": "initialized"})

    def __enter__(self) -> Codex:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        try:
            self._server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._server.stdout.close()

    def send(self, message: Message) -> None:
        """Send one line to the server."""
        assert self._server.stdin
        self._server.stdin.write(json.dumps(message) + "\n")
        self._server.stdin.flush()

    def ask(self, method: str, **params: Any) -> Message:
        """Send a request and return its result."""
        self._ids += 1
        number = self._ids
        self.send({"id": number, "method": method, "params": params})
        answer = self.until(lambda message: message.get("id") == number and "method" not in message)
        assert "result" in answer, f"{method}: {answer}"
        result: Message = answer["result"]
        return result

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for the next wanted message. Earlier ones are kept in `messages`."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                message = self._inbox.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(
                    f"nothing of the kind within {PATIENCE:g} s; the last: {self.messages[-5:]}"
                ) from None
            assert message is not None, f"the server ended; the last: {self.messages[-5:]}"
            self.messages.append(message)
            if wanted(message):
                return message

    def thread(self) -> str:
        """Start a thread in the server's folder."""
        started = self.ask("thread/start", cwd=str(self.cwd), approvalPolicy="on-request", sandbox="workspace-write")
        thread: str = started["thread"]["id"]
        return thread

    def turn(self, thread: str, text: str, schema: Message | None = None) -> str:
        """Start a turn and return its id."""
        extra = {"outputSchema": schema} if schema else {}
        started = self.ask("turn/start", threadId=thread, input=[{"type": "text", "text": text}], **extra)
        turn: str = started["turn"]["id"]
        return turn

    def steer(self, thread: str, turn: str, text: str) -> None:
        """Add a message to a running turn."""
        self.ask("turn/steer", threadId=thread, expectedTurnId=turn, input=[{"type": "text", "text": text}])

    def end(self) -> Message:
        """Wait for the next turn that completes."""
        done = self.until(lambda message: message.get("method") == "turn/completed")
        turn: Message = done["params"]["turn"]
        return turn

    def items(self, kind: str) -> list[Message]:
        """The completed items of a kind so far."""
        done = [message["params"]["item"] for message in self.messages if message.get("method") == "item/completed"]
        return [item for item in done if item["type"] == kind]

    def answer(self) -> str:
        """The text of the last message so far."""
        text: str = self.items("agentMessage")[-1]["text"]
        return text

    def _read(self) -> None:
        assert self._server.stdout
        for line in self._server.stdout:
            self._inbox.put(json.loads(line))
        self._inbox.put(None)
