"""A `codex app-server` that answers at once, with threads and turns in memory. Each turn ends as soon as it begins.

    appserver.py MANNER --version
    appserver.py MANNER [-c KEY=VALUE] app-server [--listen unix://PATH | stdio://]

Manners: `good`; `busy` never ends a turn, and writes the time (`time.monotonic`) of each `turn/steer` to PATH.steers;
`flood` sends 20,000 deltas in each turn; `mute` accepts connections and never answers; `never` does not even listen;
`garbage` answers with invalid JSON; `ends` exits with 0 and a word why; `late` listens after a moment; `loud` also
writes to its error output without end; `odd` leaves a thread's id out of its answers; `old` reports a version that is
too old; `stubborn` ignores SIGTERM, and has a child in a session of its own that does so too; `named` takes its manner
from the name of the folder in which it is started.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_MAIN, _NUMBERS = str(os.getpid()), itertools.count(1)
_TURNS: dict[str, list[dict[str, Any]]] = {}  # by thread, oldest first
VERSION, VERSIONS = "0.169.0", {"old": "0.162.9"}
DELTAS = 20_000
REPORT = {"outcome": "done", "summary": "ok", "changes": [], "contracts": [], "checks": [], "ask": None, "learned": []}


async def serve(path: str, manner: str) -> None:
    if manner == "late":
        await asyncio.sleep(0.4)
    with socket.socket(socket.AF_UNIX) as there:
        if there.connect_ex(path) == 0:
            sys.exit(f"app-server control socket is already in use at {path}")
    with suppress(FileNotFoundError):
        os.unlink(path)
    pid = os.getpid()
    server = await asyncio.start_unix_server(lambda reader, writer: client(reader, writer, manner, path, pid), path)
    print("listening", flush=True)
    await server.serve_forever()


def serve_stdio(manner: str) -> None:
    """Do the same over standard input and output, one message on each line."""
    for line in sys.stdin:
        for message in _answers(json.loads(line), VERSION, manner, os.getpid()):
            sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, manner: str, path: str, pid: int) -> None:
    """Serve one connection, as the process `pid`."""
    with suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        key = next(
            line.split(":", 1)[1].strip()
            for line in head.split("\r\n")
            if line.lower().startswith("sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1((key + _SALT).encode()).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        while True:
            first, second = await reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
            mask = await reader.readexactly(4)
            data = await reader.readexactly(size)
            data = bytes(byte ^ mask[at & 3] for at, byte in enumerate(data)) if size < 200 else _unmasked(data, mask)
            match first & 15:
                case 8:
                    return
                case 9:
                    writer.write(_frame(data, 10))
                case 1 if manner != "mute":
                    call = json.loads(data)
                    if manner == "busy" and call.get("method") == "turn/steer":
                        _note(f"{path}.steers", time.monotonic())
                    for message in _answers(call, VERSIONS.get(manner, VERSION), manner, pid):
                        writer.write(_frame(b"no JSON" if manner == "garbage" else json.dumps(message).encode(), 1))
            await writer.drain()
    writer.close()


def _unmasked(data: bytes, mask: bytes) -> bytes:
    long = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(long, "big")).to_bytes(len(data), "big")


def _frame(payload: bytes, kind: int) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | kind, size)) + payload
    more = (126, 2) if size < 1 << 16 else (127, 8)
    return bytes((0x80 | kind, more[0])) + size.to_bytes(more[1], "big") + payload


def _note(path: str, moment: float) -> None:
    with open(path, "a", encoding="ascii") as file:
        file.write(f"{moment}\n")


def _answers(call: dict[str, Any], version: str, manner: str, pid: int) -> list[dict[str, Any]]:
    """The replies to a message: the answer, then the notifications."""
    if "id" not in call or "method" not in call:
        return []
    params, happens, result = call.get("params") or {}, [], {}
    thread = params.get("threadId")
    match call["method"]:
        case "initialize":
            result = {
                "userAgent": f"orch/{version} (fast)",
                "codexHome": "/",
                "platformFamily": "unix",
                "platformOs": "linux",
            }
        case "server/diagnostics":
            result = {"process": {"id": pid}}
        case "account/read":
            result = {"account": None, "requiresOpenaiAuth": False}
        case "thread/start":
            thread = f"thread-{_MAIN}-{next(_NUMBERS)}"
            _TURNS[thread] = []
            named = {} if manner == "odd" else {"id": thread}
            result = {"thread": {**named, "status": {"type": "idle"}}, "modelProvider": "fast", "model": "fast"}
        case "thread/resume":
            _TURNS.setdefault(thread, [])
            result = {"thread": {"id": thread, "status": {"type": "idle"}}, "modelProvider": "fast", "model": "fast"}
        case "thread/turns/list":
            result = {"data": _TURNS.get(thread, [])[: -params.get("limit", 5) - 1 : -1]}
        case "turn/start":
            turn = f"turn-{next(_NUMBERS)}"
            user = {"type": "userMessage", "id": f"u-{turn}", "clientId": params.get("clientUserMessageId")}
            agent = {"type": "agentMessage", "id": f"a-{turn}", "text": json.dumps(REPORT)}
            done = {"id": turn, "status": "completed", "items": [user, agent]}
            _TURNS.setdefault(thread, []).append(done)
            del _TURNS[thread][:-5]
            where = {"threadId": thread, "turnId": turn}
            begun = {**done, "status": "inProgress", "items": []}
            delta = {**where, "itemId": agent["id"], "delta": "word "}
            happens = [
                {"method": "turn/started", "params": {"threadId": thread, "turn": begun}},
                *({"method": "item/agentMessage/delta", "params": delta} for _ in range(DELTAS * (manner == "flood"))),
                *({"method": "item/completed", "params": {**where, "item": item}} for item in (user, agent)),
                {"method": "turn/completed", "params": {"threadId": thread, "turn": {**done, "items": []}}},
            ]
            if manner == "busy":
                _TURNS[thread][-1], happens = {**begun, "items": [user]}, happens[:1]
            result = {"turn": begun}
        case "turn/steer":
            result = {"turnId": params.get("expectedTurnId")}
            heard = {"type": "userMessage", "id": f"u-{next(_NUMBERS)}", "clientId": params.get("clientUserMessageId")}
            where = {"threadId": thread, "turnId": params.get("expectedTurnId")}
            happens = [{"method": "item/completed", "params": {**where, "item": heard}}]
    return [{"id": call["id"], "result": result}, *happens]


def _loud() -> None:
    while True:
        os.write(2, b"x" * 1023 + b"\n")


def main() -> None:
    manner, *words = sys.argv[1:]
    if words == ["--version"]:
        print(f"codex-cli {VERSION}")
        return
    if manner == "named":
        manner = os.path.basename(os.getcwd())
    if not words[-1].startswith("unix://"):
        serve_stdio(manner)
        return
    path = words[-1].removeprefix("unix://")
    if manner == "ends":
        sys.stderr.write("Error: no room for a socket\n\nStack backtrace:\n")
        return
    if manner == "never":
        time.sleep(3600)
    if manner == "loud":
        threading.Thread(target=_loud, daemon=True).start()
    if manner == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            os.setsid()
            time.sleep(3600)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(serve(path, manner))


if __name__ == "__main__":
    main()
