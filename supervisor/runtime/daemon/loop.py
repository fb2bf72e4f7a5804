"""The loop: one event from one inbox, advance, record, log, act, show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.reconcile import advance, wakeup
from supervisor.core.view.runs_md import render
from supervisor.core.view.status import status
from supervisor.domain.action import Action
from supervisor.domain.event import Event, PlanAccepted, RequestReceived, Ticked, TurnBegan, TurnEnded, TurnRetried
from supervisor.domain.status import Status
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime import templates
from supervisor.runtime.logs import Logs
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic
from supervisor.shell.ledger.store import Ledger, Opened
from supervisor.wire.plain import plain

SHOW_AFTER = 0.05  # seconds between a change and runs.md: a burst of events is one rendering
TURNS_KNOWN = 1000  # turns whose task is remembered for the logs
DISK_PATIENCE = 1.0  # seconds between two tries to append to a ledger that cannot be written


Entry = tuple[Event, "asyncio.Future[None] | None"]  # and who waits for it to be taken in


class Clock:
    """Wall time that never jumps: the wall clock is read once, and what passes since is counted.

    `after`: the last moment in the ledger; time goes on from there if the wall clock was set back since.
    """

    def __init__(self, after: datetime | None) -> None:
        self.after = after
        self._start = max(datetime.now(UTC), after or datetime.min.replace(tzinfo=UTC))
        self._mark = monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=monotonic() - self._mark)


class Loop:
    """Owns the world of one workspace. `post` may be called from the loop's own thread only."""

    def __init__(self, workspace: Workspace, ledger: Ledger, opened: Opened, logs: Logs) -> None:
        world = opened.world or World()
        for event in opened.events:
            world = evolve(world, event)
        self.world = world
        self.clock = Clock(opened.last)
        self.version = 0  # of the world; `watch` waits for another
        self.changed = asyncio.Condition()
        self.begun = asyncio.Event()  # the first decisions are taken, and on their way
        self.trouble: str | None = None
        self._workspace = workspace
        self._ledger = ledger
        self._logs = logs
        self._inbox: asyncio.Queue[Entry] = asyncio.Queue()
        self._decided = self.clock.now()  # the moment of the last decision: what was due by then is done
        self._template = templates.read("runs.template.md")
        self._tasks: dict[str, str] = {}  # by turn id
        self._shown: tuple[str, str] = ("", "")
        self._show_due: float | None = None

    def post(self, event: Event) -> None:
        """Put an event into the inbox. Secrets in it are cut out here, once for all that follows."""
        self._inbox.put_nowait((event if isinstance(event, PlanAccepted) else clean(event), None))

    async def submit(self, event: Event) -> None:
        """Post an event, and return once the ledger has it and the world shows it."""
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait((clean(event), taken))
        await taken

    def status(self) -> Status:
        """Where everything stands, as far as the world knows."""
        return status(self.world, self.clock.now(), str(self._workspace.root))

    async def run(self, carry_out: Callable[[Action], None]) -> None:
        """Take events until the world says that it is over. The first one must be SupervisorStarted."""
        while True:
            entries = await self._next()
            actions: list[Action] = []
            recorded: list[Event] = []
            world = self.world
            for event, _ in entries:
                step = advance(world, event)
                world = step.world
                recorded += step.events
                actions += step.actions
                self._decided = event.at
            self._tasks.update({state.turn.id: state.task for state in world.all_tasks if state.turn})
            while len(self._tasks) > TURNS_KNOWN:
                del self._tasks[next(iter(self._tasks))]
            if recorded:
                await self._record(recorded)
                self._compact(world, recorded[-1].at)
            changed = world is not self.world
            self.world = world
            for action in actions:
                carry_out(action)
            self.begun.set()
            if changed or recorded:
                self.version += 1
                if self._show_due is None:
                    self._show_due = monotonic() + SHOW_AFTER
                async with self.changed:
                    self.changed.notify_all()
            for _, taken in entries:
                if taken is not None and not taken.done():
                    taken.set_result(None)
            if self.world.supervisor.exiting:
                break
            if self._show_due is not None and monotonic() >= self._show_due:
                self.show()
        await asyncio.sleep(0)  # who asked for the end has its answer before the connections are closed
        self.show()

    def show(self) -> None:
        """Render runs.md and the last status, if they changed."""
        self._show_due = None
        picture = self.status()
        runs = render(self.world, self.clock.now(), self._template, str(self._workspace.root))
        last = json.dumps(plain(picture), indent=1)
        key = (without_time(runs), last)
        if key == self._shown:
            return
        try:
            write_atomic(self._workspace.runs, runs)
            write_atomic(self._workspace.last_status, last)
        except OSError as error:
            self._logs.say("runs_not_written", level="error", reason=str(error))
            return
        self._shown = key

    async def _next(self) -> list[Entry]:
        """All events that wait; a tick when a moment has come that something waited for."""
        now = self.clock.now()
        moment = wakeup(self.world, self._decided)
        waits = [(moment - now).total_seconds()] if moment is not None else []
        if self._show_due is not None:
            waits.append(self._show_due - monotonic())
        try:
            async with asyncio.timeout(max(0.0, min(waits)) if waits else None):
                entries = [await self._inbox.get()]
        except TimeoutError:
            return [(Ticked(self.clock.now()), None)]
        while not self._inbox.empty():
            entries.append(self._inbox.get_nowait())
        return entries

    def task_of(self, turn: str | None) -> str | None:
        """The task that this turn is, or was, a turn of; None if it is none of ours."""
        return self._tasks.get(turn) if turn else None

    def _label(self, event: Event) -> dict[str, Any]:
        """The task of an event that only knows its turn."""
        match event:
            case TurnEnded():
                turn: str | None = event.seen.turn
            case RequestReceived():
                turn = event.request.turn
            case TurnBegan() | TurnRetried():
                turn = event.turn
            case _:
                return {}
        task = self.task_of(turn)
        return {"task": task, "turn": turn} if task else {}

    async def _record(self, events: list[Event]) -> None:
        """Append to the ledger; nothing is done before that, however long the disk takes."""
        while True:
            try:
                lines = self._ledger.append(events, self._label)
                break
            except StoreError as error:
                if self.trouble is None:
                    self._logs.say("ledger_full", level="error", reason=str(error))
                self.trouble = str(error)
                await asyncio.sleep(DISK_PATIENCE)
        self.trouble = None
        for line in lines:
            self._logs.write(line)

    def _compact(self, world: World, at: datetime) -> None:
        """Bound what the next start has to read."""
        if self._ledger.due:
            try:
                self._ledger.compact(world, at)
            except StoreError as error:  # it is as good without, only slower to start
                self._logs.say("ledger_not_compacted", level="warning", reason=str(error))


def without_time(runs: str) -> str:
    """runs.md without the moment it was rendered at: it is written again only when something else changed."""
    return "\n".join(line for line in runs.splitlines() if "UTC" not in line or "Rendered" not in line)
