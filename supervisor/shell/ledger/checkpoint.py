"""The world as it was after an event, kept so that the events up to it need not be read again.

It is a cache: the ledger has it all. It counts only for the very code that made it, as another one may see another
world in the same events.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from functools import cache
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from supervisor.domain.ask import Request
from supervisor.domain.thread import Thread
from supervisor.domain.world import World
from supervisor.shell.ledger.segments import FOLDER, sync_folder
from supervisor.wire import plain

NAME = "world.json"


class Checkpoint(Struct, frozen=True):
    """`world` is the fold of the events up to number `seq`, the last of which happened `at`."""

    seq: int
    at: datetime
    world: World


def write(ledger: Path, kept: Checkpoint) -> None:
    """Keep it in place of the one before. Raises OSError."""
    body = dumped(kept.world)
    head = {"code": code(), "seq": kept.seq, "at": kept.at.isoformat(), "sha256": hashlib.sha256(body).hexdigest()}
    path = ledger.parent / FOLDER / NAME
    path.parent.mkdir(mode=0o700, exist_ok=True)
    half = path.with_suffix(".half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps(head).encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_folder(path.parent)


def read(ledger: Path) -> Checkpoint | None:
    """What was kept; None if nothing was, it is damaged, or other code made it."""
    try:
        head, _, body = (ledger.parent / FOLDER / NAME).read_bytes().partition(b"\n")
        told = json.loads(head)
        if told["code"] != code() or told["sha256"] != hashlib.sha256(body).hexdigest():
            return None
        return Checkpoint(int(told["seq"]), datetime.fromisoformat(told["at"]), loaded(body))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def dumped(world: World) -> bytes:
    """A world as JSON. What is known by a key that is no text goes without its key, for it holds that itself."""
    parts = (replace(world, threads={}, requests={}), list(world.threads.values()), list(world.requests.values()))
    return b"\n".join(plain.dumped(part).encode() for part in parts)


def loaded(text: bytes) -> World:
    """The world of such a text. Raises ValueError."""
    rest, threads, requests = text.split(b"\n")
    world: World = plain.loaded(World, rest)
    return replace(
        world,
        threads={(one.child, one.task): one for one in plain.loaded(list[Thread], threads)},
        requests={one.key: one for one in plain.loaded(list[Request], requests)},
    )


@cache
def code() -> str:
    """What tells this code from any other that would make a world of events."""
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent.parent
    for part in ("domain", "core/engine", "core/plan", "shell/ledger", "wire/plain.py"):
        for path in sorted((package / part).rglob("*.py")) or [package / part]:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
