"""What a survey knows of a child before it reads any source."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from supervisor.domain.child import Child
from supervisor.domain.link import Wanted


class Seen(Struct, frozen=True):
    """One child as it is on disk."""

    child: Child
    root: Path
    head: str | None = None
    files: tuple[Wanted, ...] = ()  # each with a token for its content
    cut: bool = False  # there are more files
    problem: str = ""  # why it could not be read ("": it could)
    next_step: str = ""  # what to do about the problem
