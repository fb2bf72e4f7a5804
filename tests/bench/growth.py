"""Measure how CPU times grow with children, tasks, the ledger, repos and logs. An exponent of one or less is good."""

from __future__ import annotations

import math
import os
import shutil
import time
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
from supervisor.runtime.snapshot.snapshots import refresh_all
from supervisor.runtime.workspace import WorkspacePaths
from tests.bench import records, repos
from tests.bench.rows import ORCH, Row, median, spent

CHILDREN = (1, 3, 10, 30, 100)
TASKS = (1, 20, 200, 2000, 5000)
EVENTS = (1_000, 10_000, 100_000, 1_000_000)
REPOS = (1, 4, 16, 64)
MEGABYTES = (1, 10, 100)  # of logs
AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(seconds=10)


def growth(folder: Path, rounds: int) -> Iterator[Row]:
    """The pure parts, the start with a long ledger, and what is read of repos and logs."""
    yield _row("a step of the core, 1 to 100 children", CHILDREN, lambda size: _steps(world_of(size, 1), rounds))
    yield _row("a step of the core, 1 to 5,000 tasks", TASKS, lambda size: _steps(world_of(8, size), rounds))
    yield _row("runs.md and the status, 1 to 5,000 tasks", TASKS, lambda size: _shown(world_of(8, size), rounds))

    yield _row("the page of `orch web`, 1 to 5,000 tasks", TASKS, lambda size: _drawn(world_of(32, size), rounds))

    def opened(size: int) -> float:
        path = folder / str(size) / "ledger.jsonl"
        records.fill(path, size)
        return median([_spent(lambda: records.opened(path)) for _ in range(min(rounds, 3))])

    yield _row("the world of a ledger, 10^3 to 10^6 events", EVENTS, opened)

    def read(size: int) -> float:
        return median([_snapshots(folder / f"{size} repos", size) for _ in range(min(rounds, 3))])

    yield _row("snapshots, 1 to 64 repos, read anew", REPOS, read)

    def searched(size: int) -> float:
        root = folder / f"{size} MB"
        records.fill_logs(root, size * 1_000_000)
        return median([spent(ORCH, "-C", root, "logs", "--task", "T7", "--json") for _ in range(min(rounds, 3))])

    yield _row("`orch logs` of a task, 1 to 100 MB", MEGABYTES, searched)


def slope(curve: Sequence[tuple[float, float]]) -> float:
    """The exponent of the growth over the upper half of the sizes."""
    upper = [(math.log(size), math.log(took)) for size, took in curve[len(curve) // 2 - 1 :]]
    x, y = (sum(one[at] for one in upper) / len(upper) for at in (0, 1))
    return sum((a - x) * (b - y) for a, b in upper) / sum((a - x) ** 2 for a, _ in upper)


def _row(what: str, sizes: Sequence[int], measured: Callable[[int], float]) -> Row:
    curve = tuple((float(size), measured(size)) for size in sizes)
    note = f"grows with the power {slope(curve):.2f}; at the smallest {curve[0][1]:.2g} ms"
    return Row(f"growth: {what}", curve[-1][1], None, "power 1", note, curve=curve)


def _spent(act: Callable[[], object]) -> float:
    """The CPU time of something and of the processes that it waits for, in milliseconds."""
    before = os.times()
    began = time.process_time()
    act()
    own = time.process_time() - began
    after = os.times()
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return (own + children) * 1000


def _snapshots(folder: Path, count: int) -> float:
    """The CPU time of new snapshots of so many repos of 200 commits and 200 files."""
    names = [f"r{number}" for number in range(count)]
    if not folder.exists():
        repos.with_history(folder / names[0], commits=200, files=200)
        for name in names[1:]:
            shutil.copytree(folder / names[0], folder / name)
        repos.workspace(folder, names)
    root = folder / "workspace"
    shutil.rmtree(root / ".orchestrator", ignore_errors=True)
    children = [Child(name, str(folder / name)) for name in names]
    return _spent(lambda: refresh_all(WorkspacePaths(root), children, lambda _: None))


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
    return median([_spent(lambda: advance(world, event)) for _ in range(3 * rounds)])


def _drawn(world: World, rounds: int) -> float:
    views = Views(WorkspacePaths(Path("/w")), Pen(), read_only=False)
    view = PageView(1, status(world, LATER, "/w"), RunStory(world, AT, LATER), LATER)
    return median([_spent(lambda: views.overview(view, None)) for _ in range(rounds)])


def _shown(world: World, rounds: int) -> float:
    template = templates.read("runs.template.md")

    def show() -> None:
        status(world, LATER, "/w")
        render(world, LATER, template, "/w")

    return median([_spent(show) for _ in range(rounds)])
