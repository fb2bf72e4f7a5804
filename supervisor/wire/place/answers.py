"""What a script says, as values."""

from __future__ import annotations

from msgspec import Struct

from supervisor.regex import regex

WORD = regex(r"[a-z]{1,20}")
BOOT = regex(r"[0-9a-f-]{0,64}")
NUMBER = regex(r"[0-9]{1,18}")
LONGEST_PATH = 300  # bytes of the path of a socket there: Codex keeps a long one elsewhere, behind a link
SOCKET = regex(rf"/[A-Za-z0-9._/@+:,~ -]{{1,{LONGEST_PATH - 1}}}")


class PlaceAnswer(Struct, frozen=True):
    """The line that a script ends in."""

    word: str  # "no": it could not
    rest: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What follows its first words, as one text."""
        return " ".join(self.rest)


class ServerThere(Struct, frozen=True):
    """A server on another machine, to which the line now leads."""

    boot: str  # the id of the boot there
    pid: int
    ticks: int  # clock ticks from that boot to its start
    adopted: bool  # it ran already
    socket: str  # there


def read_line(line: str, tag: str) -> PlaceAnswer | None:
    """Return what a line says; None if it is not one of ours: a login may print anything."""
    begin, _, rest = line.strip().partition(" ")
    if begin != tag or not rest:
        return None
    word, *more = rest.split(" ")
    return PlaceAnswer(word, tuple(more)) if WORD.fullmatch(word) else None


def server_there(answer: PlaceAnswer) -> ServerThere | None:
    """Return the server that `ready` names; None if it does not."""
    if answer.word != "ready" or len(answer.rest) < 5:
        return None
    boot, pid, ticks, how, *socket = answer.rest
    path = " ".join(socket)
    if not (BOOT.fullmatch(boot) and NUMBER.fullmatch(pid) and NUMBER.fullmatch(ticks) and SOCKET.fullmatch(path)):
        return None
    return ServerThere(boot, int(pid), int(ticks), how == "adopted", path)


def seconds_of(answer: PlaceAnswer) -> float | None:
    """Return the CPU seconds that `cpu` names; None if it does not."""
    if answer.word != "cpu" or len(answer.rest) != 2 or not all(map(NUMBER.fullmatch, answer.rest)):
        return None
    used, each = (int(one) for one in answer.rest)
    return used / each if each else None
