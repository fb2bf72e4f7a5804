"""How a work tree is read: its files, and what git says of them. One on another machine has a reader of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from supervisor.shell.git.reach.output import GitOutput


class TreeReader(Protocol):
    """Reads one work tree. Paths are those on its machine."""

    def token(self, file: bytes, budget: int) -> tuple[str, int]:
        """A token for the content of a file, and how many bytes were read for it, which are `budget` at most."""

    def changed_at(self, file: bytes) -> int | None:
        """When a file last changed, or its permissions or its name did (ns). None if there is none."""

    def exists(self, path: Path) -> bool:
        """Whether something is there, be it a link to nothing."""

    def git(self, root: Path, *args: str) -> GitOutput:
        """Run git in the repo, with the filters of its own configuration off. Raises WorkspaceError."""

    def expect(self, files: Sequence[bytes]) -> None:
        """Prepare for being asked about these files, all of which have to be looked at."""
