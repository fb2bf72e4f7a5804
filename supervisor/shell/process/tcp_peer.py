"""The process at the other end of a TCP connection from this machine, found by the inode of its socket."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from supervisor.domain.process import Caller, UnseenCaller
from supervisor.shell.process.caller import caller_of_process

Address = tuple[str, int]
"""A host, as numbers, and a port."""

TABLES = (("/proc/self/net/tcp", 4), ("/proc/self/net/tcp6", 16))
"""The tables of the system, and the bytes that an address has in each."""

_UNHELD = "no process of yours is seen that holds its connection"


class LocalSocket(NamedTuple):
    """A socket of this machine."""

    inode: int
    uid: int  # of who made it


def local_socket(peer: Address, own: Address) -> LocalSocket | None:
    """Find the other end of a connection; None if it is not in this network namespace, such as on another machine."""
    ends = _address(peer), _address(own)
    for table, width in TABLES:
        wanted = b" %b %b " % (_written(ends[0], width), _written(ends[1], width))
        with suppress(OSError), open(table, "rb") as file:
            for line in _lines_with(wanted, file.read()):
                fields = line.split()
                if int(fields[9]):
                    return LocalSocket(int(fields[9]), int(fields[7]))
    return None


def callers_of(found: LocalSocket) -> list[Caller | UnseenCaller]:
    """Look at every process that holds the socket. Takes some milliseconds, for each process's descriptors are read.

    One of another user cannot be seen, and neither can one that hides from its own.
    """
    if found.uid != os.getuid():
        return [Caller(found.uid, ())]
    return [_caller(pid, found) for pid in _holders(found.inode)] or [UnseenCaller(_UNHELD)]


def caller_if_it_holds(pid: int, found: LocalSocket) -> Caller | UnseenCaller | None:
    """Look at this process alone; None if it does not hold the socket. Takes much less time than `callers_of`."""
    return _caller(pid, found) if _holds(pid, found.inode) else None


def _caller(pid: int, found: LocalSocket) -> Caller | UnseenCaller:
    return caller_of_process(pid, found.uid, lambda: _holds(pid, found.inode))


def _holders(inode: int) -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit() and _holds(int(name), inode):
            yield int(name)


def _holds(pid: int, inode: int) -> bool:
    target = f"socket:[{inode}]"
    try:
        folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        return any(_leads_to(target, name, folder) for name in os.listdir(folder))
    except OSError:
        return False
    finally:
        os.close(folder)


def _leads_to(target: str, name: str, folder: int) -> bool:
    try:
        return os.readlink(name, dir_fd=folder) == target
    except OSError:
        return False


class _Address(NamedTuple):
    host: bytes  # 4 bytes for an IPv4 address, a mapped one too, else 16
    port: int


def _address(address: Address) -> _Address:
    host = ip_address(address[0].partition("%")[0])
    mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else None
    return _Address((mapped or host).packed, address[1])


def _written(address: _Address, width: int) -> bytes:
    """An address as in the table of addresses with `width` bytes: words of 32 bits in the order of this machine, then
    the port, in hex."""
    if len(address.host) > width:
        return b"-"  # not in that table
    host = address.host if len(address.host) == width else _MAPPED + address.host
    words = (int.from_bytes(host[at : at + 4], sys.byteorder) for at in range(0, width, 4))
    return "".join(f"{word:08X}" for word in words).encode() + b":%04X" % address.port


def _lines_with(wanted: bytes, table: bytes) -> Iterator[bytes]:
    """The lines that have these bytes. A table may have ten thousands: only those with them are looked at."""
    at = table.find(wanted)
    while at >= 0:
        start, end = table.rfind(b"\n", 0, at) + 1, table.find(b"\n", at)
        yield table[start : end if end >= 0 else len(table)]
        at = table.find(wanted, at + len(wanted))


_MAPPED = bytes(10) + b"\xff\xff"
