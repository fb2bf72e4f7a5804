"""Statuses that a supervisor may send, and a stand-in that sends them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from supervisor.domain.status import (
    AskInfo,
    ChildInfo,
    OrchestratorInfo,
    PlanInfo,
    Status,
    SupervisorInfo,
    TaskInfo,
)
from supervisor.domain.thread import Tokens
from supervisor.wire.plain import dumped
from tests import CHECKOUT

JsonDict = dict[str, Any]


class Standin:
    """Answers like a supervisor with these statuses, one after the other, each as soon as the one before was sent.

    `answers`: {method: answer}.
    `refuses`: {method: (what, next_step)}, with a third value for wrong usage. `ends`: closes the connection after the
    last status. `hangs`: accepts connections but never answers. `thinks`: seconds before each sign of life.
    `at_the_end` is called once the last status was sent.
    `calls` holds the requests, without ping, status and watch.
    """

    def __init__(
        self,
        path: Path,
        statuses: tuple[JsonDict, ...],
        *,
        refuses: dict[str, tuple[str, ...]] | None = None,
        answers: dict[str, JsonDict] | None = None,
        ends: bool = False,
        hangs: bool = False,
        thinks: float = 0.0,
        at_the_end: Callable[[], None] | None = None,
    ) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._statuses, self._refuses, self._ends, self._hangs = statuses, refuses or {}, ends, hangs
        self._at_the_end, self._thinks = at_the_end, thinks
        usual = {"answer": {"text": "H1 is done"}, "go": {"lifted": True, "still": []}}
        self._answers = {**usual, **(answers or {})}
        self._over = threading.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            if not self._hangs:
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                call = json.loads(line)
                answer = self._answer(call["method"], call["params"])
                if answer is None:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                connection.sendall(json.dumps({"id": call["id"], **answer}).encode() + b"\n")

    def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        if method == "ping":
            self._over.wait(self._thinks)
            return {"result": {}}
        if method == "status":
            return {"result": self._statuses[0]}
        if method == "watch":
            at = params["version"] + 1
            if at >= len(self._statuses):
                if self._ends:
                    return None
                if self._at_the_end is not None:
                    self._at_the_end()
                self._over.wait(params["timeout"])
                at = len(self._statuses) - 1
            return {"result": {"version": at, "status": self._statuses[at]}}
        self.calls.append((method, params))
        if method in self._refuses:
            what, next_step, *usage = self._refuses[method]
            data = {"what": what, "next_step": next_step, "usage": bool(usage)}
            return {"error": {"code": -32000, "message": what, "data": data}}
        return {"result": self._answers.get(method, {})}


def spawned(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the real console entry."""
    root = str(CHECKOUT)
    return subprocess.run(
        [sys.executable, "-m", "supervisor.cli.main", *arguments],
        env={**os.environ, "PYTHONPATH": root},
        text=True,
        encoding="utf-8",
        timeout=30,
        **{"capture_output": "stdout" not in options, **options},
    )


def child(name: str, state: str = "ready", **fields: Any) -> JsonDict:
    return as_sent(ChildInfo(**{"path": f"/repos/{name}", **fields}, name=name, state=state))


def task(name: str, state: str = "waiting", **fields: Any) -> JsonDict:
    absent = {"why": None, "runs": 0, "summary": None, "tokens": Tokens(0, 0), "verify": (), "changed_files": ()}
    return as_sent(
        TaskInfo(
            **{**absent, "id": name, "title": f"Title of {name}", "child": "backend", "after": (), **fields},
            state=state,
        )
    )


def ask(name: str, **fields: Any) -> JsonDict:
    usual = {"kind": "question", "child": None, "task": None, "since": "2026-11-23T10:00:00.000Z"}
    words = {"text": "Which port?", "steps": "", "expect": "", "choices": (), "answers": ("reply TEXT",)}
    return as_sent(AskInfo(**{**usual, **words, "id": name, **fields}))


def orchestrator_json(state: str = "idle", **fields: Any) -> JsonDict:
    """An orchestrator that has been asked for a plan."""
    absent = {"why": None, "busy": False, "planned": True, "summary": None, "turns": 1, "tokens": Tokens(0, 0)}
    server = {"thread": "o1", "server": "ready", "socket": "/run/o.sock", "pid": 8}
    return as_sent(OrchestratorInfo(**{**absent, **server, **fields}, state=state))


def status_json(
    *,
    tasks: tuple[JsonDict, ...] = (),
    asks: tuple[JsonDict, ...] = (),
    children: tuple[JsonDict, ...] = (),
    orchestrator: JsonDict | None = None,
    **plan: Any,
) -> JsonDict:
    """A whole status, as a supervisor sends it."""
    empty = Status(
        "/ws",
        SupervisorInfo("up", 7, "2026-11-23T10:00:00.000Z", "0.1.0"),
        PlanInfo(**{"state": "in_force", "revision": 1, "title": "A plan", **plan}),
        children=(),
        tasks=(),
        asks=(),
    )
    parts = {
        "children": list(children or (child("backend"), child("mobile"))),
        "tasks": list(tasks),
        "asks": list(asks),
    }
    return {**as_sent(empty), **parts, "orchestrator": orchestrator}


def as_sent(part: Any) -> JsonDict:
    """A Struct as the JSON that comes over the wire."""
    sent: JsonDict = json.loads(dumped(part))
    return sent
