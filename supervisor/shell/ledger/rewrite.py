"""Write a damaged ledger anew, and keep the damaged files beside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from supervisor.errors import StoreError
from supervisor.shell.ledger import checkpoint
from supervisor.shell.ledger.damage import Examined
from supervisor.shell.ledger.packed import compressed
from supervisor.shell.ledger.segments import FOLDER, closed_name, sync_folder
from supervisor.shell.ledger.sums import sealed


def rewrite(ledger: Path, found: Examined, bodies: Mapping[int, bytes], at: datetime) -> tuple[Path, ...]:
    """Write the files anew that are damaged or lack an event, and the open one. Return where the old ones are kept.

    `bodies` has a JSON object for each number from 1. The open file comes first, so that what it says of the repair is
    there whatever interrupts us. A file is replaced at once, and a repair that was interrupted can be repeated.
    Raises StoreError.
    """
    stamp, kept = at.strftime("%Y%m%dT%H%M%SZ"), list[Path]()
    try:
        (ledger.parent / FOLDER).mkdir(mode=0o700, exist_ok=True)
        world = ledger.parent / FOLDER / checkpoint.NAME
        if world.exists():  # it may know what is lost here, and other code would not
            kept.append(_kept(world, stamp))
            world.unlink()
        for first, last, path in _files(ledger, found, max(bodies, default=0)):
            if path.exists():
                kept.append(_kept(path, stamp))
            _replace(path, [bodies[seq] for seq in range(first, last + 1)])
    except OSError as error:
        raise StoreError(
            f"the ledger {ledger} cannot be repaired ({error.strerror})",
            "make room on the disk and make the folder writable, then run `orch doctor --repair` again",
        ) from error
    return tuple(kept)


def _files(ledger: Path, found: Examined, newest: int) -> list[tuple[int, int, Path]]:
    """Return the files to write: numbers and path of each, the open one first."""
    missing, marked = {one.seq for one in found.lost}, {spot.path for spot in found.spots}
    *closed, (begins, _, _) = found.files
    files, after = [(begins, newest, ledger)], 1
    for first, last, path in closed:
        if first > after:
            files.append((after, first - 1, ledger.parent / FOLDER / closed_name(after, first - 1)))
        if path in marked or not missing.isdisjoint(range(first, last + 1)):
            files.append((first, last, path))
        after = last + 1
    return files


def _kept(path: Path, stamp: str) -> Path:
    """Keep a file under another name too, which only its owner can read."""
    number = 0
    while (beside := path.with_name(f"{path.name}.damaged-{stamp}{f'-{number}' if number else ''}")).exists():
        number += 1
    with suppress(OSError):
        beside.hardlink_to(path)
    if not beside.exists():  # no file system of ours has no links, but some do
        shutil.copyfile(path, beside)
    beside.chmod(0o600)
    return beside


def _replace(path: Path, bodies: list[bytes]) -> None:
    running, lines = 0, list[bytes]()
    for body in bodies:
        line, running = sealed(body, running)
        lines.append(line)
    content = b"".join(lines)
    half = path.with_name(f"{path.name}.half")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(compressed(content) if path.suffix == ".gz" else content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_folder(path.parent)
