"""A child's server (its `codex app-server` process), and outages of providers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from supervisor.domain.child import Child


class ServerState(StrEnum):
    """The state of a server, in the words of `orch status`."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    UNHEALTHY = "unhealthy"
    BACKOFF = "backoff"
    FAILED = "failed"
    STOPPING = "stopping"


Reach = Literal["", "unreachable", "refused"]


class Server(Struct, frozen=True):
    """A child's server, as it should be and as it is."""

    child: Child
    state: ServerState = ServerState.STOPPED
    wanted: bool = False  # it should run
    pid: int | None = None
    socket: str | None = None  # path
    codex: str | None = None  # version
    since: datetime | None = None  # when it entered the state
    restarts: int = 0
    problem: str | None = None
    stderr: str = ""  # its last lines
    crashes: tuple[datetime, ...] = ()  # the latest ones
    not_before: datetime | None = None  # of the next start
    misses: int = 0  # health probes that timed out in a row
    restart: str = ""  # why it is to be replaced although it is healthy; "": it is not
    ended: datetime | None = None  # when we last stopped it, or tried to; None: it was started since
    reach: Reach = ""  # of a server on another machine: why there is no line to it
    away: datetime | None = None  # since when its machine is out of reach
    tries: int = 0  # to reach it, in a row
    cut: bool = False  # the line to it ended, and it is not known whether it goes on


class Outage(Struct, frozen=True):
    """A provider that accepts no work."""

    since: datetime
    until: datetime  # nothing is sent to it before this moment
    why: str
    child: str  # whose turn met the outage last
    limited: bool = False  # a usage limit is reached: Codex may know when it resets
    pauses: int = 1  # so far, in a row
    asked: bool = False  # Codex was asked when the limit resets
    asking: str | None = None  # the child whose server has not answered that yet
