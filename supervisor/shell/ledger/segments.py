"""The files of a ledger: `ledger.jsonl`, which is appended to, and the closed segments in `ledger/`.

A closed segment is named after the numbers of its first and last event.
"""

from __future__ import annotations

import errno
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from supervisor.regex import regex
from supervisor.regular_file import open_regular
from supervisor.shell.ledger.packed import compressed

FOLDER = "ledger"
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What Python raises when it unpacks a torn or damaged file."""

_NAME = regex(r"(\d{12})-(\d{12})\.jsonl(\.gz)?")


class Segment(NamedTuple):
    """A closed segment of a ledger: the events with the numbers `first` to `last`."""

    first: int
    last: int
    path: Path

    @property
    def packed(self) -> bool:
        """Whether it is compressed."""
        return self.path.suffix == ".gz"

    def open(self) -> BinaryIO:
        """Open it for reading, unpacked. Raises OSError; reading a damaged packed segment raises one of `DAMAGE`."""
        if not self.packed:
            with suppress(FileNotFoundError):  # it was packed since we listed it
                return self.path.open("rb")
        return open_unpacked(self.path if self.packed else self.path.with_name(f"{self.path.name}.gz"))

    def lines(self) -> Iterator[bytes]:
        """Read its lines, each with its line end. Raises OSError, also for a damaged segment."""
        try:
            with self.open() as file:
                yield from file
        except DAMAGE as error:
            raise OSError(errno.EIO, f"the file is damaged: {error}", str(self.path)) from error


def segments(ledger: Path) -> list[Segment]:
    """List the closed segments, oldest first, each once.

    After a crash a segment may be there both packed and unpacked.
    """
    found: dict[int, Segment] = {}
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted((ledger.parent / FOLDER).iterdir()):  # of `x.jsonl` and `x.jsonl.gz`, the latter wins
            if match := _NAME.fullmatch(path.name):
                found[int(match[1])] = Segment(int(match[1]), int(match[2]), path)
    return [found[first] for first in sorted(found)]


def raw_lines(ledger: Path) -> Iterator[bytes]:
    """Read every line of the ledger, oldest first, with its line end. A torn last line has none. Raises OSError."""
    for segment in segments(ledger):
        yield from segment.lines()
    with suppress(FileNotFoundError), open_regular(ledger) as file:
        yield from file


def open_unpacked(path: Path) -> BinaryIO:
    """Open a file for reading and unpack it if it is packed.

    Raises OSError. Reading a damaged one raises one of `DAMAGE`.
    """
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else open_regular(path)


def closed_name(first: int, last: int) -> str:
    """Return the file name of a closed part with these events, both included."""
    return f"{first:012d}-{last:012d}.jsonl"


def pack(ledger: Path) -> None:
    """Compress the closed segments. If this is interrupted, each segment is still there at least once."""
    for plain in sorted((ledger.parent / FOLDER).glob("*.jsonl")):
        packed = plain.with_name(f"{plain.name}.gz")
        if not packed.exists():
            half = plain.with_name(f"{packed.name}.half")
            with plain.open("rb") as source, half.open("wb") as target:
                os.fchmod(target.fileno(), 0o600)
                target.write(compressed(source.read()))
                target.flush()
                os.fsync(target.fileno())
            half.rename(packed)
            sync_folder(packed.parent)
        plain.unlink()


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk, so that they survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
