"""A connection, against a real WebSocket server on a unix socket."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from supervisor.errors import ConnectionLost, RpcError
from supervisor.shell.connection import IN_FLIGHT, OVERLOAD_TRIES, Connection, connect, read_json
from supervisor.wire.jsonrpc import OVERLOADED, Call, Garbage, Notice

pytestmark = pytest.mark.timeout(10)
LIMIT = 5.0  # seconds
Heard = Call | Notice | Garbage
Test = Callable[..., Coroutine[Any, Any, None]]


def looped(test: Test) -> Callable[..., None]:
    """A test that runs in an event loop, for a bounded time."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), LIMIT))

    return run


class Server:
    """The server's side of one connection: what it got, and what it says."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    async def take(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def say(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def answer(self, request: dict[str, Any], result: Any) -> None:
        await self.say({"id": request["id"], "result": result})

    async def refuse(self, request: dict[str, Any], code: int, message: str) -> None:
        await self.say({"id": request["id"], "error": {"code": code, "message": message}})

    def die(self) -> None:
        self.connection.transport.abort()

    async def left(self) -> None:
        """Until the other side is gone."""
        await self.connection.wait_closed()


class Client:
    """Our side: the connection, and what was heard over it."""

    def __init__(self, heard: asyncio.Queue[Heard], connection: Connection, read: asyncio.Task[None]) -> None:
        self.heard, self.connection, self.read = heard, connection, read
        self.request = connection.request

    async def hears(self, count: int) -> list[Heard]:
        return [await self.heard.get() for _ in range(count)]


@asynccontextmanager
async def served(path: Path, script: Callable[[Server], Awaitable[None]]) -> AsyncIterator[Client]:
    """A connection to a server that follows `script`, and then stays until we leave."""
    broken: list[BaseException] = []

    async def serve(connection: ServerConnection) -> None:
        server = Server(connection)
        try:
            await script(server)
            await server.left()
        except ConnectionClosed:
            pass  # we left first
        except Exception as error:
            broken.append(error)

    heard: asyncio.Queue[Heard] = asyncio.Queue()
    async with unix_serve(serve, str(path), max_size=None, compression=None), asyncio.TaskGroup() as group:
        connection = await connect(str(path), heard.put_nowait, LIMIT)
        try:
            yield Client(heard, connection, group.create_task(connection.read(), name="read"))
        finally:
            connection.close()
    assert broken == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.sock"


# ── requests ─────────────────────────────────────────────────────────────────────────────────────


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
async def test_a_refusal_is_told_with_its_code_and_words(path: Path) -> None:
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
async def test_an_overload_without_end_is_told(path: Path) -> None:
    count = itertools.count()

    async def script(server: Server) -> None:
        for _ in range(OVERLOAD_TRIES):
            await server.refuse(await server.take(), OVERLOADED, f"overloaded {next(count)}")

    async with served(path, script) as client:
        with pytest.raises(RpcError, match=f"the server refused a: overloaded {OVERLOAD_TRIES - 1}"):
            await client.request("a", {})


@looped
async def test_no_more_requests_are_in_flight_than_a_server_takes(path: Path) -> None:
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
        assert await client.hears(1) == [Garbage("an answer to no request of ours")]
        assert await client.request("next", {}) == "in time"


@looped
async def test_a_request_that_was_given_up_leaves_the_others_alone(path: Path) -> None:
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
        assert await client.hears(1) == [Garbage("an answer to no request of ours")]
        assert first.cancelled()


# ── messages ─────────────────────────────────────────────────────────────────────────────────────


@looped
async def test_notifications_and_calls_are_handed_on_in_order_around_an_answer(path: Path) -> None:
    async def script(server: Server) -> None:
        request = await server.take()
        for number in range(500):
            await server.say({"method": "tick", "params": {"n": number}})
        await server.say({"id": 0, "method": "currentTime/read"})
        await server.answer(request, None)
        await server.say({"method": "last"})

    async with served(path, script) as client:
        await client.request("a", {})
        heard = await client.hears(502)
    assert heard == [
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
        await client.hears(1)
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
async def test_garbage_is_told_and_the_connection_goes_on(path: Path) -> None:
    async def script(server: Server) -> None:
        for garbage in ("no json", b"\xff\x00", "[]", '{"id":99,"result":1}', '{"method":7}'):
            await server.say(garbage)
        await server.answer(await server.take(), "fine")

    async with served(path, script) as client:
        assert await client.request("a", {}) == "fine"
        heard = await client.hears(5)
    assert [type(one) for one in heard] == [Garbage] * 5
    assert heard[2:] == [
        Garbage("not a JSON object"),
        Garbage("an answer to no request of ours"),
        Garbage("the method is not a text"),
    ]


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


@looped
async def test_everybody_who_waits_learns_that_the_server_died(path: Path) -> None:
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
        with pytest.raises(ConnectionLost, match="the server closed the connection: the server is restarted by itself"):
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
async def test_whoever_waits_is_not_left_alone_when_nobody_reads_any_more(path: Path) -> None:
    asked = asyncio.Event()

    async def script(server: Server) -> None:
        await server.take()
        asked.set()

    async with served(path, script) as client:
        waiting = asyncio.create_task(client.request("a", {}))
        await asked.wait()
        client.read.cancel()
        with pytest.raises(ConnectionLost, match="nobody reads it any more"):
            await waiting


@looped
async def test_a_ping_tells_a_living_server_from_a_hung_and_a_dead_one(path: Path) -> None:
    async def script(server: Server) -> None:
        await server.take()
        server.connection.transport.pause_reading()
        await server.say({"method": "hung"})

    async with served(path, script) as client:
        await client.connection.ping(LIMIT)
        await client.connection.notify("hang")
        await client.hears(1)
        with pytest.raises(TimeoutError):
            await client.connection.ping(0.05)
        client.connection.close()
        with pytest.raises(ConnectionLost):
            await client.connection.ping(LIMIT)


# ── connecting ───────────────────────────────────────────────────────────────────────────────────


@looped
async def test_a_link_is_followed_to_the_socket_also_from_a_path_too_long_for_one(tmp_path: Path) -> None:
    async def script(server: Server) -> None:
        await server.answer(await server.take(), "here")

    link = tmp_path / ("deep-" * 30) / "link.sock"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "s")
    async with served(tmp_path / "s", script):
        heard: asyncio.Queue[Heard] = asyncio.Queue()
        connection = await connect(str(link), heard.put_nowait, LIMIT)
        reading = asyncio.create_task(connection.read())
        assert await connection.request("a", {}) == "here"
        connection.close()
        await reading


def listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


@looped
async def test_where_nobody_listens_there_is_no_server(path: Path) -> None:
    refused = rf"no server answers at {path} \(.*\): it is started by `orch up`"
    with pytest.raises(ConnectionLost, match=refused):
        await connect(str(path), print, LIMIT)
    listen(path).close()
    with pytest.raises(ConnectionLost, match=refused):
        await connect(str(path), print, LIMIT)
    with pytest.raises(ConnectionLost, match="no server answers at"):
        await connect(f"/{'x' * 200}", print, LIMIT)


@looped
async def test_who_takes_the_call_and_says_nothing_is_given_up_in_time(path: Path) -> None:
    with listen(path), pytest.raises(TimeoutError):
        await connect(str(path), print, 0.05)


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"hello\r\n",
        b"\xff" * 10_000,
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nlocation: ws://elsewhere/\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nlocation: nonsense\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nlocation: ws://localhost/\r\n\r\n",
    ],
)
@looped
async def test_who_answers_as_no_server_would_is_none(path: Path, words: bytes) -> None:
    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(words)
        writer.close()

    async with await asyncio.start_unix_server(stranger, str(path)):
        with pytest.raises(ConnectionLost, match=f"no server answers at {path}"):
            await connect(str(path), print, LIMIT)


def test_json_that_a_strict_reader_refuses_is_read_all_the_same() -> None:
    assert read_json('{"text": "\\ud83d", "number": 1}') == {"text": "\ud83d", "number": 1}
    with pytest.raises(ValueError, match="Expecting"):
        read_json("{")
