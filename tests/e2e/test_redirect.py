"""Every cell of the table in docs/plan.md of what an edit does, on real turns."""

from __future__ import annotations

import os

import psutil
import pytest

from tests.e2e.lab import SLOW, Lab, report, task


def begin(lab: Lab, name: str) -> None:
    """Start a task in backend whose turn waits at a gate."""
    lab.model.gate("held")
    lab.plan(task(name, "backend", "write a.txt old", "wait held", report("old")))
    lab.model.gate("held").wait_reached(SLOW)


def test_a_task_that_has_not_started_starts_with_the_new_brief(lab: Lab) -> None:
    lab.plan(task("T11", "backend", report("old")), head="- hold: yes\n")
    lab.until(lambda seen: seen["plan"]["state"] == "held")
    lab.plan(task("T11", "backend", report("new")))
    assert lab.task("T11", "done")["summary"] == "new"
    assert len(lab.acts("start_turn")) == 1


def test_a_changed_contract_reaches_every_running_task_that_names_it(lab: Lab) -> None:
    def plan(text: str, *lines: str) -> None:
        lab.plan(
            task("T21", "backend", *lines, fields=("contracts: C1",))
            + task("T22", "mobile", *lines, fields=("contracts: C1",)),
            contracts=f"### C1 — Path\n- between: backend, mobile\n\n{text}\n",
        )

    gate = lab.model.gate("held")
    plan("The path is `/v1`.", "wait held", report("done"))
    lab.until(lambda seen: [one["state"] for one in seen["tasks"][:2]] == ["running", "running"])
    gate.wait_reached(SLOW)
    lab.until(lambda seen: {line["child"] for line in lab.ledger("turn_began")} == {"backend", "mobile"})
    plan("The path is `/v2`.", "wait held", report("done"))
    lab.until(lambda seen: len(lab.ledger("steer_arrived")) == 2)
    gate.open()
    lab.task("T21", "done")
    lab.task("T22", "done")
    assert {act["task"] for act in lab.acts("steer_turn")} == {"T21", "T22"}
    assert all("`/v2`" in act["text"] for act in lab.acts("steer_turn"))
    told = [line.split(maxsplit=2)[-1] for line in lab.orch("logs", "--task", "T21").stdout.splitlines()]
    assert told == ["T21 turn began", "T21 was told what changed", "T21 turn ended, it reports done", *told[3:]]
    assert [line for line in told[3:] if "done" in line] == ["T21 done: done"]


def test_an_edit_that_changes_no_meaning_leaves_the_turn_alone(lab: Lab) -> None:
    begin(lab, "T31")
    text = lab.workspace.plan.read_text(encoding="utf-8")
    lab.save(text.replace("Make it work.", "*Make*   it\nwork.").replace("## Objective", "Some prose.\n\n## Objective"))
    lab.until(lambda seen: seen["plan"]["revision"] == lab.revision + 2)
    lab.model.gate("held").open()
    assert lab.task("T31", "done")["turns"] == 1
    assert "backend   patched a.txt\n" in lab.orch("logs", "--task", "T31").stdout
    assert lab.acts("steer_turn") == []


def test_a_running_task_given_to_another_child_is_interrupted_and_starts_there(lab: Lab) -> None:
    begin(lab, "T41")
    lab.plan(task("T41", "mobile", "write a.txt new", report("moved")))
    done = lab.task("T41", "done")
    assert (done["child"], done["summary"], done["runs"]) == ("mobile", "moved", 2)
    assert [act["child"] for act in lab.acts("start_turn")] == ["backend", "mobile"]
    assert len(lab.acts("interrupt_turn")) == 1


def test_interrupting_a_turn_kills_the_commands_it_left_running(lab: Lab) -> None:
    lab.model.gate("held")
    lab.plan(task("T51", "backend", "start sleep 4711", "wait held", report("old")))
    lab.model.gate("held").wait_reached(SLOW)
    (sleeper,) = sleepers(lab)
    lab.plan(task("T52", "mobile", report("other")))
    assert lab.task("T51", "retired")["why"].startswith("the plan no longer has it")
    psutil.wait_procs([sleeper], timeout=10)
    assert sleepers(lab) == []


def sleepers(lab: Lab) -> list[psutil.Process]:
    server = psutil.Process(lab.child("backend", "ready")["pid"])
    # By their arguments, because codex may run a `sleep` of its own in a login shell.
    return [one for one in server.children(recursive=True) if words_of(one) == ["sleep", "4711"]]


