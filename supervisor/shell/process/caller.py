"""The process at the other end of a unix socket: who it is, what it descends from, and where it lives."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache

from supervisor.domain.process import KEEPER, MARK, Ancestor, Caller, UnseenCaller
from supervisor.shell.process.handle import ProcessHandle
from supervisor.shell.process.table import Identity, has_proc, row, started_with

PEERPIDFD = 77  # SO_PEERPIDFD of Linux 6.5, which Python's `socket` does not name
NAMESPACES = ("mnt", "net", "pid", "user")
DEPTH = 100  # generations that are looked at (5 ms); whoever has more is not seen whole
TRIES = 5  # readings of a line in which a process ended meanwhile

_ENDED = "it ended before it could be looked at"


def caller_of(connection: socket.socket) -> Caller | UnseenCaller | None:
    """Look at the peer of a connection, held so that its pid cannot be used again meanwhile. Takes some 0.2 ms.

    None where the system cannot tell who a peer descends from (it is not Linux).
    """
    if not hasattr(socket, "SO_PEERCRED") or not has_proc():
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", credentials)
    if uid != os.getuid() or pid == 0:  # of another user, or outside of what our own namespace shows
        return Caller(uid, ())
    handle = _handle(connection, pid)
    return _looked_at(handle, pid, uid) if handle is not None else UnseenCaller(_ENDED)


def caller_of_process(pid: int, uid: int, holds: Callable[[], bool]) -> Caller | UnseenCaller:
    """Look at a process of this user that is known by its pid. `holds`: whether it is still the one that was meant."""
    try:
        handle = ProcessHandle(Identity(pid, 0, ""), os.pidfd_open(pid))
    except OSError:
        return UnseenCaller(_ENDED)
    if not holds():
        handle.close()
        return UnseenCaller(_ENDED)
    return _looked_at(handle, pid, uid)


def in_our_namespaces(pid: int) -> bool:
    """Whether a process of this user shares all of our namespaces."""
    return _foreign(pid) == ()


def _looked_at(handle: ProcessHandle, pid: int, uid: int) -> Caller | UnseenCaller:
    """Look at a process that is held, and let it go."""
    with closing(handle):
        for _ in range(TRIES):
            lineage = _lineage(pid)
            foreign = _foreign(pid)
            if handle.wait_blocking(0):
                return UnseenCaller(_ENDED)
            if lineage is not None:
                return _seen(uid, lineage, foreign)
    return UnseenCaller("what it descends from ends as fast as it is looked at")


def _seen(uid: int, lineage: tuple[Ancestor, ...], foreign: tuple[str, ...] | None) -> Caller | UnseenCaller:
    if foreign is None:
        return UnseenCaller("it hides from its own user")
    if len(lineage) == DEPTH:
        return UnseenCaller(f"it has more than {DEPTH} ancestors")
    return Caller(uid, lineage, foreign)


def _handle(connection: socket.socket, pid: int) -> ProcessHandle | None:
    """Hold the peer, so that it cannot be taken for a later process with the same pid; None if it has ended."""
    peer = Identity(pid, 0, "")
    try:
        return ProcessHandle(peer, connection.getsockopt(socket.SOL_SOCKET, PEERPIDFD))
    except OSError as error:
        if error.errno != errno.ENOPROTOOPT:
            return None
    with suppress(OSError):  # an older kernel: the pid is the peer's for as long as it is connected
        handle = ProcessHandle(peer, os.pidfd_open(pid))
        if _connected(connection):
            return handle
        handle.close()
    return None


def _connected(connection: socket.socket) -> bool:
    poller = select.poll()
    poller.register(connection, select.POLLRDHUP)
    return not any(event & (select.POLLRDHUP | select.POLLHUP) for _, event in poller.poll(0))


def _lineage(pid: int) -> tuple[Ancestor, ...] | None:
    """The processes from `pid` up to init, or to this process; None if one of them ended meanwhile."""
    found: list[Ancestor] = []
    while pid > 0 and len(found) < DEPTH:
        line = row(pid)
        if line is None:
            return None
        ticks = line.identity.ticks
        if found and ticks > found[-1].ticks:
            return None  # younger than its child: another process has the pid now
        mark, keeper = _marks(pid)
        found.append(Ancestor(pid, ticks, mark, keeper))
        if pid == os.getpid():
            break
        pid = line.parent
    return tuple(found)


def _marks(pid: int) -> tuple[str, bool]:
    """The mark that a process was started with, and whether it is a keeper. Another user's process shows none."""
    try:
        variables = started_with(pid)
    except (PermissionError, ProcessLookupError, FileNotFoundError):  # another user's, or gone
        return "", False
    return variables.get(MARK, ""), KEEPER in variables


def _foreign(pid: int) -> tuple[str, ...] | None:
    """The kinds of namespaces in which a process is not in ours; None if it hides them."""
    try:
        theirs = _namespaces(pid)
    except OSError:
        return None
    return tuple(kind for kind, own, other in zip(NAMESPACES, _own_namespaces(), theirs, strict=True) if own != other)


@cache
def _own_namespaces() -> tuple[tuple[int, int], ...]:
    return _namespaces(os.getpid())


def _namespaces(pid: int) -> tuple[tuple[int, int], ...]:
    """What identifies each namespace of a process, in the order of NAMESPACES."""
    found = (os.stat(f"/proc/{pid}/ns/{kind}") for kind in NAMESPACES)
    return tuple((one.st_dev, one.st_ino) for one in found)
