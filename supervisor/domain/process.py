"""Processes: the marks of ours, and what the system says of one that calls the supervisor.

A mark is an environment variable that a process was started with. It stays visible in the system.
"""

from __future__ import annotations

from typing import NamedTuple

MARK = "ORCH_SERVER"
"""The environment variable of every server and all that it starts. Its value is `<workspace id>/<child>`."""

KEEPER = "ORCH_KEEPER"
"""The environment variable of the keeper of a supervisor's processes. Its value is the workspace id."""

ORCHESTRATOR = "orchestrator"
"""The name of the orchestrator's server, of its thread and of its task state. No child may have it."""


class Ancestor(NamedTuple):
    """A process in the line from a peer up to init."""

    pid: int
    ticks: int  # clock ticks from boot to its start
    mark: str = ""  # the `ORCH_SERVER` that it was started with; a process can choose that of what it starts
    keeper: bool = False  # it was started with an `ORCH_KEEPER`


class Caller(NamedTuple):
    """The other end of a connection. It was alive after all this was read."""

    uid: int
    lineage: tuple[Ancestor, ...]  # itself first, then its parent; empty: it cannot be seen from here
    foreign: tuple[str, ...] = ()  # the kinds of its namespaces that are not ours: "mnt", "net", "pid", "user"


class UnseenCaller(NamedTuple):
    """A peer that the system says too little of."""

    reason: str  # a clause, such as "it ended before it could be looked at"
