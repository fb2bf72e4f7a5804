"""A rule of the config: an approval that it speaks of is settled without a human."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Verdict = Literal["accept", "decline"]


class Rule(Struct, frozen=True):
    """Exactly one of `command` (the words that it begins with), `path` (a pattern) and `tool` (`server/tool`) is set.

    `number` is its place in the config, from 1. `child` None: every child.
    """

    number: int
    verdict: Verdict
    command: tuple[str, ...] = ()
    path: str = ""
    tool: str = ""
    child: str | None = None
    for_session: bool = False

    @property
    def subject(self) -> str:
        """What it speaks of, in words: command `git status`."""
        kind = "command" if self.command else "path" if self.path else "tool"
        return f"{kind} `{' '.join(self.command) or self.path or self.tool}`"

    def __str__(self) -> str:
        return f"rule {self.number}: {self.verdict} {self.subject}"


class Ruled(Struct, frozen=True):
    """A request that a rule settled: what was asked, and `why` names the rule."""

    at: datetime
    child: str
    task: str | None
    subject: str
    why: str
