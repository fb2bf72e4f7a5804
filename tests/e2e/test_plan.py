"""`orch plan`: the orchestrator, on a server of its own, writes plan.md, is corrected, asks, and receives news."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from subprocess import CompletedProcess

import pytest

from tests.e2e.lab import SLOW, Lab, report, task
from tests.e2e.planning import answered, plan, plan_text, scripted, version, writes


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    with Lab("backend") as made:
        made.up()
        yield made


def escaped(text: str) -> str:
    return text.replace("\n", "\\n")


def start_planning(lab: Lab, problem: str, *words: str) -> Future[CompletedProcess[str]]:
    """Run `orch plan` in the background."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="orch plan")
    try:
        return pool.submit(plan, lab, problem, *words, check=False)
    finally:
        pool.shutdown(wait=False)


def test_one_prompt_becomes_a_plan_and_the_plan_is_carried_out(lab: Lab) -> None:
    tasks = task("P11", "backend", "write a.txt a", report("wrote a"), fields=("verify: `test -f a.txt`",))
    done = plan(lab, writes(lab, plan_text(tasks), answered("planned")))
    assert f"plan.md, revision {lab.revision + 1}: Ordered" in done.stdout
    assert "P11" in done.stdout
    lab.task("P11", "done")
    status = lab.status()
    assert (status["plan"]["author"], status["orchestrator"]["state"]) == ("orchestrator", "idle")
    assert [child["name"] for child in status["children"]] == ["backend"]
    assert status["orchestrator"]["planned"]
    kickoff = lab.acts("start_turn")[0]
    assert (kickoff["child"], kickoff["due"]) == ("orchestrator", "brief")
    assert "Make it work." in kickoff["text"]


def test_a_plan_under_review_starts_nothing_before_go(lab: Lab) -> None:
    tasks = task("P21", "backend", "write a.txt a", report("wrote a"))
    done = plan(lab, writes(lab, plan_text(tasks), answered("planned")), "--review", "--json")
    status = json.loads(done.stdout)
    assert (status["plan"]["state"], status["tasks"][0]["state"]) == ("held", "waiting")
    lab.orch("go")
    lab.task("P21", "done")


def test_a_plan_with_errors_goes_back_with_its_lines_and_after_three_times_to_the_human(lab: Lab) -> None:
    wrong = plan_text(task("P31", "backnd", report("?")))
    unchecked = scripted(f"write plan.md {escaped(wrong)}", answered("planned"))  # `write_plan` refuses it
    done = plan(lab, unchecked, "--yolo", check=False)
    assert done.returncode == 4, done.stderr
    turns = [one for one in lab.acts("start_turn") if one["child"] == "orchestrator"]
    assert [one["due"] for one in turns] == ["brief", "fix", "fix", "fix"]
    assert "> plan.md:" in turns[1]["text"]
    assert "`backnd`" in turns[1]["text"]
    (ask,) = lab.status()["asks"]
    assert (ask["kind"], ask["child"], ask["task"]) == ("question", "orchestrator", None)
    lab.orch(
        "answer",
        ask["id"],
        "reply",
        "````model\nwrite plan.md",
        escaped(plan_text(task("P31", "backend", report("ok")))) + "\n````",
    )
    lab.task("P31", "done")
    assert lab.status()["asks"] == []


def test_a_question_of_the_orchestrator_is_an_ask_and_the_answer_reaches_it(lab: Lab) -> None:
    ask = {"question": "Which status code?", "steps": "Look at the API rules.", "expected": "200 or 202"}
    done = plan(lab, "Make it work.\n\n```model\n" + answered("I need to know", ask) + "\n```\n", check=False)
    assert done.returncode == 4, done.stderr
    assert "Which status code?" in done.stdout
    (found,) = lab.status()["asks"]
    assert (found["text"], found["steps"], found["expect"]) == tuple(ask.values())
    answer = writes(lab, plan_text(task("P41", "backend", report("ok")))).replace("Make it work.", "202")
    lab.orch("answer", found["id"], answer)
    lab.task("P41", "done")
    texts = [one["text"] for one in lab.acts("start_turn") if one["child"] == "orchestrator"]
    assert "> Which status code?" in texts[1]


@pytest.mark.promise("nobody answers for the person")
def test_the_orchestrators_commands_write_nothing_and_its_tool_writes_the_plan(lab: Lab) -> None:
    kept = [
        lab.workspace.plan,
        lab.workspace.config,
        lab.workspace.ledger,
        lab.repos["backend"] / "x",
        lab.folder / "x",
    ]
    attempts = "; ".join(f"{{ echo >> {path}; }} 2>/dev/null && echo wrote {path}" for path in kept)
    done = plan(
        lab,
        writes(lab, plan_text(task("P45", "backend", report("ok"))), f"run {attempts}; echo tried", answered("ok")),
    )
    assert "P45" in done.stdout
    lab.task("P45", "done")
    said = {
        out.output for request in lab.model.requests for out in request.outputs_since_last_user() if out.exit_code == 0
    }
    assert said == {"tried\n"}


def test_with_yolo_the_orchestrator_asks_for_nothing_and_the_human_is_warned(lab: Lab) -> None:
    outside = lab.folder / "outside.txt"
    text = plan_text(task("P51", "backend", report("ok")))
    problem = scripted(f"run echo yes > {outside}", f"write plan.md {escaped(text)}", answered("planned"))
    done = plan(lab, problem, "--yolo")
    assert "without a sandbox and without approvals" in done.stderr
    assert outside.read_text(encoding="utf-8") == "yes\n"
    assert lab.ledger("request_received") == []


