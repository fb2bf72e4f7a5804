"""The least that somebody could do: start servers, and shake hands with them. No supervision.

floor.py up CODEX FOLDER...        start one server a folder, wait until each has answered, end them
floor.py greet SOCKET...           connect to servers that run, and wait until each has answered
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from websockets.asyncio.client import unix_connect

HELLO = {"clientInfo": {"name": "floor", "version": "0"}, "capabilities": {"experimentalApi": True}}


async def greet(path: str) -> None:
    while True:
        try:
            async with unix_connect(
                os.path.realpath(path), "ws://localhost/", compression=None, max_size=None
            ) as socket:
                for number, (method, params) in enumerate((("initialize", HELLO), ("account/read", {}))):
                    await socket.send(json.dumps({"id": number, "method": method, "params": params}))
                    while json.loads(await socket.recv()).get("id") != number:
                        pass
                return
        except OSError:
            await asyncio.sleep(0.02)


async def greet_all(paths: list[str]) -> None:
    await asyncio.gather(*map(greet, paths))


def up(codex: str, folders: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="floor") as place:
        paths = [str(Path(place) / f"{number}") for number in range(len(folders))]
        started = [
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
            asyncio.run(greet_all(paths))
            print("ready", flush=True)
        finally:
            for one in started:
                one.send_signal(signal.SIGKILL)
            for one in started:
                one.wait()


if __name__ == "__main__":
    if sys.argv[1] == "up":
        up(sys.argv[2], sys.argv[3:])
    else:
        asyncio.run(greet_all(sys.argv[2:]))
