"""The files of a ledger: `ledger.jsonl`, which is written, and the closed ones in `ledger/`, named by their events."""

from __future__ import annotations

import errno
import gzip
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import Struct

FOLDER = "ledger"
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What Python raises while it unpacks what is torn or damaged."""

_NAME = re.compile(r"(\d{12})-(\d{12})\.jsonl(\.gz)?")


class Segment(Struct, frozen=True):
    """A closed part of a ledger: the events from number `first` to number `last`."""

    first: int
    last: int
    path: Path

    @property
    def packed(self) -> bool:
        return self.path.suffix == ".gz"

    def open(self) -> BinaryIO:
        """Its lines as bytes. Raises OSError; to read a packed one that is damaged raises one of `DAMAGE`."""
        if not self.packed:
            with suppress(FileNotFoundError):  # it was packed a moment ago
                return self.path.open("rb")
        return opened(self.path if self.packed else self.path.with_name(f"{self.path.name}.gz"))

    def lines(self) -> Iterator[bytes]:
        """Its lines with their ends. Raises OSError, also where it is damaged."""
        try:
            with self.open() as file:
                yield from file
        except DAMAGE as error:
            raise OSError(errno.EIO, f"it is damaged ({error})", str(self.path)) from error


def segments(ledger: Path) -> list[Segment]:
    """The closed parts, oldest first; each once, though it may lie there packed and unpacked after a crash."""
    found: dict[int, Segment] = {}
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted((ledger.parent / FOLDER).iterdir()):  # `x.jsonl` comes before `x.jsonl.gz`, which counts
            if match := _NAME.fullmatch(path.name):
                found[int(match[1])] = Segment(int(match[1]), int(match[2]), path)
    return [found[first] for first in sorted(found)]


def raw_lines(ledger: Path) -> Iterator[bytes]:
    """Every line that was ever written, oldest first, with its end; a torn last one has none. Raises OSError."""
    for segment in segments(ledger):
        yield from segment.lines()
    with suppress(FileNotFoundError), ledger.open("rb") as file:
        yield from file


def opened(path: Path) -> BinaryIO:
    """A file, unpacked if it is packed, for reading. Raises OSError; what it holds may be damaged: see `DAMAGE`."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def closed_name(first: int, last: int) -> str:
    return f"{first:012d}-{last:012d}.jsonl"


def pack(ledger: Path) -> None:
    """Compress the closed parts that are not. Whenever it is cut off, each part is there at least once."""
    for plain in sorted((ledger.parent / FOLDER).glob("*.jsonl")):
        packed = plain.with_name(f"{plain.name}.gz")
        if not packed.exists():
            half = plain.with_name(f"{packed.name}.half")
            with plain.open("rb") as source, half.open("wb") as target:
                os.fchmod(target.fileno(), 0o600)
                with gzip.GzipFile(plain.name, "wb", 6, target, mtime=0) as squeezed:
                    shutil.copyfileobj(source, squeezed)
                target.flush()
                os.fsync(target.fileno())
            half.rename(packed)
            sync_folder(packed.parent)
        plain.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
