"""Read the ledger and the structured logs as one stream by time, while they are being written and rotated."""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Required, TypedDict

from supervisor.regular_file import open_regular
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.packed import may_hold
from supervisor.shell.ledger.segments import DAMAGE, open_unpacked, segments


class RecordLine(TypedDict, total=False):
    """A line of the ledger or of a log: these fields, and any others."""

    ts: Required[str]
    level: Required[str]
    event: Required[str]
    seq: object
    sum: object
    child: object
    task: object
    action: object
    output: object


Entry = tuple[str, RecordLine]
"""A line with its sort key: its time, as text that sorts like the time."""

BLOCK = 1 << 20  # bytes that are read at once, plus the rest of the last line
TRIES = 3  # attempts to list and open the rotated files of one log between two rotations


class Records:
    """All lines of a workspace: the ledger's, and those of the logs that do not repeat a line of the ledger."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._sources: dict[Path, _Source] = {}

    @property
    def broken(self) -> int:
        """Count the lines that are not a JSON object with a time and an event, plus the damaged files."""
        return sum(source.broken for source in self._sources.values())

    def read(self, *, more_to_come: bool = False, holding: Sequence[str] = ()) -> Iterator[RecordLine]:
        """What was not read yet, in time order; lines of one file keep their order. Holds one line of each file.

        `more_to_come`: a last line without an end is still being written, and left for later. `holding`: only lines
        that have each of these words as a value somewhere; the others are not looked into.
        """
        needles = [json.dumps(word).encode() for word in holding]
        ledger = self._workspace.ledger
        for base in (ledger, *sorted(self._workspace.logs.glob("*.jsonl"))):
            if base not in self._sources:
                self._sources[base] = _Ledger(base, needles) if base == ledger else _Log(base, needles)
        streams = (source.entries(more_to_come) for source in self._sources.values())
        return (line for _, line in heapq.merge(*streams, key=_key))

    def close(self) -> None:
        """Close all files that are being read."""
        for source in self._sources.values():
            source.close()


class _Source:
    """A growing file and its rotated predecessors."""

    def __init__(self, base: Path, needles: list[bytes]) -> None:
        self.broken = 0
        self._damaged: set[str] = set()
        self._base = base
        self._needles = needles
        self._files: list[BinaryIO | Path] = []  # what is not read to its end yet, oldest first; a path: not opened
        self._last = ""

    def _list(self) -> list[Path]:
        """Return the files, oldest first."""
        raise NotImplementedError

    def _passes(self, line: RecordLine) -> bool:
        """Whether a line belongs to this source, and is new."""
        raise NotImplementedError

    def _may_hold(self, path: Path) -> bool:
        """Whether a line of this packed file may contain the needles."""
        return True

    def entries(self, more_to_come: bool) -> Iterator[Entry]:
        self._open_newer()
        while self._files:
            if (file := self._opened()) is None:
                continue
            if len(self._files) == 1:
                yield from self._lines(file, more_to_come)
                self._open_newer()
                if len(self._files) == 1:
                    return
            yield from self._lines(file, False)  # also what was written after our last read and before the rotation
            self._files.pop(0)
            file.close()

    def close(self) -> None:
        for file in self._files:
            if not isinstance(file, Path):
                file.close()
        self._files = []

    def _opened(self) -> BinaryIO | None:
        """Return the oldest file, opened; None, and drop it, if it is gone or without the needles.

        There may be more packed files than a process may have open.
        """
        file = self._files[0]
        if isinstance(file, Path):
            try:
                opened = open_unpacked(file) if self._may_hold(file) else None
            except OSError:
                opened = None
            if opened is None:
                self._files.pop(0)
                return None
            self._files[0] = file = opened
        return file

    def _lines(self, file: BinaryIO, more_to_come: bool) -> Iterator[Entry]:
        if not file.name.endswith(".gz") and os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)
        while block := self._block(file):
            whole = block.rfind(b"\n") + 1 if more_to_come else len(block)
            for raw in self._wanted(block[:whole]):
                if (entry := self._entry(raw)) is not None:
                    yield entry
            if whole < len(block):
                file.seek(whole - len(block), os.SEEK_CUR)
                return

    def _block(self, file: BinaryIO) -> bytes:
        """Return the next lines, all complete except possibly the file's last one; none, and count it, at damage."""
        try:
            block = file.read(BLOCK)
            return block if block.endswith(b"\n") else block + file.readline()
        except DAMAGE:
            self.broken += file.name not in self._damaged
            self._damaged.add(file.name)
            return b""

    def _wanted(self, block: bytes) -> Iterator[bytes]:
        """Return the lines of a block that contain the needles, without splitting the text between them into lines."""
        if not self._needles:
            yield from block.splitlines()
            return
        first, end = self._needles[0], 0
        while (at := block.find(first, end)) >= 0:
            start = block.rfind(b"\n", 0, at) + 1
            end = block.find(b"\n", at)
            end = len(block) if end < 0 else end
            raw = block[start:end]
            if all(needle in raw for needle in self._needles):
                yield raw

    def _entry(self, raw: bytes) -> Entry | None:
        try:
            line = json.loads(raw)
            key = _comparable(line["ts"])
            line["event"] = str(line["event"])
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            self.broken += bool(raw.strip())
            return None
        if not self._passes(line):
            return None
        line["level"] = str(line.get("level") or "info")
        self._last = max(self._last, key)  # a clock that was set back must not disorder the merge
        return self._last, line

    def _open_newer(self) -> None:
        """Open the files newer than the one that we read last; at first, all."""
        for _ in range(TRIES):
            found = self._standing()
            known = self._newest()
            at = next((at for at, (inode, _) in enumerate(found) if inode == known), -1)
            fresh = list[BinaryIO | Path]()
            for _, path in found[at + 1 :]:
                with suppress(OSError):
                    fresh.append(path if path.suffix == ".gz" else open_regular(path))
            if [inode for inode, _ in self._standing()] == [inode for inode, _ in found]:
                self._files += fresh
                return
            for file in fresh:
                if not isinstance(file, Path):
                    file.close()

    def _newest(self) -> tuple[int, int] | None:
        """Identify the newest file that is known; None if there is none."""
        for newest in self._files[-1:]:
            with suppress(OSError):  # it was removed
                return _inode(newest.stat() if isinstance(newest, Path) else os.fstat(newest.fileno()))
        return None

    def _standing(self) -> list[tuple[tuple[int, int], Path]]:
        """Return the files, each with a key that identifies it even after a rotation."""
        found = []
        for path in self._list():
            with suppress(OSError):
                found.append((_inode(path.stat()), path))
        return found


