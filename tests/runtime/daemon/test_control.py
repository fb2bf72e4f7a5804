"""The control socket of a real conductor: who may use it, what it answers, and that nothing sent to it breaks it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.ask import Answer
from supervisor.domain.child import Child
from supervisor.domain.plan import Plan, Task
from supervisor.domain.world import World
from supervisor.errors import RequestRefused, SupervisorDown, UsageError
from supervisor.runtime.codex.progress import Activity
from supervisor.runtime.daemon.control import Control
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.logs import Logs
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.workspace import Workspace, make_private
from supervisor.shell import control_client
from supervisor.shell.control_client import ControlClient
from supervisor.shell.ledger import store
from supervisor.shell.ledger.segments import raw_lines, segments
from supervisor.shell.ledger.store import Ledger
from supervisor.wire.control import LINE_LIMIT, REFUSED
from supervisor.wire.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND
from tests.wire.values import anything

pytestmark = pytest.mark.timeout(10)
LIMIT = 5.0  # seconds


class Supervisor:
    """A conductor and its control socket in a thread of their own, with nobody who carries out actions."""

    def __init__(self, root: Path, *children: Child) -> None:
        self.workspace = Workspace(root)
        self.socket = self.workspace.control_socket
        self.actions: list[Action] = []
        self.failure: BaseException | None = None
        self._children = children
        self.asked, self.plan_known = threading.Event(), threading.Event()
        self.plan_known.set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def __enter__(self) -> Supervisor:
        make_private(self.workspace.runtime_dir)
        self._thread.start()
        assert self._ready.wait(LIMIT)
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(RuntimeError):  # its loop is closed: it is down already
            self.post(ev.DownRequested(self.loop.clock.now(), True))
            for child in self._children:
                self.post(ev.ServerStopped(self.loop.clock.now(), child.name))
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()
        assert self.failure is None
        assert not self.socket.exists()

    def post(self, event: ev.Event) -> None:
        self._loop.call_soon_threadsafe(self.loop.post, event)

    def client(self) -> ControlClient:
        return ControlClient(self.socket)

    def recorded(self) -> list[ev.Event]:
        """What is in the ledger, without the intents."""
        ledger = Ledger(self.workspace.ledger)
        try:
            return [event for event in ledger.open().events if not isinstance(event, ev.Intended)]
        finally:
            ledger.close()

    @contextmanager
    def raw(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LIMIT)
            connection.connect(str(self.socket))
            yield connection

    def _run(self) -> None:
        try:
            asyncio.run(self._supervise())
        except* Over:
            pass
        except* BaseException as error:
            self.failure = error

    async def _supervise(self) -> None:
        self._loop = asyncio.get_running_loop()
        ledger = Ledger(self.workspace.ledger)
        found = ledger.open()
        logs = Logs(self.workspace.logs, megabytes=1)
        self.loop = Loop(self.workspace, ledger, found, logs)
        self.loop.post(ev.SupervisorStarted(self.loop.clock.now(), os.getpid(), "0.1.0", self._children, (), (1.0,)))
        try:
            async with asyncio.TaskGroup() as group:
                listening = asyncio.Event()
                authors, doing = Authors("plan.md", World), Activity()
                control = Control(
                    self.workspace, self.loop, logs, group, authors, doing, plan_known=self._until_plan_known
                )
                group.create_task(control.serve(listening), name="control")
                await listening.wait()
                self._ready.set()
                await self.loop.run(self.actions.append)
                raise Over
        finally:
            ledger.close()
            logs.close()

    async def _until_plan_known(self) -> None:
        self.asked.set()
        await asyncio.to_thread(self.plan_known.wait, LIMIT)


class Over(Exception):
    """Ends the task group: the conductor has returned."""


@contextmanager
def runtime_folder() -> Iterator[None]:
    """Sockets of our own, with short paths."""
    folder = tempfile.mkdtemp(prefix="orch-t-", dir="/tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield
    shutil.rmtree(folder)


@pytest.fixture(autouse=True, scope="module")
def runtime_dir() -> Iterator[None]:
    with runtime_folder():
        yield


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as it:
        yield it


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with Supervisor(tmp_path_factory.mktemp("shared")) as it:
        yield it


def mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


# ── who may use it ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.promise("sockets private")
def test_the_socket_is_ours_alone_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Supervisor(tmp_path) as supervisor:
            assert mode(supervisor.socket) == 0o600
            assert mode(supervisor.socket.parent) == 0o700
            assert mode(supervisor.socket.parent.parent) == 0o700
            assert mode(supervisor.workspace.ledger) == 0o600
            assert mode(supervisor.workspace.state) == 0o700
    finally:
        after = os.umask(before)
    assert after == 0


STRANGER = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(5)
try:
    connection.connect(sys.argv[1])
    connection.sendall(b'{"id":1,"method":"down","params":{"now":true}}\\n')
    print(repr(connection.recv(100)))
except OSError as error:
    print(type(error).__name__)
"""


