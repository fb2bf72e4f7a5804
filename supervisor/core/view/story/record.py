"""The parts of a story: what a child worked on and when, what was asked, how the plan changed, what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from supervisor.domain.ask import Ask
from supervisor.domain.plan import Foreseen
from supervisor.domain.world import World


class Stretch(NamedTuple):
    """A time in which a child worked on a task. `how` it ended: a word of Codex for a turn, `passed` or `failed` for
    checks, `lost`; "" while it goes on."""

    child: str
    task: str
    kind: Literal["turn", "checks"]
    begin: datetime
    end: datetime | None = None
    how: str = ""


class AskRecord(NamedTuple):
    """An ask, as it is now, and when it was settled."""

    ask: Ask
    settled: datetime | None = None


class PlanEdit(NamedTuple):
    """A version of plan.md that came into force, or that did not: then `revision` is 0 and `summary` says why."""

    at: datetime
    revision: int
    author: str
    summary: str
    effects: tuple[Foreseen, ...] = ()


class Decision(NamedTuple):
    """Something that the supervisor did, and why."""

    at: datetime
    child: str
    task: str
    what: str
    why: str


class RunStory(NamedTuple):
    """All that happened, up to the latest event. Each part is in the order of time."""

    world: World
    begun: datetime | None = None
    until: datetime | None = None
    stretches: tuple[Stretch, ...] = ()
    asks: tuple[AskRecord, ...] = ()
    edits: tuple[PlanEdit, ...] = ()
    decisions: tuple[Decision, ...] = ()
    left_out: int = 0  # older decisions that are not kept
    unread: int = 0  # lines of the ledger that hold no event
