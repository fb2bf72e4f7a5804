"""The ledger and the logs as an async iterator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime
from itertools import islice

from supervisor.domain.event.log_line import LogLine
from supervisor.runtime.records import Records, moment
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.log_line import read_log_line

POLL = 0.2  # seconds between two polls of the files
AT_ONCE = 500  # lines that a thread reads at once


async def read_events(workspace: WorkspacePaths, *, since: datetime | None, follow: bool) -> AsyncIterator[LogLine]:
    """Yield the lines from `since` on, by time; with `follow` also new ones."""
    with closing(Records(workspace)) as records:
        while True:
            lines = records.read(more_to_come=follow)
            while found := await asyncio.to_thread(lambda: list(islice(lines, AT_ONCE))):  # noqa: B023 (awaited here)
                for line in found:
                    event = read_log_line(line) if since is None or moment(line["ts"]) >= since else None
                    if event is not None:
                        yield event
            if not follow:
                return
            await asyncio.sleep(POLL)
