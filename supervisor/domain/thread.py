"""Codex threads of ours, and what is known of their turns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

OUR_MESSAGES = "orch-"  # how the client message ids of the supervisor begin


class TurnStatus(StrEnum):
    """How Codex says that a turn stands (`TurnStatus` of the app-server protocol)."""

    IN_PROGRESS = "inProgress"
    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self is not TurnStatus.IN_PROGRESS


class Failure(Struct, frozen=True):
    """Why a turn failed: Codex's error kind, the HTTP status of the provider when it is known, and Codex's sentence."""

    kind: str
    status: int | None
    message: str


class TurnSeen(Struct, frozen=True):
    """What is known of one turn: `messages`, the client message ids found in it; `text`, the last agent message."""

    turn: str
    status: TurnStatus
    messages: tuple[str, ...] = ()
    text: str = ""
    failure: Failure | None = None
    input_tokens: int = 0
    output_tokens: int = 0

    def merged(self, newer: TurnSeen) -> TurnSeen:
        """Both sightings as one: an ended turn stays ended, whatever order the sightings came in."""
        last = self if self.status.ended and not newer.status.ended else newer
        return TurnSeen(
            turn=self.turn,
            status=last.status,
            messages=tuple(dict.fromkeys((*self.messages, *newer.messages))),
            text=last.text or self.text or newer.text,
            failure=last.failure,
            input_tokens=max(self.input_tokens, newer.input_tokens),
            output_tokens=max(self.output_tokens, newer.output_tokens),
        )


ThreadKey = tuple[str, str | None]  # child, and the task that owns the thread (None: the child's one long thread)


class Thread(Struct, frozen=True):
    """A Codex thread of ours. `open`: loaded, and we hear of it; `problem`: why it
    could not be opened the last `failures` times; `turns`: the latest, oldest first, by turn id; `provider` is the one
    of models that it uses ("": not known)."""

    child: str
    task: str | None
    id: str | None = None
    open: bool = False
    opening: bool = False
    turns: Mapping[str, TurnSeen] = field(default_factory=dict)
    failures: int = 0
    problem: str = ""
    not_before: datetime | None = None
    provider: str = ""

    @property
    def running(self) -> TurnSeen | None:
        """The turn in progress, if there is one."""
        return next((seen for seen in self.turns.values() if not seen.status.ended), None)
