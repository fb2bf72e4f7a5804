"""An edit that would stop more of the running tasks than the config allows waits for `orch go`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.lab import SLOW, Lab, report, task

SECRET = "Use gh" + "p_" + "Zq3r" * 9 + "."  # the ledger has the plan without it


@pytest.fixture
def limited() -> Iterator[Lab]:
    with Lab("backend", "mobile") as lab:
        lab.set_limits(surprise="50%")
        yield lab


@pytest.mark.promise("surprise")
def test_a_surprising_edit_waits_for_go_whatever_dies_and_touches_nothing_meanwhile(limited: Lab) -> None:
    lab, gate = limited, limited.model.gate("held")
    both = task("T1", "backend", "wait held", report("one")) + task(
        "T2", "mobile", "wait held", report("two"), text=SECRET
    )
    lab.plan(both)
    lab.up()
    lab.until(lambda seen: {line["child"] for line in lab.ledger("turn_began")} == {"backend", "mobile"})
    gate.wait_reached(SLOW)

    lab.plan(task("T3", "backend", report("three")))
    plan = lab.until(lambda seen: seen["plan"]["state"] == "waiting")["plan"]
    assert plan["why"] == "it would stop 2 of 2 running tasks (T1, T2), more than `limits.surprise: 50%`"
    assert lab.orch("wait", check=False).returncode == 4
    assert lab.runs("Plan: **waiting**; revision 1 stays in force until you")
    assert [one["level"] for one in lab.ledger("plan_postponed")] == ["warning"]

    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    lab.orch("up")
    seen = lab.until(lambda seen: [one["state"] for one in seen["tasks"]] == ["running", "running"])
    assert (seen["plan"]["state"], seen["plan"]["revision"]) == ("waiting", 1)
    assert lab.acts("interrupt_turn") == lab.acts("steer_turn") == [], "the plan in force is the one that was written"

    assert lab.orch("go").stdout == "plan.md is in force: revision 2\n"
    assert lab.task("T3", "done")["summary"] == "three"
    assert {act["task"] for act in lab.acts("interrupt_turn")} == {"T1", "T2"}
    accepted = lab.ledger("plan_accepted")[-1]
    assert {one["task"]: one["effect"] for one in accepted["picture"]} == {
        "T1": "retired",
        "T2": "retired",
        "T3": "waits",
    }
    gate.open()


def test_a_further_edit_is_judged_anew(limited: Lab) -> None:
    lab, gate = limited, limited.model.gate("held")
    lab.plan(task("T1", "backend", "wait held", report("one")))
    lab.up()
    gate.wait_reached(SLOW)
    lab.plan(task("T2", "mobile", report("two")))
    lab.until(lambda seen: seen["plan"]["state"] == "waiting")
    lab.plan(task("T1", "backend", "wait held", report("one")) + task("T2", "mobile", report("two")))
    assert lab.task("T2", "done")["summary"] == "two"
    gate.open()
    lab.task("T1", "done")
    assert (lab.status()["plan"]["revision"], lab.acts("interrupt_turn")) == (2, [])
