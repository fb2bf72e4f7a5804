"""Approval rules of the config: they settle matching requests without a human."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Verdict = Literal["accept", "decline"]


class Rule(Struct, frozen=True):
    """One rule. Exactly one of `command`, `path` and `tool` is set."""

    number: int  # its place in the config, from 1
    verdict: Verdict
    command: tuple[str, ...] = ()  # the first words of a command
    path: str = ""  # a pattern
    tool: str = ""  # `server/tool`, or `server/*`
    child: str | None = None  # None: every child
    for_session: bool = False  # accept the same request without asking for the rest of the session

    @property
    def subject(self) -> str:
        """What the rule matches, as text: command `git status`."""
        kind = "command" if self.command else "path" if self.path else "tool"
        return f"{kind} `{' '.join(self.command) or self.path or self.tool}`"

    def __str__(self) -> str:
        return f"rule {self.number}: {self.verdict} {self.subject}"


class Ruled(Struct, frozen=True):
    """A request that a rule settled."""

    at: datetime
    child: str
    task: str | None
    subject: str  # what was asked for
    why: str  # names the rule
