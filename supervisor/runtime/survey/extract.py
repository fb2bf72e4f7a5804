"""Read source files and extract mentions: in this process if the files are few, else in one process for each core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from supervisor.core.map.links import join_key
from supervisor.core.map.mention.mentions import mentions
from supervisor.domain.link import Mention, UnresolvedCall, Wanted
from supervisor.runtime.secrets import clean, known
from supervisor.shell.files import read_file
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
    """Extract the mentions of files below `root`. Calls `progress` now and then with how many more were read."""
    if len(files) <= FEW:
        yield from read_batch(str(root), files)
        if files:
            progress(len(files))
        return

    workers = max(1, min(len(os.sched_getaffinity(0)), 8))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        jobs = [pool.submit(read_batch, str(root), batch) for batch in _batches(files)]
        try:
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


def read_batch(root: str, files: Iterable[Wanted]) -> list[IndexedFile]:
    """Extract the mentions of each file. A file that is skipped has a reason instead."""
    return [_read(Path(root), one) for one in files]


def _batches(files: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    return (files[at : at + BATCH] for at in range(0, len(files), BATCH))


def _read(root: Path, wanted: Wanted) -> IndexedFile:
    language = source.language_of(wanted.name)
    test = source.is_test(wanted.name)
    reason = "not source" if language is None else "built" if wanted.built else source.skipped(wanted.name)
    found: tuple[tuple[str, Mention], ...] = ()
    calls: tuple[UnresolvedCall, ...] = ()
    if reason is None and language is not None:
        content = read_file(root, wanted.raw, source.LIMIT + 1)
        reason = "unreadable" if content is None else source.skipped(wanted.name, content)
        if reason is None and content is not None:
            mentioned = mentions(literals(language, content), language, wanted.name, known())
            found = tuple((join_key(one), one) for one in mentioned)
            calls = clean(tuple(unresolved(content)))
    return IndexedFile(wanted.name, wanted.version, test, reason or "", found, calls)
