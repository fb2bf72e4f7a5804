"""The pages of `orch web`: small where the plan is large, and marked part by part."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from supervisor.cli.web.live import PageView
from supervisor.cli.web.routes import SCRIPT
from supervisor.cli.web.views import Views
from supervisor.core.view.page.pen import Pen
from supervisor.core.view.page.style import CSS, WEB_CSS
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
    page = Views(WorkspacePaths(tmp_path), Pen(), read_only=False).overview(view_of(world_of(32, 200)), None)
    assert page.count('class="row"') == 200
    parts = (page, CSS + WEB_CSS, SCRIPT.read_text(encoding="utf-8"))
    assert sum(len(gzip.compress(one.encode())) for one in parts) < MOST


def test_only_what_differs_has_another_mark(tmp_path: Path) -> None:
    views = Views(WorkspacePaths(tmp_path), Pen(), read_only=False)
    world = world_of(2, 3)
    before = marks(views.overview(view_of(world), None))
    assert marks(views.overview(view_of(world, 2), None)) == before
    wrong = replace(world, plan=replace(world.plan, problems=(Problem(7, "an unknown child"),)))
    page = views.overview(view_of(wrong, 3), None)
    after = marks(page)
    assert "line 7: an unknown child" in page
    assert {name for name in after if after[name] != before[name]} == {"part-notices"}


def test_a_task_that_is_not_there_has_no_page(tmp_path: Path) -> None:
    views = Views(WorkspacePaths(tmp_path), Pen(), read_only=True)
    view = view_of(world_of(1, 1))
    assert views.task(view, "gone") is None
    shown = views.task(view, view.status.tasks[0].id)
    assert shown is not None
    assert "<form" not in shown
