"""Costs as counts, which are the same on every machine, so regressions show at once. `scripts/bench` measures times."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from supervisor.cli.display.tally import tally
from supervisor.core.engine.reconcile import advance, wakeup
from supervisor.core.engine.state import task_news
from supervisor.core.map.interfaces import interfaces
from supervisor.core.plan import canonical, suspects
from supervisor.core.plan import parse as parsing
from supervisor.core.plan.diff import diff
from supervisor.core.view.runs_md import pieces, render
from supervisor.core.view.sheet import Sheet, sheet_of
from supervisor.core.view.status import status
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.link import Kind, Link, Place, Role
from supervisor.domain.plan import Plan, Rejection
from supervisor.domain.status import Status
from supervisor.domain.task import LeftoverLook, Phase
from supervisor.domain.thread import TurnSeen, TurnStatus
from supervisor.domain.world import World
from supervisor.runtime import records as records_of
from supervisor.runtime import templates
from supervisor.runtime.records import Records
from supervisor.runtime.snapshot.snapshots import refresh_all
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger import store
from supervisor.shell.ledger.segments import segments
from supervisor.shell.process import table
from tests import CHECKOUT
from tests.bench import records, repos
from tests.bench.growth import LATER, at_work, world_of
from tests.counting import calls

HEAVY = {"pydantic", "rich", "structlog", "watchdog", "markdown_it", "psutil", "git", "starlette", "uvicorn"}
COMMAND = {"asyncio", "msgspec", "ruamel", "typer", "websockets"}


def loaded_by(program: str) -> set[str]:
    """Run a program in a separate Python, and return the modules that it loaded."""
    words = [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=20)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("modules", "most", "heavy"),
    [
        ("cli.main", 87, COMMAND | {"_hashlib"}),
        # before the supervisor is started
        ("cli.main, cli.steer.up", 108, COMMAND | {"subprocess", "json", "_hashlib"}),
        ("cli.main, cli.steer.up, cli.steer.ready", 123, COMMAND | {"subprocess"}),
        ("cli.main, cli.steer.down", 136, COMMAND),
        ("cli.main, cli.look.status", 117, COMMAND | {"socket"}),
        # all that a status loads where no supervisor is up
        (
            "cli.main, cli.look.status, runtime.last_status, runtime.presence.headway",
            124,
            COMMAND | {"socket", "weakref"},
        ),
        ("cli.main, cli.draw.graph", 121, COMMAND),
        ("cli.main, cli.look.logs", 128, COMMAND | {"dataclasses", "inspect", "shutil"}),
        ("cli.main, cli.steer.asks", 120, COMMAND),
        ("cli.main, cli.steer.requests", 109, COMMAND),
        ("cli.main, cli.command.overview", 104, COMMAND | {"inspect", "shutil"}),  # most help, and all mistakes
        ("cli.command.typer_app", 160, {"asyncio", "ruamel"}),  # the help of one command
        # before a server is started; four of them are the keeper's, which its process has loaded in any case
        ("runtime.daemon.main", 329, {"asyncio", "logging", "typer", "websockets", "_hashlib", "difflib"}),
        # while the servers get ready
        ("runtime.daemon.main, runtime.daemon.supervise", 545, {"typer"}),
        ("runtime.survey.worker", 228, {"ruamel", "typer"}),
    ],
)
def test_what_is_loaded_stays_small(modules: str, most: int, heavy: set[str]) -> None:
    found = loaded_by("import " + ", ".join(f"supervisor.{name}" for name in modules.split(", ")))
    assert (HEAVY | heavy) & {name.partition(".")[0] for name in found} == set()
    assert len(found) <= most


def test_only_the_grammars_of_languages_that_occur_are_loaded() -> None:
    found = loaded_by("from supervisor.wire.source.read import literals; literals('python', b'x = 1')")
    assert {name for name in found if name.startswith(("tree_sitter_", "graphql", "antlr4", "proto_schema"))} == {
        "tree_sitter_python",
        "tree_sitter_python._binding",
    }


def test_a_step_visits_only_the_tasks_that_it_concerns() -> None:
    few, many = at_work(8, 24), at_work(8, 2400)
    seen = TurnSeen("turn T3", TurnStatus.COMPLETED, ("orch-T3-1",), '{"outcome": "done", "summary": "done"}')
    steps: dict[str, Callable[[World], object]] = {
        "a note": lambda world: advance(world, ev.LearningNoted(LATER, "human", "a fact")),
        "a probe": lambda world: advance(world, ev.ServerResponded(LATER, "c0", 7)),
        "used tokens": lambda world: advance(world, ev.TokensSpent(LATER, "c3", "thread c3", "turn T3", 1000, 100)),
        "the end of a turn": lambda world: advance(world, ev.TurnEnded(LATER, "c3", "thread c3", seen)),
        "the next moment": lambda world: wakeup(world, LATER),
    }
    assert steps["the end of a turn"](few).actions != ()  # type: ignore[attr-defined]
    for name, step in steps.items():
        assert calls(lambda: step(many)) <= 1.1 * calls(lambda: step(few)), name  # noqa: B023


def test_only_what_may_look_different_is_rendered_anew() -> None:
    template = templates.read("runs.template.md")

    def costs(size: int) -> dict[str, int]:
        world = at_work(8, size)
        known = sheet_of(world, LATER)
        assert known.infos
        assert known.rows
        assert known.entries
        seen = TurnSeen("turn T3", TurnStatus.COMPLETED, ("orch-T3-1",), '{"outcome": "done", "summary": "done"}')
        after = {
            "a note": ev.LearningNoted(LATER, "human", "a fact"),
            "used tokens": ev.TokensSpent(LATER, "c3", "thread c3", "turn T3", 1000, 100),
            "the end of a turn": ev.TurnEnded(LATER, "c3", "thread c3", seen),
        }
        ended = advance(world, after["the end of a turn"]).world
        ended = advance(ended, ev.LeftoversLooked(LATER, "c3", "T3", "turn T3", LeftoverLook(LATER))).world
        last = advance(ended, ev.ChecksFinished(LATER, "c3", "T3", 1, (), ("one.py",)))
        assert [action.task for action in last.actions if isinstance(action, act.StartTurn)] == ["T11"]

        def show(world: World, known: Sheet = known) -> None:
            sheet = sheet_of(world, LATER, known)
            status(world, LATER, "/w", sheet)
            pieces(world, LATER, template, "/w", sheet)

        before_last = sheet_of(ended, LATER)
        assert before_last.infos
        assert before_last.rows
        assert before_last.entries
        found = {name: calls(lambda: show(advance(world, event).world)) for name, event in after.items()}  # noqa: B023
        return {**found, "the end of a task": calls(lambda: show(last.world, before_last))}

    few, many = costs(24), costs(2400)
    for name, count in many.items():
        assert count <= 1.1 * few[name], name


def test_a_status_and_runs_md_cost_in_proportion_to_the_tasks() -> None:
    template = templates.read("runs.template.md")
    few, many = world_of(8, 100), world_of(8, 1000)
    for what in (
        lambda world: status(world, LATER, "/w"),
        lambda world: render(world, LATER, template, "/w"),
    ):
        assert calls(lambda: what(many)) < 12 * calls(lambda: what(few))  # noqa: B023


def test_the_first_line_of_a_status_costs_in_proportion_to_the_tasks_also_where_each_waits_for_the_last() -> None:
    def chain(count: int) -> Status:
        seen = status(world_of(8, count), LATER, "/w")
        after = [(), *((f"T{at}",) for at in range(count - 1))]
        return replace(
            seen, tasks=tuple(replace(one, after=names) for one, names in zip(seen.tasks, after, strict=True))
        )

    few, many = chain(100), chain(1000)
    assert calls(lambda: tally(many)) < 12 * calls(lambda: tally(few))


def test_only_the_edited_parts_of_a_plan_are_analysed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = world_of(8, 200).plan.current
    assert plan is not None
    edited = replace(plan, tasks=(replace(plan.tasks[0], instructions="Another."), *plan.tasks[1:]))
    understood: list[str] = []
    real = canonical.canonical.__wrapped__
    monkeypatch.setattr(canonical, "canonical", lambda text: understood.append(text) or real(text))
    assert diff(plan, edited).changed == ("T0",)
    assert len(understood) <= 8


def test_an_edit_has_only_its_own_task_looked_at_for_slips(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tuple(f"T{number}" for number in range(200))
    looked_at: list[int] = []
    real = suspects.suspects
    monkeypatch.setattr(
        parsing, "suspects", lambda page, *more: looked_at.append(len([*page.numbered()])) or real(page, *more)
    )

    def read(words: str) -> Plan | Rejection:
        tasks = [f"### {name} — Do {name}\n- child: c0\n\nDo {words if name == 'T7' else name}.\n" for name in ids]
        return parsing.parse("\n".join(["# Plan: Long", "", "## Working Plan", "", *tasks]), ["c0"], ids)

    first, then = read("this"), read("that")
    assert isinstance(first, Plan)
    assert isinstance(then, Plan)
    assert [one.id for one, other in zip(first.tasks, then.tasks, strict=True) if one is not other] == ["T7"]
    assert looked_at == [4 + 5 * 200, 4 + 5]


def test_what_a_revision_means_for_tasks_takes_one_look_at_each_plan() -> None:
    world = at_work(8, 240)
    done = {name: replace(state, phase=Phase.DONE) for name, state in world.tasks.items()}
    before = replace(world, tasks=done)
    assert before.plan.current is not None
    plan = replace(before.plan.current, tasks=before.plan.current.tasks[:120])
    after = advance(before, ev.PlanAccepted(LATER, 2, "other", "fewer", plan)).world
    assert task_news(before, after, LATER) == []
    assert 1 <= calls(lambda: task_news(before, after, LATER), "_by_id") <= 3


def test_all_that_ask_while_the_process_table_is_read_share_one_more_read(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[None] = []
    begun, others_asked = threading.Event(), threading.Event()
    real = table.rows

    def counted() -> Iterator[table.Row]:
        looks.append(None)
        if len(looks) == 1:
            begun.set()
            assert others_asked.wait(5)
        return real()

    async def ask() -> list[table.ProcessTable]:
        first = asyncio.create_task(table.read_table_in_thread())
        assert await asyncio.to_thread(begun.wait, 5)
        others = [asyncio.create_task(table.read_table_in_thread()) for _ in range(15)]
        await asyncio.sleep(0)  # now each of them has asked
        others_asked.set()
        return await asyncio.gather(first, *others)

    monkeypatch.setattr(table, "rows", counted)
    answers = asyncio.run(ask())
    assert len(looks) == 2, "one read that was under way, and one for all that asked meanwhile"
    assert all(one is answers[1] for one in answers[1:])
    assert answers[0] is not answers[1]


def test_servers_that_exit_one_after_the_other_share_a_look_at_the_process_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[None] = []
    real = table.rows
    monkeypatch.setattr(table, "rows", lambda: looks.append(None) or real())
    monkeypatch.setattr(table, "GATHERING", 0.2)

    async def exits() -> list[table.ProcessTable]:
        asking = []
        for _ in range(32):
            asking.append(asyncio.create_task(table.read_table_in_thread(gather=True)))
            await asyncio.sleep(0)
        return await asyncio.gather(*asking)

    assert len({id(one) for one in asyncio.run(exits())}) == len(looks) == 1


def test_joining_interfaces_grows_no_faster_than_the_square_of_their_number() -> None:
    def act(count: int) -> Callable[[], object]:
        files = [f"src/m{number % 7}/r{number}.js" for number in range(count)]
        sides = [(Place("api", file, 1, Role.PROVIDES, "r"), Place("web", "c.ts", 1, Role.USES, "r")) for file in files]
        rows = [Link(Kind.ROUTE, file, 0.9, ("api", "web"), both) for file, both in zip(files, sides, strict=True)]
        return lambda: interfaces(rows)

    assert calls(act(120)) < 5 * calls(act(60))


def test_a_step_costs_in_proportion_to_the_children() -> None:
    few, many = at_work(5, 50), at_work(40, 400)
    for event in (
        ev.LearningNoted(LATER, "human", "a fact"),
        ev.TokensSpent(LATER, "c3", "thread c3", "turn T3", 9, 1),
    ):
        assert calls(lambda: advance(many, event)) < 9 * calls(lambda: advance(few, event))  # noqa: B023


def test_a_start_folds_no_more_of_a_long_ledger_than_its_last_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT", 1 << 16)
    read = []
    for count in (300, 2_500):
        records.fill(path := tmp_path / str(count) / "ledger.jsonl", count)
        read.append((len(segments(path)) > 4, len(store.Ledger(path).peek().events)))
    assert read == [(False, 300), (True, 100)]


def test_snapshots_take_as_many_processes_for_each_repo_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = WorkspacePaths(repos.workspace(tmp_path, ["r0"]))
    repos.with_history(tmp_path / "r0", commits=5, files=8)
    children = [Child(f"r{number}", str(tmp_path / f"r{number}")) for number in range(6)]
    for child in children[1:]:
        shutil.copytree(tmp_path / "r0", child.path)
    started: list[object] = []
    popen = subprocess.Popen.__init__
    monkeypatch.setattr(
        subprocess.Popen, "__init__", lambda self, *words, **kw: started.append(0) or popen(self, *words, **kw)
    )

    def processes(of: Sequence[Child]) -> int:
        started.clear()
        refresh_all(workspace, of, lambda _: None)
        return len(started)

    processes(children[:1])  # and what is asked of git only once
    assert 0 < (one := processes(children[1:2])) <= 15
    assert processes(children[2:]) == 4 * one


def test_to_look_for_a_task_parses_only_its_lines_and_holds_a_block_of_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[object] = []
    monkeypatch.setattr(
        records_of, "json", SimpleNamespace(**{**vars(json), "loads": lambda raw: parsed.append(0) or json.loads(raw)})
    )

    def peak(size: int) -> int:
        records.fill_logs(tmp_path / str(size), size)
        tracemalloc.start()
        with closing(Records(WorkspacePaths(tmp_path / str(size)))) as read:
            found = sum(1 for _ in read.read(holding=["T7"]))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == len(parsed) > 0
        parsed.clear()
        return most

    assert max(peak(3_000_000), peak(9_000_000)) < 5 * records_of.BLOCK  # the old and the new block of two files
