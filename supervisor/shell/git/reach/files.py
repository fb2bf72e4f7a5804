"""The files of a work tree, as keeping and writing it needs them: many at once, without following links.

Paths are relative to the root of the work tree, which may be on another machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from msgspec import Struct

ABSENT = "0" * 6
"""The mode of a path at which there is nothing."""


class Stamp(NamedTuple):
    """What shows that a file is as it was, without reading it."""

    mode: int
    size: int  # in bytes
    rest: tuple[int, ...] | str  # times and place


class WorkFiles(Protocol):
    """The files of one work tree. Its methods raise OrchError if nothing can be asked."""

    def stamps(self, paths: Iterable[bytes]) -> dict[bytes, Stamp | None]:
        """Look at what is at these paths. None: nothing, or it cannot be looked at."""

    def targets(self, links: Iterable[bytes]) -> dict[bytes, bytes]:
        """Read where these links lead; without those that cannot be read."""

    def unreadable(self, files: Iterable[bytes]) -> dict[bytes, str]:
        """Return those of these files that cannot be read, each with the reason."""

    def differing(self, recorded: Mapping[bytes, str]) -> list[bytes]:
        """Return those of these files that hold other bytes than the blobs that git recorded of them."""

    def index(self) -> Stamp | None:
        """Look at the user's index. None: there is none."""

    def hidden(self) -> tuple[tuple[bytes, bool], ...]:
        """The files of which git was told not to look at them (assume-unchanged or skip-worktree), and whether it is
        the latter: then one that is not there is no deleted one."""

    def staged(self) -> str:
        """The tree of the user's index; "" if git makes none of it (it has conflicts)."""

    def below(self, folder: bytes) -> list[bytes]:
        """List all files in a folder."""


class PathChange(Struct, frozen=True):
    """What becomes of one path."""

    path: bytes
    old_mode: str  # as git writes it; ABSENT: there is nothing
    old: str  # the id of the content
    mode: str
    oid: str
    exact: str = ""  # the id of the exact bytes, if they are others
    permissions: int | None = None  # None: those that a checkout gives
