"""The pages of `orch web`: small where the plan is large, and marked part by part."""

from __future__ import annotations

import gzip
import json
import re
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from supervisor.cli.web.live import PageView
from supervisor.cli.web.routes import SCRIPT
from supervisor.cli.web.views import Views
from supervisor.core.view.page.pen import Pen
from supervisor.core.view.status import status
from supervisor.core.view.story.record import PlanEdit, RunStory, Stretch
from supervisor.domain.plan import Problem
from supervisor.domain.world import World
from supervisor.runtime.workspace import WorkspacePaths
from tests.bench.growth import AT, LATER, world_of

MOST = 60_000  # bytes on the wire of all that the first page needs


def view_of(world: World, version: int = 1) -> PageView:
    """How a world looks in which each task had a turn and its checks."""
    begins = [AT + timedelta(seconds=7 * at) for at in range(len(world.plan.tasks))]
    stretches = []
    for task, begin in zip(world.plan.tasks, begins, strict=True):
        middle, end = begin + timedelta(seconds=50), begin + timedelta(seconds=60)
        stretches.append(Stretch(task.child, task.id, "turn", begin, middle, "completed"))
        stretches.append(Stretch(task.child, task.id, "checks", middle, end, "passed"))
    story = RunStory(world, AT, LATER, tuple(stretches), (), (PlanEdit(AT, 1, "human", "first"),))
    return PageView(version, status(world, LATER, "/ws"), story, LATER)


def marks(page: str) -> dict[str, str]:
    return dict(re.findall(r'id="([^"]+)" data-rev="([^"]+)"', page))


def test_the_first_page_is_small_with_many_children_and_tasks(tmp_path: Path) -> None:
    page = Views(WorkspacePaths(tmp_path), Pen(), read_only=False).overview(view_of(world_of(32, 200)), None).html
    assert page.count('class="row"') == 200
    parts = (page, SCRIPT.read_text(encoding="utf-8"))
    assert sum(len(gzip.compress(one.encode())) for one in parts) < MOST


def test_only_what_differs_has_another_mark_and_is_told_again(tmp_path: Path) -> None:
    views = Views(WorkspacePaths(tmp_path), Pen(), read_only=False)
    world = world_of(2, 3)
    before = views.overview(view_of(world), None).marks
    assert views.overview(view_of(world, 2), None).marks == before
    wrong = replace(world, plan=replace(world.plan, problems=(Problem(7, "an unknown child"),)))
    told = views.overview(view_of(wrong, 3), None, before)
    assert {name for name in told.marks if told.marks[name] != before[name]} == {"part-notices"}
    assert views.overview(view_of(wrong, 3), None).marks == told.marks
    parts = re.findall(r'<(\w+) id="([^"]+)" data-rev="[^"]+" data-same></\1>', told.html)
    assert {name for _, name in parts} == set(before) - {"part-notices"}
    assert "line 7: an unknown child" in told.html
    assert len(told.html) < 2500


def test_a_part_that_shows_something_else_is_drawn_anew(tmp_path: Path) -> None:
    """What is dear to draw is kept while it shows the same: rows, graph and time line are told by what they show."""
    views = Views(WorkspacePaths(tmp_path), Pen(), read_only=False)
    view = view_of(world_of(2, 3))
    before = views.overview(view, None).marks
    first, *rest = view.status.tasks
    blocked = replace(first, state="blocked", why="it went wrong")
    told = views.overview(view._replace(status=replace(view.status, tasks=(blocked, *rest))), None)
    changed = {name for name in told.marks if told.marks[name] != before[name]}
    assert changed == {f"row-{first.id}", "part-graph", "head"}
    assert "it went wrong" in told.html
    later = view._replace(at=view.at + timedelta(seconds=40))
    told = views.overview(later, None)
    assert {name for name in told.marks if told.marks[name] != before[name]} == set()
    moved = view._replace(story=view.story._replace(edits=(*view.story.edits, PlanEdit(LATER, 2, "human", "second"))))
    told = views.overview(moved, None)
    assert {name for name in told.marks if told.marks[name] != before[name]} == {"part-time"}


def test_a_task_that_is_not_there_has_no_page(tmp_path: Path) -> None:
    views = Views(WorkspacePaths(tmp_path), Pen(), read_only=True)
    view = view_of(world_of(1, 1))
    assert views.task(view, "gone") is None
    shown = views.task(view, view.status.tasks[0].id)
    assert shown is not None
    assert "<form" not in shown


def test_a_task_at_work_shows_in_full_what_its_child_says_in_this_turn(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    workspace.logs.mkdir(parents=True)
    long = "I look at <the> router first. " * 20
    messages = ("Of an earlier turn.", "turn", '{"outcome": "done"}', "First.", "Second.", "Third.", long)
    lines = [
        {"ts": AT.isoformat(), "level": "info", "task": "T0", "event": "turn_began", "message": "orch-T0-1"}
        if one == "turn"
        else {
            "ts": AT.isoformat(),
            "level": "info",
            "task": "T0",
            "event": "item_completed",
            "item": "agentMessage",
            "text": one,
        }
        for one in messages
    ]
    (workspace.logs / "c0.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    views, view = Views(workspace, Pen(), read_only=False), view_of(world_of(1, 1))
    working = replace(view.status, tasks=(replace(view.status.tasks[0], state="running"),))
    shown = views.task(view._replace(status=working), "T0")
    assert shown is not None
    said = re.findall(r'<div class="card"><div class="words">(.*?)</div></div>', shown.html)
    assert said == [long.replace("<the>", "&lt;the&gt;"), "Third.", "Second."]
    done = views.task(view, "T0")
    assert done is not None
    assert "What it says" not in done.html


def test_without_a_plan_there_is_nothing_to_hold(tmp_path: Path) -> None:
    before = view_of(world_of(1, 1))
    gone = replace(before.status, plan=replace(before.status.plan, state="missing"), tasks=())
    views = Views(WorkspacePaths(tmp_path), Pen(), read_only=False)
    assert "Hold: start nothing new" in views.overview(before, None).html
    empty = views.overview(before._replace(status=gone), None).html
    assert ("Hold: start nothing new" in empty, "0 tokens" in empty, "no task yet" in empty) == (False, False, True)