def stranger(path: Path) -> str:
    """What a client of another user gets to read."""
    ran = subprocess.run([sys.executable, "-c", STRANGER, path], capture_output=True, text=True, timeout=LIMIT)
    return ran.stdout.strip() or ran.stderr


@pytest.mark.promise("sockets private")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_is_kept_out_by_the_folder_and_behind_it_by_the_socket(supervisor: Supervisor) -> None:
    assert stranger(supervisor.socket) == "PermissionError"
    for folder in (supervisor.socket.parent.parent.parent, supervisor.socket.parent.parent, supervisor.socket.parent):
        folder.chmod(0o755)
    assert stranger(supervisor.socket) == "PermissionError"
    supervisor.socket.chmod(0o666)
    assert stranger(supervisor.socket) in ("b''", "ConnectionResetError", "BrokenPipeError")
    with supervisor.client() as client:
        assert client.call("status")["supervisor"]["state"] == "up"
    assert [type(event) for event in supervisor.recorded()] == [ev.SupervisorStarted]


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    make_private(supervisor.workspace.runtime_dir)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(supervisor.socket))
    with supervisor, supervisor.client() as client:
        assert client.call("status")["children"] == []


# ── what it takes ────────────────────────────────────────────────────────────────────────────────


def ask(connection: socket.socket, line: bytes) -> Any:
    connection.sendall(line + b"\n")
    return json.loads(answer(connection))


def answer(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        piece = connection.recv(65536)
        assert piece, f"the connection was closed after {data!r}"
        data += piece
    return data


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"[]", b"7", b"null", b"\x00\xff", b"hello", b"GET / HTTP/1.1\r", b"[" * 100_000),
        *(b'{"method":"down"}', b'{"id":null,"method":"down"}', b'{"id":1,"result":{}}'),
        *(b'{"id":1,"method":"down","params":[true]}', b'{"id":1,"method":["down"]}', b'{"id":true,"method":"down"}'),
    ],
    ids=lambda line: repr(line[:20]),
)
def test_what_is_no_request_is_refused_and_the_connection_goes_on(shared: Supervisor, line: bytes) -> None:
    refusal = {"id": None, "error": {"code": INVALID_PARAMS, "message": "not a request"}}
    with shared.raw() as connection:
        assert ask(connection, line) == refusal
        assert ask(connection, b'{"id":"x","method":"status"}')["id"] == "x"


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("upp", {}, METHOD_NOT_FOUND),
        ("__init__", {}, METHOD_NOT_FOUND),
        ("_do_status", {}, METHOD_NOT_FOUND),
        ("", {}, METHOD_NOT_FOUND),
        ("status", {"verbose": True}, INVALID_PARAMS),
        ("status", {"self": 1}, INVALID_PARAMS),
        ("hold", {"": 1}, INVALID_PARAMS),
        ("up", {}, INVALID_PARAMS),
        ("up", {"children": 7}, INVALID_PARAMS),
        ("up", {"children": ["api"]}, REFUSED),
        ("restart", {"child": []}, INVALID_PARAMS),
        ("restart", {"child": "api"}, REFUSED),
        ("go", {"task": "T1"}, REFUSED),
        ("go", {"task": {}}, INVALID_PARAMS),
        ("note", {"text": " \n"}, REFUSED),
        ("note", {"text": 7}, INTERNAL_ERROR),
        ("note", {"text": "x", "source": "backend"}, REFUSED),
        ("watch", {"version": 0, "timeout": "long"}, INTERNAL_ERROR),
        ("answer", {"ask": "A1", "decision": "accept", "text": "", "for_session": False}, REFUSED),
        ("answer", {"ask": 7, "decision": "accept", "text": "", "for_session": False}, INTERNAL_ERROR),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    shared: Supervisor, method: str, params: dict[str, Any], code: int
) -> None:
    with shared.raw() as connection:
        refusal = ask(connection, json.dumps({"id": 7, "method": method, "params": params}).encode())
        assert (refusal["id"], refusal["error"]["code"]) == (7, code)
    assert [type(event) for event in shared.recorded()] == [ev.SupervisorStarted]


