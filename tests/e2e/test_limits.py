"""Silence, outages and budgets, with nobody watching: nothing is lost, repeated or left running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from supervisor.demo.model import Fail, Failed, Silence, Step, directive_script
from supervisor.errors import RequestRefused
from tests.e2e.account import account
from tests.e2e.lab import Lab, report, task

STALL = 0.02  # minutes: two looks without a sign take a second and a half


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab that pauses twice for a moment, and then for an hour, when the provider takes no work."""
    with Lab("backend") as made:
        made.set_limits(pause_seconds=[0.3, 0.3, 3600], retry_seconds=[])
        made.up()
        yield made


@pytest.fixture(scope="module")
def impatient() -> Iterator[Lab]:
    """A lab that takes a turn for stalled after two looks."""
    with Lab("backend") as made:
        made.set_limits(stall_minutes=STALL)
        made.up()
        yield made


@pytest.fixture
def watched(impatient: Lab) -> Lab:
    """The impatient lab, reset."""
    impatient.reset()
    return impatient


@pytest.mark.promise("stalls")
def test_a_silent_turn_is_nudged_interrupted_resumed_and_at_last_given_to_the_human(watched: Lab) -> None:
    watched.model.reset(lambda request: [Silence()])
    watched.plan(task("T11", "backend"))
    ask = watched.ask()
    assert ask["text"].startswith("T11 gives no sign of life.")
    assert "Codex reported its thread as active" in ask["text"]
    assert [one["nudge"] for one in watched.acts("steer_turn")] == [True, True]
    assert [one["stalled"] for one in watched.acts("interrupt_turn")] == [True, True]
    assert watched.orch("wait", check=False).returncode == 4
    watched.model.reset(lambda request: [watched.says(report("awake"))])
    watched.orch("answer", ask["id"], "Leave that out.")
    done = watched.task("T11", "done")
    assert (done["summary"], done["runs"], done["turns"]) == ("awake", 1, 3)


def test_a_turn_that_answers_the_nudge_is_left_alone(watched: Lab) -> None:
    # The nudge is a prompt without a script, so its turn ends well.
    watched.plan(task("T21", "backend", "write a.txt a", "silence"))
    done = watched.task("T21", "done")
    assert (done["turns"], done["changed_files"]) == (1, ["a.txt"])
    assert len(watched.acts("steer_turn")) == 1


@pytest.mark.promise("hangs found", "stalls")
def test_a_turn_whose_command_computes_is_spared_however_silent_it_is(watched: Lab) -> None:
    watched.plan(task("T31", "backend", "run timeout 2.5 sh -c 'while :; do :; done'; true", report("compiled")))
    assert watched.task("T31", "done")["summary"] == "compiled"
    looks = [line["look"] for line in watched.ledger("turn_looked")]
    assert any(look["cpu"] for look in looks)
    assert watched.acts("steer_turn") == watched.acts("interrupt_turn") == []


@pytest.mark.promise("outages")
@pytest.mark.parametrize(
    ("name", "failure", "why"),
    [
        ("T41", Fail(429, "slow down"), "the provider failed 429"),
        ("T42", Failed("insufficient_quota", "no credit"), "the usage limit is reached"),
    ],
    ids=["429", "usage limit"],
)
def test_a_provider_that_takes_no_work_pauses_all_and_costs_no_task_a_try(
    lab: Lab, name: str, failure: Step, why: str
) -> None:
    first, second = f"{name}1", f"{name}2"
    lab.model.reset(lambda request: [failure])
    lab.plan(
        task(first, "backend", report("later"))
        + task(second, "backend", report("later too"), fields=(f"after: {first}",))
    )
    seen = lab.until(lambda seen: len(lab.ledger("turn_ended")) == 3 and seen["pauses"])
    assert seen["pauses"][0]["provider"] == "scripted"
    assert [one["state"] for one in seen["tasks"][:2]] == ["waiting", "waiting"]
    assert seen["tasks"][0]["why"].startswith("paused until ")
    assert why in seen["tasks"][0]["why"]
    lab.until(lambda _: len(lab.ledger("limits_read")) == 3)
    assert "\npaused: scripted until " in lab.orch("status").stdout
    assert lab.runs("**paused until")
    with lab.client() as client, pytest.raises(RequestRefused, match="backend is asked nothing now: paused until"):
        client.call("ask_child", child="backend", question="Why?")
    lab.model.reset(directive_script)
    lab.orch("go")
    assert lab.task(first, "done")["runs"] == 1
    assert lab.task(second, "done")["summary"] == "later too"
    assert lab.status()["pauses"] == []


