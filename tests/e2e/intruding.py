"""How a test sends the intruder, and what that one got."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e import intruder
from tests.e2e.lab import SLOW, Lab, Status


def accept(ask: str) -> str:
    """The request that accepts an ask, as the intruder takes it."""
    return f'answer={{"ask": "{ask}", "decision": "accept", "text": "", "for_session": false}}'


def command(lab: Lab, out: Path, *requests: str, orphan: bool = False) -> str:
    flag = ["--orphan"] if orphan else []
    words = [sys.executable, intruder.__file__, *flag, str(lab.workspace.control_socket), str(out), *requests]
    return shlex.join(words)


def orphaned(words: Sequence[str]) -> str:
    """The command that leaves these words behind: a child of nobody's, in its own session, without environment."""
    leave = f"env -i {shlex.join(words)} > /dev/null 2>&1 < /dev/null &"
    return f"setsid -w sh -c {shlex.quote(leave)}"


def intrude_by_hook(repo: Path, direct: str, orphan: str, told: Path) -> Path:
    """Make a hook of commits that runs an intruder, leaves another one behind, and ends once that has `told` what it
    got. Return the hook."""
    hook = repo / ".git" / "hooks" / "pre-commit"
    wait = f"for again in $(seq 300); do [ -e {told} ] || sleep 0.1; done"
    hook.write_text(f"#!/bin/sh\n{direct}\n{orphan}\n{wait}\n", encoding="utf-8")
    hook.chmod(0o755)
    return hook


def answers(out: Path) -> list[Any]:
    """What the intruder got, once it is there."""
    until = time.monotonic() + SLOW
    while not out.exists():
        assert time.monotonic() < until, f"{out} was not written"
        time.sleep(0.02)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def pids(status: Status) -> list[int]:
    return [child["pid"] for child in status["children"]]


def refusals(found: list[Any]) -> set[str]:
    return {one["error"]["data"]["what"] for one in found}
