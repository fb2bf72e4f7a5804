"""What happens to servers."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class ServerReady(Struct, frozen=True):
    """The server answers: `initialize` and the login are fine. `adopted`: it ran already."""

    at: datetime
    child: str
    pid: int
    socket: str
    codex: str
    adopted: bool


class ServerStartFailed(Struct, frozen=True):
    """It did not get ready. `fatal`: trying again cannot help before a human did something."""

    at: datetime
    child: str
    reason: str
    fatal: bool
    stderr: str


class ServerExited(Struct, frozen=True):
    """A server that was ready is gone, or its connection is. `stderr` holds its last lines."""

    at: datetime
    child: str
    pid: int
    reason: str
    stderr: str


class ServerUnresponsive(Struct, frozen=True):
    """A health probe got no answer in time; `misses` counts them in a row."""

    at: datetime
    child: str
    pid: int
    reason: str
    misses: int


class ServerResponded(Struct, frozen=True):
    at: datetime
    child: str
    pid: int


class ServerStopped(Struct, frozen=True):
    at: datetime
    child: str


class ServerStopFailed(Struct, frozen=True):
    """Processes of ours are left that would not die."""

    at: datetime
    child: str
    reason: str


class LimitsRead(Struct, frozen=True):
    """What Codex knows of a provider that refuses work: when it takes some again (None: it does not know)."""

    at: datetime
    child: str
    provider: str
    resets: datetime | None
    reason: str = ""
