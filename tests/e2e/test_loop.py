"""The whole loop with the real app-server: delegate, verify, follow up, answer, redirect, survive."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.lab import SLOW, Lab, report, task
from tests.e2e.stdio import codex_binary


def test_up_brings_a_ready_server_of_the_tested_codex_to_every_child(lab: Lab) -> None:
    version = subprocess.run([codex_binary(), "--version"], capture_output=True, text=True, check=True).stdout.split()[
        -1
    ]
    children = lab.up()["children"]
    assert [(one["name"], one["state"], one["codex"]) for one in children] == [
        ("backend", "ready", version),
        ("mobile", "ready", version),
    ]


def test_tasks_run_in_order_are_verified_and_reported(lab: Lab) -> None:
    lab.plan(
        task("T11", "backend", "write a.txt hello", report("wrote a"), fields=("verify: `grep -q hello a.txt`",))
        + task("T12", "mobile", "write b.txt x", report("wrote b"), fields=("after: T11", "verify: `test -f b.txt`"))
    )
    done = lab.task("T12", "done")
    assert (done["summary"], done["changed_files"], done["runs"]) == ("wrote b", ["b.txt"], 1)
    assert done["verify"] == [{"command": "test -f b.txt", "exit_code": 0}]
    assert lab.orch("wait", "--timeout", "5").returncode == 0
    assert [line["task"] for line in lab.acts("start_turn")] == ["T11", "T12"]
    assert lab.runs("wrote b")


def test_a_failing_verify_starts_follow_ups_and_then_blocks(lab: Lab) -> None:
    lab.plan(task("T21", "backend", report("not really"), fields=("verify: `echo broken; exit 3`",)))
    blocked = lab.task("T21", "blocked")
    assert blocked["verify"] == [{"command": "echo broken; exit 3", "exit_code": 3}]
    assert (blocked["runs"], blocked["turns"]) == (1, 3)
    assert lab.orch("wait", check=False).returncode == 5


@pytest.mark.promise("reason of a failure")
def test_a_follow_up_begins_with_the_reason_in_a_long_output(lab: Lab) -> None:
    end = "(echo out; echo err >&2; echo password=hunter2-x); exit 3"
    flood = f"seq 20000; echo error: no such route >&2; seq 9000; {end}"
    lab.plan(task("T26", "backend", report("not really"), fields=(f"verify: `{flood}`",)))
    lab.task("T26", "blocked")
    (first, *_) = [one["text"] for one in lab.acts("start_turn") if one["due"] == "fix"]
    assert "> 20001: error: no such route\n" in first
    assert "> out\n> err\n> password=[redacted]" in first
    (named,) = {line.split()[-1] for line in first.splitlines() if line.startswith("All 29,004 lines are in ")}
    lines = Path(named).read_text(encoding="utf-8").splitlines()
    assert (len(lines), lines[0], lines[20_000], lines[-1]) == (
        29_004,
        "1",
        "error: no such route",
        "password=[redacted]",
    )
    assert "20001: error: no such route" in lab.workspace.runs.read_text(encoding="utf-8")


def test_an_edit_while_the_turn_runs_steers_it(lab: Lab) -> None:
    gate = lab.model.gate("first")
    lab.plan(task("T31", "backend", "wait first", report("old")))
    gate.wait_reached(SLOW)
    lab.plan(task("T31", "backend", "write new.txt new", report("new")))
    lab.until(lambda seen: lab.ledger("steer_arrived"))
    gate.open()
    done = lab.task("T31", "done")
    assert (done["summary"], done["runs"], done["turns"]) == ("new", 1, 1)
    assert (lab.repos["backend"] / "new.txt").read_text(encoding="utf-8").strip() == "new"
    assert [line["event"] for line in lab.ledger("steer_arrived", "steer_missed")] == ["steer_arrived"]


def test_an_approval_waits_for_the_human_and_the_turn_continues(lab: Lab) -> None:
    marker = lab.folder / "outside.txt"
    lab.plan(
        task(
            "T41", "backend", f"escalate echo yes > {marker}", report("asked"), fields=(f"verify: `test -f {marker}`",)
        )
        + task("T42", "mobile", report("after"), fields=("after: T41",))
    )
    ask = lab.ask()
    assert (ask["kind"], ask["child"], ask["task"], ask["choices"]) == (
        "approval",
        "backend",
        "T41",
        ["accept", "decline"],
    )
    assert str(marker) in ask["steps"]
    assert lab.status()["tasks"][0]["state"] == "needs_human"
    assert lab.orch("wait", check=False).returncode == 4
    lab.orch("answer", ask["id"], "accept")
    lab.task("T42", "done")
    assert marker.read_text(encoding="utf-8") == "yes\n"
    assert lab.orch("answer", ask["id"], "accept", check=False).returncode == 1


def test_a_killed_server_comes_back_and_the_task_continues(lab: Lab) -> None:
    gate = lab.model.gate("held")
    lab.plan(
        task("T51", "backend", "write a.txt a", "wait held", report("survived"), fields=("verify: `test -f a.txt`",))
    )
    gate.wait_reached(SLOW)
    pid = lab.child("backend", "ready")["pid"]
    os.kill(pid, 9)
    lab.until(lambda seen: seen["children"][0]["state"] == "ready" and seen["children"][0]["pid"] != pid)
    gate.open()
    done = lab.task("T51", "done")
    assert (done["summary"], done["runs"], done["turns"]) == ("survived", 1, 2)


@pytest.mark.promise("delivered once")
def test_a_killed_supervisor_leaves_the_turn_running_and_the_next_one_takes_it_over(lab: Lab) -> None:
    gate = lab.model.gate("held")
    lab.plan(task("T61", "backend", "wait held", "write a.txt a", report("once"), fields=("verify: `test -f a.txt`",)))
    before = lab.status()
    gate.wait_reached(SLOW)
    os.kill(before["supervisor"]["pid"], 9)
    assert lab.orch("status", check=False).returncode == 3
    after = lab.up()
    assert [one["pid"] for one in after["children"]] == [one["pid"] for one in before["children"]]
    gate.open()
    done = lab.task("T61", "done")
    assert (done["summary"], done["turns"]) == ("once", 1)
    assert len(lab.delivered("T61")) == 1


def test_a_child_sets_itself_no_goal_that_would_outlive_its_task(lab: Lab) -> None:
    lab.plan(task("T111", "backend", 'call - create_goal {"objective": "more and more"}', report("did it")))
    done = lab.task("T111", "done")
    first, *_, last = lab.model.requests
    assert [name for name in first.tools if "goal" in name] == []
    assert "unsupported call" in last.outputs_since_last_user()[0].text
    assert (done["turns"], len(lab.acts("start_turn"))) == (1, 1)


@pytest.mark.promise("tokens counted")
def test_a_turn_that_ends_while_no_supervisor_runs_is_counted(lab: Lab) -> None:
    gate = lab.model.gate("held")
    lab.plan(
        task("T91", "backend", "write a.txt a", "wait held", "write b.txt b", report("done"), fields=("thread: fresh",))
        + task("T92", "backend", "write c.txt c", report("more"), fields=("after: T91", "thread: fresh"))
    )
    gate.wait_reached(SLOW)
    before = lab.status()
    os.kill(before["supervisor"]["pid"], 9)
    gate.open()
    (rollout,) = lab.home.glob(f"sessions/**/*{before['tasks'][0]['thread']}.jsonl")
    until = time.monotonic() + SLOW
    while "task_complete" not in rollout.read_text("utf-8"):
        assert time.monotonic() < until, "the turn does not end"
        time.sleep(0.05)
    lab.up()
    lab.task("T92", "done")
    tasks = {one["id"]: one for one in lab.status()["tasks"]}
    for one in (tasks["T91"], tasks["T92"]):
        assert one["tokens"] == _total(lab, one["thread"])


def _total(lab: Lab, thread: str) -> dict[str, int]:
    """What Codex itself has counted for a thread, in the file that it keeps of it."""
    (rollout,) = lab.home.glob(f"sessions/**/*{thread}.jsonl")
    lines = [json.loads(line) for line in rollout.read_text("utf-8").splitlines()]
    counts = [one["payload"]["info"] for one in lines if one["payload"].get("type") == "token_count"]
    last = [one for one in counts if one][-1]["total_token_usage"]
    return {"input": last["input_tokens"], "output": last["output_tokens"]}