METHODS = st.sampled_from(["status", "restart", "go", "answer", "note", "x"])
CALLS = st.fixed_dictionaries(
    {"id": st.integers() | anything, "method": METHODS | anything},
    optional={"params": st.dictionaries(st.sampled_from(["child", "ask", "decision"]), anything) | anything},
)


@pytest.mark.promise("any input")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b" ")) | CALLS.map(dumped := json.dumps)))
def test_every_line_gets_one_line_whatever_is_in_it(shared: Supervisor, lines: list[bytes | str]) -> None:
    with shared.raw() as connection:
        for line in lines:
            reply = ask(connection, line if isinstance(line, bytes) else line.encode())
            assert set(reply) in ({"id", "error"}, {"id", "result"})
        assert ask(connection, b'{"id":1,"method":"status"}')["id"] == 1


def test_requests_may_come_in_pieces_and_several_at_once(shared: Supervisor) -> None:
    with shared.raw() as connection:
        for byte in b'{"id":1,"method":"status"':
            connection.sendall(bytes([byte]))
        connection.sendall(b'}\n{"id":2,"method":"nothing"}\n\n')
        data = b""
        while data.count(b"\n") < 3:
            data += connection.recv(65536)
        assert [json.loads(line)["id"] for line in data.splitlines()] == [1, 2, None]


def test_a_message_beyond_the_limit_ends_that_connection_only(shared: Supervisor) -> None:
    with shared.raw() as other, shared.raw() as connection:
        end = b""
        try:
            connection.sendall(b"x" * (LINE_LIMIT * 2 + 1))
            end = connection.recv(10)
        except ConnectionError:
            pass
        assert end == b""
        assert ask(other, b'{"id":1,"method":"status"}')["id"] == 1


def test_clients_that_leave_in_the_middle_break_nothing(shared: Supervisor) -> None:
    for line in (b"", b'{"id":1,', b'{"id":1,"method":"status"}\n' * 500, b'{"id":1,"method":"watch","params":'):
        with shared.raw() as connection:
            connection.sendall(line)
    watching = {"id": 1, "method": "watch", "params": {"version": -1, "timeout": 60}}
    with shared.raw() as connection:
        connection.sendall(json.dumps(watching).encode() + b"\n")
    with shared.client() as client:
        assert client.call("status")["supervisor"]["problem"] is None


# ── what it does ─────────────────────────────────────────────────────────────────────────────────


def test_before_the_plan_is_known_only_who_watches_is_answered(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_client, "CONNECT_TIMEOUT", 0.3)
    supervisor.plan_known.clear()
    with supervisor.client() as watching, supervisor.client() as asking, ThreadPoolExecutor(1) as pool:
        assert watching.watch(-1, 0)["status"]["plan"]["state"] == "missing"
        assert not supervisor.asked.is_set()
        answer = pool.submit(asking.call, "status")
        assert supervisor.asked.wait(LIMIT)
        assert watching.watch(-1, 0)["status"]["plan"]["state"] == "missing"
        with pytest.raises(FutureTimeout):  # it is alive, and so it is waited for
            answer.result(2 * control_client.CONNECT_TIMEOUT)
        supervisor.plan_known.set()
        assert answer.result(LIMIT)["plan"]["state"] == "missing"


