"""The process at the other end of a TCP connection from this machine, found by the inode of its socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from supervisor.domain.process import Caller, UnseenCaller
from supervisor.shell.process.caller import caller_of_process

Address = tuple[str, int]
"""A host, as numbers, and a port."""

TABLES = ("/proc/self/net/tcp", "/proc/self/net/tcp6")
_UNHELD = "no process of yours is seen that holds its connection"


class LocalSocket(NamedTuple):
    """A socket of this machine."""

    inode: int
    uid: int  # of who made it


def local_socket(peer: Address, own: Address) -> LocalSocket | None:
    """Find the other end of a connection; None if it is not in this network namespace, such as on another machine."""
    wanted = (_number(peer), _number(own))
    for table in TABLES:
        with suppress(OSError), open(table, encoding="ascii") as lines:
            next(lines, None)
            for line in lines:
                fields = line.split()
                if int(fields[9]) and (_written(fields[1]), _written(fields[2])) == wanted:
                    return LocalSocket(int(fields[9]), int(fields[7]))
    return None


def callers_of(found: LocalSocket) -> list[Caller | UnseenCaller]:
    """Look at every process that holds the socket. Takes some milliseconds, for each process's descriptors are read.

    One of another user cannot be seen, and neither can one that hides from its own.
    """
    if found.uid != os.getuid():
        return [Caller(found.uid, ())]
    seen = [
        caller_of_process(pid, found.uid, lambda pid=pid: _holds(pid, found.inode))  # type: ignore[misc]
        for pid in _holders(found.inode)
    ]
    return seen or [UnseenCaller(_UNHELD)]


def _holders(inode: int) -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit() and _holds(int(name), inode):
            yield int(name)


def _holds(pid: int, inode: int) -> bool:
    target, folder = f"socket:[{inode}]", f"/proc/{pid}/fd"
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                if os.readlink(f"{folder}/{name}") == target:
                    return True
    return False


def _number(address: Address) -> tuple[int, int]:
    """An address as a number; an IPv4 one has the same in both tables."""
    host = ip_address(address[0].partition("%")[0])
    mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else None
    return int(mapped or host), address[1]


def _written(text: str) -> tuple[int, int]:
    """An address of the tables: words of 32 bits in the order of this machine, then the port, in hex."""
    host, _, port = text.partition(":")
    raw = b"".join(socket.htonl(int(host[at : at + 8], 16)).to_bytes(4, "big") for at in range(0, len(host), 8))
    return _number((str(ip_address(raw)), int(port, 16)))
