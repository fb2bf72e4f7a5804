"""The skill that makes a Codex session the orchestrator: where it lies, and how it is installed."""

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
    """Where the skill is now, and what was done for it."""

    path: Path
    state: Literal["installed", "unchanged", "replaced"]


def skill_folder() -> Path:
    """The folder of the skill, as it came with this orch."""
    return (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT) / NAME


def skill_file() -> Path:
    """Its SKILL.md."""
    return skill_folder() / "SKILL.md"


def install(home: Path, *, force: bool) -> Installed:
    """Have the skill of this orch where Codex finds it for this user; one that differs is replaced only by `force`.

    Raises WorkspaceError if another one is there, or the folder cannot be written.
    """
    target = home / ".agents" / "skills" / NAME
    there = os.path.lexists(target)
    try:
        if there and _content(target) == _content(skill_folder()):
            return Installed(target, "unchanged")
        if there and not force:
            raise WorkspaceError(
                f"{target} is there already, and is another one", "`orch skill install --force` replaces it"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        # Copied beside it and put in its place as a whole: a session that starts meanwhile never reads half of it.
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=target.parent) as folder:
            shutil.copytree(skill_folder(), Path(folder) / "new")
            if there:
                target.rename(Path(folder) / "old")
            (Path(folder) / "new").rename(target)
    except OSError as error:
        raise WorkspaceError(f"{target} cannot be written ({error.strerror})", "see its permissions") from error
    return Installed(target, "replaced" if there else "installed")


def _content(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
