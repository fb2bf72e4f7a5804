"""The disk of the ledger and the logs is full, or read-only."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil

from supervisor.shell.ledger.segments import raw_lines
from tests.faults.means import Skip, kill_supervisor
from tests.faults.world import SLOW, Stage


def disk_full(stage: Stage, luck: Random) -> None:
    """Fill the disk of the ledger and the logs."""
    state = _own_disk(stage)
    stage.reachable()
    filler, text = state / "filler", f"n{luck.getrandbits(64):x}"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * luck.choice((1 << 16, 1000)))
    if luck.random() < 0.5:
        time.sleep(luck.choice((0.3, 1.5)))
    else:
        told = stage.orch("note", text * 300, check=False)  # more than what is left of a page
        assert (told.returncode, "make room on the disk" in told.stderr) == (1, True), told
    filler.unlink()
    assert text.encode() not in b"".join(raw_lines(stage.workspace.ledger)), "a note counts that was refused"


def disk_read_only(stage: Stage, luck: Random) -> None:
    """Make the disk read-only. Open files stay open, none can be opened, and no supervisor can start meanwhile."""
    state = stage.workspace.state
    if os.geteuid() != 0:
        raise Skip("only root can make a folder read-only for root")
    stage.supervisor()  # it takes a lock that was removed before the disk refuses that
    if subprocess.run(["mount", "--bind", str(state), str(state)], capture_output=True, check=False).returncode:
        raise Skip("no folder can be mounted here")
    try:
        words = ["mount", "-o", "remount,bind,ro", str(state)]
        made = subprocess.run(words, capture_output=True, text=True, check=False)
        if made.returncode:  # it may be busy
            raise Skip(f"the folder cannot be made read-only: {made.stderr.strip()[:200]}")
        if luck.random() < 0.5:
            kill_supervisor(stage)
            failed = stage.orch("up", check=False)
            assert (failed.returncode, "cannot be" in failed.stderr) == (1, True), failed.stderr
        time.sleep(luck.choice((0.3, 1.0)))
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)
    stage.be_up()


def _own_disk(stage: Stage) -> Path:
    """Move the state to a disk of its own, of 24 MB."""
    state = stage.workspace.state
    if os.path.ismount(state):
        return state
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    kill_supervisor(stage)
    _, left = psutil.wait_procs(_surveyors(stage), SLOW)  # it ends its survey, and writes here
    assert left == []
    aside = state.with_name(".aside")
    state.rename(aside)
    state.mkdir(mode=0o700)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(state)], capture_output=True, check=False
    )
    if made.returncode:
        state.rmdir()
        aside.rename(state)
        stage.be_up()
        raise Skip("no small disk can be mounted here")
    subprocess.run(["cp", "-a", f"{aside}/.", str(state)], check=True)
    subprocess.run(["rm", "-rf", str(aside)], check=True)
    stage.be_up()
    return state


def _surveyors(stage: Stage) -> list[psutil.Process]:
    root = str(stage.workspace.root)
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if root in (words := one.info["cmdline"] or []) and any("survey.worker" in word for word in words)
    ]
