"""Read source files and extract mentions: in this process if the files are few, else in one process for each core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from supervisor.core.map.links import join_key
from supervisor.core.map.mention.mentions import mentions, untold
from supervisor.domain.link import Mention, UnresolvedCall, Wanted
from supervisor.runtime.secrets import clean, known
from supervisor.runtime.snapshot.sources import sources_of
from supervisor.shell.files import read_file
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.mention_index import IndexedFile
from supervisor.wire import source
from supervisor.wire.source.http.calls import unresolved
from supervisor.wire.source.read import literals

FEW = 60  # files that we read sooner than another process starts (0.2 s)
BATCH = 100  # files that a process gets at once


def keepable(files: Iterable[Wanted]) -> list[Wanted]:
    """Leave out files with a secret in their name, which the index would keep."""
    return [one for one in files if clean(one.name) == one.name]


def extract(root: Path, files: Sequence[Wanted], progress: Callable[[int], None]) -> Iterator[IndexedFile]:
    """Extract the mentions of files below `root`. Calls `progress` now and then with how many more were read.

    Raises OrchError if they are on a machine that gives no answer.
    """
    if len(files) <= FEW:
        yield from read_batch(*_batch(root, files))
        if files:
            progress(len(files))
        return

    workers = max(1, min(len(os.sched_getaffinity(0)), 8))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        jobs: list[Future[list[IndexedFile]]] = []
        try:
            jobs += (pool.submit(read_batch, *_batch(root, batch)) for batch in _batches(files))
            for job in jobs:
                read = job.result()
                progress(len(read))
                yield from read
        finally:
            for job in jobs:
                job.cancel()


def end_with_parent() -> None:
    """Have this process end with the one that started it, also if that is killed: the pool itself would wait."""
    parent = parent_process()
    assert parent is not None, "a process of a pool has a parent"

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True, name="wait for the end of the parent").start()


def read_batch(root: str, files: Iterable[Wanted], fetched: Mapping[bytes, bytes] | None = None) -> list[IndexedFile]:
    """Extract the mentions of each file, from what was `fetched` of it or from the disk. A file that is skipped has a
    reason instead."""
    if fetched is not None:
        return [_read(one, fetched.get) for one in files]
    return [_read(one, lambda raw: read_file(Path(root), raw, source.LIMIT + 1)) for one in files]


def _batch(root: Path, files: Sequence[Wanted]) -> tuple[str, Sequence[Wanted], Mapping[bytes, bytes] | None]:
    """Return what `read_batch` needs: it runs in processes that reach no other machine."""
    if not isinstance(root, PathThere):
        return str(root), files, None
    read = [(Source(one.raw, one.oid), source.LIMIT + 1) for one in files if _skipped(one)[0] is None]
    return "", files, sources_of(root).contents(read)


def _batches(files: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    return (files[at : at + BATCH] for at in range(0, len(files), BATCH))


def _skipped(wanted: Wanted) -> tuple[str | None, str | None]:
    """Return why a file is not read, and its language."""
    language = source.language_of(wanted.name)
    reason = "not source" if language is None else "built" if wanted.built else source.skipped(wanted.name)
    return reason, language


def _read(wanted: Wanted, content_of: Callable[[bytes], bytes | None]) -> IndexedFile:
    test = source.is_test(wanted.name)
    reason, language = _skipped(wanted)
    found: tuple[tuple[str, Mention], ...] = ()
    calls: tuple[UnresolvedCall, ...] = ()
    if reason is None and language is not None:
        content = content_of(wanted.raw)
        reason = "unreadable" if content is None else source.skipped(wanted.name, content)
        if reason is None and content is not None:
            mentioned = mentions(literals(language, content), language, wanted.name, known())
            found = tuple((join_key(one), one) for one in untold(mentioned, content, known()))
            calls = clean(tuple(unresolved(content)))
    return IndexedFile(wanted.name, wanted.version, test, reason or "", found, calls)