def words_of(one: psutil.Process) -> list[str]:
    try:
        return one.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.mark.promise("no change lost")
def test_a_removed_task_is_interrupted_and_retired_and_its_changes_stay(lab: Lab) -> None:
    begin(lab, "T61")
    lab.plan(task("T62", "mobile", report("other")))
    retired = lab.task("T61", "retired")
    assert retired["summary"] is None
    lab.task("T62", "done")
    assert (lab.repos["backend"] / "a.txt").exists()


def test_a_held_task_is_interrupted_and_continues_when_released(lab: Lab) -> None:
    begin(lab, "T71")
    lab.plan(task("T71", "backend", "write a.txt old", "wait held", report("old"), fields=("hold: yes",)))
    lab.task("T71", "held")
    lab.until(lambda seen: seen["children"][0]["task"] is None)
    lab.model.gate("held").open()
    lab.plan(task("T71", "backend", "write a.txt old", "wait held", report("old")))
    done = lab.task("T71", "done")
    assert (done["runs"], done["turns"]) == (1, 2)
    assert [act["due"] for act in lab.acts("start_turn")] == ["brief", "resume"]


def test_a_done_task_is_reopened_by_a_change_of_its_brief(lab: Lab) -> None:
    lab.plan(task("T81", "backend", report("old")))
    lab.task("T81", "done")
    lab.plan(task("T81", "backend", "write b.txt x", report("new")))
    lab.until(lambda seen: seen["tasks"][0]["summary"] == "new")
    done = lab.task("T81", "done")
    assert (done["runs"], done["turns"]) == (2, 2)
    assert [act["due"] for act in lab.acts("start_turn")] == ["brief", "redirect"]
    assert len({act["thread"] for act in lab.acts("start_turn")}) == 1


def test_a_done_task_given_to_another_child_is_reopened_there(lab: Lab) -> None:
    lab.plan(task("T91", "backend", report("here")))
    lab.task("T91", "done")
    lab.plan(task("T91", "mobile", report("there")))
    lab.until(lambda seen: seen["tasks"][0]["summary"] == "there")
    assert [act["child"] for act in lab.acts("start_turn")] == ["backend", "mobile"]


def test_a_done_task_that_is_removed_is_retired(lab: Lab) -> None:
    lab.plan(task("T101", "backend", "write a.txt a", report("here")))
    lab.task("T101", "done")
    lab.plan(task("T102", "mobile", report("other")))
    assert lab.task("T101", "retired")["why"] == "the plan no longer has it; its changes stay"


def test_an_edit_that_arrives_after_the_turn_ended_becomes_a_follow_up_turn(lab: Lab) -> None:
    """A race: the turn ends before the steer arrives. The verify command gives the edit time to come in between."""
    fifo = lab.folder / "go"
    os.mkfifo(fifo)
    fields = (f"verify: `cat {fifo}`",)
    lab.plan(task("T111", "backend", report("old"), fields=fields))
    lab.task("T111", "verifying")
    lab.plan(task("T111", "backend", report("new"), fields=fields))
    lab.until(lambda seen: seen["plan"]["revision"] == lab.revision + 2)
    fifo.write_text("go\n", encoding="utf-8")
    lab.until(lambda seen: seen["tasks"][0]["summary"] == "new")
    fifo.write_text("go\n", encoding="utf-8")
    assert lab.task("T111", "done")["turns"] == 2
    assert [act["due"] for act in lab.acts("start_turn")] == ["brief", "redirect"]


def test_a_steer_that_the_turn_misses_is_sent_in_a_follow_up_turn(lab: Lab) -> None:
    """The same race on the wire: the server is suspended while the turn ends, so the steer comes too late."""
    begin(lab, "T121")
    # The model's answer and our steer are both on their way before the server continues. Whichever it reads first, the
    # child must have received the change when the task is done.
    pid = lab.child("backend", "ready")["pid"]
    os.kill(pid, 19)
    lab.model.gate("held").open()
    lab.plan(task("T121", "backend", report("new")))
    lab.until(lambda seen: lab.acts("steer_turn"))
    os.kill(pid, 18)
    lab.until(lambda seen: seen["tasks"][0]["state"] == "done" and seen["tasks"][0]["summary"] == "new")
    assert '"new"' in lab.delivered("T121")[-1]


