"""Many children and misbehaving servers. Stand-ins: so many real codexes are too slow, and they behave."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import psutil
import pytest

from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import ending
from supervisor.runtime.remote.sharing import LINES
from supervisor.shell import process
from tests.e2e.lab import Lab, task
from tests.peers import codex_like, crowd
from tests.sshd import Sshd

pytestmark = pytest.mark.long

MANY = 16


def lab_of(*names: str, manner: str = "good", **limits: float) -> Lab:
    lab = Lab()
    for name in names:
        path = lab.folder / name
        subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True, env=lab.environ)
        lab.repos[name] = path
    lab.workspace.config.write_text(
        json.dumps({"children": {name: f"../{name}" for name in names}, "limits": {"stall_minutes": 1, **limits}}),
        encoding="utf-8",
    )
    lab.environ["ORCH_CODEX_BIN"] = codex_like(lab.folder, manner=manner)
    return lab


def pids(lab: Lab) -> dict[str, int]:
    return {name: record.identity.pid for name, record in Registry(lab.workspace.registry).alive().items()}


@pytest.mark.promise("no orphan")
def test_many_children_are_adopted_after_a_kill_and_none_is_left_after_down() -> None:
    with lab_of(*(f"c{number}" for number in range(MANY))) as lab:
        assert f"{MANY} of {MANY} children ready" in lab.orch("up").stdout
        before = pids(lab)
        assert len(before) == MANY
        supervisor = ending.supervisor_process(lab.workspace)
        assert supervisor is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        lab.orch("up")
        assert pids(lab) == before
        ready = lab.ledger("server_ready")[-MANY:]
        assert [one["adopted"] for one in ready] == [True] * MANY

        victim = before["c7"]
        os.kill(victim, signal.SIGKILL)  # adopted servers are watched, so this is noticed
        lab.until(lambda seen: seen["children"][7]["state"] == "ready" and seen["children"][7]["pid"] != victim)
        done = lab.orch("status", "--json")
        assert [one["state"] for one in json.loads(done.stdout)["children"]] == ["ready"] * MANY

        lab.orch("down")
        assert process.marked(lab.workspace.mark()) == []


def test_children_of_one_machine_take_one_login_from_up_to_down() -> None:
    names = [f"c{number}" for number in range(LINES)]
    with lab_of(*names) as lab:
        there = lab.folder / "there"
        there.mkdir()
        host = Sshd(lab.folder / "sshd", {"HOME": str(there)})
        host.start()
        try:
            paths = {name: {"path": str(lab.repos[name]), "runner": "lab"} for name in names}
            program = crowd.with_proxy(there, lab.environ.pop("ORCH_CODEX_BIN"))
            runner = {"connect": host.words, "codex": program, "env": {"HOME": str(there)}}
            lab.workspace.config.write_text(json.dumps({"children": paths, "runners": {"lab": runner}}))
            lab.orch("up", check=False)  # it returns before all are ready on a busy machine
            lab.until(lambda seen: all(one["state"] == "ready" for one in seen["children"]))
            lab.until(lambda _: lab.ledger("map_drawn"))
            before = host.logins
            lab.orch("down")
            assert (before, host.logins) == (1, 1)
            assert list(there.rglob("sock")) == []
        finally:
            host.stop()


@pytest.mark.promise("no mistaken server")
def test_running_processes_are_identified_before_they_are_adopted() -> None:
    with lab_of("older", "reused", "by-hand") as lab:
        before = {one["name"]: one["pid"] for one in lab.up()["children"]}
        supervisor = ending.supervisor_process(lab.workspace)
        assert supervisor is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        os.kill(before["by-hand"], signal.SIGKILL)
        (socket := lab.workspace.server_socket("by-hand")).unlink()
        program = lab.environ["ORCH_CODEX_BIN"]
        strangers = [
            subprocess.Popen([program, "app-server", "--listen", f"unix://{socket}"], stdout=subprocess.PIPE),
            subprocess.Popen(["sleep", "60"]),
        ]
        try:
            assert strangers[0].stdout is not None
            with strangers[0].stdout as output:
                assert output.readline() == b"listening\n"
            records = json.loads(lab.workspace.registry.read_text(encoding="utf-8"))
            records["reused"]["identity"]["pid"] = strangers[1].pid  # the pid belongs to another process now
            lab.workspace.registry.write_text(json.dumps(records), encoding="utf-8")

            done = lab.orch("up", check=False)
            assert done.returncode == 1
            assert f"by-hand failed: process {strangers[0].pid}, which is not ours, answers at {socket}" in done.stderr
            after = {one["name"]: one for one in lab.status()["children"]}
            assert [after[name]["state"] for name in before] == ["ready", "ready", "failed"]
            assert (after["older"]["pid"], after["older"]["codex"]) == (before["older"], "0.169.0")
            assert after["reused"]["pid"] not in (before["reused"], strangers[1].pid)
            assert not psutil.pid_exists(before["reused"]), "a server of ours that the registry does not know is killed"
            lab.orch("down")
            assert [one.poll() for one in strangers] == [None, None]
        finally:
            for one in strangers:
                one.kill()
                one.wait()


@pytest.mark.promise("up means ready")
def test_only_a_server_that_answers_counts_as_ready_and_the_others_are_reported_with_their_problem() -> None:
    with lab_of("mute", "never", "garbage", "ends", "old", "late", "good", manner="named", ready_seconds=2) as lab:
        done = lab.orch("up", check=False)
        assert (done.returncode, done.stdout) == (1, "2 of 7 children ready\n")
        reported = {line.split()[1]: line for line in done.stderr.splitlines() if line.startswith("orch: ")}
        silent = "did not answer within 2 s"
        ended = "exited with code 0 before it answered: no room for a socket: see"
        problems = {"mute": silent, "never": silent, "garbage": silent, "ends": ended}
        problems["old"] = "is too old"
        assert reported.keys() == problems.keys()
        assert [reported[name] for name, problem in problems.items() if problem not in reported[name]] == []
        texts = [ask["text"] for ask in lab.status()["asks"]]  # one for each cause
        assert [
            name for name in problems if sum(f"{name} do" in text or f"{name}, " in text for text in texts) != 1
        ] == []


@pytest.mark.promise("whole trees stopped")
def test_servers_that_obey_no_signal_are_killed_in_parallel_with_all_that_they_started() -> None:
    with lab_of(*(f"c{number}" for number in range(4)), manner="stubborn") as lab:
        lab.orch("up")
        assert [len(process.marked(lab.workspace.mark(name))) for name in lab.repos] == [2] * 4
        lab.orch("down")
        assert process.marked(lab.workspace.mark()) == []
        order = [
            line["event"]
            for line in lab.ledger("intended", "server_stopped")
            if line["event"] == "server_stopped" or line["action"]["action"] == "stop_server"
        ]
        assert order == ["intended"] * 5 + ["server_stopped"] * 5  # the orchestrator's server counts too


@pytest.mark.promise("logs bounded")
def test_a_server_that_writes_without_end_neither_blocks_nor_fills_the_disk() -> None:
    with lab_of("c0", manner="loud", log_megabytes=1) as lab:
        lab.orch("up")
        lab.plan(task("T1", "c0"))
        lab.task("T1", "done")
        logs = lab.workspace.logs
        lab.until(lambda _: (logs / "c0.stderr.log.1").exists())
        assert (logs / "c0.stderr.log.1").stat().st_size <= 1 << 20
        assert lab.orch("restart", "c0").returncode == 0


@pytest.mark.promise("no growth")
def test_descriptors_threads_and_memory_do_not_grow_with_the_turns() -> None:
    with lab_of("c0", "c1") as lab:
        lab.up()
        supervisor = ending.supervisor_process(lab.workspace)
        assert supervisor is not None
        itself = psutil.Process(supervisor.pid)

        def turns(numbers: range) -> tuple[int, int, int]:
            for number in numbers:
                lab.plan("".join(task(f"T{one}", f"c{one}", f"say {number}") for one in range(2)))
                lab.until(lambda seen: [one["turns"] for one in seen["tasks"]] == [number] * 2)  # noqa: B023
            lab.until(lambda seen: all(one["state"] == "done" for one in seen["tasks"]))
            return itself.num_fds(), itself.num_threads(), itself.memory_info().rss

        first, last = turns(range(1, 9)), turns(range(9, 25))
        assert (last[0] <= first[0] + 2, last[1] <= first[1] + 1) == (True, True), (first, last)
        assert last[2] - first[2] < 12 << 20
