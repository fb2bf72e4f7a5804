"""A child (a repo that takes part) and its server (that child's `codex app-server` process)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from supervisor.domain.plan import Approvals, Budget, SandboxMode

OUR_MESSAGES = "orch-"  # how the client message ids of the supervisor begin


class Child(Struct, frozen=True):
    """One repo as configured. `path` is the absolute root of its work tree, `approvals` whether Codex may ask for leave
    (where it may not, what needs leave fails), `trusted` whether it may run what the repo's own `.codex` names."""

    name: str
    path: str
    model: str | None = None
    effort: str | None = None
    sandbox: SandboxMode = "workspace-write"
    network: bool = False
    approvals: Approvals = "on-request"
    budget: Budget | None = None
    trusted: bool = False


class ServerState(StrEnum):
    """Where a server is in its life; the words of `orch status`."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    UNHEALTHY = "unhealthy"
    BACKOFF = "backoff"
    FAILED = "failed"
    STOPPING = "stopping"


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
