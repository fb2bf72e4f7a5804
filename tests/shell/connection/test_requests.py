"""Requests get their own answers, are sent again to an overloaded server, and end in time."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import RpcError
from supervisor.shell.connection import IN_FLIGHT, OVERLOAD_TRIES
from supervisor.wire.jsonrpc import OVERLOADED, Garbage
from tests.shell.connection.server import Server, looped, served

pytestmark = pytest.mark.timeout(10)


@looped
async def test_answers_find_their_requests_in_whatever_order_they_come(path: Path) -> None:
    async def script(server: Server) -> None:
        asked = [await server.take() for _ in range(3)]
        for request in reversed(asked):
            await server.answer(request, {"echo": request["params"]})

    async with served(path, script) as client:
        answers = await asyncio.gather(*(client.request("a", {"n": number}) for number in range(3)))
    assert answers == [{"echo": {"n": number}} for number in range(3)]


@looped
async def test_a_refusal_raises_its_code_and_message(path: Path) -> None:
    async def script(server: Server) -> None:
        await server.refuse(await server.take(), -32600, "thread not found: t")

    async with served(path, script) as client:
        with pytest.raises(RpcError) as refused:
            await client.request("thread/resume", {})
    error = refused.value
    assert (error.method, error.code, error.message) == ("thread/resume", -32600, "thread not found: t")
    assert str(error) == "the server refused thread/resume: thread not found: t: see `orch logs --level warning`"


@looped
async def test_a_request_that_meets_an_overload_is_sent_again(path: Path) -> None:
    seen: list[dict[str, Any]] = []

    async def script(server: Server) -> None:
        for _ in range(OVERLOAD_TRIES - 1):
            seen.append(await server.take())
            await server.refuse(seen[-1], OVERLOADED, "Server overloaded; retry later.")
        seen.append(await server.take())
        await server.answer(seen[-1], "at last")

    async with served(path, script) as client:
        assert await client.request("a", {"n": 1}) == "at last"
    assert len({one["id"] for one in seen}) == OVERLOAD_TRIES
    assert [(one["method"], one["params"]) for one in seen] == [("a", {"n": 1})] * OVERLOAD_TRIES


@looped
async def test_an_endless_overload_is_an_error(path: Path) -> None:
    count = itertools.count()

    async def script(server: Server) -> None:
        for _ in range(OVERLOAD_TRIES):
            await server.refuse(await server.take(), OVERLOADED, f"overloaded {next(count)}")

    async with served(path, script) as client:
        with pytest.raises(RpcError, match=f"the server refused a: overloaded {OVERLOAD_TRIES - 1}"):
            await client.request("a", {})


@looped
async def test_no_more_requests_are_in_flight_than_a_server_accepts(path: Path) -> None:
    async def script(server: Server) -> None:
        for _ in range(3):
            asked = [await server.take() for _ in range(IN_FLIGHT)]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(server.take(), 0.03)
            for request in asked:
                await server.answer(request, None)

    async with served(path, script) as client:
        await asyncio.gather(*(client.request("a", {}) for _ in range(IN_FLIGHT * 3)))


@looped
async def test_a_request_without_an_answer_ends_in_time_and_its_late_answer_is_garbage(path: Path) -> None:
    late = asyncio.Event()

    async def script(server: Server) -> None:
        request = await server.take()
        await late.wait()
        await server.answer(request, "too late")
        await server.answer(await server.take(), "in time")

    async with served(path, script) as client:
        with pytest.raises(TimeoutError):
            await client.request("slow", {}, timeout=0.05)
        late.set()
        assert await client.receive(1) == [Garbage("an answer to no request of ours")]
        assert await client.request("next", {}) == "in time"


@looped
async def test_a_cancelled_request_leaves_the_others_alone(path: Path) -> None:
    async def script(server: Server) -> None:
        first, second = await server.take(), await server.take()
        await server.answer(second, "second")
        await server.answer(first, "first")

    async with served(path, script) as client:
        first = asyncio.create_task(client.request("a", {}))
        second = asyncio.create_task(client.request("b", {}))
        await asyncio.wait({first, second}, timeout=0)
        first.cancel()
        assert await second == "second"
        assert await client.receive(1) == [Garbage("an answer to no request of ours")]
        assert first.cancelled()
