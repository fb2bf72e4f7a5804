"""The skill that makes a Codex session the orchestrator: find it and install it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from msgspec import Struct

from supervisor.errors import WorkspaceError

NAME = "codex-orchestrator"
_PACKAGED = Path(__file__).parent.parent / "skills"
_CHECKOUT = Path(__file__).parent.parent.parent / "skills"


class Installed(Struct, frozen=True):
    """Where the skill is now, and what was done."""

    path: Path
    state: Literal["installed", "unchanged", "replaced"]


def skill_folder() -> Path:
    """The folder of the skill that came with this orch."""
    return (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT) / NAME


def skill_file() -> Path:
    """Its SKILL.md."""
    return skill_folder() / "SKILL.md"


def install(home: Path, *, force: bool) -> Installed:
    """Install the skill of this orch where Codex finds it for this user. `force` replaces a different one.

    Raises WorkspaceError if a different one is there (without `force`) or the folder cannot be written.
    """
    target = home / ".agents" / "skills" / NAME
    there = os.path.lexists(target)
    try:
        if there and _content(target) == _content(skill_folder()):
            return Installed(target, "unchanged")
        if there and not force:
            raise WorkspaceError(
                f"{target} exists already and is different", "to replace it, run `orch skill install --force`"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        # Copy it beside the target and rename it, so that a session which starts meanwhile never reads half of it.
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=target.parent) as folder:
            shutil.copytree(skill_folder(), Path(folder) / "new")
            if there:
                target.rename(Path(folder) / "old")
            (Path(folder) / "new").rename(target)
    except OSError as error:
        raise WorkspaceError(f"{target} cannot be written ({error.strerror})", "check its permissions") from error
    return Installed(target, "replaced" if there else "installed")


def _content(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
