"""The end of a connection: every request that waits on it fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from supervisor.errors import ConnectionLost
from tests.shell.connection.server import LIMIT, Server, looped, served

pytestmark = pytest.mark.timeout(10)


@looped
async def test_every_waiting_request_fails_when_the_server_dies(path: Path) -> None:
    async def script(server: Server) -> None:
        for _ in range(3):
            await server.take()
        server.die()

    async with served(path, script) as client:
        ends = await asyncio.gather(*(client.request("a", {}) for _ in range(3)), return_exceptions=True)
        assert [type(end) for end in ends] == [ConnectionLost] * 3
        assert client.connection.closed.is_set()
        assert client.connection.reason == "the connection broke (no close frame received or sent)"
        for late in (client.request("b", {}), client.connection.notify("c"), client.connection.answer(0, 1)):
            with pytest.raises(ConnectionLost, match="the connection to the server is gone"):
                await late
        await client.read


@looped
async def test_a_server_that_says_goodbye_has_closed_the_connection(path: Path) -> None:
    async def script(server: Server) -> None:
        await server.take()
        await server.connection.close()

    async with served(path, script) as client:
        with pytest.raises(
            ConnectionLost, match="the server closed the connection: the supervisor restarts the server"
        ):
            await client.request("a", {})
        assert client.connection.reason == "the server closed the connection"


@looped
async def test_closing_ends_it_at_once_also_when_the_server_hangs(path: Path) -> None:
    hung = asyncio.Event()

    async def script(server: Server) -> None:
        await server.take()
        server.connection.transport.pause_reading()
        hung.set()

    async with served(path, script) as client:
        waiting = asyncio.create_task(client.request("a", {}))
        await hung.wait()
        client.connection.close("it hangs")
        with pytest.raises(ConnectionLost, match="it hangs"):
            await waiting
        client.connection.close("a second time")
        await client.read
        assert client.connection.reason == "it hangs"


@looped
async def test_waiting_requests_fail_when_the_reader_stops(path: Path) -> None:
    asked = asyncio.Event()

    async def script(server: Server) -> None:
        await server.take()
        asked.set()

    async with served(path, script) as client:
        waiting = asyncio.create_task(client.request("a", {}))
        await asked.wait()
        client.read.cancel()
        with pytest.raises(ConnectionLost, match="the supervisor stopped reading it"):
            await waiting


@looped
async def test_a_ping_distinguishes_a_living_server_from_a_hung_and_a_dead_one(path: Path) -> None:
    async def script(server: Server) -> None:
        await server.take()
        server.connection.transport.pause_reading()
        await server.say({"method": "hung"})

    async with served(path, script) as client:
        await client.connection.ping(LIMIT)
        await client.connection.notify("hang")
        await client.receive(1)
        with pytest.raises(TimeoutError):
            await client.connection.ping(0.05)
        client.connection.close()
        with pytest.raises(ConnectionLost):
            await client.connection.ping(LIMIT)
