"""`orch status` with a supervisor that is up, down or hangs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from supervisor.cli.display.drawing import drawn
from supervisor.cli.display.output import plain
from supervisor.cli.display.screen import blocks
from supervisor.cli.display.task_rows import duration
from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import PlanInfo, Status, SupervisorInfo
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import identity_of
from supervisor.wire.glance import glance
from supervisor.wire.status import read_status
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, as_sent, ask, child, status_json, task

DOWN = as_sent(SupervisorInfo("down"))
NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
FULL = status_json(
    children=(
        child("backend", since="2026-11-23T10:04:18Z", pid=71, codex="0.163.0", rss_bytes=88 * 2**20, task="T1"),
        child("mobile", "failed", problem="codex is\nnot logged in"),
    ),
    tasks=(
        task("T1", "running", why="the plan says so"),
        task("T2", "done", child="mobile", why="its report", summary="It polls.\nEvery second."),
    ),
    asks=(
        ask(
            "A1",
            kind="approval",
            child="backend",
            task="T1",
            text="Run this?",
            steps="rm -r x",
            choices=["accept", "decline"],
            answers=["accept", "decline"],
        ),
        ask(
            "A2",
            kind="checkpoint",
            task="H1",
            text="Pair it",
            steps="1. Hold.\n2. Wait.",
            expect="It is ready.",
            choices=["accept"],
            answers=["accept", "decline"],
        ),
    ),
    state="rejected",
    problems=[{"line": 12, "message": "there is no child `mobil`"}],
)
SCREEN = """\
plan rejected · 1 of 2 done · 1 running · 2 asks
plan.md:12: there is no child `mobil`
mobile failed: codex is not logged in

waits on you
A1  approval · backend · T1  since 2026-11-23 10:00:00 UTC
  Run this?
  steps:
    rm -r x
  answer: `orch answer A1 accept`, or `orch answer A1 decline`

A2  checkpoint · H1  since 2026-11-23 10:00:00 UTC
  Pair it
  steps:
    1. Hold.
    2. Wait.
  expect:
    It is ready.
  answer: `orch answer A2 accept`, or `orch answer A2 decline`

TASK  STATE    CHILD    TIME  TOKENS  TRIES  TITLE        NOW
T1    running  backend  -     -       -      Title of T1  the plan says so
T2    done     mobile   -     -       -      Title of T2  It polls. Every second.

