"""What happens to servers."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class ServerReady(Struct, frozen=True):
    """The server answers: `initialize` succeeded and it is logged in."""

    at: datetime
    child: str
    pid: int
    socket: str  # path
    codex: str  # version
    adopted: bool  # it was running already


class ServerStartFailed(Struct, frozen=True):
    """The server did not become ready. `fatal`: another try is useless until a human acts."""

    at: datetime
    child: str
    reason: str
    fatal: bool
    stderr: str  # its last lines
    away: bool = False  # its machine is out of reach


class ServerExited(Struct, frozen=True):
    """A ready server died, or its connection did."""

    at: datetime
    child: str
    pid: int
    reason: str
    stderr: str  # its last lines
    cut: bool = False  # the line to another machine ended: the server may go on there


class ServerUnresponsive(Struct, frozen=True):
    """A health probe timed out. `misses` counts them in a row."""

    at: datetime
    child: str
    pid: int
    reason: str
    misses: int


class ServerResponded(Struct, frozen=True):
    """A health probe was answered after one that timed out."""

    at: datetime
    child: str
    pid: int


class ServerStopped(Struct, frozen=True):
    """A server that we stopped is gone, with all that it started."""

    at: datetime
    child: str


class ServerStopFailed(Struct, frozen=True):
    """Some processes of the server could not be killed."""

    at: datetime
    child: str
    reason: str


class LimitsRead(Struct, frozen=True):
    """Codex was asked when a provider accepts work again. `resets` None: it does not know."""

    at: datetime
    child: str
    provider: str
    resets: datetime | None
    reason: str = ""
