"""The ledger is torn or damaged, or removed while it is written; the clock jumps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.faults.means import Skip, done_in, kill_supervisor, still_done
from tests.faults.world import SLOW, Stage


def ledger_torn(stage: Stage, luck: Random) -> None:
    """Let the supervisor die in the middle of a line."""
    kill_supervisor(stage)
    ledger = stage.workspace.ledger
    if ledger.exists():
        line = b'{"seq":99999999,"ts":"2026-01-01T00:00:00Z","event":"hold_set","child":"\xc3\xa9"}'
        with ledger.open("ab") as file:
            file.write(line[: luck.randint(1, len(line))])
    stage.be_up()


def ledger_damaged(stage: Stage, luck: Random) -> None:
    """Damage a line inside the ledger between a down and an up, and have it repaired.

    What is known to be done is not begun again without a question.
    """
    done = done_in(stage)
    stage.orch("down")
    ledger = stage.workspace.ledger
    lines = ledger.read_bytes().splitlines(keepends=True)
    if len(lines) < 2:
        stage.be_up()
        return
    _damage(lines, luck)
    ledger.write_bytes(b"".join(lines))
    refused = stage.orch("up", check=False)
    assert (refused.returncode, "run `orch doctor --repair`" in refused.stderr) == (1, True), refused
    stage.orch("doctor", "--repair", "--yes")
    stage.be_up()
    stage.orch("go")
    still_done(stage, done, unless_asked=True)


def _damage(lines: list[bytes], luck: Random) -> None:
    at = luck.randrange(len(lines) - 1)  # a torn last line is another fault
    line = lines[at]
    match luck.choice(("bytes", "bytes", "lost", "doubled", "moved", "joined")):
        case "bytes":
            place = luck.randrange(len(line) - 1)
            lines[at] = line[:place] + bytes((line[place] ^ luck.randint(1, 9),)) + line[place + 1 :]
        case "lost":
            del lines[at]
        case "doubled":
            lines.insert(at, line)
        case "moved":
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case "joined":
            lines[at] = line.rstrip(b"\n")


def record_removed(stage: Stage, luck: Random) -> None:
    """Remove or replace `.orchestrator`, or the ledger in it. Once that is noticed, the supervisor may die."""
    done = done_in(stage)
    state, ledger = stage.workspace.state, stage.workspace.ledger
    if os.path.ismount(state):  # what was there before a disk of its own comes to light
        subprocess.run(["umount", "-l", str(state)], check=True)
    else:
        match luck.choice(("removed", "restored", "ledger removed", "ledger emptied", "ledger replaced")):
            case "removed":
                shutil.rmtree(state.rename(state.with_name("trash")))
            case "restored":
                backup = state.with_name("backup")
                shutil.copytree(state, backup, symlinks=True, ignore_dangling_symlinks=True)
                _put_back(backup, state)
            case "ledger removed":
                ledger.unlink()
            case "ledger emptied":
                ledger.write_bytes(b"")
            case "ledger replaced":
                copy = ledger.with_suffix(".copy")
                copy.write_bytes(ledger.read_bytes())
                copy.replace(ledger)
    stage.reachable()
    stage.orch("note", "something happens")
    if luck.random() < 0.5:
        kill_supervisor(stage)
        stage.be_up()
    still_done(stage, done)


def _put_back(backup: Path, state: Path) -> None:
    """Put a folder in the place of another one, however often the supervisor makes that anew meanwhile."""
    deadline = time.monotonic() + SLOW
    while True:
        trash = state.with_name("trash")
        with suppress(FileNotFoundError):
            state.rename(trash)
        try:
            backup.rename(state)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
        finally:
            shutil.rmtree(trash, ignore_errors=True)


def clock_jumped(stage: Stage, luck: Random) -> None:
    """Start a supervisor with the wall clock a day off."""
    library = next((one for folder in _FAKETIME for one in Path(folder).glob("**/libfaketime.so.1")), None)
    if library is None:
        raise Skip("libfaketime is not installed")
    kill_supervisor(stage)
    jump = {"FAKETIME": luck.choice(("-1d", "+1d")), "DONT_FAKE_MONOTONIC": "1"}  # the monotonic clock never jumps
    stage.orch("up", check=False, LD_PRELOAD=str(library), **jump)
    stage.be_up()


_FAKETIME = ("/usr/lib", str(Path(sys.prefix) / "lib"))
