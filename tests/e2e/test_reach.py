"""The supervisor stays reachable, and its record whole, whatever is removed, moved or replaced while it is up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import SupervisorDown
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.process import Identity, identity_of
from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long

NOTICED = 10.0  # seconds for the supervisor to notice that its workspace is gone
LISTENS = 5.0  # seconds for it to listen again
LOOK = 0.1


def within(seconds: float, what: Callable[[], Any]) -> Any:
    """Wait until this holds, and return it. Fails after so many seconds."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"not within {seconds:g} s"
        time.sleep(LOOK)
    return found


def supervisor_of(lab: Lab) -> Identity:
    found = identity_of(lab.status()["supervisor"]["pid"])
    assert found is not None
    return found


def nothing_runs(supervisor: Identity, workspace: WorkspacePaths) -> bool:
    return not process.alive(supervisor) and not process.marked(workspace.mark())


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab that is up, with one child. Each test leaves it so that it can go on."""
    with Lab("backend") as made:
        made.up()
        yield made


def done_once(lab: Lab, name: str) -> None:
    lab.up()
    lab.plan(task(name, "backend", report("It is done.")))
    lab.task(name, "done")
    assert len(lab.delivered(name)) == 1


def listing(lab: Lab) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(lab.orch("-C", "/", "ls", "--json").stdout)
    return found


def answers(lab: Lab) -> bool:
    try:
        return bool(lab.status()["supervisor"]["state"] == "up")
    except SupervisorDown:
        return False


def test_every_command_finds_the_sockets_whatever_its_environment_says(lab: Lab, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    other = {"XDG_RUNTIME_DIR": str(tmp_path)}
    for words in (("status",), ("up",), ("hold",), ("asks",), ("restart", "backend"), ("ls",)):
        assert lab.orch(*words, **other).returncode == 0
    (found,) = json.loads(lab.orch("ls", "--json", **other).stdout)
    assert (found["workspace"], found["state"]) == (str(lab.workspace.root), "up")
    assert lab.orch("down", **other).stdout == "everything has stopped\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.promise("stays reachable")
def test_the_supervisor_listens_again_where_its_sockets_were_removed_and_idle_servers_are_restarted() -> None:
    with Lab("backend", "mobile") as lab:
        done_once(lab, "T1")
        before = {one["name"]: one["pid"] for one in lab.status()["children"]}
        lab.plan(task("T2", "mobile", "wait held", report("It waited.")))
        lab.task("T2", "running")
        shutil.rmtree(lab.workspace.runtime_dir)
        within(LISTENS, lambda: answers(lab))
        lab.until(lambda seen: seen["children"][0]["pid"] not in (None, before["backend"]))
        status = lab.until(lambda seen: "restarts once it is idle" in (seen["children"][1]["problem"] or ""))
        assert status["children"][1]["pid"] == before["mobile"]
        lab.model.gate("held").open()
        lab.task("T2", "done")
        lab.until(lambda seen: all(one["pid"] not in (None, *before.values()) for one in seen["children"]))
        assert all(Path(one["socket"]).exists() for one in lab.status()["children"])
        assert len(lab.delivered("T2")) == 1


def test_a_folder_of_the_sockets_that_others_could_write_is_made_private_again(lab: Lab) -> None:
    """Codex listens in no folder in which others could replace its socket."""
    place = lab.workspace.runtime_dir
    shutil.rmtree(place)
    place.mkdir()
    place.chmod(0o777)
    within(LISTENS, lambda: place.stat().st_mode & 0o777 == 0o700)
    lab.orch("restart", "backend")
    lab.child("backend", "ready")


@pytest.mark.promise("stays reachable")
def test_where_the_login_folder_is_gone_the_sockets_move_and_every_command_finds_them() -> None:
    with Lab("backend") as lab:
        login = lab.folder / "login"
        login.mkdir(mode=0o700)
        lab.orch("up", XDG_RUNTIME_DIR=str(login))
        assert login in lab.workspace.control_socket.parents
        shutil.rmtree(login)
        login.write_text("nothing can be made here", encoding="utf-8")
        within(LISTENS, lambda: answers(lab))
        assert login not in lab.workspace.control_socket.parents
        lab.until(lambda seen: login not in Path(seen["children"][0]["socket"] or login / "x").parents)
        lab.child("backend", "ready")
        assert listing(lab)[0]["state"] == "up"


@pytest.mark.promise("stays reachable")
def test_what_says_where_the_sockets_are_is_written_again_and_no_second_supervisor_starts(lab: Lab) -> None:
    supervisor = supervisor_of(lab)
    for path in (lab.workspace.runtime_link, lab.workspace.lock):
        path.unlink()
        lab.orch("up")
        within(LISTENS, path.exists)
        assert supervisor_of(lab) == supervisor


def removed(state: Path) -> None:
    shutil.rmtree(state.rename(state.with_name("trash")))


def restored(state: Path) -> None:
    backup = state.with_name("backup")
    passing = shutil.ignore_patterns("*-journal", "*.tmp", ".*")  # files that are written now, and soon gone
    shutil.copytree(state, backup, symlinks=True, ignore=passing)
    removed(state)  # at once: the supervisor writes there meanwhile
    backup.rename(state)


def ledger_removed(state: Path) -> None:
    (state / "ledger.jsonl").unlink()


def ledger_emptied(state: Path) -> None:
    (state / "ledger.jsonl").write_text("", encoding="utf-8")


def renewals(lab: Lab) -> list[dict[str, Any]]:
    lines = map(json.loads, lab.orch("logs", "--json").stdout.splitlines())
    return [one for one in lines if one["event"] == "ledger_renewed"]


@pytest.mark.parametrize("lose", [removed, restored, ledger_removed, ledger_emptied])
@pytest.mark.promise("ledger whole", "delivered once")
def test_no_task_is_done_again_when_the_record_is_removed_while_it_is_up(
    lab: Lab, lose: Callable[[Path], None]
) -> None:
    name = f"T7-{lose.__name__}"
    done_once(lab, name)
    supervisor, earlier = supervisor_of(lab), renewals(lab)
    lose(lab.workspace.state)
    lab.orch("note", "something happens")
    within(NOTICED, lambda: renewals(lab)[len(earlier) :])  # an event is logged after it is recorded
    (renewed,) = renewals(lab)[len(earlier) :]
    assert renewed["level"] == "warning"
    os.kill(supervisor.pid, signal.SIGKILL)
    within(NOTICED, lambda: not process.alive(supervisor))
    lab.up()
    assert lab.task(name, "done")["summary"] == "It is done."
    assert len(lab.delivered(name)) == 1


@pytest.mark.promise("no orphan")
def test_a_workspace_that_is_removed_stops_in_order() -> None:
    with Lab("backend") as lab:
        done_once(lab, "T1")
        supervisor, sockets = supervisor_of(lab), lab.workspace.runtime_dir
        removed(lab.workspace.root)
        within(NOTICED, lambda: nothing_runs(supervisor, lab.workspace))
        assert listing(lab) == []
        assert not sockets.exists()
        lab.workspace.root.mkdir()


def test_a_workspace_that_is_removed_is_stopped_by_down_from_anywhere() -> None:
    with Lab("backend") as lab:
        lab.up()
        supervisor = supervisor_of(lab)
        removed(lab.workspace.root)
        lab.workspace.root.mkdir()
        assert lab.orch("-C", str(lab.workspace.root), "down").stdout == "everything has stopped\n"
        assert nothing_runs(supervisor, lab.workspace)
        again = lab.orch("-C", str(lab.workspace.root), "down", check=False)
        assert (again.returncode, "no orchestrator.config.yaml" in again.stderr) == (1, True)


@pytest.mark.promise("delivered once")
def test_a_workspace_that_is_cleaned_stops_in_order_and_does_nothing_again(lab: Lab) -> None:
    done_once(lab, "T81")
    supervisor = supervisor_of(lab)
    kept = {path: path.read_text(encoding="utf-8") for path in (lab.workspace.config, lab.workspace.plan)}
    for words in (["init", "-q"], ["clean", "-fdqx"]):  # which leaves a folder that is written to meanwhile
        subprocess.run(["git", *words], cwd=lab.workspace.root, check=False, env=lab.environ)
    shutil.rmtree(lab.workspace.root / ".git")
    assert not lab.workspace.config.exists()  # the ledger may be back already: the supervisor writes it anew
    within(NOTICED, lambda: nothing_runs(supervisor, lab.workspace))
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")
    lab.up()
    lab.task("T81", "done")
    assert len(lab.delivered("T81")) == 1


def test_a_workspace_that_was_moved_stops_and_goes_on_where_it_is(lab: Lab) -> None:
    done_once(lab, "T91")
    supervisor, moved = supervisor_of(lab), lab.workspace.root.with_name("moved")
    lab.workspace.root.rename(moved)
    (seen,) = listing(lab)
    assert (seen["workspace"], seen["problem"]) == (str(lab.workspace.root), "the folder is gone, or was moved")
    done = lab.orch("-C", str(moved), "down")
    assert done.stdout == "everything has stopped\n"
    assert nothing_runs(supervisor, lab.workspace)
    moved.rename(lab.workspace.root)
    lab.up()
    lab.task("T91", "done")
    assert len(lab.delivered("T91")) == 1


def test_a_supervisor_that_is_told_to_go_on_while_it_stops_is_kept_reachable_again(lab: Lab) -> None:
    server = lab.status()["children"][0]["pid"]
    os.kill(server, signal.SIGSTOP)  # it does not end at once, so there is time to come back
    earlier = lab.workspace.ledger.stat().st_size
    moved = lab.workspace.root.with_name("moved")
    lab.workspace.root.rename(moved)
    ledger = WorkspacePaths(moved).ledger
    within(NOTICED, lambda: b"down_requested" in ledger.read_bytes()[earlier:])
    moved.rename(lab.workspace.root)
    lab.up()
    lab.workspace.control_socket.unlink()
    within(LISTENS, lambda: answers(lab))


def test_what_a_killed_supervisor_left_is_listed_until_it_is_stopped(lab: Lab) -> None:
    supervisor = supervisor_of(lab)
    os.kill(supervisor.pid, signal.SIGKILL)
    within(NOTICED, lambda: not process.alive(supervisor))
    (seen,) = listing(lab)
    assert (seen["state"], seen["pid"], "run on" in seen["problem"]) == ("down", None, True)
    lab.orch("down")
    assert listing(lab) == []
