"""runs.md tells what the repos share, and what comes next for each task."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from supervisor.core.engine.lifecycle.updates import with_plan
from supervisor.core.view.layout import utc
from supervisor.domain.link import Drift, Kind, Link, Place, Role
from supervisor.domain.task import Phase
from supervisor.domain.world import DriftRecord, World
from tests.core.view.worlds import H1, NOON, PLAN, T1, T2, shown, world_at_work

OURS = Place("backend", "api/app.py", 12, Role.PROVIDES, "/v1/devices")
THEIRS = (Place("mobile", "src/api.ts", 40, Role.USES, "/v1/devices"), Place("firmware", "http.c", 0, Role.USES, "x"))
GONE = Drift(
    "backend", Kind.ROUTE, "/v1/devices", "backend no longer serves it", ("mobile", "firmware"), (OURS,), THEIRS
)


def test_what_changed_under_others_is_told_with_both_sides_newest_first() -> None:
    new = replace(GONE, kind=Kind.ENV, name="SHOP_TOKEN", what="backend reads it now", was=(), theirs=THEIRS[:1])
    records = (DriftRecord(NOON, "T1", GONE), DriftRecord(NOON + timedelta(minutes=1), None, new))
    world = world_at_work()
    world = replace(world, map=replace(world.map, drifts=records))
    assert shown(world, "{{shared}}").splitlines() == [
        "- 2026-01-02 12:01:00 UTC: env `SHOP_TOKEN`: backend reads it now; relied on by mobile `src/api.ts:40`",
        "- 2026-01-02 12:00:00 UTC, by T1: route `/v1/devices`: backend no longer serves it; "
        "it was at backend `api/app.py:12`; relied on by mobile `src/api.ts:40`, firmware `http.c`",
    ]


def test_a_map_without_changes_says_how_many_links_it_has() -> None:
    world = world_at_work()
    link = Link(Kind.ROUTE, "/v1/devices", 0.9, ("backend", "firmware", "mobile"), (OURS, *THEIRS))
    for links, said in (((link,), "1 link"), ((link, replace(link, name="/v2")), "2 links")):
        assert shown(replace(world, map=replace(world.map, links=links)), "{{shared}}") == (
            f"The map has {said}: `orch map`.\n\nNothing that the repos share has changed."
        )


@pytest.mark.parametrize(("count", "what"), [(1, "an event"), (12, "12 events")])
def test_a_plan_that_is_held_because_the_ledger_lost_events_says_so(count: int, what: str) -> None:
    world = with_plan(world_at_work(), hold=True, lost=count)
    assert shown(world, "{{tasks}}").startswith(
        f"Plan: **held**, revision 3. Nothing new starts: the ledger lost {what}: "
        "look at what the tasks did, then `orch go`.\n\n"
    )


def following(world: World, task: str) -> str:
    """What the entry of a task in the log says comes next."""
    text = shown(world, "{{runs}}")
    entry = text[text.index(f"### {task} ") :].split("\n### ")[0]
    return next(line for line in entry.splitlines() if line.startswith("- next: "))


@pytest.mark.parametrize(
    ("phase", "line"),
    [
        (Phase.WORKING, "- next: its report; `orch logs --follow --task T1` shows what it does"),
        (Phase.CHECKING, "- next: its verify commands decide"),
        (Phase.BLOCKED, "- next: change it in plan.md, or run `orch go T1`"),
        (Phase.FAILED, "- next: change it in plan.md, or run `orch go T1`"),
        (Phase.DONE, "- next: T2 can build on it"),
    ],
)
def test_the_log_says_what_comes_next_for_each_task(phase: Phase, line: str) -> None:
    world = world_at_work()
    state = replace(world.tasks["T1"], phase=phase, checking=phase is Phase.CHECKING)
    assert following(replace(world, tasks={**world.tasks, "T1": state}), "T1") == line


def test_a_task_that_the_plan_holds_says_how_to_let_it_go() -> None:
    world = world_at_work()
    idle = replace(world.tasks["T1"], phase=Phase.IDLE)
    held = replace(PLAN, tasks=(replace(T1, hold=True), T2, H1))
    world = with_plan(replace(world, tasks={**world.tasks, "T1": idle}), current=held)
    assert following(world, "T1") == "- next: remove its `hold: yes` from plan.md"


def test_a_moment_that_is_not_known_or_has_no_utc_is_shown_as_it_is() -> None:
    assert utc(None) == "?"
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert utc(first) == "0001-01-01 00:00:00+14:00"