def test_the_status_tells_what_is_known(supervisor: Supervisor) -> None:
    with supervisor.client() as client:
        status = client.call("status")
    since = status["supervisor"].pop("since")
    assert since == supervisor.loop.status()["supervisor"]["since"]
    assert status == {
        "workspace": str(supervisor.workspace.root),
        "supervisor": {"state": "up", "pid": os.getpid(), "version": "0.1.0", "problem": None},
        "plan": {
            "state": "missing",
            "revision": 0,
            "title": None,
            "author": None,
            "why": "there is no plan.md yet",
            "problems": [],
        },
        "orchestrator": None,
        "pauses": [],
        "children": [],
        "tasks": [],
        "asks": [],
    }


def test_whoever_watches_hears_of_a_change_at_once_and_of_no_change_in_time(supervisor: Supervisor) -> None:
    with supervisor.client() as client:
        version = client.watch(-1, 0)["version"]
        assert client.watch(version, 0.05)["version"] == version
    count = 5

    def watch(ready: threading.Barrier) -> Any:
        with supervisor.client() as client:
            ready.wait(LIMIT)
            return client.watch(version, LIMIT)

    ready = threading.Barrier(count + 1)
    with ThreadPoolExecutor(count) as pool, supervisor.client() as client:
        watching = [pool.submit(watch, ready) for _ in range(count)]
        ready.wait(LIMIT)
        client.call("hold")
        seen = [one.result(LIMIT) for one in watching]
    assert {one["version"] > version for one in seen} == {True}
    assert {one["status"]["plan"]["state"] for one in seen} <= {"missing", "held"}


def test_what_was_asked_for_is_in_the_ledger_before_the_answer(supervisor: Supervisor) -> None:
    with supervisor.client() as client:
        answers = [
            client.call("hold"),
            client.call("go", task=None),
            client.call("note", text="  the id is a UUID \udcff\n"),
            client.call("up", children=[]),
        ]
        assert answers == [{}] * 4
        started, *events = supervisor.recorded()
    assert isinstance(started, ev.SupervisorStarted)
    assert events == [
        ev.HoldSet(events[0].at),
        ev.HoldLifted(events[1].at),
        ev.LearningNoted(events[2].at, "human", "the id is a UUID \udcff"),
        ev.UpRequested(events[3].at, ()),
    ]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_supervisor_knows_what_was_before_its_ledger_was_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT", 3000)
    notes = [f"note {number}" for number in range(40)]
    for _ in "ab":  # the second time none of it is news
        with Supervisor(tmp_path) as supervisor, supervisor.client() as client:
            for note in notes:
                client.call("note", text=note)
    with Supervisor(tmp_path) as supervisor:
        assert [one.text for one in supervisor.loop.world.learnings] == notes
        assert len(supervisor.recorded()) < 40
    assert len(segments(supervisor.workspace.ledger)) > 2
    told = [json.loads(raw) for raw in raw_lines(supervisor.workspace.ledger)]
    assert [one["text"] for one in told if one["event"] == "learning_noted"] == notes * 2
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))


def test_no_secret_that_a_human_notes_reaches_the_ledger(supervisor: Supervisor) -> None:
    key = "sk-" + "a1B2" * 8
    with supervisor.client() as client:
        client.call("note", text=f"use {key}")
    assert key not in supervisor.workspace.ledger.read_text(encoding="utf-8")
    assert supervisor.recorded()[-1] == ev.LearningNoted(supervisor.recorded()[-1].at, "human", "use [redacted]")


def refused(client: ControlClient, method: str, **params: Any) -> str:
    with pytest.raises((RequestRefused, UsageError)) as error:
        client.call(method, **params)
    return str(error.value)


