"""The world and its ledger: records every event, and every decision about it, before anything is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import NamedTuple

from supervisor.core.engine.agenda import Sign, bearing
from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.foresee import describe_picture
from supervisor.core.engine.reconcile import advance
from supervisor.core.engine.state import task_news
from supervisor.domain.action import Action, RaiseAsk, SendAnswer
from supervisor.domain.ask import RequestKey
from supervisor.domain.event import (
    Event,
    Intended,
    LeftoverReported,
    PlanAccepted,
    PlanPostponed,
    RequestReceived,
    TurnBegan,
    TurnEnded,
    TurnRetried,
)
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.runtime.logs import Logs
from supervisor.runtime.secrets import clean
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.store import Ledger, Opened

TURNS_KNOWN = 1000  # turns whose task is kept in memory for the logs


class Clock:
    """Wall time that never jumps: reads the wall clock once, then adds the monotonic time that has passed.

    `after` is the last time in the ledger. Time continues from there if the wall clock was set back since.
    """

    def __init__(self, after: datetime | None) -> None:
        self.after = after
        self._start = max(datetime.now(UTC), after or datetime.min.replace(tzinfo=UTC))
        self._mark = monotonic()

    def now(self) -> datetime:
        """Return the time in UTC. It never goes back, also if the machine's clock is set."""
        return self._start + timedelta(seconds=monotonic() - self._mark)


class Decided(NamedTuple):
    """The outcome of some events: the world after them, the events to record and the actions to carry out."""

    world: World
    events: tuple[Event, ...]
    actions: tuple[Action, ...]


class Recorder:
    """Owns the world of one workspace."""

    def __init__(self, ledger: Ledger, opened: Opened, logs: Logs) -> None:
        world = opened.world or World()
        for event in opened.events:
            world = evolve(world, event)
        self.world = world
        self.clock = Clock(opened.last)
        self.decided = self.clock.now()  # when we last decided: what was due by then is done
        self._ledger = ledger
        self._logs = logs
        self._busy = False  # something is being recorded
        self._tasks: dict[str, str] = {}  # by turn id

    def decide(self, events: Sequence[Event]) -> Decided:
        """Return the outcome of these events. It takes effect only in `record`."""
        world, recorded, actions = self.world, list[Event](), list[Action]()
        for event in events:
            step = advance(world, event)
            world = step.world
            if isinstance(event, TurnBegan):  # its end may be among these events, too
                self._know_turns(world)
            recorded += step.events
            actions += step.actions
            self.decided = event.at
        return Decided(world, tuple(recorded), tuple(actions))

    def record(self, decided: Decided) -> None:
        """Append to the ledger and the log, and make the decided world the current one.

        Raises StoreError if the ledger cannot be written; the world then stays as it was.
        """
        for write in self._recording(decided):
            write()

    async def record_aside(self, decided: Decided, aside: Callable[[Callable[[], None]], Awaitable[None]]) -> None:
        """Do the same, but wait for the disk `aside`, in another thread. One at a time."""
        for write in self._recording(decided):
            await aside(write)

    def _recording(self, decided: Decided) -> Iterator[Callable[[], None]]:
        """Record. Yields what waits for the disk, which has to be done before this goes on."""
        world, events = decided.world, decided.events
        self._know_turns(world)
        if events:
            self.renew()
            become = dict(_answers(events))
            lines = self._ledger.lines([_written(event) for event in events], lambda one: self._label(one, become))
            self._busy = True
            try:
                yield lambda: self._ledger.commit(lines)
                for line in lines:
                    self._logs.write(line)
                for one in task_news(self.world, world, events[-1].at):
                    child = one.child if one.child in world.servers else None
                    level = "warning" if one.warns else "info"
                    self._logs.say(one.event, level=level, child=child, task=one.task, why=one.why, summary=one.summary)
                if self._ledger.due:
                    kept = clean(world)
                    yield lambda: self._compact(kept, events[-1].at)
            finally:
                self._busy = False
        self.world = world

    def renew(self) -> None:
        """Write the ledger anew from memory, if somebody removed or replaced its file, unless it is being written: it
        may have more than the world then. Raises StoreError."""
        if not self._busy and (what := self._ledger.lost()) is not None:
            self._ledger.renew(clean(self.world), self.clock.now())
            reason = f"the ledger {what}: it was written anew from memory"
            self._logs.say("ledger_renewed", level="warning", reason=reason)

    def task_of(self, turn: str | None) -> str | None:
        """Return the task to which this turn belongs or belonged; None if it is not one of ours."""
        return self._tasks.get(turn) if turn else None

    def _know_turns(self, world: World) -> None:
        self._tasks.update({state.turn.id: state.task for state in bearing(world, Sign.TURN) if state.turn})
        while len(self._tasks) > TURNS_KNOWN:
            del self._tasks[next(iter(self._tasks))]

    def _label(self, event: Event, become: Mapping[RequestKey, dict[str, object]]) -> dict[str, object]:
        """Return the log fields `task` and `turn` for an event that names only its turn; for a revision, in words what
        it does and what may be wrong with it; for a request, what becomes of it."""
        more: dict[str, object] = {}
        match event:
            case PlanAccepted() | PlanPostponed():
                warnings = [f"line {one.line}: {one.message}" for one in event.plan.warnings]
                return {"does": describe_picture(event.picture), "warnings": warnings}
            case TurnEnded():
                turn: str | None = event.seen.turn
            case RequestReceived():
                turn = event.request.root or event.request.turn
                more = {"child": event.request.key.child, **become.get(event.request.key, {})}
            case TurnBegan() | TurnRetried() | LeftoverReported():
                turn = event.turn
            case _:
                return {}
        task = self.task_of(turn)
        return {"task": task, "turn": turn, **more} if task else more

    def _compact(self, world: World, at: datetime) -> None:
        """Compact the ledger, to bound what the next start has to read."""
        try:
            self._ledger.compact(world, at)
        except StoreError as error:  # the ledger stays valid, only the next start is slower
            self._logs.say("ledger_not_compacted", level="warning", reason=str(error))


def _answers(events: Sequence[Event]) -> Iterator[tuple[RequestKey, dict[str, object]]]:
    """Say of requests which ask they become, or which rule settles them."""
    for event in events:
        match event:
            case Intended(action=RaiseAsk(request=key, ask=ask)) if key is not None:
                yield key, {"ask": ask}
            case Intended(action=SendAnswer(ask="", key=key, why=why)):
                yield key, {"rule": why}


def _written(event: Event) -> Event:
    """Return an event as it is written. The secrets of the others were cut out when they were posted.

    The world keeps the plan and what is sent to servers exactly. The next supervisor reads the plan from plan.md again.
    """
    return clean(event) if isinstance(event, PlanAccepted | PlanPostponed | Intended) else event


@contextmanager
def recorder_of(workspace: WorkspacePaths, logs: Logs) -> Iterator[Recorder]:
    """Open the ledger of a workspace and yield its recorder. Raises StoreError if the ledger cannot be used."""
    ledger = Ledger(workspace.ledger)
    try:
        opened = ledger.open()
        if opened.cut:
            logs.say("ledger_end_cut", level="warning", reason=f"a torn last line of {opened.cut} bytes was cut off")
        yield Recorder(ledger, opened, logs)
    finally:
        ledger.close()
