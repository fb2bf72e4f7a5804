"""Asks on real turns: approvals, questions and checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.e2e.lab import SLOW, Lab, report, task
from tests.e2e.mcp_server import MCP_SERVER


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    with Lab("backend", "mobile") as made:
        config = made.home / "config.toml"
        (server := made.folder / "mcp_lab.py").write_text(MCP_SERVER, encoding="utf-8")
        text = config.read_text(encoding="utf-8").replace(
            "[features]\n", "[features]\nrequest_permissions_tool = true\n"
        )
        entry = f'\n[mcp_servers.lab]\ncommand = "python3"\nargs = [{json.dumps(str(server))}]\n'
        config.write_text(text + entry, encoding="utf-8")
        made.up()
        yield made


def test_a_declined_command_does_not_run_and_the_turn_continues(lab: Lab) -> None:
    marker = lab.folder / "declined.txt"
    lab.plan(task("T11", "backend", f"escalate touch {marker}", report("went on without")))
    ask = lab.ask()
    assert lab.orch("answer", ask["id"], "reply", "maybe", check=False).returncode == 2
    lab.orch("answer", ask["id"], "decline")
    assert lab.task("T11", "done")["summary"] == "went on without"
    assert not marker.exists()


def test_an_approval_for_the_session_is_not_asked_for_again(lab: Lab) -> None:
    marker = lab.folder / "session.txt"
    lab.plan(task("T21", "backend", f"escalate touch {marker}", f"escalate touch {marker}", report("twice")))
    lab.orch("answer", lab.ask()["id"], "accept", "--for-session")
    lab.task("T21", "done")
    assert len(lab.ledger("request_received")) == 1


def test_a_change_of_a_file_outside_the_repo_asks_and_shows_the_file(lab: Lab) -> None:
    outside = lab.folder / "outside.txt"
    lab.plan(task("T31", "backend", f"write {outside} hello", report("written")))
    ask = lab.ask()
    assert ask["kind"] == "approval"
    assert "outside.txt" in ask["steps"]
    lab.orch("answer", ask["id"], "accept")
    lab.task("T31", "done")
    assert outside.read_text(encoding="utf-8").strip() == "hello"


def test_a_question_in_the_middle_of_a_turn_waits_for_words(lab: Lab) -> None:
    lab.plan(task("T41", "backend", "ask Which port? | 80 | 443", report("asked")))
    ask = lab.ask()
    assert (ask["kind"], ask["text"], ask["task"]) == ("question", "Which port?", "T41")
    assert ask["answers"] == ["80", "443", "reply TEXT"]
    lab.orch("answer", ask["id"], "443")
    lab.task("T41", "done")
    outputs = [output.text for request in lab.model.requests for output in request.outputs_since_last_user()]
    assert any("443" in text for text in outputs)


def test_a_report_that_needs_a_human_becomes_a_question_and_the_answer_reaches_the_child(lab: Lab) -> None:
    question = {"question": "Which colour?", "steps": "Look at the lamp.", "expected": "One word."}
    lab.plan(
        task("T51", "backend", report("stuck", outcome="needs_human", ask=question))
        + task("T52", "mobile", report("after"), fields=("after: T51",))
    )
    ask = lab.ask()
    assert {key: ask[key] for key in ("kind", "child", "task", "text", "steps", "expect")} == {
        "kind": "question",
        "child": "backend",
        "task": "T51",
        "text": "Which colour?",
        "steps": "Look at the lamp.",
        "expect": "One word.",
    }
    seen = lab.status()["tasks"][:2]
    assert [one["state"] for one in seen] == ["needs_human", "waiting"]
    runs = lab.runs(f"orch answer {ask['id']} ")
    assert runs.index("Which colour?") < runs.index("## Tasks")
    lab.orch("answer", ask["id"], "dark green")
    lab.task("T52", "done")
    assert any("dark green" in text for text in lab.delivered("T51"))


def test_a_turn_without_a_report_counts_only_if_its_verify_commands_pass(lab: Lab) -> None:
    lab.plan(
        task("T61", "backend", "text I am finished.", fields=("verify: `true`",))
        + task("T62", "mobile", "text I am finished, too.")
    )
    assert lab.task("T61", "done")["summary"] == "I am finished."
    ask = lab.ask()
    assert "I am finished, too." in ask["text"]
    lab.orch("answer", ask["id"], "accept")
    assert lab.task("T62", "done")["turns"] == 1


def test_a_task_of_the_human_becomes_an_ask_when_it_is_due(lab: Lab) -> None:
    human = "### H71 — Pair\n- child: human\n- after: T71\n\nHold the button.\n\n**Expect:** a green light.\n\n"
    lab.plan(
        task("T71", "backend", report("ready")) + human + task("T72", "mobile", report("after"), fields=("after: H71",))
    )
    ask = lab.ask()
    assert (ask["kind"], ask["task"], ask["steps"], ask["expect"]) == (
        "checkpoint",
        "H71",
        "Hold the button.",
        "a green light.",
    )
    assert lab.status()["tasks"][2]["state"] == "waiting"
    lab.orch("answer", ask["id"], "accept", "it", "blinks", "green")
    lab.task("T72", "done")
    assert lab.task("H71", "done")["summary"] == "it blinks green"
    assert any("it blinks green" in text for text in lab.delivered("T72"))


def test_a_checkpoint_whose_dependency_is_reopened_is_withdrawn_and_comes_again(lab: Lab) -> None:
    human = "### H75 — Pair\n- child: human\n- after: T75\n\nHold the button.\n\n**Expect:** a green light.\n\n"
    lab.plan(task("T75", "backend", report("ready")) + human)
    first = lab.ask()
    gate = lab.model.gate("held")
    lab.plan(task("T75", "backend", "wait held", report("ready again"), text="Do it better.") + human)
    gate.wait_reached(SLOW)
    refused = lab.orch("answer", first["id"], "accept", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"{first['id']} was withdrawn" in refused.stderr
    assert "T75 is being done again; you are asked about H75 after that" in refused.stderr
    assert [(one["id"], one["state"]) for one in lab.status()["tasks"]][:2] == [("T75", "running"), ("H75", "waiting")]
    gate.open()
    again = lab.ask()
    assert (again["task"], again["id"] != first["id"]) == ("H75", True)
    assert lab.orch("answer", again["id"], "accept", "it is green").stdout == "H75 is done\n"
    lab.task("H75", "done")


def test_a_declined_human_task_blocks_what_comes_after_it(lab: Lab) -> None:
    lab.plan(
        "### H81 — Look\n- child: human\n\nLook.\n\n" + task("T81", "backend", report("after"), fields=("after: H81",))
    )
    lab.orch("answer", lab.ask()["id"], "decline")
    lab.task("H81", "blocked")
    assert lab.orch("wait", check=False).returncode == 5
    assert lab.status()["tasks"][1]["why"] == "after H81 (blocked)"


@pytest.mark.promise("approval survives")
def test_a_pending_approval_survives_the_death_of_the_supervisor(lab: Lab) -> None:
    marker = lab.folder / "survives.txt"
    lab.plan(task("T91", "backend", f"escalate touch {marker}", report("went on")))
    pid = lab.status()["supervisor"]["pid"]
    ask = lab.ask()
    os.kill(pid, 9)
    lab.up()
    assert [one["id"] for one in lab.until(lambda seen: seen["asks"])["asks"]] == [ask["id"]]
    lab.orch("answer", ask["id"], "accept")
    assert lab.task("T91", "done")["turns"] == 1
    assert marker.exists()


@pytest.mark.promise("approval survives")
def test_an_approval_that_died_with_its_server_is_withdrawn_and_asked_again(lab: Lab) -> None:
    marker = lab.folder / "anew.txt"
    lab.plan(task("T101", "backend", f"escalate touch {marker}", report("went on")))
    first = lab.ask()
    os.kill(lab.child("backend", "ready")["pid"], 9)
    second = lab.until(lambda seen: seen["asks"] and seen["asks"][0]["id"] != first["id"])["asks"][0]
    assert lab.orch("answer", first["id"], "accept", check=False).returncode == 1
    lab.orch("answer", second["id"], "accept")
    assert lab.task("T101", "done")["turns"] == 2


def test_permissions_that_a_child_asks_for_are_left_to_the_human(lab: Lab) -> None:
    (folder := lab.folder / "given").mkdir()
    outside = folder / "outside.txt"
    wanted = {"reason": "the log lies there", "permissions": {"file_system": {"write": [str(folder)]}}}
    call = f"call - request_permissions {json.dumps(wanted)}"
    lab.plan(task("T111", "backend", call, f"run echo hello > {outside}", report("written")))
    ask = lab.ask()
    assert (ask["kind"], ask["choices"]) == ("approval", ["accept", "decline"])
    assert "the log lies there" in ask["text"]
    assert str(folder) in ask["steps"]
    lab.orch("answer", ask["id"], "accept")
    lab.task("T111", "done")
    assert outside.read_text(encoding="utf-8") == "hello\n"


def test_an_mcp_tool_asks_before_it_acts(lab: Lab) -> None:
    """A real MCP server (stdio) in the child's codex; its tool has no read-only hint, so codex asks."""
    lab.plan(task("T121", "backend", "call mcp__lab act {}", report("acted")))
    ask = lab.ask()
    assert ask["kind"] == "approval"
    assert "act" in ask["text"]
    lab.orch("answer", ask["id"], "accept")
    lab.task("T121", "done")
    outputs = [output.text for request in lab.model.requests for output in request.outputs_since_last_user()]
    assert any("acted for real" in text for text in outputs)
