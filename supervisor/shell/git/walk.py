"""Walk commits with `git log`: no program, mailmap or setting of the repo has a part in what it prints."""

from __future__ import annotations

from pathlib import Path

from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.run import run_git

PATIENCE = 10.0
"""Seconds for one call that walks commits. What git has printed by then is kept, and marked as cut."""

_SETTINGS = ("core.bigFileThreshold=4m", "log.showRoot=true", "mailmap.file=", "mailmap.blob=")
"""No diff of big files, and no mailmap except the repo's own file: another one that the repo names may be endless."""

_LOG = (
    *("log", "-z", "--no-color", "--no-decorate", "--no-notes", "--no-show-signature", "--encoding=UTF-8"),
    *("--no-renames", "--no-ext-diff", "--no-textconv", "--diff-merges=off"),
)


def walk(path: Path, limit: int, *args: str) -> GitOutput:
    """Run `git log` for at most `limit` commits. What it has printed after `PATIENCE` is returned, marked as cut."""
    return run_git(path, *_LOG, f"-{limit}", *args, "--", settings=_SETTINGS, seconds=PATIENCE, partial=True)


def torn(answer: GitOutput) -> bool:
    """Whether an answer is incomplete. Its last record may then be only half of one."""
    return answer.cut or answer.code != 0
