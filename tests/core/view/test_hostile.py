"""Other people's texts cannot change the structure of runs.md."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.view.runs_md import render
from supervisor.domain.ask import Ask, AskKind
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.task import Phase, RunResult, TaskState, Turn
from supervisor.domain.world import PlanState, World
from tests.core.hostile import CONTROL, MARKDOWN, hostile
from tests.core.view.hostile_world import hostile_world
from tests.core.view.worlds import NOON, PLAN, REPORT, TEMPLATE, server


def structure(text: str) -> list[tuple[str, str]]:
    """The headings, the shape of the tables, and all HTML, links and images."""
    found = []
    for token in MARKDOWN.parse(text):
        if token.type in ("heading_open", "table_open", "tr_open", "th_open", "td_open", "html_block"):
            found.append((token.type, token.tag))
        found += [(one.type, one.tag) for one in token.children or () if one.type in UNWANTED]
    return found


UNWANTED = ("html_inline", "link_open", "image", "em_open", "s_open")


hostile_worlds = st.composite(hostile_world)()


@settings(max_examples=30, deadline=None)
@given(world=hostile_worlds, workspace=hostile)
def test_the_shape_of_runs_md_does_not_depend_on_what_others_wrote(world: World, workspace: str) -> None:
    text = render(world, NOON, TEMPLATE, workspace)
    assert structure(text) == structure(render(hostile_world(None), NOON, TEMPLATE, "word"))
    assert not CONTROL.search(text)
    assert text.encode()
    rows = [line for line in text.splitlines() if line.startswith("| ") and line.endswith(" |")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 8 for row in rows if re.match(r"\| (id|T1|T2|H1) \|", row))


@settings(max_examples=30, deadline=None)
@given(
    tasks=st.lists(
        st.builds(
            TaskState,
            task=st.sampled_from(["T1", "T2", "H1", "T9"]),
            title=hostile,
            child=st.sampled_from(["backend", "mobile", HUMAN, "gone"]),
            phase=st.sampled_from(Phase),
            since=st.none() | st.datetimes(timezones=st.just(UTC)),
            runs=st.integers(0, 3),
            thread=st.sampled_from([None, ("backend", None), ("gone", "T9")]),
            turn=st.none() | st.just(Turn("u1", NOON, NOON)),
            result=st.builds(RunResult, words=hostile, report=st.none() | st.just(REPORT)),
            new_run=st.booleans(),
        ),
        max_size=5,
    ),
    planned_tasks=st.lists(
        st.builds(
            Task,
            id=st.sampled_from(["T1", "T2", "H1"]),
            title=hostile,
            child=st.sampled_from(["backend", HUMAN, "gone"]),
            after=st.lists(st.sampled_from(["T1", "T2", "H1", "T8"]), max_size=3).map(tuple),
            hold=st.booleans(),
            instructions=hostile,
        ),
        max_size=4,
    ).map(tuple),
    ask=st.builds(
        Ask,
        id=hostile,
        kind=st.sampled_from(AskKind),
        since=st.datetimes(timezones=st.just(timezone(timedelta(hours=14)))),
        text=hostile,
        steps=hostile,
        expect=hostile,
        choices=st.lists(hostile, max_size=2).map(tuple),
        child=st.none() | st.sampled_from(["backend", "gone"]),
        task=st.none() | st.sampled_from(["T1", "T9"]),
    ),
    template=hostile,
    planned=st.booleans(),
)
def test_every_world_can_be_rendered(
    tasks: list[TaskState], planned_tasks: tuple[Task, ...], ask: Ask, template: str, planned: bool
) -> None:
    world = World(
        plan=PlanState(replace(PLAN, tasks=planned_tasks) if planned else None, missing=None),
        tasks={state.task: state for state in tasks},
        servers={"backend": server("backend")},
        asks={ask.id: ask},
    )
    once = render(world, NOON, TEMPLATE + template, "")
    assert once == render(world, NOON, TEMPLATE + template, "")
