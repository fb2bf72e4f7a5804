"""Connect: whether a server answers is known in bounded time."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from supervisor.errors import ConnectionLost
from supervisor.shell.connection import connect
from tests.shell.connection.server import LIMIT, Message, Server, looped, served

pytestmark = pytest.mark.timeout(10)


@looped
async def test_a_link_is_followed_to_the_socket_also_from_a_path_too_long_for_one(tmp_path: Path) -> None:
    async def script(server: Server) -> None:
        await server.answer(await server.take(), "here")

    link = tmp_path / ("deep-" * 30) / "link.sock"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "s")
    async with served(tmp_path / "s", script):
        messages: asyncio.Queue[Message] = asyncio.Queue()
        connection = await connect(str(link), messages.put_nowait, LIMIT)
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
async def test_a_socket_nobody_listens_on_is_an_error(path: Path) -> None:
    refused = rf"no server answers at {path} \(.*\): start it with `orch up`"
    with pytest.raises(ConnectionLost, match=refused):
        await connect(str(path), print, LIMIT)
    listen(path).close()
    with pytest.raises(ConnectionLost, match=refused):
        await connect(str(path), print, LIMIT)
    with pytest.raises(ConnectionLost, match="no server answers at"):
        await connect(f"/{'x' * 200}", print, LIMIT)


@looped
async def test_a_peer_that_accepts_and_says_nothing_times_out(path: Path) -> None:
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
async def test_a_peer_that_answers_as_no_server_would_is_an_error(path: Path, words: bytes) -> None:
    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(words)
        writer.close()

    async with await asyncio.start_unix_server(stranger, str(path)):
        with pytest.raises(ConnectionLost, match=f"no server answers at {path}"):
            await connect(str(path), print, LIMIT)
