"""Only the person answers: no process of a child reaches the supervisor, and the orchestrator has its tools only."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import CHECKOUT
from tests.e2e import intruder
from tests.e2e.lab import SLOW, Lab, report, task
from tests.e2e.test_plan import answered, plan, plan_text, writes

HUMAN = "### {0} — Look\n- child: human\n\n1. Look at it.\n\n**Expect:** It is fine.\n"
ACCEPT = 'answer={"ask": "A1", "decision": "accept", "text": "", "for_session": false}'


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("api", "web") as made:
        config = made.workspace.config.read_text(encoding="utf-8")
        made.workspace.config.write_text(
            config.replace("path: ../api\n", "path: ../api\n    network: true\n"), encoding="utf-8"
        )
        assert "network: true" in made.workspace.config.read_text(encoding="utf-8")
        made.up()
        yield made


def command(lab: Lab, out: Path, *requests: str, orphan: bool = False) -> str:
    flag = ["--orphan"] if orphan else []
    words = [sys.executable, intruder.__file__, *flag, str(lab.workspace.control_socket), str(out), *requests]
    return shlex.join(words)


def answers(out: Path) -> list[Any]:
    """What the intruder got, once it is there."""
    until = time.monotonic() + SLOW
    while not out.exists():
        assert time.monotonic() < until, f"{out} was not written"
        time.sleep(0.02)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def refusals(found: list[Any]) -> set[str]:
    return {one["error"]["data"]["what"] for one in found}


@pytest.mark.promise("nobody answers for the person")
def test_a_child_reaches_the_supervisor_in_no_way_that_is_left_to_it(lab: Lab) -> None:
    sandboxed, escalated, orphan = (lab.repos["api"] / name for name in ("sandboxed", "escalated", "orphan"))
    requests = (ACCEPT, "hold", 'down={"now": true}', "status", 'note={"text": "x"}')
    lab.plan(
        HUMAN.format("H1")
        + task(
            "T1",
            "api",
            f"run {command(lab, sandboxed, *requests)}",
            f"escalate {command(lab, escalated, *requests)}",
            f"escalate {command(lab, orphan, *requests, orphan=True)}",
            report("tried"),
        )
    )
    lab.until(lambda seen: [one["id"] for one in seen["asks"]] == ["A1"] or len(seen["asks"]) > 1)
    for _ in range(2):
        seen = lab.until(lambda seen: [one for one in seen["asks"] if one["kind"] == "approval"])
        (approval,) = [one for one in seen["asks"] if one["kind"] == "approval"]
        lab.orch("answer", approval["id"], "accept")
        lab.until(lambda seen, done=approval["id"]: done not in [one["id"] for one in seen["asks"]])
    lab.task("T1", "done")
    by_server = "the request comes from a process that the server of api started"
    assert refusals(answers(sandboxed)) == {by_server}
    assert refusals(answers(escalated)) == {by_server}

    def repeated() -> set[str]:
        orphan.unlink(missing_ok=True)
        Path(f"{orphan}.go").touch()
        return refusals(answers(orphan))

    by_keeper = "the request comes from a process that a server of orch started"
    assert repeated() == {by_keeper}
    os.kill(lab.status()["supervisor"]["pid"], 9)
    assert [child["state"] for child in lab.up()["children"]] == ["ready", "ready"]
    assert len({one["pid"] for one in lab.ledger("server_ready")}) == 2, "the servers were adopted"
    assert repeated() == {by_keeper}
    Path(f"{orphan}.end").touch()
    assert [one["kind"] for one in lab.status()["asks"]] == ["checkpoint"]
    assert lab.status()["plan"]["state"] == "in_force"
    logged = (lab.workspace.logs / "supervisor.jsonl").read_text(encoding="utf-8")
    assert '"control_refused"' in logged


@pytest.mark.promise("nobody answers for the person")
def test_the_orchestrators_shell_reads_and_steers_nothing_even_without_a_sandbox(lab: Lab) -> None:
    out = lab.folder / "out"
    requests = (ACCEPT, "hold", 'note={"text": "x"}', 'plan_written={"digest": "0"}', 'down={"now": true}', "status")
    text = plan_text(HUMAN.format("H1"))
    problem = writes(text, f"run {command(lab, out, *requests)}", answered("planned"))
    plan(lab, problem, "--yolo", check=False)
    *refused, status = answers(out)
    assert refusals(refused) == {
        "no call of that tool of the orchestrator is under way",
        "the orchestrator may not use `down`",
    }
    assert status["result"]["supervisor"]["state"] == "up"
    assert [one["id"] for one in lab.status()["asks"]] == ["A1"]


@pytest.mark.promise("nobody answers for the person")
@pytest.mark.parametrize("word", ["accept", "decline"])
def test_what_the_orchestrator_passes_on_counts_once_the_person_has_confirmed_it(lab: Lab, word: str) -> None:
    call = 'call mcp__orch answer {"ask": "A1", "decision": "accept", "text": ""}'
    plan(
        lab,
        writes(plan_text(HUMAN.format("H1")), 'call mcp__orch note {"text": "it beeps"}', call, answered("ok")),
        check=False,
    )
    seen = lab.until(lambda seen: [one for one in seen["asks"] if one["kind"] == "approval"])
    (confirmation,) = [one for one in seen["asks"] if one["kind"] == "approval"]
    assert [one["text"] for one in lab.ledger("learning_noted")] == ["it beeps"]
    each = lab.orch("answer", confirmation["id"], "accept", "--for-session", check=False)
    assert "you confirm each one" in each.stderr
    lab.orch("answer", confirmation["id"], word)
    lab.until(lambda seen: not seen["orchestrator"]["busy"])
    assert [one["ask"] for one in lab.ledger("ask_answered")] == (
        [confirmation["id"], "A1"] if word == "accept" else [confirmation["id"]]
    )


def test_whatever_the_person_starts_is_served(lab: Lab) -> None:
    orch = [sys.executable, "-m", "supervisor.cli.main", "-C", str(lab.workspace.root), "hold"]
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
    for wrapper in (["setsid", "-f", "-w"], ["nohup"], ["env", "-i", *(f"{k}={v}" for k, v in environ.items())]):
        done = subprocess.run([*wrapper, *orch], env=environ, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr


def test_in_the_foreground_a_signal_ends_everything_in_order() -> None:
    with Lab("api") as made:
        command = [sys.executable, "-m", "supervisor.cli.main", "up", "--foreground"]
        environ = {**made.environ, "PYTHONPATH": str(CHECKOUT)}
        with subprocess.Popen(
            command, cwd=made.workspace.root, env=environ, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            shown = next(line for line in process.stderr if "server_ready api" in line)
            assert made.status()["children"][0]["state"] == "ready", shown
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert (process.wait(SLOW), "server_stopped api" in rest) == (0, True)
        assert made.orch("status", check=False).returncode == 3