class _Ledger(_Source):
    """The ledger. Remembers by sequence number what was read, because its files are renamed and compressed."""

    def __init__(self, base: Path, needles: list[bytes]) -> None:
        super().__init__(base, needles)
        self._seq = 0

    def _list(self) -> list[Path]:
        return [*(segment.path for segment in segments(self._base) if segment.last > self._seq), self._base]

    def _may_hold(self, path: Path) -> bool:
        return may_hold(path, self._needles)

    def _passes(self, line: RecordLine) -> bool:
        line.pop("sum", None)  # it tells a reader nothing
        seq = line.get("seq")
        if not isinstance(seq, int):
            return True
        new, self._seq = seq > self._seq, max(seq, self._seq)
        return new


class _Log(_Source):
    """A log, and its rotated predecessors `.1`, `.2`, ... (the higher, the older), without what mirrors the ledger."""

    def _list(self) -> list[Path]:
        rotated = [
            (int(path.name.rpartition(".")[2]), path)
            for path in self._base.parent.glob(f"{self._base.name}.*")
            if path.name.rpartition(".")[2].isdigit()
        ]
        return [*(path for _, path in sorted(rotated, reverse=True)), self._base]

    def _passes(self, line: RecordLine) -> bool:
        return "seq" not in line


def moment(text: str) -> datetime:
    """Parse the time of a log line, in UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


def _comparable(time: str) -> str:
    """Format a time in UTC without its zone: such texts sort like the times, whatever their precision."""
    if time.endswith("Z"):
        datetime.fromisoformat(time)
        return time[:-1]
    return moment(time).isoformat()[:-6]


def _key(entry: Entry) -> str:
    return entry[0]


def _inode(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