def test_the_orchestrator_receives_news_once_and_may_edit_the_plan(lab: Lab) -> None:
    tasks = task("P61", "backend", report("cannot", outcome="blocked", learned=["the port is 8080"]))
    plan(lab, writes(lab, plan_text(tasks), answered("planned")))
    lab.task("P61", "blocked")
    lab.until(
        lambda seen: "news" in [one["due"] for one in lab.acts("start_turn")] and not seen["orchestrator"]["busy"]
    )
    digests = [one["text"] for one in lab.acts("start_turn") if one["due"] == "news"]
    assert len(digests) == 1
    assert "P61 (backend) is blocked" in digests[0]
    assert "> the port is 8080" in digests[0]


def test_an_edit_of_the_human_is_never_overwritten_by_an_orchestrator_that_has_not_read_it(lab: Lab) -> None:
    gate = lab.model.gate("held")
    mine = plan_text(task("P71", "backend", report("mine")))
    theirs = plan_text(task("P72", "backend", report("theirs")))
    unread = scripted("wait held", f"write plan.md {escaped(theirs)}", answered("planned"))  # `write_plan` refuses it
    planning = start_planning(lab, unread, "--yolo")
    gate.wait_reached(SLOW)
    lab.save(mine)
    lab.until(lambda seen: seen["plan"]["revision"] == lab.revision + 1)
    gate.open()
    planning.result(timeout=60)
    status = lab.status()
    assert [one["id"] for one in status["tasks"] if one["state"] != "retired"] == ["P71"]
    rejected = lab.ledger("plan_rejected")
    assert [one["author"] for one in rejected][:1] == ["orchestrator"]
    assert "which it had not read" in rejected[0]["problems"][0]["message"]
    assert status["plan"]["author"] == "human"


def opened(lab: Lab) -> int:
    """How often the orchestrator's thread was opened."""
    return sum(one["child"] == "orchestrator" for one in lab.ledger("thread_opened"))


def test_a_supervisor_that_dies_while_the_orchestrator_plans_continues_it(lab: Lab) -> None:
    gate = lab.model.gate("held")
    text = plan_text(task("P81", "backend", report("ok")))
    late = f"call mcp__orch write_plan {json.dumps({'text': text, 'version': version(lab)})}"
    planning = start_planning(lab, scripted("wait held", late, answered("planned")))
    gate.wait_reached(SLOW)
    os.kill(lab.status()["supervisor"]["pid"], 9)
    assert planning.result(timeout=SLOW).returncode == 1
    known = opened(lab)
    lab.up()
    lab.until(lambda _: opened(lab) > known)  # a tool call that begins before is not reported to it, and so refused
    gate.open()
    lab.task("P81", "done")
    assert len([one for one in lab.acts("start_turn") if one["child"] == "orchestrator"]) == 1


def test_an_effort_that_is_stopped_stays_so_over_a_restart_and_the_next_one_begins_anew(lab: Lab) -> None:
    gate = lab.model.gate("held")
    planning = start_planning(lab, scripted("wait held", answered("never said")))
    gate.wait_reached(SLOW)
    done = lab.orch("plan", "stop")
    assert "ended: its running turn is being interrupted, it hears nothing more of the tasks" in done.stdout
    assert planning.result(timeout=SLOW).returncode == 1
    lab.until(lambda seen: seen["orchestrator"]["state"] == "stopped" and not seen["orchestrator"]["busy"])
    assert "stopped" in lab.orch("status").stdout
    assert "nothing to end" in lab.orch("plan", "stop").stdout
    gate.open()
    lab.orch("down")
    assert lab.up()["orchestrator"]["state"] == "stopped"
    assert lab.status()["orchestrator"]["server"] == "stopped"
    assert len([one for one in lab.acts("start_turn") if one["child"] == "orchestrator"]) == 1
    made = plan(lab, writes(lab, plan_text(task("P91", "backend", report("ok"))), answered("planned")))
    assert "P91" in made.stdout
    lab.task("P91", "done")
    kickoffs = [one["due"] for one in lab.acts("start_turn") if one["child"] == "orchestrator"]
    assert kickoffs == ["brief", "brief"]


def test_a_new_request_right_after_a_stop_waits_for_the_turn_to_end(lab: Lab) -> None:
    gate = lab.model.gate("held")
    planning = start_planning(lab, scripted("wait held", answered("never said")))
    gate.wait_reached(SLOW)
    lab.orch("plan", "stop")
    gate.open()
    made = plan(lab, writes(lab, plan_text(task("P95", "backend", report("ok"))), answered("planned")))
    assert "P95" in made.stdout
    planning.result(timeout=SLOW)


def test_an_orchestrator_whose_question_is_declined_rests(lab: Lab) -> None:
    ask = {"question": "Which status code?", "steps": "", "expected": ""}
    plan(lab, "Make it work.\n\n```model\n" + answered("I need to know", ask) + "\n```\n", check=False)
    (found,) = lab.status()["asks"]
    done = lab.orch("answer", found["id"], "decline")
    assert "the orchestrator rests" in done.stdout
    status = lab.status()
    assert (status["orchestrator"]["state"], status["orchestrator"]["busy"], status["asks"]) == ("resting", False, [])
    assert "you declined its question" in lab.orch("status").stdout
