"""The hooks of a commit, in the repo that is thrown away in which they run, wherever that is."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from msgspec import Struct


class HookRun(NamedTuple):
    """How a hook ended."""

    code: int | None  # the exit code; None: it took too long
    printed: str  # the end of what it printed


class Writable(Struct, frozen=True):
    """What a sandbox on another machine may write there, as far as this side knows."""

    folders: tuple[str, ...]
    temporary: bool  # also /tmp, and what TMPDIR names
    own_config: bool  # also what the user's Codex config names
    configs: tuple[str, ...]  # files: also what these Codex configs name


class HookRepo(Protocol):
    """A repo that is thrown away, in which the hooks of commits run. Its methods raise OrchError."""

    def begin(self, tree: str, parent: str | None, branch: str) -> None:
        """Be as a repo in which `tree` is staged on top of `parent`, on a branch; "": HEAD is detached."""

    def hook(self, name: str, *arguments: str) -> HookRun:
        """Run a hook. In `arguments`, "" is the file of the message."""

    def message(self, message: bytes | None = None) -> bytes:
        """Return the message of the commit, as `git commit` cleans one; first set it, if it is given."""

    def tree(self, before: str) -> str:
        """Return the tree that is staged now, and have the real repo hold it."""


class HookRepoThere(HookRepo, Protocol):
    """One on another machine."""

    def close(self) -> None:
        """End what the hooks left running, and remove the repo."""


def cleaned(message: bytes) -> bytes:
    """Return the message of a commit as `git commit` cleans it."""
    rows = [row.rstrip() for row in message.split(b"\n")]
    kept = [row for place, row in enumerate(rows) if row or (place and rows[place - 1])]
    return b"\n".join(kept).strip(b"\n") + b"\n"