def test_a_wrong_name_is_told_with_the_nearest_right_one(tmp_path: Path) -> None:
    with (
        Supervisor(tmp_path, Child("backend", "/b"), Child("mobile", "/m")) as supervisor,
        supervisor.client() as client,
    ):
        with pytest.raises(UsageError):
            client.call("restart", child="bakend")
        assert refused(client, "restart", child="bakend") == "there is no child `bakend`: did you mean `backend`?"
        assert refused(client, "up", children=["x"]) == "there is no child `x`: known are backend, mobile"
        assert refused(client, "go", task="T1") == "there is no task `T1`: known are none"
        assert refused(client, "note", text="") == "the note is empty: say what was learned: `orch note TEXT`"
        assert refused(client, "answer", ask="A9", decision="accept", text="", for_session=False) == (
            "there is no ask `A9`: see `orch asks`"
        )


@pytest.mark.promise("answered once")
def test_an_ask_is_answered_once_and_only_with_a_decision(supervisor: Supervisor) -> None:
    task = Task("H1", "Pair a device", "human", instructions="Press the button.", expect="a green light")
    plan = Plan("Pairing", False, "Pair.", "It pairs.", (), (task,))

    def reply(decision: str, text: str = "", ask: str = "") -> dict[str, Any]:
        return {"ask": ask or name, "decision": decision, "text": text, "for_session": False}

    with supervisor.client() as client:
        version = client.watch(-1, 0)["version"]
        supervisor.post(ev.PlanAccepted(supervisor.loop.clock.now(), 1, "d", "first", plan))
        asks = client.watch(version, LIMIT)["status"]["asks"]
        (name,) = [one["id"] for one in asks]
        assert refused(client, "answer", **reply("maybe")) == "`maybe` is no decision: one of accept, decline, text"
        assert refused(client, "answer", **reply("text", " ")).startswith("the answer is empty: ")
        assert refused(client, "go", task="H1") == "H1 is neither blocked nor failed: see `orch status`"
        assert client.call("answer", **reply("text", " a green light \n", name.lower())) == {}
        assert refused(client, "answer", **reply("accept")) == (
            f"{name} is answered already: see `orch asks` for what is open"
        )
        assert client.call("status")["asks"] == []
    answered = [event for event in supervisor.recorded() if isinstance(event, ev.AskAnswered)]
    assert answered == [ev.AskAnswered(answered[0].at, name, Answer("text", "a green light"))]


def test_of_many_who_give_the_same_answer_at_once_one_has_given_it(supervisor: Supervisor) -> None:
    tasks = tuple(Task(f"H{number}", "Look", "human", expect="green") for number in range(10))
    plan = Plan("Looking", False, "Look.", "", (), tasks)
    with supervisor.client() as client:
        supervisor.post(ev.PlanAccepted(supervisor.loop.clock.now(), 1, "d", "first", plan))
        asks: list[str] = []
        while len(asks) < len(tasks):
            asks = [one["id"] for one in client.watch(-1, 0)["status"]["asks"]]

    def answer(ask: str) -> bool:
        with supervisor.client() as client, suppress(RequestRefused):
            client.call("answer", ask=ask, decision="accept", text="", for_session=False)
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        for ask in asks:
            assert sum(pool.map(answer, [ask] * 8)) == 1
    answered = [event.ask for event in supervisor.recorded() if isinstance(event, ev.AskAnswered)]
    assert answered == asks


def test_going_down_ends_the_supervisor_and_whoever_is_connected_sees_it(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, supervisor.client() as watcher, supervisor.client() as client:
        watcher.call("status")
        assert client.call("down", now=True) == {}
        assert client.wait_closed(LIMIT)
        with pytest.raises(SupervisorDown):
            watcher.call("status")
        supervisor._thread.join(LIMIT)
        with pytest.raises(SupervisorDown, match="the supervisor is not up: run `orch up`"):
            supervisor.client()
        assert not supervisor.socket.exists()
