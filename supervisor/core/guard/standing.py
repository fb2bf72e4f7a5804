"""Decide for whom a process that calls the supervisor speaks: the person, the orchestrator, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.process import Ancestor, Caller, UnseenCaller

LANDING = "landing"  # in the place of a child: the mark of what `orch land` runs of `## Integration`
NOTIFY = "notify"  # in the place of a child: the mark of `notify.command` and all that it starts


class Standing(Enum):
    """For whom a caller speaks."""

    PERSON = auto()
    ORCHESTRATOR = auto()  # the orchestrator's own server, or something that it started
    ANYBODY = auto()  # the keeper was killed, so what a server started can no longer be told from the person's


class Refusal(NamedTuple):
    """Why a caller may ask for nothing."""

    what: str
    next_step: str


class Supervisor(NamedTuple):
    """What the supervisor knows of itself when it judges a caller."""

    uid: int
    user: str  # the name of `uid`
    pid: int
    workspace: str  # the workspace's id
    servers: Mapping[tuple[int, int], str]  # child by (pid, start ticks) of its server
    kept: bool = True  # its keeper lives, so that whatever a server started can be traced back to it
    allowed: frozenset[str] = frozenset()  # kinds of foreign namespaces that the config allows


_IN_TERMINAL = "run it in a terminal of your own"
_UNSEEN = "the process cannot be looked at"


def standing(caller: Caller | UnseenCaller, own: Supervisor) -> Standing | Refusal:
    """Return for whom the caller speaks, or why it is refused.

    A child cannot change what it descends from: all that it starts, in any session and environment, has its server or
    the keeper above it. A mark only refuses, because a process chooses the environment of what it starts.
    """
    if isinstance(caller, UnseenCaller):
        return Refusal(f"{_UNSEEN}: {caller.reason}", _IN_TERMINAL)
    if caller.uid != own.uid:
        return Refusal(
            f"this supervisor belongs to {own.user}, and answers to no other user",
            f"run it as {own.user} (`sudo -u {own.user} orch ...`)",
        )
    if not caller.lineage:
        return _foreign(("pid",))
    origin = _origin(caller.lineage, own)
    if isinstance(origin, Refusal):
        return origin
    foreign = tuple(kind for kind in caller.foreign if origin is Standing.ORCHESTRATOR or kind not in own.allowed)
    if foreign:
        return _foreign(foreign)
    return origin if own.kept or origin is Standing.ORCHESTRATOR else Standing.ANYBODY


def _origin(lineage: tuple[Ancestor, ...], own: Supervisor) -> Standing | Refusal:
    marked = any(one.mark == f"{own.workspace}/{ORCHESTRATOR}" for one in lineage)
    person = Standing.ORCHESTRATOR if marked else Standing.PERSON  # its server may be missing in the records
    for one in lineage:
        if one.pid == own.pid:
            return person  # the config's own command, such as `notify.command`
        child = own.servers.get((one.pid, one.ticks))
        if child == ORCHESTRATOR:
            return Standing.ORCHESTRATOR
        if child is not None:
            return _descends(f"the server of {child}")
        if one.mark and one.mark not in (f"{own.workspace}/{ORCHESTRATOR}", f"{own.workspace}/{NOTIFY}"):
            return _descends(_started_by(one.mark.partition("/")[2]))
        if one.keeper:
            return _descends("a server of orch")
    return person


def _started_by(name: str) -> str:
    """What starts processes with such a mark. No child has a dot or a slash in its name."""
    if name.rpartition("/")[2] == LANDING:  # on another machine, the mark of the child is before it
        return "`orch land`"
    return "a runner" if "." in name else f"the server of {name or 'a child'}"


def _descends(what: str) -> Refusal:
    return Refusal(f"the request comes from a process that {what} started", f"only the person answers: {_IN_TERMINAL}")


def _foreign(kinds: tuple[str, ...]) -> Refusal:
    allow = f"`control: {{allow_namespace: [{', '.join(kinds)}]}}`"
    return Refusal(
        f"the request comes from another namespace ({', '.join(kinds)}), such as a sandbox or a container",
        f"{_IN_TERMINAL}; if this is one, add {allow} to orchestrator.config.yaml",
    )
