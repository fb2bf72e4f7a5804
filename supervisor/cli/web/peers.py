"""Which process asks for a page: on this machine, it passes the same check as a peer of the control socket."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from supervisor.core.guard.standing import Refusal, Standing, Supervisor, standing
from supervisor.domain.process import Caller
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process.tcp_peer import Address, LocalSocket, caller_if_it_holds, callers_of, local_socket

REMEMBERED = 5.0  # seconds for which a connection that only reads is not looked at again
REFUSED = 4  # processes that are looked at first, so that one with hundreds of connections does not take long

_UNKNOWN = Refusal("it cannot be seen which process asks", "open the page in a browser of your own, on this machine")
_ORCHESTRATOR = Refusal("the orchestrator may not use the page", "it steers by its tools and by plan.md only")


class _SeenPeer(NamedTuple):
    """What was seen of a peer, and until when that counts for what only reads."""

    until: float
    refused: Refusal | None


class Peers:
    """Judges the other end of connections."""

    def __init__(self, workspace: WorkspacePaths, allowed: Iterable[str], *, loopback: bool) -> None:
        self._workspace = workspace
        self._allowed = frozenset(allowed)
        self._loopback = loopback
        self._refused: tuple[int, ...] = ()  # the processes that were refused last
        self._seen: dict[LocalSocket, _SeenPeer] = {}
        self._asked: dict[tuple[Address, Address], _SeenPeer] = {}  # the same by the addresses of a connection

    def connected(self, peer: Address, own: Address) -> Refusal | None:
        """Judge a connection that was just made. Another process may have had its address before."""
        self._asked.pop((peer, own), None)
        return self.refusal(peer, own, afresh=False)

    def refusal(self, peer: Address, own: Address, *, afresh: bool) -> Refusal | None:
        """Return why this peer gets nothing; None if it may ask. `afresh`: look at it now, whatever was seen before."""
        now = time.monotonic()
        asked = self._asked.get((peer, own))
        if asked is not None and not afresh and asked.until > now:
            return asked.refused
        try:
            found = local_socket(peer, own)  # takes some milliseconds where many connections are open
        except (OSError, ValueError, IndexError):
            return _UNKNOWN
        if found is None:
            return None if not self._loopback and _from_elsewhere(peer, own) else _UNKNOWN
        seen = self._seen.get(found)
        if seen is None or afresh or seen.until <= now:
            seen = _SeenPeer(now + REMEMBERED, self._judged(found))
        self._seen = {**{one: at for one, at in self._seen.items() if at.until > now}, found: seen}
        self._asked = {**{one: at for one, at in self._asked.items() if at.until > now}, (peer, own): seen}
        return seen.refused

    def _judged(self, found: LocalSocket) -> Refusal | None:
        """Every process that holds the socket has to be the person's: any of them may have written the request."""
        own = self._own()
        for pid in self._refused:
            known = caller_if_it_holds(pid, found)
            if known is not None and isinstance(again := standing(known, own), Refusal):
                return again
        for caller in callers_of(found):
            who = standing(caller, own)
            if isinstance(who, Refusal):
                if isinstance(caller, Caller) and caller.lineage:
                    self._refused = (caller.lineage[0].pid, *self._refused[: REFUSED - 1])
                return who
            if who is not Standing.PERSON:
                return _ORCHESTRATOR
        return None

    def _own(self) -> Supervisor:
        servers = Registry(self._workspace.registry).all()
        return Supervisor(
            uid=os.getuid(),
            user=_user(os.getuid()),
            pid=os.getpid(),  # what this process started, such as a browser, is the person's
            workspace=self._workspace.id,
            servers={(one.identity.pid, one.identity.ticks): child for child, one in servers.items()},
            allowed=self._allowed,
        )


def _from_elsewhere(peer: Address, own: Address) -> bool:
    host = ip_address(peer[0].partition("%")[0])
    return not host.is_loopback and host != ip_address(own[0].partition("%")[0])


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