def test_an_ask_that_no_longer_applies_is_withdrawn(lab: Lab) -> None:
    lab.plan(task("T131", "backend", report("What colour?", outcome="needs_human")))
    ask = lab.ask()
    assert (ask["kind"], ask["task"]) == ("question", "T131")
    lab.plan(task("T131", "backend", report("blue it is")))
    done = lab.task("T131", "done")
    assert done["summary"] == "blue it is"
    assert lab.status()["asks"] == []
    assert lab.orch("answer", ask["id"], "accept", "red", check=False).returncode == 1


def test_a_broken_plan_changes_nothing_and_says_where_it_is_broken(lab: Lab) -> None:
    begin(lab, "T141")
    good = lab.workspace.plan.read_text(encoding="utf-8")
    lab.save(good.replace("- child: backend", "- chidl: backend"))
    seen = lab.until(lambda seen: seen["plan"]["state"] == "rejected")
    assert "child" in seen["plan"]["problems"][0]["message"]
    assert good.splitlines()[seen["plan"]["problems"][0]["line"] - 1].startswith(("- child", "### T141"))
    assert seen["tasks"][0]["state"] == "running"
    lab.save(good)
    assert lab.until(lambda seen: seen["plan"]["state"] == "in_force")["plan"]["revision"] == lab.revision + 1
    lab.model.gate("held").open()
    assert lab.task("T141", "done")["turns"] == 1


def test_a_missing_or_empty_plan_holds_new_work_and_leaves_running_work_alone(lab: Lab) -> None:
    for number, content in enumerate((b"", b"   \n", None)):
        first, second, gate = f"T15{number}", f"T16{number}", f"held {number}"
        lab.model.gate(gate)
        tasks = task(first, "backend", f"wait {gate}", report("old")) + task(
            second, "mobile", report("next"), fields=(f"after: {first}",)
        )
        lab.plan(tasks)
        lab.model.gate(gate).wait_reached(SLOW)
        if content is None:
            lab.workspace.plan.unlink()
        else:
            lab.workspace.plan.write_bytes(content)
        lab.until(lambda seen: seen["plan"]["state"] == "missing")
        lab.model.gate(gate).open()
        lab.task(first, "done")
        assert lab.status()["tasks"][1]["state"] == "waiting"
        lab.plan(tasks)
        lab.task(second, "done")


@pytest.mark.promise("every save")
def test_a_burst_of_saves_in_place_is_one_revision(lab: Lab) -> None:
    lab.plan(task("T171", "backend", report("first")))
    lab.task("T171", "done")
    text = lab.workspace.plan.read_text(encoding="utf-8")
    for number in range(20):
        lab.workspace.plan.write_text(text.replace("first", f"save {number}"), encoding="utf-8")
    lab.until(lambda seen: seen["tasks"][0]["summary"] == "save 19")
    # A burst is over when nothing was saved for 30 ms. If the machine delays the writer for longer, it is two bursts.
    assert lab.status()["plan"]["revision"] - lab.revision in (2, 3)
    assert lab.ledger("plan_rejected") == []


@pytest.mark.promise("heard")
def test_a_steer_during_an_approval_counts_as_heard_only_after_the_answer(lab: Lab) -> None:
    lab.plan(task("T71", "backend", "escalate echo hi", report("old")))
    ask = lab.ask()
    lab.plan(task("T71", "backend", "escalate echo hi", report("new")))
    lab.until(lambda _: lab.acts("steer_turn"))
    lab.orch("note", "a moment later")  # the supervisor has answered since
    assert lab.ledger("steer_arrived") == []
    lab.orch("answer", ask["id"], "accept")
    lab.until(lambda _: lab.ledger("steer_arrived"))
    lab.orch("answer", lab.ask()["id"], "accept")
    assert lab.task("T71", "done")["summary"] == "new"


@pytest.mark.promise("heard")
def test_a_message_that_a_steer_cut_off_is_logged_and_the_child_is_told(lab: Lab) -> None:
    lab.plan(task("T72", "backend", "stream 400 20", report("old")))
    lab.until(lambda seen: [one["state"] for one in seen["tasks"] if one["id"] == "T72"] == ["running"])
    model = lab.model
    lab.until(lambda _: any(request.cwd.endswith("/backend") for request in model.requests))
    lab.until(lambda _: lab.ledger("turn_began"))
    lab.plan(task("T72", "backend", report("new")))
    lab.until(lambda _: lab.ledger("steer_arrived"))
    assert lab.task("T72", "done")["summary"] == "new"
    (steer,) = lab.acts("steer_turn")
    assert "the tool calls in it did not run" in steer["text"]
    logged = (lab.workspace.logs / "backend.jsonl").read_text(encoding="utf-8")
    assert '"message_dropped"' in logged
