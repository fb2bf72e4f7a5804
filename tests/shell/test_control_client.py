"""The command line's side of the control socket, tested with servers of every kind."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import OTHER_VERSION, RequestRefused, SupervisorDown, UsageError
from supervisor.shell import control_client
from supervisor.shell.control_client import ControlClient
from supervisor.wire.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED
from tests.sockets import short_folder

pytestmark = pytest.mark.timeout(10)
LIMIT = 5.0  # seconds


class Standin:
    """A server that calls `script` with each connection."""

    def __init__(self, path: Path, script: Callable[[socket.socket], None]) -> None:
        self.path = path
        self._script = script
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, name="stand-in")
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(LIMIT)
            self._script(connection)

    def close(self) -> None:
        self._thread.join(LIMIT)
        self._listener.close()
        assert not self._thread.is_alive()


@pytest.fixture
def path() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder / "control.sock"


@pytest.fixture
def answering(path: Path) -> Iterator[Callable[[Callable[[socket.socket], None]], ControlClient]]:
    """Connect clients to servers that follow a script."""
    made: list[Standin] = []
    clients: list[ControlClient] = []

    def make(script: Callable[[socket.socket], None]) -> ControlClient:
        made.append(Standin(path, script))
        clients.append(ControlClient(path))
        return clients[-1]

    yield make
    for client in clients:
        with client:
            pass
    for standin in made:
        standin.close()


Script = Callable[[Callable[[socket.socket], None]], ControlClient]


def take(connection: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n"):
        data += connection.recv(65536)
    message: dict[str, Any] = json.loads(data)
    return message


def give(connection: socket.socket, message: Any) -> None:
    connection.sendall(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")


def wait_gone(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def test_an_answer_is_read_in_pieces_and_with_the_next_one_behind_it(answering: Script) -> None:
    def script(connection: socket.socket) -> None:
        assert take(connection) == {"id": 1, "method": "hold", "params": {}}
        both = json.dumps({"id": 1, "result": {}}) + "\n" + json.dumps({"id": 2, "result": {"seven": 7}}) + "\n"
        for byte in both.encode():
            connection.sendall(bytes([byte]))
        assert take(connection) == {"id": 2, "method": "go", "params": {"task": "T1"}}

    client = answering(script)
    assert client.call("hold") == {}
    assert client.call("go", task="T1") == {"seven": 7}


def test_a_watch_waits_as_long_as_it_says(answering: Script) -> None:
    def script(connection: socket.socket) -> None:
        request = take(connection)
        assert request["params"] == {"version": 3, "timeout": 0.1}
        give(connection, {"id": request["id"], "result": {"version": 3, "status": {}}})

    assert answering(script).watch(3, 0.1) == (3, {})


def test_an_answer_of_many_megabytes_arrives(answering: Script) -> None:
    big = "x" * 5_000_000

    def script(connection: socket.socket) -> None:
        give(connection, {"id": take(connection)["id"], "result": {"it": big}})

    assert answering(script).call("hold") == {"it": big}


def test_half_surrogates_get_through(answering: Script) -> None:
    word = os.fsdecode(b"caf\xe9 \xf0\x9f\x98\x80")

    def script(connection: socket.socket) -> None:
        request = take(connection)
        give(
            connection, json.dumps({"id": request["id"], "result": {"it": request["params"]["text"]}}).encode() + b"\n"
        )

    assert answering(script).call("note", text=word) == {"it": word}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            {"code": REFUSED, "message": "m", "data": {"what": "T1 is done", "next_step": "see `orch status`"}},
            "T1 is done: see `orch status`",
        ),
        ({"code": REFUSED, "message": "m"}, "the supervisor refused `hold`: m: see `orch logs`"),
        ({"code": INTERNAL_ERROR, "message": "m"}, "the supervisor refused `hold`: m: see `orch logs`"),
        ({"code": METHOD_NOT_FOUND, "message": "m"}, f"the supervisor refused `hold`: m: {OTHER_VERSION}"),
        ({"code": INVALID_PARAMS, "message": "m"}, f"the supervisor refused `hold`: m: {OTHER_VERSION}"),
        ("no", "the supervisor refused `hold`: an answer without result or error: see `orch logs`"),
    ],
)
def test_a_refusal_raises_the_supervisors_own_words(answering: Script, error: Any, words: str) -> None:
    def script(connection: socket.socket) -> None:
        give(connection, {"id": take(connection)["id"], "error": error})

    with pytest.raises(RequestRefused) as refused:
        answering(script).call("hold")
    assert str(refused.value) == words


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id":1,"result":7}\n',
        b'{"id":1,"result":null}\n',
        b"hello\n",
        b"\n",
        b"\xff\n",
        b"[]\n",
        b'{"id":9,"result":1}\n',
        b'{"method":"x"}\n',
    ],
)
def test_an_invalid_answer_is_an_error(answering: Script, answer: bytes) -> None:
    def script(connection: socket.socket) -> None:
        take(connection)
        give(connection, answer)

    with pytest.raises(SupervisorDown) as down:
        answering(script).call("hold")
    assert str(down.value) == f"the supervisor's answer to `hold` is not valid: {OTHER_VERSION}"


@pytest.mark.parametrize("half", [b"", b'{"id":1,"res'])
def test_a_supervisor_that_goes_away_in_the_middle_is_an_error(answering: Script, half: bytes) -> None:
    def script(connection: socket.socket) -> None:
        take(connection)
        give(connection, half)

    client = answering(script)
    for _ in range(2):
        with pytest.raises(SupervisorDown, match="the supervisor went away: see `orch logs`, then run `orch up`"):
            client.call("hold")


def test_a_supervisor_that_hangs_is_an_error_in_time(answering: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_client, "CONNECT_TIMEOUT", 0.05)
    monkeypatch.setattr(control_client, "CALL_TIMEOUT", 0.1)
    client = answering(wait_gone)
    with client:
        for call, seconds in (
            (client.status, "0.05"),
            (lambda: client.call("hold"), "0.1"),
            (lambda: client.watch(1, 0.05), "0.15"),
        ):
            with pytest.raises(SupervisorDown, match=rf"is busy: no answer to `\w+` within {seconds} s: "):
                call()


def test_a_text_that_is_too_long_for_a_request_is_refused_and_the_connection_goes_on(answering: Script) -> None:
    def script(connection: socket.socket) -> None:
        give(connection, {"id": take(connection)["id"], "result": {}})

    client = answering(script)
    with pytest.raises(UsageError) as refused:
        client.call("note", text="x" * (3 << 20))
    what = "the text for `note` is too long: 3.0 MiB of at most 1 MiB"
    assert (refused.value.what, refused.value.next_step) == (what, "put it into a file, and give the path of that file")
    assert client.call("note", text="x") == {}


def test_where_nobody_listens_no_supervisor_is_up(path: Path) -> None:
    with pytest.raises(SupervisorDown, match="the supervisor is not up: run `orch up`"):
        ControlClient(path)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(SupervisorDown, match="the supervisor is not up: run `orch up`"):
        ControlClient(path)
    with pytest.raises(SupervisorDown):
        ControlClient(Path("/" + "x" * 200))


def test_the_end_of_the_supervisor_is_seen_and_its_staying_too(answering: Script) -> None:
    leave = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"last words")
        leave.wait(LIMIT)

    client = answering(script)
    assert not client.wait_closed(0.05)
    leave.set()
    assert client.wait_closed(LIMIT)
    assert client.wait_closed(LIMIT)


@pytest.mark.parametrize("answer", [{}, {"version": "7", "status": {}}, {"version": 7}, {"version": 7, "status": []}])
def test_a_watch_whose_answer_has_no_status_is_an_error(answering: Script, answer: dict[str, Any]) -> None:
    def script(connection: socket.socket) -> None:
        give(connection, {"id": take(connection)["id"], "result": answer})

    with pytest.raises(SupervisorDown) as error:
        answering(script).watch(1, 0.1)
    assert error.value.what == "the supervisor's answer to `watch` is not valid"


def test_a_long_call_is_ended_by_closing_the_connection_in_another_thread(answering: Script) -> None:
    asked = threading.Event()

    def script(connection: socket.socket) -> None:
        assert take(connection) == {"id": 1, "method": "answered", "params": {"id": "Q1"}}
        asked.set()
        wait_gone(connection)

    client = answering(script)
    ended: list[str] = []

    def call() -> None:
        with pytest.raises(SupervisorDown) as error:
            client.call_long("answered", 60.0, id="Q1")
        ended.append(error.value.what)

    waiting = threading.Thread(target=call, name="long call")
    waiting.start()
    assert asked.wait(LIMIT)
    client.close()
    waiting.join(LIMIT)
    assert ended == ["the supervisor went away"]
    client.close()
