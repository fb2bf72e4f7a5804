"""What files of a work tree on another machine hold: those git has as they are come from its objects, at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from supervisor.regex import regex
from supervisor.runtime.remote.shell import CHUNK, RemoteShell, parts
from supervisor.runtime.remote.work.files import RemoteFiles
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import OUTPUT_LIMIT, run_git
from supervisor.wire.place.git import given, gives

AT_ONCE = OUTPUT_LIMIT // 2  # bytes of files in one answer
SPARED = 64 << 10  # bytes beyond what is wanted of a blob; if there are more, its file is read up to there
_HEADER = regex(rb"([0-9a-f]{40,64}) blob ([0-9]{1,18})\n")

T = TypeVar("T")
PlainFile = tuple[str, bytes]
"""A folder, as a word of the shell, and the path of a file below it."""


class RemoteSources:
    """The files of a work tree there (`shell.git.reach.sources`)."""

    def __init__(self, shell: RemoteShell, root: PathThere) -> None:
        self._shell = shell
        self._root = root
        self._blobs: dict[str, int] = {}  # how long each is that was asked about

    def sizes(self, files: Iterable[Source]) -> dict[bytes, int]:
        wanted = list(files)
        with self._shell.talking():
            blobs = self._measured(one.oid for one in wanted if one.oid)
            found = {one.raw: blobs[one.oid] for one in wanted if one.oid in blobs}
            return found | self._on_disk([one.raw for one in wanted if one.raw not in found])

    def contents(self, files: Iterable[tuple[Source, int]]) -> dict[bytes, bytes]:
        wanted = list(files)
        with self._shell.talking():
            blobs = self._measured(one.oid for one, _ in wanted if one.oid)
            whole = [(one, limit) for one, limit in wanted if one.oid in blobs and blobs[one.oid] <= limit + SPARED]
            found: dict[bytes, bytes] = {}
            for batch in _batches(whole, lambda one: blobs[one[0].oid]):
                known = self._read_blobs([one.oid for one, _ in batch])
                found |= {one.raw: known[one.oid][:limit] for one, limit in batch if one.oid in known}
            limits = {one.raw: limit for one, limit in wanted if one.raw not in found}
            sizes = self._on_disk(list(limits))
            for names in _batches(list(sizes), lambda raw: min(sizes[raw], limits[raw])):
                read = read_plain(self._shell, {("$root", raw): limits[raw] for raw in names})
                found |= {raw: content for (_, raw), content in read.items()}
            return found

    def _on_disk(self, raws: Sequence[bytes]) -> dict[bytes, int]:
        stamps = RemoteFiles(self._shell).stamps(raws)
        return {raw: one.size for raw, one in stamps.items() if one is not None}

    def _measured(self, oids: Iterable[str]) -> Mapping[str, int]:
        """Return how long blobs are; without those that git does not have."""
        new = [oid for oid in dict.fromkeys(oids) if oid not in self._blobs]
        if new:
            form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
            found = _HEADER.findall(run_git(self._root, "cat-file", form, stdin=_lines(new)).out)
            self._blobs |= {oid.decode("ascii"): int(size) for oid, size in found}
        return self._blobs

    def _read_blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        out = run_git(self._root, "cat-file", "--batch", stdin=_lines(dict.fromkeys(oids))).out
        found, at = {}, 0
        while (header := _HEADER.match(out, at)) is not None:
            end = header.end() + int(header[2])
            if end >= len(out):  # it was cut off
                break
            found[header[1].decode("ascii")] = out[header.end() : end]
            at = end + 1
        return found


def read_plain(shell: RemoteShell, limits: Mapping[PlainFile, int]) -> dict[PlainFile, bytes]:
    """Read the first bytes of files there, without following links; without those that cannot be read."""
    found: dict[PlainFile, bytes] = {}
    for part in parts(list(limits.items())):
        cut = f"orch-{secrets.token_hex(12)}"
        answers = given(cut, shell.run(gives(cut, part)).out)
        found |= {file: content for (file, _), content in zip(part, answers, strict=False) if content is not None}
    return found


def _lines(oids: Iterable[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()


def _batches(items: Sequence[T], size_of: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """Split what is asked for, so that no answer is too long."""
    batch: list[T] = []
    left = AT_ONCE
    for one in items:
        size = size_of(one)
        if batch and (size > left or len(batch) == CHUNK):
            yield batch
            batch, left = [], AT_ONCE
        batch.append(one)
        left -= size
    if batch:
        yield batch
