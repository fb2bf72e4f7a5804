"""What the page shows, kept up to date: the status, as the supervisor sends it, and the story, from the ledger."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import NamedTuple

from supervisor.core.view.story.fold import StoryFold
from supervisor.core.view.story.record import RunStory
from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.errors import StoreError
from supervisor.runtime.last_status import follow_always, last_known
from supervisor.runtime.story import StoryReader
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status, rows_of, without_memory

AGAIN = 1.0  # seconds between two looks for a supervisor that is down
TIMES = 30.0  # seconds after which the page shows how long tasks have worked by now, if nothing else changed


class PageView(NamedTuple):
    """How everything stood at a moment. `version` grows with each change."""

    version: int
    status: Status
    story: RunStory
    at: datetime


class Live:
    """Follows a workspace in a thread of its own, whether or not its supervisor is up."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._reader = StoryReader(workspace)
        self._over = threading.Event()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._last: JsonObject = {}
        self._minutes: tuple[object, ...] = ()
        self.now = PageView(0, read_status(last_known(workspace)), StoryFold().told(), datetime.now(UTC))
        self._take(last_known(workspace), "")

    def start(self) -> None:
        """Follow the supervisor in a thread of its own, until `stop`."""
        words = (self._workspace, self._over, self._take, AGAIN)
        threading.Thread(target=follow_always, args=words, name="follow the supervisor", daemon=True).start()

    def stop(self) -> None:
        """Follow no more, and wake whoever waits."""
        self._over.set()
        self._wake()

    @property
    def over(self) -> bool:
        """Whether `orch web` is about to end: what waits for a change must return."""
        return self._over.is_set()

    async def after(self, version: int, timeout: float) -> PageView:
        """Return what is shown once it is newer than this version, or after `timeout` seconds."""
        woken = asyncio.Event()
        mine = (asyncio.get_running_loop(), woken)
        self._waiters.add(mine)
        try:
            async with asyncio.timeout(timeout):
                while self.now.version <= version and not self.over:
                    woken.clear()
                    await woken.wait()
        except TimeoutError:
            pass
        finally:
            self._waiters.discard(mine)
        return self.now

    async def quiet(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        await self.after(1 << 62, seconds)

    def _take(self, status: JsonObject, problem: str) -> None:
        if problem:  # where nobody can be understood, what was shown stays
            return
        now, steady, minutes = datetime.now(UTC), _steady(status), _minutes(status)
        recent = (now - self.now.at).total_seconds() < TIMES
        if steady == self._last and (recent or minutes == self._minutes):
            return
        self._last, self._minutes = steady, minutes
        try:
            story = self._reader.read().told()
        except StoreError:
            story = self.now.story
        self.now = PageView(self.now.version + 1, read_status(status), story, now)
        self._wake()

    def _wake(self) -> None:
        for loop, woken in tuple(self._waiters):
            try:
                loop.call_soon_threadsafe(woken.set)
            except RuntimeError:  # the loop has ended
                self._waiters.discard((loop, woken))


def _steady(status: JsonObject) -> JsonObject:
    """Leave out what changes all the time and says nothing new."""
    return {**without_memory(status), "tasks": [{**one, "minutes": None} for one in rows_of(status, "tasks")]}


def _minutes(status: JsonObject) -> tuple[object, ...]:
    """Return for how long each task has worked."""
    return tuple(one.get("minutes") for one in rows_of(status, "tasks"))
