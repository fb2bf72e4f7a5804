"""`orch logs` for people: what a line says in words, what is left out, and local time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from supervisor.cli.look.log_lines import words_of
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.log_files import line, write

EAST = 12 - datetime.now(UTC).hour or 1  # hours from Greenwich to where it is about noon: no day ends while we test
TODAY = datetime.now(timezone(timedelta(hours=EAST))).replace(hour=12, minute=0, second=0, microsecond=0)
REPORT = '{"outcome": "done", "summary": "It polls."}'


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Live so many hours east of Greenwich."""
    monkeypatch.setenv("TZ", f"XXX{-EAST:+d}")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def today(event: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    """A line of today, so that no heading names the day."""
    moment = TODAY.replace(second=second).astimezone(UTC)
    return {"ts": moment.isoformat().replace("+00:00", "Z"), "level": "info", "event": event, **fields}


STORY = [
    today("supervisor_started", 1, version="0.1.0", pid=7, seq=1),
    today("intended", 2, child="firmware", task="T3", why="it is ready", action={"action": "start_turn"}, seq=2),
    today("turn_began", 3, child="firmware", task="T3", turn="u", message=None, seq=3),  # codex tells it first
    today("turn_began", 3, child="firmware", task="T3", turn="u", message="orch-T3-1", seq=4),
    today("steer_arrived", 4, child="firmware", task="T3", turn="u", message="orch-T3-2", seq=5),
    today("turn_began", 4, child="firmware", task="T3", turn="u", message="orch-T3-2", seq=6),
    today(
        "turn_ended", 6, child="firmware", task="T3", seen={"turn": "u", "status": "completed", "text": REPORT}, seq=7
    ),
    today("checks_finished", 7, child="firmware", task="T3", checks=[{"command": "make", "exit_code": 0}], seq=8),
]
ITEMS = [
    today("probe", 4, child="firmware", level="debug"),
    today(
        "item_completed",
        5,
        child="firmware",
        task="T3",
        item="commandExecution",
        command="/bin/bash -lc 'git log -n 5'",
        exit_code=0,
        duration_ms=12_900,
    ),
    today(
        "check_failed",
        7,
        level="warning",
        child="firmware",
        task="T3",
        run=1,
        command="make",
        exit_code=2,
        first="40: error: no rule",
        output="/ws/T3-1-1.log",
    ),
    today("task_done", 8, child="firmware", task="T3", why="verified", summary="It polls."),
    today("notice_sent", 9, task="T4", key="blocked T4", way="desktop"),
    today("task_blocked", 9, level="warning", task="T4", why="`make` still exits with 2"),
]
TOLD = """\
12:00:01            orch      supervisor up: orch 0.1.0, process 7
12:00:03            firmware  T3 turn began
12:00:04            firmware  T3 was told what changed
12:00:05    12.9 s  firmware  $ git log -n 5
12:00:06            firmware  T3 turn ended, it reports done
12:00:07            firmware  T3 checked: `make` exit 0
12:00:07            firmware  T3 `make` exit 2, whole output in /ws/T3-1-1.log: 40: error: no rule
12:00:08            firmware  T3 done: It polls.
12:00:09            orch      T4 notice sent by desktop
12:00:09            orch      T4 blocked: `make` still exits with 2
"""


@pytest.fixture
def told(workspace: WorkspacePaths) -> WorkspacePaths:
    write(workspace.ledger, STORY)
    write(workspace.logs / "firmware.jsonl", ITEMS)
    return workspace


def test_people_read_words_in_local_time_and_not_how_the_supervisor_works(told: WorkspacePaths, orch: Orch) -> None:
    assert orch("logs") == (0, TOLD, "")


def test_only_the_last_lines_are_shown_in_each_form(told: WorkspacePaths, orch: Orch) -> None:
    for words in ((), ("--raw",), ("--json",)):
        every = orch("logs", *words).out.splitlines(keepends=True)
        assert len(every) > 3
        assert orch("logs", "--tail", "3", *words).out == "".join(every[-3:])
        assert orch("logs", "-n", "99", *words).out == "".join(every)
    assert orch("logs", "--tail", "0", "--json") == (0, "", "")
    assert orch("logs", "--tail", "-1").code == 2


def test_what_is_left_out_is_shown_when_it_is_asked_for(told: WorkspacePaths, orch: Orch) -> None:
    assert orch("logs", "--event", "intended").out == "12:00:02            firmware  T3 intended: it is ready\n"
    assert "firmware  probe\n" in orch("logs", "--level", "debug").out
    assert orch("logs", "--event", "task_*", "--level", "warning").out.splitlines() == TOLD.splitlines()[-1:]


def test_another_day_has_a_heading_in_local_time(workspace: WorkspacePaths, orch: Orch) -> None:
    local = datetime(2020, 1, 3, 0 if EAST > 0 else 23, 30, tzinfo=TODAY.tzinfo)  # by UTC it is the day beside
    said = local.astimezone(UTC)
    assert said.date() != local.date()
    write(workspace.ledger, [{**line("hold_set", 0), "ts": said.isoformat().replace("+00:00", "Z")}])
    assert orch("logs").out.splitlines() == [
        "── 2020-01-03",
        f"{local:%H}:30:00            orch      `orch hold`: nothing new starts",
    ]


def test_following_goes_on_after_the_last_lines(
    told: WorkspacePaths, orch: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter([[today("hold_set", 20)], [today("hold_lifted", 21), today("tasks_settled", 22, why="1 done")]])

    def between(seconds: float) -> None:
        more = next(rounds, None)
        if more is None:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            write(told.ledger, more)

    monkeypatch.setattr("supervisor.cli.look.logs.time.sleep", between)
    ran = orch("logs", "--follow", "--tail", "1")
    assert [one[30:] for one in ran.out.splitlines()] == [
        "T4 blocked: `make` still exits with 2",
        "`orch hold`: nothing new starts",
        "`orch go`: the hold is lifted",
        "all tasks are settled: 1 done",
    ]


def test_what_a_child_asks_is_told_once(workspace: WorkspacePaths, orch: Orch) -> None:
    request = {"kind": "approval", "text": "May it run this command?", "command": "/bin/bash -c 'make all'"}
    asked = today("request_received", 1, child="firmware", task="T3", ask="A1", request=request)
    write(workspace.ledger, [asked])
    announced = {"child": "firmware", "task": "T3", "ask": "A1", "text": "May it run this command?", "request": "0"}
    checkpoint = {"task": "H1", "ask": "A2", "text": "Pair a device"}
    write(
        workspace.logs / "supervisor.jsonl",
        [today("ask_announced", 2, **announced), today("ask_announced", 3, **checkpoint)],
    )
    assert orch("logs").out.splitlines() == [
        "12:00:01            firmware  T3 asks (A1): $ make all",
        "12:00:03            orch      H1 asks (A2): Pair a device",
    ]


@pytest.mark.promise("inert text")
@pytest.mark.parametrize(
    "event",
    [
        *("item_completed", "turn_ended", "plan_accepted", "plan_rejected", "checks_finished", "request_received"),
        *("ask_answered", "server_ready", "task_done", "codex_error", "child_asked", "learning_noted", "ask_announced"),
        "unheard_of",
    ],
)
def test_lines_with_missing_or_hostile_fields_are_told_harmlessly(event: str) -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jno\npe" + "x" * 900
    for value in (None, 5, evil, [evil], {"command": evil}, [{"line": evil, "message": evil}]):
        names = ("task", "text", "why", "summary", "seen", "checks", "problems", "request", "answer", "item", "command")
        words = words_of({"ts": "2026-11-23T10:00:00Z", "level": "info", "event": event, **dict.fromkeys(names, value)})  # type: ignore[typeddict-item]
        assert words.isprintable()
        assert len(words) <= 300
