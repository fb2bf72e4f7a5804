"""The world after some event, kept so that earlier events need not be read again.

It is only a cache of the ledger. It is valid only for the exact code that wrote it, because other code may derive
another world from the same events.
"""

from __future__ import annotations

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
from supervisor.sha256 import hex_digest
from supervisor.shell.ledger.segments import FOLDER, sync_folder
from supervisor.wire import plain

NAME = "world.json"


class Checkpoint(Struct, frozen=True):
    """`world` is the fold of the events up to number `seq`, the last of which happened `at`."""

    seq: int
    at: datetime
    world: World


def write(ledger: Path, kept: Checkpoint) -> None:
    """Replace the checkpoint. Raises OSError."""
    body = dumped(kept.world)
    digest = hex_digest(body)
    header = {"code": code_digest(), "seq": kept.seq, "at": kept.at.isoformat(), "sha256": digest}
    path = ledger.parent / FOLDER / NAME
    path.parent.mkdir(mode=0o700, exist_ok=True)
    half = path.with_suffix(".half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps(header).encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_folder(path.parent)


def read(ledger: Path, *, by_other_code: bool = False) -> Checkpoint | None:
    """Read the checkpoint. None if there is none, or it is damaged, or other code wrote it (unless that will do)."""
    try:
        head, _, body = (ledger.parent / FOLDER / NAME).read_bytes().partition(b"\n")
        header = json.loads(head)
        if not (by_other_code or header["code"] == code_digest()) or header["sha256"] != hex_digest(body):
            return None
        return Checkpoint(int(header["seq"]), datetime.fromisoformat(header["at"]), loaded(body))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def dumped(world: World) -> bytes:
    """Encode a world as three lines of JSON.

    JSON keys are texts, so threads and requests, whose keys are not, are written as lists; each holds its key itself.
    """
    parts = (replace(world, threads={}, requests={}), list(world.threads.values()), list(world.requests.values()))
    return b"\n".join(plain.dumped(part).encode() for part in parts)


def loaded(text: bytes) -> World:
    """Decode what `dumped` returned. Raises ValueError."""
    rest, threads, requests = text.split(b"\n")
    world: World = plain.loaded(World, rest)
    return replace(
        world,
        threads={(one.child, one.task): one for one in plain.loaded(list[Thread], threads)},
        requests={one.key: one for one in plain.loaded(list[Request], requests)},
    )


@cache
def code_digest() -> str:
    """Digest the source files that determine which world the events yield."""
    package = Path(__file__).parent.parent.parent
    parts = ("domain", "core/engine", "core/plan", "core/text", "core/map/drift.py", "shell/ledger", "wire/plain.py")
    files = [path for part in parts for path in sorted((package / part).rglob("*.py")) or [package / part]]
    return hex_digest(b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in files))
