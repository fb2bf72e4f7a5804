"""Find the damage in a ledger: which lines are whole, which events are lost, and what is still known of them.

Only read and told here. `rewrite` replaces the files.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

from msgspec import Struct

from supervisor.errors import StoreError
from supervisor.regex import regex
from supervisor.regular_file import open_regular
from supervisor.shell.ledger import sums
from supervisor.shell.ledger.lines import decode
from supervisor.shell.ledger.segments import Segment, segments

UNREADABLE = "this is not an event of this version"
MOST_LOST = 100_000
"""Events that may be missing. More than that is a wrong number, or another ledger."""

JUMP = 1000  # numbers that a line without a checksum may be away from its place
STEP = 64  # bytes that are unpacked at once: what precedes the damage in them is lost with it
_GZIP = 16 + zlib.MAX_WBITS
_BEGINS = regex(rb'(?=\{"seq":)')
_SEQ, _EVENT, _TASK, _CHILD = (regex(rb'"%s":"?([\w-]{1,60})' % name) for name in (b"seq", b"event", b"task", b"child"))


class Whole(Struct, frozen=True):
    """A line that is as it was written, without its end."""

    seq: int
    body: bytes  # its JSON object, without a checksum
    fields: dict[str, object]
    path: Path


class Lost(Struct, frozen=True):
    """An event that is lost. Its other fields are what a damaged line still says, or None."""

    seq: int
    event: str | None = None
    task: str | None = None
    child: str | None = None


class Damage(Struct, frozen=True):
    """A damaged place: the file, the line (0: all of the file), and what is wrong with it."""

    path: Path
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}" if self.line else f"{self.path}: {self.why}"


class Examined(Struct, frozen=True):
    """What is left of a ledger. Numbers that are in none of `lines` are `lost`."""

    lines: tuple[Whole, ...]  # by number
    lost: tuple[Lost, ...]  # by number
    spots: tuple[Damage, ...]  # none: the ledger is whole
    foreign: tuple[Damage, ...]  # whole lines that this version cannot read
    files: tuple[tuple[int, int, Path], ...]  # the first and the last number of each file, by number; the open one last
    torn: int  # bytes of a torn last line, which the next start cuts off


def examine(ledger: Path) -> Examined:
    """Read every line of a ledger. Raises StoreError if a file cannot be read, or far too much is missing."""
    reading = _Reading()
    closed = segments(ledger)
    for segment in closed:
        reading.begin(segment)
        reading.file(segment.path, *_unpacked(segment), last=segment.last)
    torn = reading.file(ledger, _read(ledger), None)
    return reading.examined(closed, ledger, torn)


class _Reading:
    """The lines that were found so far."""

    def __init__(self) -> None:
        self._whole: dict[int, Whole] = {}
        self._pieces: list[Lost] = []  # damaged lines that still have a number
        self._spots: list[Damage] = []
        self._foreign: list[Damage] = []
        self._next = 1
        self._behind: list[int] = []  # the numbers of the damaged lines behind the last whole one; 0 where unknown

    def begin(self, segment: Segment) -> None:
        if segment.first > self._next:
            self._spots.append(Damage(segment.path, 0, lacks(self._next, segment.first - 1)))
        self._next = segment.first

    def file(self, path: Path, data: bytes, broken: str | None, last: int | None = None) -> int:
        """Read a file. `broken` says why its end cannot be unpacked. Return the bytes of a torn last line."""
        if broken is not None:
            self._spots.append(Damage(path, 0, broken))
        whole = data.rfind(b"\n") + 1
        tail = data[whole:]
        lines = data[:whole].split(b"\n")[:-1]
        if tail and (broken is not None or last is not None or (line_end_is_damaged(tail))):
            lines.append(tail)
            tail = b""
        running = {0}
        for number, line in enumerate(lines, 1):
            running = self._line(path, number, line, running, len(lines))
        if last is not None:
            if self._next <= last and broken is None:
                self._spots.append(Damage(path, 0, lacks(self._next, last)))
            self._next = last + 1
            self._behind.clear()  # its name says how many events it had
        return len(tail)

    def _line(self, path: Path, number: int, line: bytes, running: set[int], count: int) -> set[int]:
        """Read a line. `running` are checksums of the file before it, one of which is right; return those after it."""
        after = {crc32(line + b"\n", one) for one in running}
        if sums.is_sealed(line):
            fitting = any(sums.fits(line, one)[0] for one in running)
            if digits := _digits(line):
                after.add(crc32(line[-sums.TAIL :] + b"\n", digits))
            body = line[: -sums.LENGTH] + b"}" if sums.is_whole(line) else b""
            why = "its checksum does not fit"
        else:
            fitting, body, why = True, b"" if sums.nearly_sealed(line) else line, UNREADABLE
        fields = _fields(body) if body else None
        seq = fields["seq"] if fields is not None else None
        if (
            fields is None
            or not isinstance(seq, int)
            or not (sums.is_sealed(line) or abs(seq - self._next) <= count + JUMP)
        ):
            self._spots.append(Damage(path, number, why))
            for piece in _BEGINS.split(line):
                self._piece(piece, path, number)
            return after
        if seq in self._whole:
            doubled = self._whole[seq].body == body
            self._spots.append(Damage(path, number, f"event {seq} is there {'twice' if doubled else 'already'}"))
        else:
            if seq != self._next:
                place = f"event {seq} is out of place"
                self._spots.append(Damage(path, number, lacks(self._next, seq - 1) if seq > self._next else place))
            elif not fitting:
                self._spots.append(Damage(path, number, "its checksum does not fit the lines before it"))
            self._keep(Whole(seq, body, fields, path), number, sealed=sums.is_sealed(line))
        self._next = seq + 1
        return after

    def _keep(self, line: Whole, number: int, *, sealed: bool) -> None:
        """Keep a line, unless it has neither a checksum nor an event that this version knows."""
        try:
            decode(line.fields)
        except Exception as error:
            why = f"{UNREADABLE} ({type(error).__name__})"
            if sealed:
                self._foreign.append(Damage(line.path, number, why))
            else:
                self._spots.append(Damage(line.path, number, why))
                self._unread(line.body)
                return
        self._whole[line.seq] = line
        self._behind.clear()

    def _piece(self, piece: bytes, path: Path, number: int) -> None:
        """Read a part of a damaged line: if only what is around it is damaged, it is a whole line."""
        end = piece.rfind(sums.FIELD) + sums.LENGTH
        body = piece[: end - sums.LENGTH] + b"}" if end >= sums.LENGTH and sums.is_whole(piece[:end]) else b""
        fields = _fields(body) if body else None
        seq = fields["seq"] if fields is not None else None
        if fields is not None and isinstance(seq, int) and seq not in self._whole:
            self._keep(Whole(seq, body, fields, path), number, sealed=True)
            self._next = seq + 1
        elif piece:
            self._unread(piece)
            self._next += 1

    def _unread(self, line: bytes) -> None:
        pieces = list(_remains(line))
        self._pieces += pieces
        self._behind.append(pieces[0].seq if pieces else 0)

    def examined(self, closed: Sequence[Segment], ledger: Path, torn: int) -> Examined:
        last = max((*self._whole, *(one.last for one in closed)), default=0)
        numbers = [seq for seq in self._behind if last < seq <= last + len(self._behind)]
        last = max(numbers, default=last + len(self._behind))
        missing = [seq for seq in range(1, last + 1) if seq not in self._whole] if last < 2**40 else []
        if len(missing) > MOST_LOST or last >= 2**40:
            raise StoreError(
                f"the ledger {ledger} lacks {len(missing):,} of {last:,} events",
                "restore it from a backup, or move the `.orchestrator` folder away to start over",
            )
        known = {piece.seq: piece for piece in self._pieces}
        files = [(one.first, one.last, one.path) for one in closed]
        return Examined(
            tuple(self._whole[seq] for seq in sorted(self._whole)),
            tuple(known.get(seq, Lost(seq)) for seq in missing),
            tuple(self._spots),
            tuple(self._foreign),
            (*files, (files[-1][1] + 1 if files else 1, last, ledger)),
            torn,
        )


def lacks(first: int, last: int) -> str:
    """Say which events are missing."""
    return f"the ledger lacks the events {first} to {last}" if first < last else f"the ledger lacks event {first}"


def line_end_is_damaged(tail: bytes) -> bool:
    """Whether what follows the last line end is a whole line with something else in place of its end: not torn."""
    at = tail.rfind(sums.FIELD) + sums.LENGTH
    return sums.LENGTH <= at < len(tail) and sums.is_whole(tail[:at])


def _remains(line: bytes) -> Iterator[Lost]:
    """Yield what a damaged line still says; nothing if not even its number."""
    seq, *rest = (found[1].decode("ascii", "replace") if (found := one.search(line)) else None for one in _PARTS)
    if seq is not None and seq.isdigit():
        yield Lost(int(seq), *rest)


_PARTS = (_SEQ, _EVENT, _TASK, _CHILD)


def _digits(line: bytes) -> int:
    """Return the checksum of the file that a sealed line has; 0 if it is no number."""
    try:
        return int(line[-sums.TAIL : -2], 16)
    except ValueError:
        return 0


def _fields(body: bytes) -> dict[str, object] | None:
    try:
        fields = json.loads(body)
        return fields if isinstance(fields["seq"], int) and fields["seq"] > 0 else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _read(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read ({error.strerror})", "restore it from a backup, or see its permissions"
        ) from error


def _unpacked(segment: Segment) -> tuple[bytes, str | None]:
    """Read a segment as far as it can be unpacked, and say what is wrong with the rest."""
    data = _read(segment.path)
    if not segment.packed:
        return data, None
    unpacking, found = zlib.decompressobj(_GZIP), bytearray()
    try:
        for at in range(0, len(data), STEP):
            found += unpacking.decompress(data[at : at + STEP])
        return bytes(found), None if unpacking.eof else "its end is missing"
    except zlib.error as error:
        return bytes(found), f"it cannot be unpacked ({error})"
