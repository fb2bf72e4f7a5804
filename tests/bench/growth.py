"""Measure how times grow with children, tasks and the length of the ledger. An exponent of one or less is good."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from supervisor.cli.web.live import PageView
from supervisor.cli.web.views import Views
from supervisor.core.engine.reconcile import advance
from supervisor.core.view.page.pen import Pen
from supervisor.core.view.runs_md import render
from supervisor.core.view.status import status
from supervisor.core.view.story.record import RunStory
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.plan import Plan, Task
from supervisor.domain.world import World
from supervisor.runtime import templates
from supervisor.runtime.workspace import WorkspacePaths
from tests.bench import records
from tests.bench.rows import Row, median, timed

CHILDREN = (1, 3, 10, 30, 100)
TASKS = (1, 20, 200, 2000)
EVENTS = (1_000, 10_000, 100_000, 1_000_000)
AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(seconds=10)


def growth(folder: Path, rounds: int) -> Iterator[Row]:
    """The pure parts, and the start with a long ledger."""
    yield _row("a step of the core, 1 to 100 children", CHILDREN, lambda size: _steps(world_of(size, 1), rounds))
    yield _row("a step of the core, 1 to 2,000 tasks", TASKS, lambda size: _steps(world_of(8, size), rounds))
    yield _row("runs.md and the status, 1 to 2,000 tasks", TASKS, lambda size: _shown(world_of(8, size), rounds))

    yield _row("the page of `orch web`, 1 to 2,000 tasks", TASKS, lambda size: _drawn(world_of(32, size), rounds))

    def opened(size: int) -> float:
        path = folder / str(size) / "ledger.jsonl"
        records.fill(path, size)
        return median([timed(lambda: records.opened(path)) for _ in range(min(rounds, 3))])

    yield _row("the world of a ledger, 10^3 to 10^6 events", EVENTS, opened)


def slope(curve: Sequence[tuple[float, float]]) -> float:
    """The exponent of the growth over the upper half of the sizes."""
    upper = [(math.log(size), math.log(took)) for size, took in curve[len(curve) // 2 - 1 :]]
    x, y = (sum(one[at] for one in upper) / len(upper) for at in (0, 1))
    return sum((a - x) * (b - y) for a, b in upper) / sum((a - x) ** 2 for a, _ in upper)


def _row(what: str, sizes: Sequence[int], measured: Callable[[int], float]) -> Row:
    curve = tuple((float(size), measured(size)) for size in sizes)
    note = f"grows with the power {slope(curve):.2f}; at the smallest {curve[0][1]:.2g} ms"
    return Row(f"growth: {what}", curve[-1][1], None, "power 1", note, curve=curve)


def world_of(children: int, tasks: int) -> World:
    """A world with ready servers and a plan of that many tasks, one after the other in each child."""
    world = World()
    served = tuple(Child(f"c{number}", f"/c{number}") for number in range(children))
    plan = Plan(
        title="Grow",
        hold=False,
        objective="Grow.",
        success="",
        contracts=(),
        tasks=tuple(
            Task(f"T{number}", f"Do {number}", f"c{number % children}", instructions=f"Part {number}.")
            for number in range(tasks)
        ),
    )
    events: list[ev.Event] = [
        ev.SupervisorStarted(AT, 1, "0", served, (), (2.0,)),
        ev.UpRequested(AT, tuple(one.name for one in served)),
        *(ev.ServerReady(AT, one.name, 7, "/s", "0.169.0", False) for one in served),
        ev.PlanAccepted(AT, 1, "digest", "first", plan),
        ev.MapDrawn(AT, "map", (), ()),
    ]
    for event in events:
        world = advance(world, event).world
    return world


def at_work(children: int, tasks: int) -> World:
    """Return such a world with a turn under way in each child, as far as the tasks reach."""
    world = world_of(children, tasks)
    for name in world.servers:
        step = advance(world, ev.ThreadOpened(AT, name, 7, f"thread {name}", None, False, ()))
        world = step.world
        for start in (action for action in step.actions if isinstance(action, act.StartTurn)):
            turn = ev.TurnBegan(AT, name, start.thread, f"turn {start.task}", start.message)
            world = advance(advance(world, turn).world, ev.Ticked(AT)).world
    return world


def _steps(world: World, rounds: int) -> float:
    event = ev.TokensSpent(LATER, "c0", "thread", "turn", 1000, 100)
    return median([timed(lambda: advance(world, event)) for _ in range(3 * rounds)])


def _drawn(world: World, rounds: int) -> float:
    views = Views(WorkspacePaths(Path("/w")), Pen(), read_only=False)
    view = PageView(1, status(world, LATER, "/w"), RunStory(world, AT, LATER), LATER)
    return median([timed(lambda: views.overview(view, None)) for _ in range(rounds)])


def _shown(world: World, rounds: int) -> float:
    template = templates.read("runs.template.md")

    def show() -> None:
        status(world, LATER, "/w")
        render(world, LATER, template, "/w")

    return median([timed(show) for _ in range(rounds)])
