"""The Codex threads that we use, and what is known of their turns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

OUR_MESSAGES = "orch-"  # the supervisor's client message ids begin with this


class Tokens(Struct, frozen=True, gc=False):
    """Tokens that went into a model and came out of it."""

    input: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        """Input and output together, by which budgets count."""
        return self.input + self.output

    def within(self, later: Tokens) -> bool:
        """Whether a later count of the same thing can be this large."""
        return self.input <= later.input and self.output <= later.output

    def __sub__(self, other: Tokens) -> Tokens:
        return Tokens(self.input - other.input, self.output - other.output)

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.input + other.input, self.output + other.output)


class TurnStatus(StrEnum):
    """The state of a turn (`TurnStatus` of the app-server protocol)."""

    IN_PROGRESS = "inProgress"
    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether the turn can do nothing more."""
        return self is not TurnStatus.IN_PROGRESS


class Failure(Struct, frozen=True):
    """Why a turn failed."""

    kind: str  # Codex's `codexErrorInfo`
    status: int | None  # HTTP status of the provider; None: not known
    message: str  # Codex's


class TurnSeen(Struct, frozen=True):
    """What is known of one turn."""

    turn: str
    status: TurnStatus
    messages: tuple[str, ...] = ()  # the client message ids that it holds
    text: str = ""  # the last agent message
    failure: Failure | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    thread_total: Tokens | None = None  # of its thread, when it ended; None: not known

    def merged(self, newer: TurnSeen) -> TurnSeen:
        """Merge two observations of one turn. An ended turn stays ended, whatever order they came in."""
        last = self if self.status.ended and not newer.status.ended else newer
        return TurnSeen(
            turn=self.turn,
            status=last.status,
            messages=tuple(dict.fromkeys((*self.messages, *newer.messages))),
            text=last.text or self.text or newer.text,
            failure=last.failure,
            input_tokens=max(self.input_tokens, newer.input_tokens),
            output_tokens=max(self.output_tokens, newer.output_tokens),
            thread_total=newer.thread_total or self.thread_total,
        )


ThreadKey = tuple[str, str | None]  # child, and the task that owns the thread (None: the child's shared thread)


class Thread(Struct, frozen=True):
    """A Codex thread that we use."""

    child: str
    task: str | None  # the task that owns it; None: the child's shared thread
    id: str | None = None  # Codex's; None: it was never opened
    left: str | None = None  # Codex's id of the one before, which was left: nothing that comes of it counts
    open: bool = False  # loaded, and its notifications reach us
    opening: bool = False
    turns: Mapping[str, TurnSeen] = field(default_factory=dict)  # the latest by id, oldest first
    failures: int = 0  # tries to open it that failed, in a row
    failing_since: datetime | None = None  # when the first of them failed
    problem: str = ""  # why the last one failed
    not_before: datetime | None = None  # of the next try
    provider: str = ""  # of the model; "": not known
    spent: Tokens | None = None  # all that is counted to tasks so far, and to turns of others; None: not known
    unclaimed: Mapping[str, Tokens] = field(default_factory=dict)  # of that, by turn: the latest that no task has yet

    @property
    def running(self) -> TurnSeen | None:
        """The turn in progress, or None."""
        return next((seen for seen in self.turns.values() if not seen.status.ended), None)
