"""Damage a ledger on disk, and read what is left."""

from __future__ import annotations

import gzip
import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from supervisor.domain import event as ev
from supervisor.shell.ledger.segments import pack
from supervisor.shell.ledger.store import Ledger

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
COUNT = 33


def note(number: int) -> ev.LearningNoted:
    return ev.LearningNoted(START + timedelta(seconds=number), "human", f"{number} " + "x" * (number % 7))


def packed(path: Path) -> None:
    """Wait for the threads that pack, and pack what they left."""
    for thread in threading.enumerate():
        if thread.name == "pack the ledger":
            thread.join(5)
    pack(path)


def opened(path: Path) -> tuple[ev.Event, ...]:
    it = Ledger(path)
    try:
        return it.open().events
    finally:
        it.close()


def content(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def put(file: Path, data: bytes) -> None:
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


def spoil(data: bytes, luck: random.Random) -> tuple[str, bytes]:
    """Damage whole lines in one of several ways, in a place that is not the torn end."""
    lines = data.splitlines(keepends=True)
    at = luck.randrange(len(lines))
    kind = luck.choice(["flip", "flip", "cut", "drop", "double", "swap", "zeros"])
    if kind == "flip":
        where = luck.randrange(len(data))
        return kind, data[:where] + bytes([data[where] ^ (1 << luck.randrange(8))]) + data[where + 1 :]
    if kind in ("cut", "zeros"):
        first = luck.randrange(len(data) - len(lines[-1]))
        last = min(len(data) - len(lines[-1]), first + luck.randrange(1, 90))
        return kind, data[:first] + (bytes(last - first) if kind == "zeros" else b"") + data[last:]
    if kind == "drop":
        at = luck.randrange(len(lines) - 1)  # without the last one the file is just shorter
        return kind, b"".join(lines[:at] + lines[at + 1 :])
    if kind == "double":
        return kind, b"".join([*lines[:at], lines[at], *lines[at:]])
    other = luck.choice([one for one in range(len(lines)) if one != at])
    lines[at], lines[other] = lines[other], lines[at]
    return kind, b"".join(lines)
