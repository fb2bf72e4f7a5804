"""A child's server, its `codex app-server` process, and the outages of providers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from supervisor.domain.child import Child


class ServerState(StrEnum):
    """Where a server is in its life; the words of `orch status`."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    UNHEALTHY = "unhealthy"
    BACKOFF = "backoff"
    FAILED = "failed"
    STOPPING = "stopping"


class Server(Struct, frozen=True):
    """A child's server. `crashes` are the moments of its latest deaths; `wanted` says that it should run, `restart` why
    it is to be replaced although it is well, `ended` when we last stopped it, or tried to, if it was not started since.
    """

    child: Child
    state: ServerState = ServerState.STOPPED
    wanted: bool = False
    pid: int | None = None
    socket: str | None = None
    codex: str | None = None
    since: datetime | None = None
    restarts: int = 0
    problem: str | None = None
    stderr: str = ""
    crashes: tuple[datetime, ...] = ()
    not_before: datetime | None = None
    misses: int = 0
    restart: str = ""
    ended: datetime | None = None


class Outage(Struct, frozen=True):
    """A provider that takes no work, since `since`: nothing is asked of it before `until`. `pauses` counts the pauses
    that did not help yet; `limited`: it is a limit of use, which Codex may know the end of; `asked`: it was asked for
    that, and `asking` is the child whose server has not answered yet."""

    since: datetime
    until: datetime
    why: str
    child: str
    limited: bool = False
    pauses: int = 1
    asked: bool = False
    asking: str | None = None
