"""What a survey sees of a child before any source is read."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from supervisor.domain.child import Child
from supervisor.domain.link import Wanted


class Seen(Struct, frozen=True):
    """What is on disk of one child: its files, each with the token of its content."""

    child: Child
    root: Path
    head: str | None = None
    files: tuple[Wanted, ...] = ()
    cut: bool = False
    problem: str = ""
    next_step: str = ""
