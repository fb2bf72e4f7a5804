"""The tools of an orchestrator, called by the real Codex, and children that answer while they work."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from supervisor.runtime.codex.mcp_config import mcp_servers
from supervisor.runtime.skill import skill_folder
from tests.e2e.lab import Lab, report, task
from tests.e2e.stdio import Codex
from tests.mcp.session import Refused, Session

Message = dict[str, Any]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab("backend", "mobile") as lab:
        lab.up()
        yield lab


@pytest.fixture(scope="module")
def codex(lab: Lab) -> Iterator[Codex]:
    """The human's own codex, started in the workspace with the skill installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lab.environ.items():
            patch.setenv(name, value)
        patch.setenv("HOME", str(lab.folder))
        shutil.copytree(skill_folder(), lab.folder / ".agents" / "skills" / "codex-orchestrator")
        # The human's answer when their codex asks whether to trust the folder.
        with (lab.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[projects.{json.dumps(str(lab.workspace.root))}]\ntrust_level = "trusted"\n')
        with Codex(lab.home, lab.workspace.root) as server:
            yield server


@pytest.fixture(scope="module")
def tools(lab: Lab) -> Iterator[Session]:
    with Session(lab.workspace, lab.environ) as session:
        yield session


def prompt(*lines: str) -> str:
    return "Go on.\n\n```model\n" + "\n".join(lines) + "\n```\n"


def calls(codex: Codex, turn: str) -> list[Message]:
    done = [one["params"] for one in codex.messages if one.get("method") == "item/completed"]
    return [one["item"] for one in done if one["turnId"] == turn and one["item"]["type"] == "mcpToolCall"]


# ── as Codex calls them ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", ["thread config", "config.toml of the workspace"])
def test_only_an_answer_asks_the_human(way: str, lab: Lab, codex: Codex) -> None:
    settings: Message = {"mcp_servers": mcp_servers(lab.workspace)} if way == "thread config" else {}
    started = codex.ask(
        "thread/start", cwd=str(codex.cwd), approvalPolicy="on-request", sandbox="workspace-write", config=settings
    )
    thread = started["thread"]["id"]
    before = len(codex.messages)
    turn = codex.turn(
        thread,
        prompt(
            "call mcp__orch repos {}",
            'call mcp__orch git {"child": "backend", "command": "log"}',
            'call mcp__orch note {"text": "the id is a UUID"}',
            "call mcp__orch hold {}",
            "call mcp__orch go {}",
            'call mcp__orch answer {"ask": "A99", "decision": "accept"}',
            "text done",
        ),
    )
    asked = codex.until(lambda message: message.get("method") == "mcpServer/elicitation/request")
    assert (asked["params"]["_meta"]["codex_approval_kind"], asked["params"]["serverName"]) == ("mcp_tool_call", "orch")
    assert '"answer"' in asked["params"]["message"]
    assert [item["tool"] for item in calls(codex, turn)] == ["repos", "git", "note", "hold", "go"]
    codex.send({"id": asked["id"], "result": {"action": "accept", "content": {}, "_meta": None}})
    assert codex.end()["status"] == "completed"
    *five, last = calls(codex, turn)
    assert [item["status"] for item in five] == ["completed"] * 5
    assert [child["name"] for child in five[0]["result"]["structuredContent"]["children"]] == ["backend", "mobile"]
    assert "there is no ask `A99`" in json.dumps(last)
    requests = [one for one in codex.messages[before:] if "id" in one and "method" in one]
    assert [one["method"] for one in requests] == ["mcpServer/elicitation/request"]


def test_the_human_may_keep_an_answer_from_being_given(lab: Lab, codex: Codex) -> None:
    thread = codex.thread()
    turn = codex.turn(thread, prompt('call mcp__orch answer {"ask": "A99", "decision": "accept"}', "text done"))
    asked = codex.until(lambda message: message.get("method") == "mcpServer/elicitation/request")
    codex.send({"id": asked["id"], "result": {"action": "decline", "content": None, "_meta": None}})
    assert codex.end()["status"] == "completed"
    assert [item["status"] for item in calls(codex, turn)] == ["failed"]
    assert "A99" not in json.dumps(lab.ledger("ask_answered"))


def test_codex_lists_the_skill_and_its_name_loads_it(lab: Lab, codex: Codex) -> None:
    found = codex.ask("skills/list", cwds=[str(codex.cwd)], forceReload=True)["data"][0]
    assert found["errors"] == []
    (skill,) = [one for one in found["skills"] if one["name"] == "codex-orchestrator"]
    assert (skill["enabled"], skill["scope"]) == (True, "user")
    assert skill["interface"]["displayName"] == "Codex Orchestrator"
    codex.turn(codex.thread(), "$codex-orchestrator The app times out. backend=../backend")
    assert codex.end()["status"] == "completed"
    sent = json.dumps(lab.model.requests[-1].input)
    assert "<name>codex-orchestrator</name>" in sent
    assert "# Coordinate one change across repositories" in sent


# ── questions to children ────────────────────────────────────────────────────────────────────────


def test_a_child_answers_beside_its_work_and_changes_nothing(lab: Lab, tools: Session) -> None:
    lab.plan(task("T1", "backend", "wait working", "run echo done > done.txt", report("done")))
    lab.task("T1", "running")
    answer = tools("ask_child", child="backend", question=prompt("run touch no.txt", "text It has no tests."))
    assert (answer["child"], answer["untrusted"]) == ("backend", "It has no tests.")
    assert not (lab.repos["backend"] / "no.txt").exists()
    lab.model.gate("working").open()
    assert lab.task("T1", "done")["summary"] == "done"
    asked, answered = lab.ledger("child_asked", "child_answered")[-2:]
    assert (asked["child"], answered["answer"], answered["problem"]) == ("backend", "It has no tests.", "")
    assert lab.status()["asks"] == []


def test_several_children_are_asked_in_parallel(lab: Lab, tools: Session) -> None:
    """Each answer waits for a gate that opens only once both children are asked."""
    both = lab.model.gate("both")
    found: list[Message] = []

    def ask() -> None:
        questions = [{"child": name, "question": prompt("wait both", f"text I am {name}")} for name in lab.repos]
        found.append(tools("ask_children", questions=[*questions, {"child": "mobil", "question": "Who?"}]))

    asking = threading.Thread(target=ask)
    before = len(lab.ledger("child_asked"))
    asking.start()
    lab.until(lambda _: len(lab.ledger("child_asked")) == before + 2)
    both.open()
    asking.join(20)
    first, second, third = found[0]["answers"]
    assert (first["untrusted"], second["untrusted"]) == ("I am backend", "I am mobile")
    assert third["problem"] == "there is no child `mobil`: did you mean `mobile`?"


def test_a_turn_that_fails_is_an_error(lab: Lab, tools: Session) -> None:
    with pytest.raises(Refused, match=r"mobile did not answer: .*nonsense.*: ask again"):
        tools("ask_child", child="mobile", question=prompt("fail 400 nonsense"))
    assert "nonsense" in lab.ledger("child_answered")[-1]["problem"]


def test_a_question_to_a_server_that_dies_is_an_error(lab: Lab, tools: Session) -> None:
    found: list[Refused] = []

    def ask() -> None:
        try:
            tools("ask_child", child="mobile", question=prompt("wait never", "text no"))
        except Refused as error:
            found.append(error)

    asking = threading.Thread(target=ask)
    before = len(lab.model.requests)
    asking.start()
    lab.until(lambda _: len(lab.model.requests) > before)
    pid = lab.child("mobile", "ready")["pid"]
    os.kill(pid, signal.SIGKILL)
    asking.join(20)
    assert "mobile did not answer: its server went away: ask again" in str(found[0])
    lab.until(lambda seen: [one["pid"] for one in seen["children"] if one["state"] == "ready"][-1] not in (pid, None))


def test_the_orchestrator_cannot_be_asked_like_a_child(lab: Lab, tools: Session) -> None:
    with pytest.raises(Refused, match="the orchestrator is not a child"):
        tools("ask_child", child="orchestrator", question="Why?")


def test_a_plan_that_is_written_is_followed_and_an_edit_meanwhile_is_kept(lab: Lab, tools: Session) -> None:
    read = tools("read_plan")
    text = "# Plan: New\n\n## Working Plan\n\n" + task("T2", "mobile", report("fine"))
    written = tools("write_plan", text=text, version=read["version"])
    assert (written["state"], written["revision"], written["problems"]) == ("in_force", read["revision"] + 1, [])
    assert lab.status()["plan"]["author"] == "orchestrator"
    waited = tools("wait", seconds=20)
    assert [one["what"] for one in waited["attention"]] == ["all settled"]
    lab.save(text.replace("New", "By the human"))
    with pytest.raises(Refused, match=r"conflict: plan\.md changed since you read it.*read_plan again"):
        tools("write_plan", text=text, version=written["version"])
    assert "By the human" in tools("read_plan")["text"]


# ── last, because they stop the supervisor ───────────────────────────────────────────────────────


def test_a_question_is_lost_with_the_supervisor_and_the_error_says_so(lab: Lab, tools: Session) -> None:
    found: list[Refused] = []

    def ask() -> None:
        try:
            tools("ask_child", child="backend", question=prompt("wait never", "text no"))
        except Refused as error:
            found.append(error)

    asking = threading.Thread(target=ask)
    before = len(lab.ledger("child_asked"))
    asking.start()
    seen = lab.until(lambda _: len(lab.ledger("child_asked")) == before + 1)
    os.kill(seen["supervisor"]["pid"], signal.SIGKILL)
    asking.join(20)
    assert "the question is lost (the supervisor went away): run `orch up`, then ask again" in str(found[0])
    with pytest.raises(Refused, match=r"the supervisor .*run `orch up`"):
        tools("note", text="x")
    assert tools("status")["supervisor"].startswith("the supervisor is not up: run `orch up`")
    assert "# backend" in tools("files", child="backend", path="README.md")["untrusted"]["text"]
    lab.up()
    assert tools("repos")["supervisor"] == "up"