@pytest.mark.promise("outages")
def test_work_continues_by_itself_after_an_outage(lab: Lab) -> None:
    answers = iter([(Fail(503, "down"),)] * 2)
    lab.model.reset(lambda request: next(answers, None) or directive_script(request))
    lab.plan(task("T51", "backend", report("up again")))
    done = lab.task("T51", "done")
    assert (done["summary"], done["turns"]) == ("up again", 3)


@pytest.mark.promise("budgets")
def test_a_budget_that_is_used_up_pauses_its_task_and_asks_and_the_human_grants_more(lab: Lab) -> None:
    steps = ("run true", "run true", "run true", report("not so cheap"))
    lab.plan(task("T61", "backend", *steps, fields=("budget: 100 tokens",)))
    ask = lab.ask()
    assert ask["text"].startswith("The budget of T61 is used up: ")
    assert lab.task("T61", "needs_human")["budget"] == {"tokens": 100, "minutes": None}
    refused = lab.orch("answer", ask["id"], "reply", "as you like", check=False)
    assert (refused.returncode, "accept AMOUNT" in refused.stderr) == (2, True)
    lab.orch("answer", ask["id"], "accept", "+10M")
    assert lab.task("T61", "done")["summary"] == "not so cheap"


@pytest.mark.promise("budgets")
def test_the_budget_of_the_plan_pauses_all_its_tasks_and_decline_blocks_them() -> None:
    with Lab("backend") as lab:
        lab.set_budget(plan="10 tokens")
        lab.plan(task("T1", "backend", "run true", "run true", report("x")) + task("T2", "backend", report("y")))
        lab.up()
        ask = lab.ask()
        assert ask["text"].startswith("The budget of the plan is used up: ")
        lab.orch("answer", ask["id"], "decline")
        lab.task("T1", "blocked")
        lab.task("T2", "blocked")
        assert lab.orch("wait", check=False).returncode == 5


def test_the_accounts_limit_is_shown_and_a_plan_that_may_not_fit_is_warned_of(lab: Lab) -> None:
    later = task("T82", "backend", fields=("hold: yes",)) + "### H81 — Look\n- child: human\n- hold: yes\n\nLook.\n"
    lab.plan(task("T81", "backend", "used 93 300 3600", "used 41.2 10080 90000", report("made")) + later)
    lab.task("T81", "done")
    found = lab.until(lambda seen: seen["limits"])["limits"]
    assert [(one["minutes"], one["used_percent"]) for one in found] == [(300, 93), (10080, 41)]
    shown = lab.orch("status", "--wide").stdout
    assert "93% of the limit used" in shown.splitlines()[0]
    assert "limit       account: 41% used over 7 days until " in shown
    warning = "the plan may not fit: the account's limit of 5 h is 93% used until "
    assert shown.splitlines()[1].startswith(warning)
    assert shown.splitlines()[1].endswith(" UTC, and 1 task left")
    assert f"warning: {warning}" in lab.orch("plan", "check").stderr
    lab.orch("report", "-o", "limits.html")
    assert "93% of the limit used" in (lab.workspace.root / "limits.html").read_text(encoding="utf-8")


def test_the_accounts_limit_is_known_before_the_first_turn_and_read_again_by_the_next_supervisor() -> None:
    with Lab("backend") as lab, account(lab, 91):
        lab.plan(task("T1", "backend", report("x")), head="- hold: yes\n")
        lab.up()
        lab.until(lambda seen: seen["limits"] and seen["tasks"])
        warning = "the plan may not fit: the account's limit of 5 h is 91% used until "
        first, second, *_ = lab.orch("status").stdout.splitlines()
        assert first == "plan held · 0 of 1 done · 1 waits · 91% of the limit used"
        assert second.startswith(warning)
        assert f"warning: {warning}" in lab.orch("plan", "check").stderr
        lab.orch("down")
        lab.up()
        assert [one["used_percent"] for one in lab.until(lambda seen: seen["limits"])["limits"]] == [91]
        assert lab.ledger("turn_began") == []
