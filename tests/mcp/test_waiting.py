"""Tools that take long, as their client meets them: signs of progress, and calls that are many or are cancelled."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.scene import Standin, status_json, task
from tests.mcp.session import Refused, Session, a_workspace

RUNNING = status_json(tasks=(task("T1", "running"),))
MANY = 60
SOON = 3.0  # seconds: less than one round of a wait takes
Message = dict[str, Any]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[WorkspacePaths]:
    with a_workspace(tmp_path) as workspace:
        standin = Standin(workspace.control_socket, (RUNNING,))
        yield workspace
        standin.close()


class Wire:
    """One `orch mcp`, spoken to line by line."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self.messages: list[Message] = []
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "supervisor.cli.main", "-C", str(workspace.root), "mcp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=CHECKOUT,
        )
        self._reader = threading.Thread(target=self._read, name="reader")
        self._reader.start()
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        self.send(id=0, method="initialize", params=hello)
        self.until(0)
        self.send(method="notifications/initialized")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.wait(20)
        self._reader.join(20)
        self._server.stdout.close()

    def send(self, **message: Any) -> None:
        assert self._server.stdin
        self._server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._server.stdin.flush()

    def call(self, number: int, tool: str, token: str | None = None, **arguments: Any) -> None:
        meta = {} if token is None else {"_meta": {"progressToken": token}}
        self.send(id=number, method="tools/call", params={"name": tool, "arguments": arguments, **meta})

    def until(self, number: int) -> Message:
        """Wait for the answer to a request. Other messages are kept in `messages`."""
        while True:
            message = self._inbox.get(timeout=40)
            if message.get("id") == number:
                return message
            self.messages.append(message)

    def _read(self) -> None:
        assert self._server.stdout
        for line in self._server.stdout:
            self._inbox.put(json.loads(line))


def test_a_wait_says_every_few_seconds_that_it_goes_on(workspace: WorkspacePaths) -> None:
    with Session(workspace) as tools:
        assert tools.progress("wait", seconds=3.5) == [(3.0, None, "`wait` has run for 3 s")]
        assert tools.progress("status") == []


def test_without_a_token_there_is_no_progress_and_none_after_an_answer(workspace: WorkspacePaths) -> None:
    with Wire(workspace) as wire:
        wire.call(1, "wait", seconds=3.5)
        wire.call(2, "wait", token="two", seconds=3.5)
        assert "result" in wire.until(1)
        wire.call(3, "wait", seconds=3.5)
        wire.until(3)
    told = [one for one in wire.messages if one.get("method") == "notifications/progress"]
    assert [(one["params"]["progressToken"], one["params"]["progress"]) for one in told] == [("two", 3.0)]


@pytest.mark.parametrize("cancelled", [True, False])
def test_many_waits_keep_no_other_tool_waiting(cancelled: bool, workspace: WorkspacePaths) -> None:
    with Wire(workspace) as wire:
        for number in range(1, MANY + 1):
            wire.call(number, "wait", token=f"t{number}", seconds=30)
        wire.call(100, "status")
        wire.until(100)
        for number in range(1, MANY + 1) if cancelled else ():
            wire.send(method="notifications/cancelled", params={"requestId": number, "reason": "enough"})
        began = time.monotonic()
        for number, (tool, arguments) in enumerate(
            [("status", {}), ("note", {"text": "x"}), ("repos", {}), ("wait", {"seconds": 0})], 101
        ):
            wire.call(number, tool, **arguments)
            assert not wire.until(number)["result"]["isError"]
        assert time.monotonic() - began < SOON
        assert [one for one in wire.messages if "result" in one] == []  # who cancels a request gets no answer to it


def test_an_answer_is_compact_json_of_the_structured_content(workspace: WorkspacePaths) -> None:
    with Session(workspace) as tools:
        text = tools.text("status")
        assert text == json.dumps(tools("status"), ensure_ascii=False, separators=(",", ":"))
        with pytest.raises(Refused, match="there is no child"):
            tools("files", child="nobody")
