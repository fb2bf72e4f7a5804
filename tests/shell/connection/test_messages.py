"""Messages that the server sends unasked: notifications, calls and garbage are passed on in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supervisor.shell.connection import read_json
from supervisor.wire.jsonrpc import Call, Garbage, Notice
from tests.shell.connection.server import Server, looped, served

pytestmark = pytest.mark.timeout(10)


@looped
async def test_notifications_and_calls_are_passed_on_in_order_around_an_answer(path: Path) -> None:
    async def script(server: Server) -> None:
        request = await server.take()
        for number in range(500):
            await server.say({"method": "tick", "params": {"n": number}})
        await server.say({"id": 0, "method": "currentTime/read"})
        await server.answer(request, None)
        await server.say({"method": "last"})

    async with served(path, script) as client:
        await client.request("a", {})
        messages = await client.receive(502)
    assert messages == [
        *(Notice("tick", {"n": number}) for number in range(500)),
        Call(0, "currentTime/read", {}),
        Notice("last", {}),
    ]


@looped
async def test_calls_are_answered_or_refused_under_their_own_ids(path: Path) -> None:
    got: list[dict[str, Any]] = []

    async def script(server: Server) -> None:
        got.extend([await server.take() for _ in range(3)])
        await server.say({"method": "done"})

    async with served(path, script) as client:
        await client.connection.notify("initialized")
        await client.connection.answer("x", {"decision": "decline"})
        await client.connection.refuse(0, -32601, "no")
        await client.receive(1)
    assert got == [
        {"method": "initialized"},
        {"id": "x", "result": {"decision": "decline"}},
        {"id": 0, "error": {"code": -32601, "message": "no"}},
    ]


@looped
async def test_an_answer_of_twenty_megabytes_arrives(path: Path) -> None:
    big = "x" * 20_000_000

    async def script(server: Server) -> None:
        await server.answer(await server.take(), {"text": big})

    async with served(path, script) as client:
        assert await client.request("thread/read", {}) == {"text": big}


@looped
async def test_garbage_is_passed_on_and_the_connection_stays_open(path: Path) -> None:
    async def script(server: Server) -> None:
        for garbage in ("no json", b"\xff\x00", "[]", '{"id":99,"result":1}', '{"method":7}'):
            await server.say(garbage)
        await server.answer(await server.take(), "fine")

    async with served(path, script) as client:
        assert await client.request("a", {}) == "fine"
        messages = await client.receive(5)
    assert [type(one) for one in messages] == [Garbage] * 5
    assert messages[2:] == [
        Garbage("not a JSON object"),
        Garbage("an answer to no request of ours"),
        Garbage("the method is not a text"),
    ]


def test_json_that_a_strict_reader_refuses_is_read_all_the_same() -> None:
    assert read_json('{"text": "\\ud83d", "number": 1}') == {"text": "\ud83d", "number": 1}
    with pytest.raises(ValueError, match="Expecting"):
        read_json("{")
