"""Silence, outages and budgets, with nobody watching: nothing is lost, repeated or left running."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from supervisor.demo.model import Fail, Failed, ModelRequest, Silence, Step, directive_script
from supervisor.errors import RequestRefused
from tests.e2e.lab import Lab, report, task

STALL = 0.02  # minutes: two looks without a sign take a second and a half


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("backend") as made:
        yield made


@pytest.mark.promise("stalls")
def test_a_silent_turn_is_nudged_interrupted_resumed_and_at_last_given_to_the_human(lab: Lab) -> None:
    lab.set_limits(stall_minutes=STALL)
    lab.model.reset(lambda request: [Silence()])
    lab.plan(task("T1", "backend"))
    lab.up()

    ask = lab.ask()
    assert ask["text"].startswith("T1 gives no sign of life.")
    assert "Codex reported its thread as active" in ask["text"]
    assert [one["nudge"] for one in lab.acts("steer_turn")] == [True, True]
    assert [one["stalled"] for one in lab.acts("interrupt_turn")] == [True, True]
    assert lab.orch("wait", check=False).returncode == 4
    lab.model.reset(lambda request: [lab.says(report("awake"))])
    lab.orch("answer", ask["id"], "Leave that out.")
    done = lab.task("T1", "done")
    assert (done["summary"], done["runs"], done["turns"]) == ("awake", 1, 3)


def test_a_turn_that_answers_the_nudge_is_left_alone(lab: Lab) -> None:
    lab.set_limits(stall_minutes=STALL)
    lab.plan(
        task("T1", "backend", "write a.txt a", "silence")
    )  # the nudge is a prompt without a script, so its turn ends well
    lab.up()

    done = lab.task("T1", "done")
    assert (done["turns"], done["changed_files"]) == (1, ["a.txt"])
    assert len(lab.acts("steer_turn")) == 1


@pytest.mark.promise("hangs found", "stalls")
def test_a_turn_whose_command_computes_is_spared_however_silent_it_is(lab: Lab) -> None:
    lab.set_limits(stall_minutes=STALL)
    lab.plan(task("T1", "backend", "run timeout 5 sh -c 'while :; do :; done'; true", report("compiled")))
    lab.up()

    assert lab.task("T1", "done")["summary"] == "compiled"
    looks = [line["look"] for line in lab.ledger("turn_looked")]
    assert any(look["cpu"] for look in looks)
    assert lab.acts("steer_turn") == lab.acts("interrupt_turn") == []


@pytest.mark.promise("outages")
@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (Fail(429, "slow down"), "the provider failed 429"),
        (Failed("insufficient_quota", "no credit"), "the usage limit is reached"),
    ],
    ids=["429", "usage limit"],
)
def test_a_provider_that_takes_no_work_pauses_all_and_costs_no_task_a_try(lab: Lab, failure: Step, why: str) -> None:
    lab.set_limits(pause_seconds=[0.3, 0.3, 3600], retry_seconds=[])

    def out(request: ModelRequest) -> Sequence[Step]:
        return (failure,)

    lab.model.reset(out)
    lab.plan(task("T1", "backend", report("later")) + task("T2", "backend", report("later too"), fields=("after: T1",)))
    lab.up()
    seen = lab.until(lambda seen: len(lab.ledger("turn_ended")) == 3 and seen["pauses"])
    assert seen["pauses"][0]["provider"] == "scripted"
    assert [one["state"] for one in seen["tasks"]] == ["waiting", "waiting"]
    assert seen["tasks"][0]["why"].startswith("paused until ")
    assert why in seen["tasks"][0]["why"]
    lab.until(lambda _: len(lab.ledger("limits_read")) == 3)
    assert "\npaused: scripted until " in lab.orch("status").stdout
    assert lab.runs("**paused until")
    with lab.client() as client, pytest.raises(RequestRefused, match="backend is asked nothing now: paused until"):
        client.call("ask_child", child="backend", question="Why?")
    lab.model.reset(directive_script)
    lab.orch("go")
    assert lab.task("T1", "done")["runs"] == 1
    assert lab.task("T2", "done")["summary"] == "later too"
    assert lab.status()["pauses"] == []


@pytest.mark.promise("outages")
def test_work_continues_by_itself_after_an_outage(lab: Lab) -> None:
    lab.set_limits(pause_seconds=[0.3], retry_seconds=[])
    answers = iter([(Fail(503, "down"),)] * 3)
    lab.model.reset(lambda request: next(answers, None) or directive_script(request))
    lab.plan(task("T1", "backend", report("up again")))
    lab.up()

    done = lab.task("T1", "done")
    assert (done["summary"], done["turns"]) == ("up again", 4)


@pytest.mark.promise("budgets")
def test_a_budget_that_is_used_up_pauses_its_task_and_asks_and_the_human_grants_more(lab: Lab) -> None:
    steps = ("run true", "run true", "run true", report("not so cheap"))
    lab.plan(task("T1", "backend", *steps, fields=("budget: 100 tokens",)))
    lab.up()

    ask = lab.ask()
    assert ask["text"].startswith("The budget of T1 is used up: ")
    assert lab.task("T1", "needs_human")["budget"] == {"tokens": 100, "minutes": None}
    refused = lab.orch("answer", ask["id"], "reply", "as you like", check=False)
    assert (refused.returncode, "accept AMOUNT" in refused.stderr) == (2, True)
    lab.orch("answer", ask["id"], "accept", "+10M")
    assert lab.task("T1", "done")["summary"] == "not so cheap"


@pytest.mark.promise("budgets")
def test_the_budget_of_the_plan_pauses_all_its_tasks_and_decline_blocks_them(lab: Lab) -> None:
    lab.set_budget(plan="10 tokens")
    lab.plan(task("T1", "backend", "run true", "run true", report("x")) + task("T2", "backend", report("y")))
    lab.up()

    ask = lab.ask()
    assert ask["text"].startswith("The budget of the plan is used up: ")
    lab.orch("answer", ask["id"], "decline")
    lab.task("T1", "blocked")
    lab.task("T2", "blocked")
    assert lab.orch("wait", check=False).returncode == 5
