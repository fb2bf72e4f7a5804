"""Fold events into a story, beside the world: it keeps moments that the world forgets."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from supervisor.core.engine.evolve import evolve
from supervisor.core.view.story.decisions import decision_of
from supervisor.core.view.story.record import AskRecord, Decision, PlanEdit, RunStory, Stretch
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Ask, AskState
from supervisor.domain.world import World

DECISIONS_KEPT = 3000
STRETCHES_KEPT = 20_000
ASKS_KEPT = 5000
AS_BEFORE = "as before"  # the summary of a revision that is valid again: no edit

StretchKey = tuple[str, str]


class StoryFold:
    """A story as far as it was told. `add` takes the events in their order."""

    def __init__(self, world: World | None = None, unread: int = 0) -> None:
        self.unread = unread
        self._world = world or World()
        self._begun: datetime | None = None
        self._until: datetime | None = None
        self._done: deque[Stretch] = deque(maxlen=STRETCHES_KEPT)
        self._open: dict[StretchKey, Stretch] = {}  # by child, and turn or task
        self._asks: dict[str, AskRecord] = {ask.id: AskRecord(ask) for ask in self._world.asks.values()}
        self._edits: list[PlanEdit] = []
        self._decisions: deque[Decision] = deque(maxlen=DECISIONS_KEPT)
        self._left_out = 0

    def add(self, event: ev.Event) -> None:
        """Take in the next event."""
        before, self._world = self._world, evolve(self._world, event)
        self._begun, self._until = self._begun or event.at, event.at
        if self._world.asks is not before.asks:
            self._note_asks(event.at)
        match event:
            case ev.Intended(action=act.RunChecks() as action):
                self._open[action.child, f"checks of {action.task}"] = Stretch(
                    action.child, action.task, "checks", event.at
                )
            case ev.ChecksFinished():
                how = "failed" if any(check.exit_code for check in event.checks) else "passed"
                self._close((event.child, f"checks of {event.task}"), event.at, how)
            case ev.ChecksLost():
                self._close((event.child, f"checks of {event.task}"), event.at, "lost")
            case ev.TurnBegan():
                if (task := self._task_of(event.turn)) is not None and (event.child, event.turn) not in self._open:
                    self._open[event.child, event.turn] = Stretch(event.child, task, "turn", event.at)
            case ev.TurnEnded():
                self._close((event.child, event.seen.turn), event.at, str(event.seen.status))
            case ev.PlanAccepted() if event.summary != AS_BEFORE:
                self._edits.append(PlanEdit(event.at, event.revision, event.author, event.summary, event.picture))
            case ev.PlanRejected():
                wrong = "; ".join(f"line {one.line}: {one.message}" for one in event.problems)
                self._edits.append(PlanEdit(event.at, 0, event.author, f"rejected: {wrong}"))
            case ev.PlanPostponed():
                words = f"waits for `orch go`: {event.why}"
                self._edits.append(PlanEdit(event.at, 0, event.author, words, event.picture))
        if isinstance(event, ev.Intended) and (decision := decision_of(event)) is not None:
            self._left_out += len(self._decisions) == DECISIONS_KEPT
            self._decisions.append(decision)

    def told(self) -> RunStory:
        """Return the story so far."""
        stretches = sorted((*self._done, *self._open.values()), key=lambda one: one.begin)
        return RunStory(
            world=self._world,
            begun=self._begun,
            until=self._until,
            stretches=tuple(stretches),
            asks=tuple(self._asks.values()),
            edits=tuple(self._edits),
            decisions=tuple(self._decisions),
            left_out=self._left_out,
            unread=self.unread,
        )

    def _task_of(self, turn: str) -> str | None:
        return next((state.task for state in self._world.all_tasks if state.turn_id == turn), None)

    def _close(self, key: StretchKey, at: datetime, how: str) -> None:
        if (stretch := self._open.pop(key, None)) is not None:
            self._done.append(stretch._replace(end=at, how=how))

    def _note_asks(self, at: datetime) -> None:
        for name, ask in self._world.asks.items():
            known = self._asks.get(name)
            if known is None or known.ask is not ask:
                self._asks[name] = AskRecord(ask, _settled(known, ask, at))
        while len(self._asks) > ASKS_KEPT:
            del self._asks[next(iter(self._asks))]


def _settled(known: AskRecord | None, ask: Ask, at: datetime) -> datetime | None:
    """When it was settled; an ask that was reopened is open again."""
    if ask.state is AskState.OPEN and not ask.external:
        return None
    return (known.settled if known is not None else None) or at
