"""The loop: take events from the inbox, advance the world, record, log, act, and render runs.md."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from supervisor.core.engine.reconcile import wakeup
from supervisor.core.view.runs_md import ENTRIES, ROWS, TIME, PagePart, pieces
from supervisor.core.view.sheet import Sheet, sheet_of
from supervisor.core.view.status import status
from supervisor.domain.action import Action
from supervisor.domain.event import Event, PlanAccepted, PlanPostponed, Ticked
from supervisor.domain.status import Status
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime import templates
from supervisor.runtime.daemon.recorder import Decided, Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.secrets import Door, clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic
from supervisor.wire.plain import dumped_fast

SHOW_AFTER = 0.05  # seconds from a change to runs.md: a burst of events is rendered once
ACTS_WITHIN = 0.005  # seconds from the end of a step until what it decided is on its way
WATCH_LIMIT = 60.0  # seconds that one `watch` waits at most; the client then asks again
WATCHING_AT_ONCE = (
    256  # `watch` that wait; more are answered at once, so that those of clients that left do not pile up
)
STIR_AFTER = 0.2  # seconds from a step of a turn to when those who watch are told: many steps at once are one change
DISK_PATIENCE = 1.0  # seconds between two attempts to append to a ledger that cannot be written


class Entry(NamedTuple):
    """An event in the inbox, and the future of the `submit` that waits for it. A `submit` may have several."""

    event: Event
    taken: asyncio.Future[None] | None = None  # on a full disk it fails, and the event is dropped; others wait


class Page(NamedTuple):
    """What was written last: runs.md without the time of its rendering, and the status."""

    runs: list[PagePart]
    status: Status | None


class Loop:
    """Takes events, records them, and hands on the actions. Call `post` only from the thread of the event loop."""

    def __init__(self, workspace: WorkspacePaths, recorder: Recorder, logs: Logs) -> None:
        self.clock = recorder.clock
        self.version = 0  # of the world, and of what the turns do; `watch` waits until it changes
        self._changed = asyncio.Event()  # one for each version
        self._stirs: asyncio.TimerHandle | None = None
        self._watching = 0
        self.trouble: str | None = None
        self.keeperless: str | None = None  # why nobody is served but to look, and what to do
        self.unreachable: Mapping[str, str] = {}  # children whose server's socket is gone, and what becomes of it
        self._workspace = workspace
        self._recorder = recorder
        self._logs = logs
        self._door = Door()
        self._inbox: asyncio.Queue[Entry] = asyncio.Queue()
        self._template = templates.read("runs.template.md")
        self._shown: Page | None = None
        self._sheet: Sheet | None = None
        self._stale = asyncio.Event()  # what was shown last is not what there is to show
        self._acted = asyncio.Event()  # no step is under way

    @property
    def world(self) -> World:
        """Return the recorded world."""
        return self._recorder.world

    async def until_changed(self, version: int, seconds: float) -> None:
        """Return once the version is another one, or after `seconds`, or at once if too many wait already."""
        if self._watching >= WATCHING_AT_ONCE:
            return
        self._watching += 1
        try:
            async with asyncio.timeout(min(seconds, WATCH_LIMIT)):
                await self.until(lambda: self.version != version)
        except TimeoutError:
            pass
        finally:
            self._watching -= 1

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once this holds. It is looked at after each change."""
        while not holds():
            await self._changed.wait()

    def stir(self) -> None:
        """Tell those who watch, soon, that what the turns are doing has changed. Nothing of it is recorded."""
        if self._stirs is None:
            self._stirs = asyncio.get_running_loop().call_later(STIR_AFTER, self._renew)

    def _renew(self) -> None:
        """Begin a new version."""
        if self._stirs is not None:
            self._stirs.cancel()
            self._stirs = None
        self.version += 1
        before, self._changed = self._changed, asyncio.Event()
        before.set()

    def post(self, event: Event) -> None:
        """Put an event into the inbox. Redacts its secrets here, once for the ledger, the logs and the views."""
        self._inbox.put_nowait(Entry(self._cleaned(event)))

    async def submit(self, *events: Event) -> None:
        """Post events, and return once they are in the ledger and in the world.

        Raises StoreError if the ledger cannot be written: none of them is recorded then, and none will be later.
        """
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for event in events:
            self._inbox.put_nowait(Entry(self._cleaned(event), taken))
        await taken

    def _cleaned(self, event: Event) -> Event:
        if isinstance(event, PlanAccepted | PlanPostponed):
            return event
        return self._door.clean(event, getattr(event, "child", None))

    def status(self) -> Status:
        """Return the status, as far as the world knows it."""
        return self._status(self._kept_sheet())

    def _status(self, sheet: Sheet) -> Status:
        shown = status(sheet.world, sheet.at, str(self._workspace.root), sheet)
        return replace(clean(replace(shown, tasks=())), tasks=shown.tasks)

    def _kept_sheet(self) -> Sheet:
        """Return what is shown of the tasks now, without secrets."""
        self._sheet = sheet_of(self.world, self.clock.now(), self._sheet, clean)
        return self._sheet

    async def run(self, carry_out: Callable[[Action], None]) -> None:
        """Process events until the supervisor exits. The very first event of a world must be SupervisorStarted."""
        with ThreadPoolExecutor(1, "ledger") as self._recording, ThreadPoolExecutor(1, "runs.md") as self._showing:
            async with asyncio.TaskGroup() as group:
                shows = group.create_task(self._show_changes(), name="runs.md")
                while not self.world.supervisor.exiting:
                    await self._step(carry_out)
                shows.cancel()
            await self.show()

    async def _step(self, carry_out: Callable[[Action], None]) -> None:
        self._acted.set()
        entries = await self._next()
        self._acted.clear()
        before = self.world
        decided, entries = await self._record(entries)
        for action in decided.actions:
            carry_out(action)
        if decided.events or self.world is not before:
            self._stale.set()
            self._renew()
        for entry in entries:
            if entry.taken is not None and not entry.taken.done():
                entry.taken.set_result(None)

    async def _show_changes(self) -> None:
        """Show what changed until cancelled. Steps go on while files are written; to render, which takes 10 ms with 200
        tasks, waits until the step under way has acted."""
        while True:
            await self._stale.wait()
            await asyncio.sleep(SHOW_AFTER)
            if not self._acted.is_set():
                await self._acted.wait()
                await asyncio.sleep(ACTS_WITHIN)
            await self.show()

    def show_anew(self) -> None:
        """Write runs.md and the last status although they did not change: somebody removed them."""
        self._shown = None
        self._stale.set()

    async def show(self) -> None:
        """Render runs.md and the last status; write them if they changed."""
        self._stale.clear()
        sheet = self._kept_sheet()
        current = self._status(sheet)
        found = pieces(sheet.world, sheet.at, self._template, str(self._workspace.root), sheet)
        runs = [piece if piece.name in (ROWS, ENTRIES) else PagePart(piece.name, clean(piece.text)) for piece in found]
        shown = Page([piece for piece in runs if piece.name != TIME], current)
        before = self._shown or Page([], None)
        if shown == before:
            return

        def write() -> None:
            if shown.runs != before.runs:
                write_atomic(self._workspace.runs, "".join(piece.text for piece in runs))
            if shown.status != before.status:
                write_atomic(self._workspace.last_status, dumped_fast(current))

        try:
            await _aside(self._showing, write)
        except OSError as error:
            self._logs.say("runs_not_written", level="error", reason=str(error))
            return
        self._shown = shown

    async def _next(self) -> list[Entry]:
        """Wait for events and return all that are there; a `Ticked` if something becomes due first."""
        now = self.clock.now()
        moment = wakeup(self.world, self._recorder.decided)
        try:
            async with asyncio.timeout(max(0.0, (moment - now).total_seconds()) if moment is not None else None):
                entries = [await self._inbox.get()]
        except TimeoutError:
            return [Entry(Ticked(self.clock.now()))]
        while not self._inbox.empty():
            entries.append(self._inbox.get_nowait())
        return entries

    def task_of(self, turn: str | None) -> str | None:
        """Return the task to which this turn belongs or belonged; None if it is not one of ours."""
        return self._recorder.task_of(turn)

    async def _record(self, entries: list[Entry]) -> tuple[Decided, list[Entry]]:
        """Decide and record, retrying until the disk takes it: no action may run before it is recorded.

        While the disk does not, whoever submitted an event is refused at each attempt, and the event is dropped.
        """
        while True:
            decided = self._recorder.decide([entry.event for entry in entries])
            try:
                await self._recorder.record_aside(decided, partial(_aside, self._recording))
                break
            except StoreError as error:
                if self.trouble is None:
                    self._logs.say("ledger_full", level="error", reason=str(error))
                self.trouble = str(error)
                if len(left := _refused(entries, error)) < len(entries):
                    entries = left
                    continue
                for entry in _refused([self._inbox.get_nowait() for _ in range(self._inbox.qsize())], error):
                    self._inbox.put_nowait(entry)
                await asyncio.sleep(DISK_PATIENCE)
        self.trouble = None
        return decided, entries


def _aside(thread: ThreadPoolExecutor, write: Callable[[], None]) -> Awaitable[None]:
    """Write something without keeping other tasks from working. A disk may take 100 ms where others use it."""
    return asyncio.get_running_loop().run_in_executor(thread, write)


def _refused(entries: Sequence[Entry], error: StoreError) -> list[Entry]:
    """Tell those who submitted events why they are not recorded; return the entries of the others."""
    for entry in entries:
        if entry.taken is not None and not entry.taken.done():
            entry.taken.set_exception(
                StoreError(f"nothing is recorded: {error.what}", f"{error.next_step}, then again")
            )
    return [entry for entry in entries if entry.taken is None]
