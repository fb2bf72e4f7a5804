"""Reading source files into mentions: by this process if they are few, else by several, one for each core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from supervisor.core.map.links import join_key
from supervisor.core.map.mentions import mentions
from supervisor.domain.link import Mention, Wanted
from supervisor.runtime.secrets import known
from supervisor.shell.files import read_file
from supervisor.shell.mention_index import IndexedFile
from supervisor.wire import source
from supervisor.wire.source.read import literals

FEW = 60  # files that are sooner read than another process is started (0.2 s)
BATCH = 100  # files handed to a process at once


def extract(root: Path, files: Sequence[Wanted], told: Callable[[int], None]) -> Iterator[IndexedFile]:
    """What the files below `root` mention. `told` hears how many more were read, now and then."""
    if len(files) <= FEW:
        yield from read_batch(str(root), files)
        if files:
            told(len(files))
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    workers = max(1, min(len(os.sched_getaffinity(0)), 8))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(read_batch, str(root), batch) for batch in _batches(files)]
        try:
            for job in jobs:
                read = job.result()
                told(len(read))
                yield from read
        finally:
            for job in jobs:
                job.cancel()


def read_batch(root: str, files: Iterable[Wanted]) -> list[IndexedFile]:
    """What each of the files mentions. One that cannot be read, or that nobody understands, has a reason instead."""
    return [_read(Path(root), one) for one in files]


def _batches(files: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    return (files[at : at + BATCH] for at in range(0, len(files), BATCH))


def _read(root: Path, wanted: Wanted) -> IndexedFile:
    language = source.language_of(wanted.name)
    test = source.is_test(wanted.name)
    reason = "not source" if language is None else "built" if wanted.built else source.skipped(wanted.name)
    found: tuple[tuple[str, Mention], ...] = ()
    if reason is None and language is not None:
        content = read_file(root, wanted.raw, source.LIMIT + 1)
        reason = "unreadable" if content is None else source.skipped(wanted.name, content)
        if reason is None and content is not None:
            said = mentions(literals(language, content), language, wanted.name, known())
            found = tuple((join_key(one), one) for one in said)
    return IndexedFile(wanted.name, wanted.version, test, reason or "", found)
