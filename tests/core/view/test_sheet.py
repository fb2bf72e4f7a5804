"""What is kept of the last rendering saves work, and changes nothing. Stories check it too."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from msgspec.structs import replace

from supervisor.core.text.redact_values import redacted
from supervisor.core.view.runs_md import ENTRIES, ROWS, pieces, render
from supervisor.core.view.sheet import Sheet, sheet_of
from supervisor.core.view.status import status
from supervisor.domain.ask import Ask, AskKind
from supervisor.domain.child import Child, Runner
from supervisor.domain.plan import HUMAN, Budget, Plan, Task
from supervisor.domain.report import Check
from supervisor.domain.server import Outage, Server, ServerState
from supervisor.domain.task import Phase, RunResult, TaskState
from supervisor.domain.thread import Thread, TurnSeen, TurnStatus
from supervisor.domain.world import Learning, PlanState, World
from supervisor.runtime import templates
from tests.core.engine.any_world import AT, CHILDREN, plan_of, state_of, world_of
from tests.secrets.kinds import samples


def changed(dice: Random, world: World) -> World:
    """Return the world with something else in it."""
    child = dice.choice(CHILDREN[:3])
    plan = world.plan.current
    assert plan is not None
    match dice.randrange(12):
        case 0:
            reach = dice.choice(("", "unreachable", "refused"))
            runner = dice.choice((None, Runner("ssh", ("ssh",))))
            config = Child(child, f"/{child}", runner=runner, budget=dice.choice((None, Budget(9))))
            state, problem = dice.choice([*ServerState]), dice.choice((None, "so"))
            server = Server(config, state, reach=reach, problem=problem, tries=dice.randrange(3))
            return replace(world, servers={**world.servers, child: server})
        case 1:
            seen = TurnSeen("theirs", dice.choice((TurnStatus.IN_PROGRESS, TurnStatus.COMPLETED)))
            key = (child, dice.choice((None, "T1")))
            thread = Thread(*key, dice.choice((None, "t1", "t2")), open=dice.random() < 0.5, turns={"theirs": seen})
            thread = replace(thread, failures=dice.randrange(3), problem="no", provider=dice.choice(("", "openai")))
            return replace(world, threads={**world.threads, key: thread})
        case 2:
            about = dice.choice(({"task": "T1"}, {"task": None}, {"task": None, "budget": "plan"}))
            about = dice.choice((about, {"task": "T2", "thread": (child, None)}))
            name = f"A{dice.randrange(4)}"
            ask = Ask(
                id=name,
                kind=AskKind.QUESTION,
                since=AT,
                text="?",
                steps="",
                expect="",
                choices=(),
                **{"child": child, **about},
            )
            kept = {key: one for key, one in world.asks.items() if dice.random() < 0.8}
            return replace(world, asks={**kept, name: ask})
        case 3:
            until = AT + timedelta(seconds=dice.randrange(60))
            return replace(world, outages={"openai": Outage(AT, until, "over", child, True, 1)})
        case 4:
            return replace(world, plan=replace(world.plan, hold=dice.random() < 0.5))
        case 5:
            config = replace(world.config, parallel=dice.choice((None, 1)), plan_budget=Budget(dice.choice((9, 900))))
            return replace(world, config=config)
        case 6:
            return replace(world, learnings=(Learning(AT, HUMAN, "a fact"),), reserved=dice.choice(((), (child,))))
    names = dice.sample(sorted(world.tasks), dice.choice((1, 1, 2)))
    return replace(world, tasks={**world.tasks, **{name: state_of(dice, plan, world.tasks[name]) for name in names}})


@pytest.mark.parametrize(("size", "steps"), [(4, 120), (20, 60), (2000, 2)])
def test_a_sheet_that_was_kept_up_is_the_one_from_scratch(size: int, steps: int) -> None:
    dice = Random(size)
    world = world_of(plan_of(dice, size))
    last: Sheet | None = None
    for number in range(steps):
        world, at = changed(dice, world), AT + timedelta(seconds=number)
        last, scratch = sheet_of(world, at, last), sheet_of(world, at)
        assert last.infos == scratch.infos
        assert last.rows == scratch.rows
        assert last.entries == scratch.entries
        if size > 100:
            continue
        assert status(world, at, "/w", last) == status(world, at, "/w")
        template = "# {{title}}\n{{updated}} {{unknown}}\n{{tasks}}\n{{runs}}{{reconnect}}"
        whole = "".join(piece.text for piece in pieces(world, at, template, "/w", last))
        assert whole == render(world, at, template, "/w")
        assert "{{unknown}}" in whole


def test_what_is_kept_has_no_secrets() -> None:
    secret = "ghp_" + "a1B2" * 9
    plan = plan_of(Random(1), 3)
    world = World(plan=PlanState(plan), tasks={"T0": TaskState("T0", f"use {secret}", "c0", runs=1)})
    sheet = sheet_of(world, AT, None, redacted)
    again = sheet_of(replace(world, tasks={"T0": replace(world.tasks["T0"], runs=2)}), AT, sheet, redacted)
    for one in (sheet, again):
        assert secret not in f"{one.infos} {one.rows} {one.entries}"
    assert secret in str(sheet_of(world, AT).infos)


@pytest.mark.promise("no secret written")
def test_a_page_in_pieces_shows_no_secret_that_the_whole_page_does_not() -> None:
    """A key that began in one task, and was cut off by a limit, ends with what is shown of that task."""
    template = templates.read("runs.template.md")

    def world_of(text: str) -> World:
        tasks = [Task(f"T{place}", text, "c0", instructions=f"Do it.\n\n{text}") for place in range(2)]
        result = RunResult(words=text, checks=(Check(text, 1, text),), changed_files=(text,))
        states = [
            TaskState(task.id, text, "c0", phase=Phase.BLOCKED, why=text, runs=1, result=result) for task in tasks
        ]
        plan = Plan(text, hold=False, objective=text, success="", contracts=(), tasks=tuple(tasks))
        noted = (Learning(AT, HUMAN, text),)
        return World(plan=PlanState(plan), tasks={state.task: state for state in states}, learnings=noted)

    for sample in samples():
        for text in (f"before {sample.text} after", sample.text[: len(sample.text) * 2 // 3]):
            world = world_of(text)
            kept = pieces(world, AT, template, "/w", sheet_of(world, AT, None, redacted))
            page = "".join(part.text if part.name in (ROWS, ENTRIES) else redacted(part.text) for part in kept)
            whole = redacted(render(world, AT, template, "/w"))
            assert [one for one in sample.secrets if one in page and one not in whole] == [], sample.kind
            hidden = [one for one in sample.secrets if one not in redacted(text)]
            assert [one for one in hidden if one in page] == [], sample.kind


def test_a_server_whose_trouble_is_the_same_renders_no_task_anew() -> None:
    plan = plan_of(Random(1), 9)
    tasks = {task.id: TaskState(task.id, task.title, task.child) for task in plan.tasks}
    away = Server(Child("c0", "/c0", runner=Runner("ssh", ("ssh",))), ServerState.BACKOFF, reach="unreachable")
    world = World(plan=PlanState(plan, missing=None), tasks=tasks, servers={"c0": away})
    sheet = sheet_of(world, AT)
    again = replace(world, servers={"c0": replace(away, tries=7, not_before=AT)})
    assert sheet_of(again, AT, sheet).shown is sheet.shown
    refused = sheet_of(
        replace(world, servers={"c0": replace(away, reach="refused", state=ServerState.FAILED)}), AT, sheet
    )
    assert "the server of c0 is refused" in refused.rows
    assert "the server of c0 is unreachable" in sheet.rows


def test_what_looks_the_same_is_the_same_text() -> None:
    plan = plan_of(Random(1), 3)
    world = World(
        plan=PlanState(plan), tasks={task.id: TaskState(task.id, task.title, task.child) for task in plan.tasks}
    )
    sheet = sheet_of(world, AT)
    again = sheet_of(replace(world, learnings=(Learning(AT, HUMAN, "x"),)), AT, sheet)
    assert again.shown is sheet.shown
    assert sheet.rows
    assert sheet_of(again.world, AT, sheet).rows is sheet.rows
