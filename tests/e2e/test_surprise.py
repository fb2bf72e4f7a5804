"""An edit that would stop more of the running tasks than the config allows waits for `orch go`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.lab import SLOW, Lab, report, task

SECRET = "Use gh" + "p_" + "Zq3r" * 9 + "."  # the ledger has the plan without it


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab in which an edit may end the runs of half of the running tasks."""
    with Lab("backend", "mobile") as made:
        made.set_limits(surprise="50%")
        made.up()
        yield made


@pytest.mark.promise("surprise")
def test_a_surprising_edit_waits_for_go_whatever_dies_and_touches_nothing_meanwhile(lab: Lab) -> None:
    gate = lab.model.gate("held")
    both = task("T1", "backend", "wait held", report("one")) + task(
        "T2", "mobile", "wait held", report("two"), text=SECRET
    )
    lab.plan(both)
    revision = lab.revision + 1
    lab.until(lambda seen: {line["child"] for line in lab.ledger("turn_began")} == {"backend", "mobile"})
    gate.wait_reached(SLOW)

    lab.plan(task("T3", "backend", report("three")))
    plan = lab.until(lambda seen: seen["plan"]["state"] == "waiting")["plan"]
    assert plan["why"] == "it would stop 2 of 2 running tasks (T1, T2), more than `limits.surprise: 50%`"
    assert lab.orch("wait", check=False).returncode == 4
    assert lab.runs(f"Plan: **waiting**; revision {revision} stays in force until you")
    assert [one["level"] for one in lab.ledger("plan_postponed")] == ["warning"]

    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    lab.orch("up")
    seen = lab.until(lambda seen: [one["state"] for one in seen["tasks"][:2]] == ["running", "running"])
    assert (seen["plan"]["state"], seen["plan"]["revision"]) == ("waiting", revision)
    assert lab.acts("interrupt_turn") == lab.acts("steer_turn") == [], "the plan in force is the one that was written"

    assert lab.orch("go").stdout == f"plan.md is in force: revision {revision + 1}\n"
    assert lab.task("T3", "done")["summary"] == "three"
    assert {act["task"] for act in lab.acts("interrupt_turn")} == {"T1", "T2"}
    accepted = lab.ledger("plan_accepted")[-1]
    assert {one["task"]: one["effect"] for one in accepted["picture"]} == {
        "T1": "retired",
        "T2": "retired",
        "T3": "waits",
    }
    gate.open()


def test_a_further_edit_is_judged_anew(lab: Lab) -> None:
    gate = lab.model.gate("held")
    lab.plan(task("T11", "backend", "wait held", report("one")))
    gate.wait_reached(SLOW)
    lab.plan(task("T12", "mobile", report("two")))
    lab.until(lambda seen: seen["plan"]["state"] == "waiting")
    lab.plan(task("T11", "backend", "wait held", report("one")) + task("T12", "mobile", report("two")))
    assert lab.task("T12", "done")["summary"] == "two"
    gate.open()
    lab.task("T11", "done")
    assert (lab.status()["plan"]["revision"], lab.acts("interrupt_turn")) == (lab.revision + 2, [])
