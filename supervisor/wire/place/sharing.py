"""Words of OpenSSH for sessions that share one connection. A login costs 0.1 s of CPU time, a session over it 0.01."""

from __future__ import annotations

from collections.abc import Sequence

from supervisor.regex import regex

LONGEST = 86  # bytes of the path: ssh adds 17 to it while it makes the socket, whose name has 107 at most
_HOST = regex(r"(?m)^hostname ")
_THEIRS = regex(r"(?m)^controlpath (?!none$)")
_PLAIN = regex(r"/[A-Za-z0-9._/@+:,-]+")


def question(connect: Sequence[str]) -> list[str] | None:
    """The command that prints how ssh is configured for a place; None if that is reached by another program."""
    if connect[0].rpartition("/")[2] != "ssh":
        return None
    return [connect[0], "-G", *connect[1:]]


def may_share(configuration: str) -> bool:
    """Whether the person left it to us: a `ControlPath` of theirs is theirs to keep."""
    return _HOST.search(configuration) is not None and _THEIRS.search(configuration) is None


def over(connect: Sequence[str], socket: str) -> tuple[str, ...]:
    """A session over the connection at this socket. ssh logs in anew if that is gone, or takes no further session."""
    return _with(connect, socket, "no")


def shared(connect: Sequence[str], socket: str) -> tuple[str, ...]:
    """A session whose connection serves others, too, at this socket."""
    return _with(connect, socket, "yes")


def usable(socket: str) -> bool:
    """Whether ssh takes this path as it is."""
    return _PLAIN.fullmatch(socket) is not None and len(socket) <= LONGEST


def _with(connect: Sequence[str], socket: str, master: str) -> tuple[str, ...]:
    options = (f"ControlMaster={master}", f"ControlPath={socket}", "ControlPersist=no")
    return (connect[0], *(word for option in options for word in ("-o", option)), *connect[1:])
