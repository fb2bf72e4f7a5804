"""The requests that the control socket accepts. No input breaks it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from supervisor.core.plan.diagnostics import any_of
from supervisor.domain import event as ev
from supervisor.shell.control_client import LINE_LIMIT
from supervisor.wire.control import METHODS, Method, NoParams
from supervisor.wire.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, REFUSED
from tests.runtime.daemon.control.harness import Supervisor, ask
from tests.wire.values import anything

pytestmark = pytest.mark.timeout(10)


def no_request(why: str) -> dict[str, Any]:
    message = f"this is not a request: {why}; send one JSON object a line, with `id`, `method` and `params`"
    return {"id": None, "error": {"code": INVALID_REQUEST, "message": message}}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        *((line, "not a JSON object") for line in (b"[]", b"7", b"null", b'[{"id":1,"method":"ping"}]')),
        *((line, "it has no id") for line in (b'{"method":"down"}', b'{"method":"down","params":{}}')),
        (b'{"id":null,"method":"down"}', "the id of down is neither a number nor a text"),
        (b'{"id":true,"method":"down"}', "the id of down is neither a number nor a text"),
        (b'{"id":1,"result":{}}', "an answer to no request of ours"),
        (b'{"id":1,"method":"down","params":[true]}', "the params of down are not an object"),
        (b'{"id":1,"method":["down"]}', "the method is not a text"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_request_is_refused_with_the_reason(shared: Supervisor, line: bytes, why: str) -> None:
    with shared.raw() as connection:
        assert ask(connection, line) == no_request(why)
        assert ask(connection, b'{"id":"x","method":"status"}')["id"] == "x"


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"\x00\xff", b"hello", b"GET / HTTP/1.1\r", b"[" * 100_000],
    ids=lambda line: repr(line[:20]),
)
def test_what_is_no_json_is_refused_and_the_connection_stays_open(shared: Supervisor, line: bytes) -> None:
    with shared.raw() as connection:
        refusal = ask(connection, line)
        assert (refusal["id"], refusal["error"]["code"]) == (None, INVALID_REQUEST)
        assert refusal["error"]["message"].startswith("this is not a request: not JSON: ")
        assert ask(connection, b'{"id":"x","method":"status"}')["id"] == "x"


NO_DIGEST = "`digest` of `plan_written` is wrong: it is the SHA-256 of the bytes: 64 hex digits in lower case"


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("go", {}, "`go` needs `task`"),
        ("up", {}, "`up` needs `children`"),
        ("up", {"children": "alpha"}, "`children` of `up` is wrong: expected a list, got text"),
        ("up", {"children": ["alpha", 7]}, "`children[1]` of `up` is wrong: expected text, got a whole number"),
        ("restart", {"child": []}, "`child` of `restart` is wrong: expected text, got a list"),
        ("go", {"task": {}}, "`task` of `go` is wrong: expected text or nothing, got a mapping"),
        ("down", {"now": 1}, "`now` of `down` is wrong: expected `true` or `false`, got a whole number"),
        ("note", {"text": 7}, "`text` of `note` is wrong: expected text, got a whole number"),
        (
            "note",
            {"text": "x", "source": "backend"},
            "`source` of `note` is wrong: it may not be 'backend'; it is one of `human`, `orchestrator`",
        ),
        ("watch", {"version": 0, "timeout": "long"}, "`timeout` of `watch` is wrong: expected a number, got text"),
        ("watch", {"version": 0, "timeout": -5}, "`timeout` of `watch` is wrong: it is seconds, 0 or more"),
        (
            "watch",
            {"version": -5, "timeout": 0},
            "`version` of `watch` is wrong: it is a version that was answered, or -1",
        ),
        *(("plan_written", {"digest": wrong}, NO_DIGEST) for wrong in ("", "0", "A" * 64, "0" * 65, f"{'0' * 64}\n")),
        ("plan_written", {"digest": 0}, "`digest` of `plan_written` is wrong: expected text, got a whole number"),
        ("status", {"verbose": True}, "`status` takes no `verbose`"),
        ("status", {"self": 1}, "`status` takes no `self`"),
        ("hold", {"": 1}, "`hold` takes no ``"),
        ("note", {"text": "x", "params": {}}, "`note` takes no `params`"),
        ("answer", {"ask": 7, "decision": "accept"}, "`ask` of `answer` is wrong: expected text, got a whole number"),
        (
            "answer",
            {"ask": "A1", "decision": "maybe", "text": "", "for_session": False},
            "`decision` of `answer` is wrong: it may not be 'maybe'; it is one of `accept`, `decline`, `text`",
        ),
    ],
)
def test_params_that_do_not_fit_are_refused_with_the_field_named(
    shared: Supervisor, method: str, params: dict[str, Any], reason: str
) -> None:
    with shared.raw() as connection:
        refusal = ask(connection, json.dumps({"id": 7, "method": method, "params": params}).encode())
    assert refusal == {"id": 7, "error": {"code": INVALID_PARAMS, "message": reason}}
    assert [type(event) for event in shared.recorded()] == [ev.SupervisorStarted]


ALL = f"use {any_of(list(METHODS))}"


@pytest.mark.parametrize(
    ("method", "hint"),
    [
        ("upp", "did you mean `up`?"),
        ("plan_writen", "did you mean `plan_written`?"),
        ("_status", "did you mean `status`?"),
        ("__init__", ALL),
        ("", ALL),
    ],
)
def test_an_unknown_method_is_refused_with_the_one_that_was_meant_or_all(
    shared: Supervisor, method: str, hint: str
) -> None:
    with shared.raw() as connection:
        refusal = ask(connection, json.dumps({"id": 7, "method": method, "params": {}}).encode())
    message = f"there is no method `{method}`: {hint}"
    assert refusal == {"id": 7, "error": {"code": METHOD_NOT_FOUND, "message": message}}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("up", {"children": ["api"]}, REFUSED),
        ("restart", {"child": "api"}, REFUSED),
        ("go", {"task": "T1"}, REFUSED),
        ("note", {"text": " \n"}, REFUSED),
        ("plan", {"problem": " ", "review": False, "yolo": False}, REFUSED),
        ("ask_child", {"child": "api", "question": "?"}, REFUSED),
        ("answer", {"ask": "A1", "decision": "accept", "text": "", "for_session": False}, REFUSED),
    ],
)
def test_an_impossible_request_is_refused(shared: Supervisor, method: str, params: dict[str, Any], code: int) -> None:
    with shared.raw() as connection:
        refusal = ask(connection, json.dumps({"id": 7, "method": method, "params": params}).encode())
    assert (refusal["id"], refusal["error"]["code"]) == (7, code)
    assert [type(event) for event in shared.recorded()] == [ev.SupervisorStarted]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_is_served_and_reads_its_params(shared: Supervisor, method: Method[NoParams, object]) -> None:
    required = [field.name for field in fields(method.params) if field.required]
    wrong = [{**dict.fromkeys(required), "unheard_of": 1}, *({name: 0.5} for name in required if name != "timeout")]
    with shared.raw() as connection:
        for params in [*wrong, *([{}] if required else [])]:
            refusal = ask(connection, json.dumps({"id": 7, "method": method.name, "params": params}).encode())
            assert refusal["error"]["code"] == INVALID_PARAMS
            assert f"`{method.name}`" in refusal["error"]["message"]
            assert any(f"`{name}`" in refusal["error"]["message"] for name in (*params, *required))


def test_an_error_of_its_own_is_never_the_callers_fault_and_is_logged(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor.loop, "submit", lambda event: len(7))  # type: ignore[arg-type]
    with supervisor.raw() as connection:
        refusal = ask(connection, b'{"id":1,"method":"hold","params":{}}')
        assert refusal == {"id": 1, "error": {"code": INTERNAL_ERROR, "message": "an internal error (TypeError)"}}
        assert ask(connection, b'{"id":2,"method":"ping","params":{}}') == {"id": 2, "result": {}}
    supervisor.logs.close()  # writes what is buffered
    logged = [json.loads(line) for line in (supervisor.workspace.logs / "supervisor.jsonl").read_text().splitlines()]
    (broken,) = [line for line in logged if line["event"] == "control_broken"]
    assert (broken["level"], broken["method"]) == ("error", "hold")
    assert "object of type 'int' has no len()" in broken["reason"]
    assert "in _post" in broken["trace"]


NAMES = st.sampled_from(["status", "restart", "go", "answer", "note", "x"])
CALLS = st.fixed_dictionaries(
    {"id": st.integers() | anything, "method": NAMES | anything},
    optional={"params": st.dictionaries(st.sampled_from(["child", "ask", "decision"]), anything) | anything},
)


@pytest.mark.promise("any input")
@pytest.mark.timeout(60)  # else hypothesis takes the end of the time for a finding, and shrinks it
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


def test_a_message_beyond_the_limit_is_refused_and_ends_that_connection_only(shared: Supervisor) -> None:
    with shared.raw() as other, shared.raw() as connection:
        with suppress(ConnectionError):
            connection.sendall(b"x" * (LINE_LIMIT * 2 + 1))
        with connection.makefile("rb") as answers:
            assert json.loads(answers.readline()) == no_request(f"its line has more than {LINE_LIMIT} bytes")
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
