"""How a landing moves a branch of a repo that is out of its own reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from supervisor.shell.git.reach.output import GitOutput


class HeldRef(Protocol):
    """A ref that is about to be made or moved."""

    def prepare(self) -> None:
        """Take the lock. From here on `commit` moves the ref, and nothing stands in its way. Raises OrchError."""

    def held(self) -> str:
        """Return which file the lock is, once it is taken; "" if the id in it tells that it is ours."""

    def commit(self) -> bool:
        """Move the ref. Returns whether git says that it did; if not, look what became of it."""

    def abort(self) -> None:
        """Let go of the lock."""


class RefMoves(Protocol):
    """What a landing needs of one repo on another machine. Its methods raise OrchError if it gives no answer."""

    def common(self) -> str:
        """Return the git folder that all work trees of the repo share, for people."""

    def hooks(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return which of these hooks the repo has."""

    def hook(self, name: str, limit: int) -> tuple[bytes, bytes]:
        """Return where a hook really is, and its first bytes, `limit` at most."""

    def sync(self) -> None:
        """Bring what was written to the disk."""

    def hold(self, name: str, old: str | None, new: str, why: str) -> HeldRef:
        """Return a ref that is about to be made (`old` is None) or moved."""

    def move(self, name: str, old: str | None, new: str, settings: Sequence[str]) -> GitOutput:
        """Move a ref at once."""

    def release(self, lock: str, new: str) -> bool:
        """Remove a lock, named as for people, if the new id is in it. Returns whether it is gone."""
