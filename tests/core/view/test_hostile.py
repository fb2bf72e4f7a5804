"""Other people's texts cannot change the structure of runs.md."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.view.runs_md import render
from supervisor.domain.ask import Ask, AskKind, Ruled
from supervisor.domain.plan import HUMAN, Problem, Task
from supervisor.domain.report import Change, Check, ContractNote, Outcome, Report
from supervisor.domain.task import Phase, RunResult, TaskState, Turn
from supervisor.domain.thread import Thread
from supervisor.domain.world import Learning, PlanState, World
from tests.core.hostile import CONTROL, MARKDOWN, hostile
from tests.core.view.worlds import H1, NOON, PLAN, REPORT, T1, T2, TEMPLATE, server, world_at_work


def structure(text: str) -> list[tuple[str, str]]:
    """The headings, the shape of the tables, and all HTML, links and images."""
    found = []
    for token in MARKDOWN.parse(text):
        if token.type in ("heading_open", "table_open", "tr_open", "th_open", "td_open", "html_block"):
            found.append((token.type, token.tag))
        found += [(one.type, one.tag) for one in token.children or () if one.type in UNWANTED]
    return found


UNWANTED = ("html_inline", "link_open", "image", "em_open", "s_open")


def hostile_world(draw: st.DrawFn | None) -> World:
    """A world in which every text of others is drawn; without `draw` it is a plain word."""

    def text() -> str:
        return draw(hostile) if draw else "word"

    base = world_at_work()
    planned = tuple(replace(one, title=text(), instructions=text(), expect=text()) for one in (T1, T2, H1))
    report = Report(
        Outcome.DONE, text(), (Change("p", text()),), (ContractNote(text(), text(), text()),), (), None, (text(),)
    )
    checks = (Check(text(), 1, text()), Check(text(), 0, text()))
    tasks = {
        "T1": replace(
            base.tasks["T1"],
            title=text(),
            why=text(),
            result=RunResult(report=report, checks=checks, changed_files=("p", text())),
        ),
        "T2": replace(
            base.tasks["T2"], title=text(), why=text(), note=text(), result=RunResult(words=text(), checks=checks)
        ),
        "H1": replace(
            base.tasks["H1"], title=text(), phase=Phase.DONE, runs=1, due=None, result=RunResult(words=text())
        ),
    }
    asks = {ask.id: replace(ask, text=text(), steps=text(), expect=text(), choices=(text(),)) for ask in base.open_asks}
    plan = replace(PLAN, title=text(), objective=text(), tasks=planned)
    return replace(
        base,
        plan=replace(base.plan, current=plan, problems=(Problem(1, text()),)),
        tasks=tasks,
        asks=asks,
        servers={
            "backend": server("backend", problem=text(), stderr=text()),
            "mobile": server("mobile", socket=text()),
        },
        threads={
            ("backend", None): Thread("backend", None, text()),
            ("mobile", "T2"): Thread("mobile", "T2", text()),
        },
        learnings=(Learning(NOON, text(), text()),),
        ruled=(Ruled(NOON, text(), text(), text(), text()),),
    )


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
