"""Commands and sub-agents that outlive their turn belong to its task."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from supervisor.demo.model import ModelRequest, Run, Say, Step, ToolCall
from supervisor.runtime.daemon import ending
from supervisor.shell import process
from tests.e2e.lab import Lab, report, task

WAITS = "until [ -e {go} ]; do sleep 0.05; done"
ROUNDS = 8  # of a sub-agent's work; together they take longer than two looks at a silent turn
LEFT = "its turn ended and left running"


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab in which what a turn left may run on for 30 seconds."""
    with Lab("api") as made:
        made.up()
        yield made


@pytest.fixture(scope="module")
def impatient() -> Iterator[Lab]:
    """A lab in which what a turn left may run on for one second."""
    with Lab("api") as made:
        made.set_limits(leftover_seconds=1)
        made.up()
        yield made


@pytest.fixture
def strict(impatient: Lab) -> Lab:
    """The impatient lab, reset."""
    impatient.reset()
    return impatient


def spawn(*lines: str) -> str:
    """The script line that starts a sub-agent, whose model follows these lines."""
    prompt = "\n".join(("Help out.", "```model", *lines, "```", ""))
    return f"call multi_agent_v1 spawn_agent {json.dumps({'message': prompt})}"


def running(lab: Lab, word: str) -> bool:
    """Whether a process of the child's server has this word in its command line."""
    found = []
    for one in process.marked(lab.workspace.mark("api")):
        try:
            found.append(Path(f"/proc/{one.pid}/cmdline").read_bytes().decode())
        except OSError:
            continue
    return any(word in line for line in found)


def left_running(lab: Lab, words: str) -> None:
    """Wait until the turn of the task has ended and left this running."""
    lab.until(
        lambda seen: any(
            one["state"] == "running" and LEFT in (one["why"] or "") and words in one["why"] for one in seen["tasks"]
        )
    )


@pytest.mark.promise("leftovers")
def test_an_idle_command_is_ended_and_reported_before_the_task_is_verified(strict: Lab) -> None:
    strict.plan(task("T11", "api", "start sleep 98765", report("left it"), fields=("verify: `true`",)))
    done = strict.task("T11", "done")
    assert (done["summary"], done["left"]) == ("left it", ["sleep 98765"])
    assert not running(strict, "98765")
    kinds = [line["action"]["action"] if line["event"] == "intended" else line["event"] for line in strict.ledger()]
    order = ["turn_ended", "end_leftovers", "leftovers_ended", "run_checks", "checks_finished"]
    assert [kind for kind in kinds if kind in order] == order
    assert "Left running, and ended before it was verified" in strict.runs("`sleep 98765`")


@pytest.mark.promise("leftovers")
def test_a_command_that_ends_in_time_is_waited_for_and_its_changes_count(lab: Lab) -> None:
    go = lab.folder / "T21.go"
    command = f"sh -c '{WAITS.format(go=go)}; echo late > late.txt'"
    lab.plan(task("T21", "api", f"start {command}", report("left it"), fields=("verify: `test -f late.txt`",)))
    left_running(lab, "until")
    assert lab.acts("run_checks") == []

    go.touch()
    done = lab.task("T21", "done")
    assert (done["left"], done["changed_files"]) == ([], ["late.txt"])
    assert [check["exit_code"] for check in done["verify"]] == [0]
    assert lab.acts("end_leftovers") == []
    assert lab.ledger("leftover_reported")


@pytest.mark.promise("leftovers")
def test_a_command_that_computes_is_not_ended(strict: Lab) -> None:
    go = strict.folder / "T31.go"
    strict.plan(
        task("T31", "api", f"start sh -c '{WAITS.format(go=go).replace('sleep 0.05', ':')}'", report("compiles"))
    )
    strict.until(lambda seen: len(strict.ledger("leftovers_looked")) > 20)  # they take more than twice the time

    go.touch()
    assert strict.task("T31", "done")["left"] == []
    assert strict.acts("end_leftovers") == []


@pytest.mark.promise("leftovers")
def test_an_approval_of_a_sub_agent_names_the_task_and_what_it_changes_counts(strict: Lab) -> None:
    outside = strict.folder / "T41.outside"
    helper = spawn(f"escalate touch {outside}", "write sub.txt made", "text helped")
    strict.plan(task("T41", "api", helper, report("delegated"), fields=("verify: `test -f sub.txt`",)))
    ask = strict.ask()
    assert (ask["child"], ask["task"], ask["kind"]) == ("api", "T41", "approval")
    assert [line["task"] for line in strict.ledger("request_received")] == ["T41"]
    strict.until(lambda seen: strict.ledger("turn_ended"))
    waiting = strict.task("T41", "needs_human")
    assert "sub-agent" in waiting["why"] or "its turn waits" in waiting["why"]
    strict.orch("answer", ask["id"], "accept")
    done = strict.task("T41", "done")
    assert outside.exists()
    assert (done["changed_files"], done["left"]) == (["sub.txt"], [])


