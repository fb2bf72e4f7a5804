"""The screen of `orch status` for people: the first line, what needs attention first, and the size of the terminal."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.cli.display.blocks import width
from supervisor.cli.display.fit import cut, fold
from supervisor.cli.display.output import plain
from supervisor.cli.display.screen import View, blocks
from supervisor.cli.display.tally import tally
from supervisor.domain.thread import Tokens
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance
from tests import CHECKOUT
from tests.cli.conftest import Orch
from tests.cli.scene import JsonDict, Standin, ask, child, status_json, task
from tests.cli.terminal import Terminal
from tests.counting import calls

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
STATES = ("done",) * 12 + ("running",) * 3 + ("needs_human", "blocked") + ("waiting",) * 13 + ("retired",) * 2
LONG = "Which port should the service use when another process of this machine has taken it already? " * 3
STEPS = "\n".join(f"{number}. Look at it." for number in range(1, 9))


def many(*, asks: int = 1) -> JsonDict:
    """30 tasks of three children, two retired ones, and some asks."""
    tasks = [
        task(
            f"T{number}",
            state,
            child=("backend", "mobile", "firmware")[number % 3],
            after=("T13",) if state == "waiting" else (),
            why="after T13" if state == "waiting" else "it still exits with 1",
            summary="It polls every second. " * 9 if state == "done" else None,
            runs=0 if state == "waiting" else 1,
            minutes=0.0 if state == "waiting" else 2.5,
            tokens=Tokens(0, 0) if state == "waiting" else Tokens(120_000, 400),
            doing="$ git log -n 5" if state == "running" else None,
        )
        for number, state in enumerate(STATES, 1)
    ]
    waiting = [
        ask(f"A{number}", child="backend", task="T16", text=LONG, steps=STEPS, expect="A port.")
        for number in range(1, asks + 1)
    ]
    return status_json(tasks=tuple(tasks), asks=tuple(waiting), children=(child("backend", pid=71, codex="0.163.0"),))


def screen(status: JsonDict, columns: int | None = None, lines: int | None = None, **view: bool) -> list[str]:
    return plain(blocks(glance(status), NOW, View(columns, lines, **view))).splitlines()


@pytest.mark.promise("no ask cut off")
@pytest.mark.parametrize("asks", [0, 1, 2, 3, 6, 12, 40])
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (80, 23), (200, 60), (60, 24)])
def test_thirty_tasks_and_every_ask_fit_the_terminal(asks: int, columns: int, lines: int) -> None:
    shown = screen(many(asks=asks), columns, lines)
    assert len(shown) <= lines
    assert max(map(width, shown)) <= columns
    for number in range(1, asks + 1):
        assert any(f"A{number}" in line.split() for line in shown), f"A{number} is cut off"
    table = shown[next(at for at, line in enumerate(shown) if line.startswith("TASK")) :]
    hidden = next(line for line in table if line.startswith("hidden: "))
    counted = sum(int(word) for word in hidden.split() if word.isdigit())
    assert counted + table.index(hidden) - 1 == len(STATES)


def test_the_first_line_says_how_far_the_plan_is() -> None:
    first = screen(many())[0]
    assert first == (
        "12 of 30 done · 1 blocked · 3 running · 1 needs you · 13 wait on T13 · 1 ask · 2.3M tokens · 48 min of turns"
    )


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ((), "no tasks"),
        ((task("T1"),), "0 of 1 done · 1 waits"),
        ((task("T1", "running"), task("T2", after=("T1",)), task("T3", after=("T2",))), "2 wait on T1"),
        ((task("T1", "running"), task("T2", after=("T1",)), task("T3")), "2 wait, 1 of them on T1"),
        ((task("T1", "running"), task("T2", after=("T1", "gone"))), "1 waits on T1"),
        ((task("T1", after=("T2",)), task("T2", after=("T1",))), "0 of 2 done · 2 wait"),
        ((task("T1", "retired"), task("T2", "done", minutes=0.2, tokens=Tokens(900, 50))), "1 of 1 done · 950 tokens"),
        ((task("T1", "strange"),), "0 of 1 done"),
    ],
)
def test_what_waits_is_told_with_what_it_waits_on_in_the_end(tasks: tuple[JsonDict, ...], words: str) -> None:
    line = tally(glance(status_json(tasks=tasks)))
    assert words in "".join(cell.text for cell in line.cells)


@given(st.lists(st.tuples(st.sampled_from(("waiting", "waiting", "running", "done")), st.sets(st.integers(0, 8)))))
def test_whatever_the_plan_is_the_task_that_most_wait_on_is_named(drawn: list[tuple[str, set[int]]]) -> None:
    tasks = {
        f"T{place}": task(f"T{place}", state, after=tuple(f"T{one}" for one in sorted(after) if one < place))
        for place, (state, after) in enumerate(drawn)
    }

    def unsettled(name: str) -> list[str]:
        return [one for one in tasks[name]["after"] if tasks[one]["state"] != "done"]

    def roots(name: str) -> set[str]:
        before = unsettled(name) if tasks[name]["state"] == "waiting" else []
        return {root for one in before for root in roots(one)} if before else {name}

    waiting = [name for name, one in tasks.items() if one["state"] == "waiting"]
    found = [roots(name) for name in waiting if unsettled(name)]
    most = max((sum(name in one for one in found) for name in tasks), default=0)
    line = "".join(cell.text for cell in tally(glance(status_json(tasks=tuple(tasks.values())))).cells)
    named = re.search(r"(?:(\d+) waits? on|(\d+) of them on) (T\d)", line)
    assert (named is not None) is (most > 0)
    if named is not None:
        assert int(named[1] or named[2]) == most == sum(named[3] in one for one in found)


@pytest.mark.parametrize("columns", [None, 80])
@pytest.mark.parametrize("width", [1, 50])
def test_a_long_plan_costs_no_more_for_a_task_than_a_short_one(width: int, columns: int | None) -> None:
    """In a row, and as a net in which each task waits on all tasks of the layer before it."""

    def shown(size: int) -> Callable[[], object]:
        layers = [tuple(f"T{number}" for number in range(at, at + width)) for at in range(0, size, width)]
        tasks = [task(name, after=before) for before, layer in pairwise(((), *layers)) for name in layer]
        status = status_json(tasks=tuple(tasks))
        return lambda: plain(blocks(glance(status), NOW, View(columns, 40 if columns else None)))

    assert calls(shown(3000)) <= 11 * calls(shown(300))


def test_what_needs_attention_stands_first_and_retired_tasks_are_shown_on_request() -> None:
    def ids(lines: list[str]) -> list[str]:
        return [line.split()[0] for line in lines if line.startswith("T") and line[1].isdigit()]

    usual = screen(many())
    assert ids(usual)[:6] == ["T16", "T17", "T13", "T14", "T15", "T18"]
    assert ids(usual)[-1] == "T12"
    assert "hidden: 2 retired (`--all` shows them)" in usual
    assert ids(screen(many(), 80, 24, every=True)) == [*ids(usual), "T31", "T32"]


def test_a_running_task_shows_what_it_does_now() -> None:
    row = next(line for line in screen(many(), 80, 24) if line.startswith("T13"))
    assert row.split() == ["T13", "running", "mobile", "2m", "120k", "1", "$", "git", "log", "-n", "5"]


def test_files_of_a_child_are_named_without_its_path() -> None:
    tasks = (task("T1", "running", doing="edits /repos/backend/app/a.py, /etc/hosts"),)
    shown = screen(status_json(tasks=tasks))
    assert next(line for line in shown if line.startswith("T1")).endswith("edits app/a.py, /etc/hosts")


def test_processes_and_versions_are_shown_on_request() -> None:
    assert "71" not in " ".join(screen(many())).split()
    wide = screen(many(), wide=True)
    assert "workspace   /ws" in wide
    assert "supervisor  up  process 7, for 5m, version 0.1.0" in wide
    assert wide[-2:] == ["CHILD    STATE  PID  CODEX", "backend  ready  71   0.163.0"]


def test_plan_problems_without_end_leave_room_for_the_rest() -> None:
    problems = [{"line": line, "message": "there is no child `mobil`"} for line in range(1, 60)]
    shown = screen({**many(), "plan": {**many()["plan"], "problems": problems}}, 80, 24)
    assert len(shown) <= 24
    assert "and 56 more lines (`orch status --all`)" in shown


@pytest.mark.parametrize("columns", [1, 2, 5, 20, 79])
def test_text_of_any_width_fits_the_columns(columns: int) -> None:
    for text in ("", "word", "two words", "設定を確認してください", "a" * 200, "é" * 90, "  spaces  "):
        assert width(cut(text, columns)) <= max(columns, 0)
        parts = fold(text, columns)
        assert parts
        assert columns < 2 or max(map(width, parts)) <= columns
        assert "".join(parts).replace(" ", "") == text.replace(" ", "")


@pytest.mark.promise("inert text")
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (20, 10), (10, 3)])
def test_hostile_text_of_any_length_neither_controls_nor_overflows_the_screen(columns: int, lines: int) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07設定" * 40
    tasks = (
        task(evil, evil, child=evil, title=evil, why=evil, doing=evil),
        task("T2", "running", after=(evil,), doing=evil, minutes=1e9, tokens=Tokens(10**15, 1)),
    )
    asks = (ask(evil, text=evil, steps=evil, expect=evil, task=evil, child=evil, answers=(evil,)),)
    plan = {"title": evil, "why": evil, "state": evil, "problems": [{"line": 1, "message": evil}]}
    shown = screen(
        status_json(tasks=tasks, asks=asks, children=(child("b", evil, problem=evil),), **plan), columns, lines
    )
    assert all(line.isprintable() for line in shown)
    assert max(map(width, shown)) <= columns


@pytest.mark.parametrize("size", [(24, 80), (40, 120)])
@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_a_terminal_gets_a_screen_of_its_own_size(
    size: tuple[int, int],
    environ: dict[str, str],
    workspace: WorkspacePaths,
    standin: Callable[..., Standin],
) -> None:
    standin(many(asks=2))
    with resized(workspace, size, "status", **environ) as shown:
        assert shown.end() == 0
    rows = shown.raw.decode().replace("\r", "").rstrip("\n").split("\n")
    assert len(rows) < size[0]
    assert ("\x1b" in shown.raw.decode()) is (not environ)
    assert "A1" in shown.screen
    assert "A2" in shown.screen


@pytest.mark.promise("no ask cut off")
@pytest.mark.parametrize("size", [(24, 80), (40, 120)])
def test_watching_never_cuts_off_an_ask(
    size: tuple[int, int], workspace: WorkspacePaths, standin: Callable[..., Standin]
) -> None:
    standin(many(asks=5))
    with resized(workspace, size, "status", "--watch") as shown:
        shown.until("supervisor  up")
        rows = shown.screen.splitlines()
    assert [f"A{number}" for number in range(1, 6)] == [row.split()[0] for row in rows if row.startswith("A")]
    assert rows[0].startswith("12 of 30 done")


def test_a_pipe_gets_all_tasks_and_nothing_is_cut(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(many(asks=2))
    shown = orch("status").out
    assert shown.count("It polls every second. " * 6) == 12
    assert " ".join(LONG.split()) in shown
    assert "\x1b" not in shown


def resized(workspace: WorkspacePaths, size: tuple[int, int], *words: str, **environ: str) -> Terminal:
    """Run `orch` in a terminal of this size. The program waits for a key before it begins, until the size is set."""
    usual = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
    program = f"import sys; input(); from supervisor.cli.main import run; sys.exit(run({list(words)!r}))"
    shown = Terminal(
        [sys.executable, "-c", program],
        cwd=workspace.root,
        environ={**usual, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color", **environ},
    )
    shown.resize(*size)
    shown.type("\n")
    return shown


def test_money_and_limits_are_in_the_first_line_and_a_misfit_below_it(
    orch: Orch, standin: Callable[..., Standin]
) -> None:
    limit = {"name": "", "minutes": 10_080, "used_percent": 93.4, "resets_at": "2026-11-23T14:05:00.000Z"}
    seen = status_json(tasks=({**task("T1", "running"), "tokens": {"input": 900, "output": 50}},))
    standin({**seen, "cost": 1.254, "cost_at_least": True, "limits": [limit], "warnings": ["the plan may not fit: x"]})
    lines = orch("status").out.splitlines()
    assert lines[0] == "0 of 1 done · 1 running · 950 tokens · over $1.25 · 93% of the limit used"
    assert lines[1] == "the plan may not fit: x"
    wide = orch("status", "--wide").out
    assert "limit       account: 93% used over 7 days until 2026-11-23 14:05:00 UTC" in wide
