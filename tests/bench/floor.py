"""The floor: start servers and do the handshake with them, without supervision.

floor.py up CODEX FOLDER...        start one server for each folder, print "ready" once each has answered, stop them
floor.py down CODEX FOLDER...      the same; print how many milliseconds SIGTERM took, with the start of Python
floor.py greet SOCKET...           connect to running servers, and wait until each has answered
floor.py resume CODEX FOLDER ID    kill a server, wait until it is gone, start another one and resume a thread; print
                                   how many milliseconds it took, and how many of them until the first one was gone
floor.py turns                     read the work of `turns` from standard input; print how many milliseconds it took
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, unix_connect

HELLO = {"clientInfo": {"name": "floor", "version": "0"}, "capabilities": {"experimentalApi": True}}
LOOK = 0.02  # seconds between two tries to connect


class Client:
    """A connection to one server: requests, one at a time, and the notifications meanwhile."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def ask(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(await self._socket.recv())).get("id") != number or "method" in message:
            pass
        return message["result"]

    async def until(self, method: str) -> Any:
        """Wait for the next notification of this kind, and return its params."""
        while (message := json.loads(await self._socket.recv())).get("method") != method:
            pass
        return message["params"]


async def connected(path: str) -> Client:
    """Connect to a server that may still be starting, and do the handshake."""
    while True:
        try:
            socket = await unix_connect(os.path.realpath(path), "ws://localhost/", compression=None, max_size=None)
        except OSError:
            await asyncio.sleep(LOOK)
            continue
        client = Client(socket)
        await client.ask("initialize", HELLO)
        await client.ask("account/read", {})
        return client


async def greet_all(paths: Sequence[str]) -> None:
    await asyncio.gather(*map(connected, paths))


@contextmanager
def started(codex: str, folders: Sequence[str]) -> Iterator[tuple[list[subprocess.Popen[bytes]], list[str]]]:
    """Start servers, and stop them at the end. Yields them with their sockets."""
    with tempfile.TemporaryDirectory(prefix="floor") as place:
        paths = [str(Path(place) / f"{number}") for number in range(len(folders))]
        servers = [
            subprocess.Popen(
                [codex, "app-server", "--listen", f"unix://{path}"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for path, folder in zip(paths, folders, strict=True)
        ]
        try:
            yield servers, paths
        finally:
            for one in servers:
                one.send_signal(signal.SIGKILL)
            for one in servers:
                one.wait()


def up(codex: str, folders: Sequence[str]) -> None:
    with started(codex, folders) as (_, paths):
        asyncio.run(greet_all(paths))
        print("ready", flush=True)


def down(codex: str, folders: Sequence[str]) -> None:
    with started(codex, folders) as (servers, paths):
        asyncio.run(greet_all(paths))
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)  # whoever stops them has to be started, too
        for one in servers:
            one.terminate()
        for one in servers:
            one.wait()
        print((time.perf_counter() - began) * 1000, flush=True)


def resume(codex: str, folder: str, thread: str) -> None:
    async def resumed(path: str) -> None:
        client = await connected(path)
        await client.ask("thread/resume", {"threadId": thread})

    with started(codex, [folder]) as (servers, paths):
        asyncio.run(greet_all(paths))
        began = time.perf_counter()
        servers[0].kill()
        servers[0].wait()
        gone = time.perf_counter() - began
        with started(codex, [folder]) as (_, again):
            asyncio.run(resumed(again[0]))
            print((time.perf_counter() - began) * 1000, gone * 1000, flush=True)


async def turns(plan: Sequence[tuple[str, str, Sequence[str]]]) -> None:
    """For each (socket, folder, texts), in parallel: one thread, and one turn after the other for the texts."""

    async def one(path: str, folder: str, texts: Sequence[str]) -> None:
        client = await connected(path)
        opened = await client.ask("thread/start", {"cwd": folder, "approvalPolicy": "never"})
        for text in texts:
            params = {"threadId": opened["thread"]["id"], "input": [{"type": "text", "text": text}]}
            await client.ask("turn/start", params)
            await client.until("turn/completed")

    await asyncio.gather(*(one(*state) for state in plan))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["up", codex, *folders]:
            up(codex, folders)
        case ["down", codex, *folders]:
            down(codex, folders)
        case ["greet", *sockets]:
            asyncio.run(greet_all(sockets))
        case ["resume", codex, folder, thread]:
            resume(codex, folder, thread)
        case ["turns"]:
            began = time.perf_counter()
            asyncio.run(turns(json.load(sys.stdin)))
            print((time.perf_counter() - began) * 1000, flush=True)