@pytest.mark.promise("leftovers")
def test_an_approval_of_a_sub_agent_outlives_the_supervisor(lab: Lab) -> None:
    outside = lab.folder / "T51.outside"
    lab.plan(task("T51", "api", spawn(f"escalate touch {outside}", "text helped"), report("delegated")))
    lab.until(lambda seen: seen["asks"] and lab.ledger("turn_ended"))
    supervisor = ending.supervisor_process(lab.workspace)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)

    lab.up()
    ask = lab.ask()
    assert (ask["child"], ask["task"]) == ("api", "T51")
    assert [line["adopted"] for line in lab.ledger("server_ready")] == [True]
    lab.orch("answer", ask["id"], "accept")
    assert lab.task("T51", "done")["left"] == []
    assert outside.exists()


@pytest.mark.promise("leftovers")
def test_a_command_that_ends_with_its_server_is_reported(lab: Lab) -> None:
    lab.plan(task("T61", "api", "start sleep 76543", report("left it")))
    left_running(lab, "76543")

    lab.orch("restart", "api")
    assert lab.task("T61", "done")["left"] == ["sleep 76543"]


@pytest.mark.promise("leftovers")
def test_what_a_turn_started_is_ended_with_it_when_it_is_interrupted(lab: Lab) -> None:
    before = lab.child("api", "ready")["restarts"]
    helper = spawn("start sleep 65432", "silence")
    lab.plan(task("T71", "api", helper, "start sleep 54321", "silence"))
    lab.until(lambda _: running(lab, "65432") and running(lab, "54321"))

    lab.plan("", objective="Nothing.")
    lab.until(lambda seen: lab.ledger("turn_ended") and not running(lab, "65432") and not running(lab, "54321"))
    lab.task("T71", "retired")
    assert lab.child("api", "ready")["restarts"] == before


@pytest.mark.promise("stalls")
def test_a_turn_that_waits_for_its_sub_agent_is_not_silent() -> None:
    with Lab("api") as lab:

        def script(request: ModelRequest) -> Sequence[Step]:
            outputs = request.outputs_since_last_user()
            if request.last_user_text() == "Help out.":
                return [Run("sleep 0.5")] if len(outputs) < ROUNDS else [Say("helped")]
            if not outputs:
                return [ToolCall("multi_agent_v1", "spawn_agent", {"message": "Help out."})]
            if len(outputs) == 1:
                agent = json.loads(outputs[0].output)["agent_id"]
                return [ToolCall("multi_agent_v1", "wait_agent", {"targets": [agent], "timeout_ms": 60_000})]
            return [lab.says(report("waited"))]

        lab.set_limits(stall_minutes=0.02)
        lab.model.reset(script)
        lab.plan(task("T1", "api"))
        lab.up()

        assert lab.task("T1", "done")["summary"] == "waited"
        assert lab.acts("look_at_turn")
        assert lab.acts("steer_turn") == lab.acts("interrupt_turn") == []


@pytest.mark.promise("leftovers")
def test_a_child_has_no_goals_with_which_it_would_go_on_after_its_task(lab: Lab) -> None:
    lab.plan(task("T81", "api", 'call - create_goal {"objective": "go on"}', report("tried")))
    assert lab.task("T81", "done")["turns"] == 1
    offered = {tool for request in lab.model.requests for tool in request.tools}
    assert "exec_command" in offered
    assert not any("goal" in tool for tool in offered)
    (refused,) = {one.output for request in lab.model.requests for one in request.outputs_since_last_user()}
    assert refused == "unsupported call: create_goal"


@pytest.mark.promise("leftovers")
def test_a_sub_agent_that_gives_no_sign_is_ended_and_reported_with_its_commands(strict: Lab) -> None:
    strict.plan(task("T91", "api", spawn("start sleep 87654", "silence"), report("delegated")))
    done = strict.task("T91", "done")
    assert any(name.startswith("sub-agent: Help out.") for name in done["left"]), done["left"]
    assert not running(strict, "87654")
