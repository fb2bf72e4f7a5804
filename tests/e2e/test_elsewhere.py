"""A child on another machine, over a real sshd: its turn, its checks, and what changed there."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supervisor.shell.process import alive
from tests import CHECKOUT
from tests.cli.web.served import Served
from tests.e2e import intruder, mcp_intruder, web_intruder
from tests.e2e.elsewhere import LabElsewhere
from tests.e2e.intruding import accept, answers, command, intrude_by_hook, orphaned, refusals
from tests.e2e.lab import SLOW, report, task

pytestmark = pytest.mark.long

HUMAN = "### {0} — Look\n- child: human\n\n1. Look at it.\n\n**Expect:** It is fine.\n"


@pytest.fixture(scope="module")
def standing() -> Iterator[LabElsewhere]:
    """A lab that is up, with one child, which lives on the other machine."""
    with LabElsewhere(here=False) as made:
        made.up()
        yield made


@pytest.fixture
def lab(standing: LabElsewhere) -> LabElsewhere:
    """The shared lab, reset. Tasks need names that no other test of the module uses."""
    standing.sshd.start()
    standing.reset()
    return standing


def test_a_task_runs_on_another_machine_and_is_checked_there(lab: LabElsewhere) -> None:
    child = lab.child("firmware", "ready")
    assert (child["runner"], child["path"]) == ("lab", f"lab:{lab.repos['firmware']}")
    server = lab.server_there()
    assert server is not None
    assert child["pid"] == server.pid
    lab.plan(
        task("T11", "firmware", "run echo made > made.txt", report("Made."), fields=("verify: `test -f made.txt`",))
    )
    done = lab.task("T11", "done")
    assert [one["exit_code"] for one in done["verify"]] == [0]
    assert done["changed_files"] == ["made.txt"]
    assert (lab.repos["firmware"] / "made.txt").read_text(encoding="utf-8") == "made\n"


def _working(lab: LabElsewhere, name: str) -> int:
    """Start a task whose turn waits at a gate; return the pid of its server."""
    gate = lab.model.gate(name)
    lab.plan(
        task(
            name, "firmware", "run echo begun >> log.txt", f"wait {name}", "run echo ended >> log.txt", report("Done.")
        )
    )
    gate.wait_reached(SLOW)
    server = lab.server_there()
    assert server is not None
    return server.pid


def _finish(lab: LabElsewhere, name: str) -> None:
    lab.model.gate(name).open()
    lab.task(name, "done")
    assert (lab.repos["firmware"] / "log.txt").read_text(encoding="utf-8") == "begun\nended\n"
    assert len(lab.delivered(name)) == 1


@pytest.mark.promise("cut line")
def test_a_cut_line_neither_loses_nor_doubles_a_turn(lab: LabElsewhere) -> None:
    before = lab.child("firmware", "ready")
    server = _working(lab, "T21")
    lab.cut_lines()
    lab.until(lambda _: lab.ledger("server_ready"))
    assert [one["adopted"] for one in lab.ledger("server_ready")] == [True]
    child = lab.child("firmware", "ready")
    assert (child["pid"], child["restarts"]) == (server, before["restarts"])
    _finish(lab, "T21")


@pytest.mark.promise("cut line")
def test_a_killed_supervisor_and_line_leave_the_turn_running_there(lab: LabElsewhere) -> None:
    before = lab.status()
    server = _working(lab, "T31")
    os.kill(before["supervisor"]["pid"], signal.SIGKILL)
    lab.cut_lines()
    down = json.loads(lab.orch("status", "--json", check=False).stdout)["children"][0]
    assert (down["state"], "may go on" in down["problem"]) == ("unreachable", True)
    lab.up()
    assert lab.child("firmware", "ready")["pid"] == server
    assert lab.ledger("server_ready")[-1]["adopted"]
    _finish(lab, "T31")


@pytest.mark.promise("cut line")
def test_a_machine_out_of_reach_is_named_and_its_turn_goes_on_meanwhile(lab: LabElsewhere) -> None:
    server = _working(lab, "T41")
    lab.sshd.stop()
    lab.cut_lines()
    child = lab.child("firmware", "unreachable")
    assert "lab is out of reach" in child["problem"]
    assert child["next_try"] is not None
    lab.until(lambda _: "unreachable" in lab.orch("status").stdout)  # else it tries to connect at the moment
    lab.model.gate("T41").open()
    lab.until(lambda _: "ended" in (lab.repos["firmware"] / "log.txt").read_text(encoding="utf-8"))
    lab.sshd.start()
    lab.orch("restart", "firmware")
    assert lab.child("firmware", "ready")["pid"] == server
    _finish(lab, "T41")


@pytest.mark.promise("nobody answers for the person")
def test_a_child_that_a_login_to_this_machine_serves_reaches_nothing_here(lab: LabElsewhere) -> None:
    escalated, orphan = (lab.repos["firmware"] / name for name in ("escalated", "orphan"))
    human = lab.next_ask()
    requests = (accept(human), "hold", 'down={"now": true}', "status")
    lab.plan(
        HUMAN.format("H45")
        + task(
            "T45",
            "firmware",
            f"escalate {command(lab, escalated, *requests)}",
            f"escalate {command(lab, orphan, *requests, orphan=True)}",
            report("tried"),
        )
    )
    lab.accept_approvals(2)
    lab.task("T45", "done")
    by_server = {"the request comes from a process that the server of firmware started"}

    def repeated() -> set[str]:
        orphan.unlink(missing_ok=True)
        Path(f"{orphan}.go").touch()
        return refusals(answers(orphan))

    assert (refusals(answers(escalated)), repeated()) == (by_server, by_server)
    server = lab.server_there()
    assert server is not None
    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    lab.up()
    assert lab.child("firmware", "ready")["pid"] == server.pid, "the server was adopted"
    assert repeated() == by_server
    assert [one["id"] for one in lab.status()["asks"]] == [human]
    keeper = psutil.Process(server.pid).parent()
    assert keeper is not None
    assert keeper.name() == "orch-keeper"
    keeper.kill()
    Path(f"{orphan}.end").touch()
    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    lab.up()
    refused = lab.orch("hold", check=False)
    assert (refused.returncode, "run `orch down`, then `orch up`" in refused.stderr) == (1, True)
    lab.orch("down")
    lab.up()
    lab.orch("hold")


@pytest.mark.promise("nobody answers for the person")
def test_such_a_child_steers_by_no_page_no_tool_and_no_hook_of_a_landing(lab: LabElsewhere) -> None:
    """Each tries twice: as a command that was let out of the sandbox, and as an orphan without environment."""
    human = lab.next_ask()
    web = Served(lab.workspace)
    outs = {name: lab.repos["firmware"] / name for name in ("page", "page2", "tools", "tools2")}
    calls = (
        ["note", {"text": "by a child"}],
        ["hold", {}],
        ["answer", {"ask": human, "decision": "accept", "text": ""}],
        ["write_plan", {"text": "# Plan: By a child\n\n## Objective\n\nX.\n\n## Working Plan\n"}],
    )
    orch = ["env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", "supervisor.cli.main"]
    orch += ["-C", str(lab.workspace.root), "mcp"]

    def page(name: str) -> list[str]:
        return [sys.executable, web_intruder.__file__, web.url, web.cookie, str(outs[name])]

    def tools(name: str) -> list[str]:
        return [sys.executable, mcp_intruder.__file__, str(outs[name]), json.dumps(calls), *orch]

    try:
        web.enter()
        commands = (shlex.join(page("page")), orphaned(page("page2")), shlex.join(tools("tools")))
        lines = [f"escalate {one}" for one in (*commands, orphaned(tools("tools2")))]
        made = task("T46", "firmware", *lines, "run echo made > made.txt", report("tried"))
        lab.plan(HUMAN.format("H46") + made)
        lab.accept_approvals(4)
        lab.task("T46", "done")
        by_server = "the request comes from a process that the server of firmware started"
        for name in ("page", "page2"):
            found = answers(outs[name])
            assert {tuple(one) for one in found} == {
                (403, f"{by_server}: only the person answers: run it in a terminal of your own\n")
            }, (name, found)
        for name in ("tools", "tools2"):
            found = answers(outs[name])
            assert [by_server in one for one in found] == [True] * len(calls), (name, found)
    finally:
        assert web.close() == 0
    for out in outs.values():
        out.unlink()
    assert [one["id"] for one in lab.status()["asks"]] == [human]
    assert lab.ledger("learning_noted") == []
    assert lab.workspace.plan.read_text(encoding="utf-8").startswith("# Plan: Lab\n")
    assert lab.status()["plan"]["state"] == "in_force"

    requests = (accept(human), "hold", "status")
    direct, orphan = lab.folder / "direct", lab.folder / "orphan"
    again = [sys.executable, intruder.__file__, str(lab.workspace.control_socket), str(orphan), *requests]
    hook = intrude_by_hook(lab.repos["firmware"], command(lab, direct, *requests), orphaned(again), orphan)
    lab.orch("land", "--tasks", "T46")
    hook.unlink()
    by_landing = {"the request comes from a process that `orch land` started"}
    assert (refusals(answers(direct)), refusals(answers(orphan))) == (by_landing, by_landing)
    assert [one["id"] for one in lab.status()["asks"]] == [human]
    logged = (lab.workspace.logs / "supervisor.jsonl").read_text(encoding="utf-8")
    reasons = {one["reason"] for one in map(json.loads, logged.splitlines()) if one["event"] == "control_refused"}
    assert reasons >= {by_server, *by_landing}


def test_a_server_that_dies_there_is_started_again_and_its_task_continues(lab: LabElsewhere) -> None:
    before = lab.child("firmware", "ready")
    server = _working(lab, "T51")
    os.kill(server, signal.SIGKILL)
    lab.until(lambda seen: seen["children"][0]["pid"] not in (server, None))
    lab.model.gate("T51").open()
    lab.task("T51", "done")
    assert lab.status()["children"][0]["restarts"] == before["restarts"] + 1


def test_a_host_that_is_not_known_is_refused_and_its_key_never_accepted(lab: LabElsewhere) -> None:
    lab.orch("down")
    lab.sshd.known.write_text("", encoding="utf-8")
    done = lab.orch("up", check=False)
    assert done.returncode == 1
    child = lab.child("firmware", "refused")
    assert "the host key of lab is not known here" in child["problem"]
    assert lab.sshd.known.read_text(encoding="utf-8") == ""
    assert lab.server_there() is None
    lab.sshd.trust_host()
    lab.orch("restart", "firmware")
    lab.child("firmware", "ready")


def test_down_without_a_supervisor_ends_the_server_there_or_says_that_it_may_run(lab: LabElsewhere) -> None:
    before = lab.status()
    server = lab.server_there()
    assert server is not None
    os.kill(before["supervisor"]["pid"], signal.SIGKILL)
    lab.sshd.stop()
    done = lab.orch("down", check=False)
    assert (done.returncode, "may still run" in done.stderr) == (1, True)
    assert alive(server)
    lab.sshd.start()
    lab.orch("down")
    assert not alive(server)


def test_any_prefix_that_runs_words_elsewhere_will_do() -> None:
    with LabElsewhere(["env", "-C", "/", "--"], here=False) as lab:
        before = lab.up()
        server = _working(lab, "T1")
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        lab.up()
        assert lab.child("firmware", "ready")["pid"] == server
        _finish(lab, "T1")