plan        rejected  revision 1: A plan
supervisor  up  for 5m
children    mobile failed · backend ready"""


@pytest.mark.parametrize("read", [glance, read_status])
def test_the_whole_status_is_one_screen(read: Callable[[JsonObject], Status]) -> None:
    assert plain(blocks(read(FULL), NOW)) == SCREEN


def test_the_shorter_status_of_an_older_supervisor_is_shown() -> None:
    older = {name: FULL[name] for name in FULL if name not in ("pauses", "orchestrator", "as_of")}
    older["tasks"] = [{name: one[name] for name in one if name != "minutes"} for one in FULL["tasks"]]
    assert plain(blocks(glance(older), NOW)) == plain(blocks(read_status(older), NOW)) == SCREEN


def test_a_terminal_gets_the_same_words() -> None:
    console = Console(width=120, force_terminal=False, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(drawn(blocks(read_status(FULL), NOW)))
    shown = captured.get().split()
    assert shown == SCREEN.split()


@pytest.mark.promise("inert text")
def test_text_of_children_cannot_control_the_terminal() -> None:
    hostile = status_json(
        children=(child("backend", "failed", problem="\x1b]0;owned\x07\x1b[2Jno\x9b3Jpe"),),
        tasks=(task("T1", "blocked", why="\x1b[31m[red]why[/red]\x07", title="\x1b(0title"),),
        asks=(ask("A1", text="\x1b[8mhidden\x1b[0m", steps="a\rb\x1b[1A"),),
    )
    shown = plain(blocks(glance(hostile), NOW))
    assert {mark for mark in shown if not mark.isprintable()} == {"\n"}
    assert [word for word in ("nope", "[red]why[/red]", "title", "hidden", "ab") if word not in shown] == []


@pytest.mark.parametrize(("seconds", "shown"), [(-3, "0s"), (59.9, "59s"), (60, "1m"), (7199, "1h"), (86400 * 3, "3d")])
def test_a_duration_is_one_short_unit(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_json_is_what_the_supervisor_answers(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(FULL)
    ran = orch("status", "--json")
    assert (ran.code, json.loads(ran.out), ran.err) == (0, FULL, "")


def test_the_screen_is_printed_plainly_when_no_terminal_reads_it(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json())
    ran = orch("status")
    assert (ran.code, ran.err) == (0, "")
    first, gap, plan, supervisor, children = ran.out.splitlines()
    assert (first, gap, plan) == ("no tasks", "", "plan        in force  revision 1: A plan")
    assert supervisor.startswith("supervisor  up  for ")
    assert children == "children    backend, mobile ready"


def test_json_that_a_supervisor_has_cleaned_needs_no_rules_but_hides_the_secrets_of_this_environment(
    workspace: WorkspacePaths, standin: Callable[..., Standin]
) -> None:
    standin(status_json(tasks=(task("T1", why="api_key = plain-words, Set up the backup codes"),)))
    program = (
        "import sys; from supervisor.cli.main import run; code = run(sys.argv[1:])\n"
        "print(code, 'supervisor.core.text.secrets.find' in sys.modules)"
    )
    words = [sys.executable, "-c", program, "-C", workspace.root, "status", "--json"]
    environ = {**os.environ, "ACME_TOKEN": "plain-words"}
    out, _, last = (
        subprocess.run(words, capture_output=True, text=True, check=True, env=environ).stdout.strip().rpartition("\n")
    )
    assert last == "0 False"
    assert json.loads(out)["tasks"][0]["why"] == "api_key = [redacted], Set up the backup codes"


@pytest.mark.promise("light status")
def test_a_supervisor_that_hangs_is_reported_within_seconds(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(hangs=True)
    begun = time.monotonic()
    ran = orch("status", "--json")
    assert time.monotonic() - begun < 5  # the command itself gives up after one second
    assert (ran.code, json.loads(ran.out)["supervisor"]["state"]) == (3, "down")
    assert ran.err.startswith("orch: the supervisor is busy: no answer to `status` within ")


def test_when_nothing_ever_ran_the_children_are_those_of_the_config(workspace: WorkspacePaths, orch: Orch) -> None:
    ran = orch("status", "--json")
    stopped = [child(name, "stopped", path=str(workspace.root.parent / name)) for name in ("backend", "mobile")]
    assert (ran.code, json.loads(ran.out), ran.err) == (
        3,
        {
            "workspace": str(workspace.root),
            "supervisor": DOWN,
            "as_of": None,
            "plan": as_sent(PlanInfo("missing")),
            "orchestrator": None,
            "children": stopped,
            "tasks": [],
            "asks": [],
            "pauses": [],
            "cost": None,
            "cost_at_least": False,
            "limits": [],
            "warnings": [],
        },
        "orch: the supervisor is not up: run `orch up`\n",
    )


def left(workspace: WorkspacePaths, scene: dict[str, Any], **identities: Any) -> None:
    """What a dead supervisor leaves on disk."""
    workspace.state.mkdir()
    workspace.last_status.write_text(json.dumps(scene), encoding="utf-8")
    records = {name: {"identity": one._asdict(), "socket": "/s", "codex": "0"} for name, one in identities.items()}
    workspace.registry.write_text(json.dumps(records), encoding="utf-8")


@pytest.mark.promise("light status")
def test_without_a_supervisor_the_last_status_and_the_live_servers_are_shown(
    workspace: WorkspacePaths, orch: Orch
) -> None:
    ourselves = identity_of(os.getpid())
    assert ourselves is not None
    running = child("backend", pid=ourselves.pid, socket="/s", task="T1")
    gone = child("mobile", pid=ourselves.pid, socket="/s", restarts=2, codex="0.163.0", task="T2", problem="it died")
    scene = status_json(children=(running, gone), tasks=(task("T1", "running"),), asks=(ask("A1"),))
    left(workspace, scene, backend=ourselves)
    ran = orch("status", "--json")
    shown = json.loads(ran.out)
    assert shown["as_of"].endswith("Z")
    shown["as_of"] = None
    assert (ran.code, shown) == (
        3,
        {
            **scene,
            "workspace": str(workspace.root),
            "supervisor": DOWN,
            "children": [running, {**gone, "state": "stopped", "pid": None, "socket": None, "task": None}],
        },
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"children": 5}', '{"children": [{}], "plan": {}}'])
def test_a_torn_last_status_is_ignored(text: str, workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.state.mkdir()
    workspace.last_status.write_text(text, encoding="utf-8")
    ran = orch("status", "--json")
    assert (ran.code, json.loads(ran.out)["tasks"]) == (3, [])
    assert orch("status").code == 3


def test_watching_prints_a_line_of_json_at_every_change(orch: Orch, standin: Callable[..., Standin]) -> None:
    grown = status_json(children=(child("backend", rss_bytes=5), child("mobile")))
    standin(status_json(), grown, FULL, ends=True)
    ran = orch("status", "--watch", "--json")
    assert [json.loads(line) for line in ran.out.splitlines()] == [status_json(), FULL]
    assert (ran.code, ran.err) == (3, "orch: the supervisor went away: see `orch logs`, then run `orch up`\n")


def test_watching_prints_a_screen_at_every_change(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(), status_json(), status_json(tasks=(task("T1"),)), ends=True)
    ran = orch("status", "--watch")
    assert (ran.code, ran.out.count("children   "), ran.out.count("T1")) == (3, 2, 2)


def test_watching_ends_well_when_it_is_interrupted(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(), at_the_end=lambda: os.kill(os.getpid(), signal.SIGINT))
    ran = orch("status", "--watch", "--json")
    assert (ran.code, json.loads(ran.out), ran.err) == (0, status_json(), "")


def test_before_the_first_start_the_status_says_that_plan_md_is_not_yet_followed(
    workspace: WorkspacePaths, orch: Orch
) -> None:
    workspace.plan.write_text("# Plan: X\n", encoding="utf-8")
    assert json.loads(orch("status", "--json").out)["plan"]["state"] == "not_followed"
    line = "plan        not followed  (plan.md is there, and not yet followed: run `orch up`)"
    assert line in orch("status").out.splitlines()


def test_a_plan_md_that_was_saved_while_no_supervisor_was_up_is_told(workspace: WorkspacePaths, orch: Orch) -> None:
    workspace.plan.write_text("# Plan: X\n", encoding="utf-8")
    digest = hashlib.sha256(workspace.plan.read_bytes()).hexdigest()
    left(workspace, status_json(read=digest))
    assert json.loads(orch("status", "--json").out)["plan"]["why"] is None
    workspace.plan.write_text("# Plan: Y\n", encoding="utf-8")
    assert "(plan.md was saved since, and is not yet followed: the next `orch up` reads it)" in orch("status").out
    workspace.plan.unlink()
    assert "(plan.md is gone since: the next `orch up` reads it)" in orch("status").out


def test_a_plan_that_waits_says_why_and_for_what(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(state="waiting", why="it would stop 2 of 2 running tasks"))
    assert orch("status").out.splitlines()[:4] == [
        "plan waiting · no tasks",
        "`orch plan check` shows what it would do, `orch go` lets it in force",
        "",
        "plan        waiting  revision 1: A plan  (it would stop 2 of 2 running tasks)",
    ]
