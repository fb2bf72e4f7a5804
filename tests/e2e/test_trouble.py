"""Trouble with the provider, servers, the supervisor and files: each is reported in one line, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from supervisor.runtime.codex.binary import called, locate
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import ending
from supervisor.runtime.workspace import make_runtime_dir
from supervisor.shell import process
from tests import CHECKOUT
from tests.e2e.lab import SLOW, Lab, report, task
from tests.e2e.stdio import codex_binary
from tests.peers import codex_like

pytestmark = pytest.mark.long


@pytest.fixture
def own() -> Iterator[Lab]:
    """A lab that is not up yet."""
    with Lab("backend", "mobile") as made:
        yield made


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    with Lab("backend", "mobile") as made:
        made.set_limits(retry_seconds=[0.1, 0.1])
        made.up()
        yield made


def test_a_failing_provider_is_tried_again_if_that_can_help_and_then_reported(lab: Lab) -> None:
    ways = {
        "T401": ("fail 401", "the provider refused the login 401", 1),
        "T500": ("fail 500", "the provider failed", 3),
        "T000": ("cut", "the provider failed", 3),
        "T400": ("fail 400 no such thing", "the turn failed (other)", 1),
        "T999": ("failed context_length_exceeded", "the turn failed (contextWindowExceeded)", 1),
    }
    lab.plan("".join(task(name, "backend", line) for name, (line, _, _) in ways.items()))
    for name, (_, why, turns) in ways.items():
        failed = lab.task(name, "failed")
        assert failed["why"].startswith(why)
        assert failed["why"].endswith(f"then `orch go {name}`")
        assert failed["turns"] == turns
    assert lab.orch("wait", check=False).returncode == 5


def test_a_failed_task_continues_when_the_human_says_so(lab: Lab) -> None:
    lab.plan(task("T21", "backend", "fail 401"))
    lab.task("T21", "failed")
    lab.model.reset(lambda request: [lab.says(report("better now"))])
    lab.orch("go", "T21")
    assert lab.task("T21", "done")["summary"] == "better now"


def test_a_silent_model_ends_in_a_failed_task_not_in_a_wait_without_end() -> None:
    with Lab("backend", idle_timeout_ms=500) as lab:
        lab.set_limits(retry_seconds=[0.1])
        lab.plan(task("T1", "backend", "silence"))
        lab.up()
        assert "idle timeout" in lab.task("T1", "failed")["why"]


@pytest.mark.promise("hangs found")
def test_a_hung_server_is_noticed_and_replaced_and_its_task_continues(lab: Lab) -> None:
    lab.model.gate("held")
    lab.plan(task("T31", "backend", "wait held", report("survived")))
    lab.model.gate("held").wait_reached(SLOW)
    before = lab.child("backend", "ready")
    pid = before["pid"]
    os.kill(pid, signal.SIGSTOP)
    lab.until(lambda seen: seen["children"][0]["state"] == "unhealthy", timeout=15)
    lab.until(lambda seen: seen["children"][0]["state"] == "ready" and seen["children"][0]["pid"] != pid)
    assert process.identity_of(pid) is None
    lab.model.gate("held").open()
    assert lab.task("T31", "done")["summary"] == "survived"
    assert lab.status()["children"][0]["restarts"] == before["restarts"] + 1


def fake_codex(lab: Lab, text: str) -> str:
    path = lab.folder / "codex"
    path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.promise("restarts bounded")
def test_a_server_that_keeps_dying_is_given_up_with_an_ask_that_shows_its_last_output(own: Lab) -> None:
    broken = fake_codex(
        own, 'if [ "$1" = --version ]; then echo codex-cli 0.169.0; exit; fi\necho the sky is falling >&2\nexit 7\n'
    )
    done = own.orch("up", check=False, ORCH_CODEX_BIN=broken)
    assert done.returncode == 1
    seen = own.status()
    assert [one["state"] for one in seen["children"]] == ["failed", "failed"]
    assert "exited with code 7" in seen["children"][0]["problem"]
    assert "the sky is falling" in own.ask()["text"]
    assert own.orch("wait", check=False).returncode == 4


def test_a_server_whose_answers_do_not_fit_is_given_up_with_what_does_not(own: Lab) -> None:
    own.environ["ORCH_CODEX_BIN"] = codex_like(own.folder, manner="odd")
    own.up()
    own.plan(task("T1", "backend", "write a.txt a"))
    reason = "codex's answer to thread/start does not fit: Object missing required field `id` - at `$.thread`"
    assert own.child("backend", "failed")["problem"] == f"{reason} (5 times within 60 s)"


@pytest.mark.promise("no mistaken server")
def test_a_socket_path_that_is_taken_is_reported_and_its_owner_is_left_alone(own: Lab) -> None:
    own.workspace.state.mkdir(exist_ok=True)
    make_runtime_dir(own.workspace)
    (path := own.workspace.server_socket("backend")).write_text("somebody's file", encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(own.workspace.server_socket("mobile")))
        stranger.listen()
        assert own.orch("up", check=False).returncode == 1
        seen = own.status()
    assert [one["state"] for one in seen["children"]] == ["failed", "failed"]
    texts = {ask["child"]: ask["text"] for ask in seen["asks"]}
    assert "not a socket" in texts["backend"]
    assert "already in use" in texts["mobile"]
    assert path.read_text(encoding="utf-8") == "somebody's file"


def test_a_codex_that_cannot_serve_is_reported_in_one_line(own: Lab) -> None:
    path = own.folder / "codex"
    for script, words in (
        (None, "which is not a program"),
        ("echo codex-cli 0.12.3\n", "codex 0.12.3"),
        ("echo hello\n", "is not codex"),
    ):
        if script:
            fake_codex(own, script)
        done = own.orch("up", check=False, ORCH_CODEX_BIN=str(path))
        assert done.returncode == 1
        problem = own.status()["children"][0]["problem"]
        assert words in problem
        assert words in done.stdout + done.stderr


def test_a_codex_without_a_login_is_reported_with_the_remedy(own: Lab) -> None:
    (own.home / "config.toml").write_text("check_for_update_on_startup = false\n", encoding="utf-8")
    done = own.orch("up", check=False, OPENAI_API_KEY="", CODEX_API_KEY="")
    assert done.returncode == 1
    cause = f"codex is not logged in: run `{called(locate(None))} login`, then run `orch up`"
    assert {one["problem"] for one in own.status()["children"]} == {cause}
    assert f"orch: backend, mobile failed: {cause}\n" in done.stderr


def test_a_config_that_codex_cannot_load_is_told_once_with_file_and_line_and_one_up_suffices(own: Lab) -> None:
    config = own.home / "config.toml"
    before = config.read_text(encoding="utf-8")
    config.write_text(before + "broken = [\n", encoding="utf-8")
    assert own.orch("up", check=False).returncode == 1
    line = before.count("\n") + 1
    (ask,) = own.until(lambda seen: seen["asks"])["asks"]
    assert ask["text"].startswith("The servers of backend, mobile do not stay up: codex cannot load its config")
    assert f"{config}:{line}:11: unclosed array" in ask["text"]
    config.write_text(before, encoding="utf-8")
    assert own.orch("up").stdout == "2 of 2 children ready\n"
    assert own.status()["asks"] == []


@pytest.mark.promise("one server", "commands repeatable")
def test_ten_ups_at_once_make_one_supervisor_and_one_server_each(own: Lab) -> None:
    with ThreadPoolExecutor(10) as pool:
        codes = [done.returncode for done in pool.map(lambda _: own.orch("up", check=False), range(10))]
    assert codes == [0] * 10
    seen = own.status()
    assert len(own.ledger("supervisor_started")) == 1
    own.until(lambda _: own.ledger("map_drawn"))  # until then the surveyor may run git
    # Only the servers and the surveyor carry the mark of the workspace.
    marked = {one.pid for one in process.marked(own.workspace.mark())}
    surveyors = {one.pid for one in process.marked(own.workspace.mark("survey"))}
    assert marked - surveyors == {one["pid"] for one in seen["children"]}
    assert len(surveyors) <= 1


def test_down_interrupts_running_work_and_the_next_up_continues_it(lab: Lab) -> None:
    lab.model.gate("held")
    lab.plan(task("T81", "backend", "write a.txt a", "wait held", report("in the end")))
    lab.model.gate("held").wait_reached(SLOW)
    lab.orch("down")
    assert process.marked(lab.workspace.mark()) == []
    assert lab.orch("status", check=False).returncode == 3
    lab.model.gate("held").open()
    lab.up()
    done = lab.task("T81", "done")
    assert (done["summary"], done["runs"], done["turns"]) == ("in the end", 1, 2)


def test_a_task_that_was_removed_while_no_supervisor_ran_is_not_continued(lab: Lab) -> None:
    lab.model.gate("held")
    lab.plan(task("T91", "backend", "wait held", report("in the end")))
    lab.model.gate("held").wait_reached(SLOW)
    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    for record in Registry(lab.workspace.registry).alive().values():
        os.kill(record.identity.pid, signal.SIGKILL)  # the turn would be begun again
    lab.model.gate("held").open()
    lab.plan(task("T92", "backend", report("instead")))
    slow = lab.folder / "codex"
    slow.write_text(f'#!/bin/sh\ncase $PWD in *mobile) sleep 1;; esac\nexec {codex_binary()} "$@"\n', encoding="utf-8")
    slow.chmod(0o755)
    lab.orch("up", ORCH_CODEX_BIN=str(slow))  # one server is ready long before the others
    lab.task("T92", "done")
    assert [act["task"] for act in lab.acts("start_turn")] == ["T91", "T92"]
    lab.orch("down")  # the next test starts the servers as usual


@pytest.mark.promise("stop wins")
def test_down_works_when_the_supervisor_is_dead_and_when_it_hangs(lab: Lab) -> None:
    for number in (signal.SIGKILL, signal.SIGSTOP):
        pid = lab.up()["supervisor"]["pid"]
        os.kill(pid, number)
        assert lab.orch("down").returncode == 0
        assert process.marked(lab.workspace.mark()) == []
        assert process.identity_of(pid) is None


def test_a_restart_keeps_the_thread_and_the_task(lab: Lab) -> None:
    lab.model.gate("held")
    lab.plan(task("T41", "backend", "wait held", report("still here")))
    before = lab.status()["children"][0]["pid"]
    lab.model.gate("held").wait_reached(SLOW)
    thread = lab.status()["children"][0]["thread"]
    lab.orch("restart", "backend")
    lab.until(lambda seen: seen["children"][0]["state"] == "ready" and seen["children"][0]["pid"] != before)
    lab.model.gate("held").open()
    assert (lab.task("T41", "done")["turns"], lab.status()["children"][0]["thread"]) == (2, thread)


def test_hold_starts_nothing_new_and_go_resumes(lab: Lab) -> None:
    lab.orch("hold")
    lab.plan(task("T51", "backend", report("now")))
    seen = lab.until(lambda seen: seen["tasks"] and seen["tasks"][0]["state"] != "retired")
    assert (seen["plan"]["state"], seen["tasks"][0]["state"]) == ("held", "waiting")
    lab.orch("go")
    lab.task("T51", "done")


def test_a_plan_of_any_bad_kind_is_rejected_and_the_last_good_one_stays(lab: Lab) -> None:
    lab.plan(task("T61", "backend", report("good")))
    lab.task("T61", "done")
    path = lab.workspace.plan

    def replaced(make: object) -> str:
        path.unlink()
        make(path)  # type: ignore[operator]
        seen = lab.until(lambda seen: seen["plan"]["state"] == "rejected")
        message: str = seen["plan"]["problems"][0]["message"]
        assert seen["tasks"][0]["state"] == "done"
        lab.orch("plan", "check", check=False)
        if path.is_dir():
            path.rmdir()
        lab.plan(task("T61", "backend", report("good")))
        lab.until(lambda seen: seen["plan"]["state"] == "in_force")
        return message

    assert [
        replaced(lambda path: path.write_bytes(b"# Plan: x\n\xff\xfe\x00binary")),
        replaced(lambda path: path.write_bytes(b"x" * 10_000_000)),
        replaced(Path.mkdir),
        replaced(os.mkfifo),
        replaced(lambda path: path.symlink_to("nowhere")),
    ] == [
        "this is not UTF-8 text: save it as UTF-8",
        "plan.md is larger than 1,048,576 bytes: shorten it",
        "plan.md is a folder: put a file in its place",
        "plan.md is not a regular file: put one in its place",
        "plan.md is a link to a file that does not exist: put a file in its place",
    ]
    assert lab.status()["plan"]["revision"] == lab.revision + 1


def test_the_shell_of_a_child_starts_no_supervisor(own: Lab) -> None:
    done = own.orch("up", check=False, **{process.MARK: "0123456789ab/another"})
    assert (done.returncode, done.stderr) == (
        1,
        "orch: this is the shell of a child: only the person starts a supervisor: use a terminal of your own\n",
    )
    assert ending.supervisor_process(own.workspace) is None


@pytest.mark.parametrize("way", ["from a shell", "without standard streams"])
def test_the_supervisor_keeps_nothing_of_the_process_that_started_it(way: str, own: Lab) -> None:
    environ = {**own.environ, "PYTHONPATH": str(CHECKOUT)}
    closed = " <&- >&- 2>&-" * (way == "without standard streams")
    reader, writer = os.pipe()  # a reader waits for the end of a pipe as long as any process can write to it
    with open(reader, "rb"), open(writer, "wb"):
        subprocess.run(
            ["sh", "-c", f'exec "$0" -m supervisor.cli.main up {closed}', sys.executable],
            cwd=own.workspace.root,
            env=environ,
            pass_fds=(writer,),
            capture_output=True,
            check=way != "without standard streams",  # then it cannot print anything
            timeout=60,
        )
        supervisor = ending.supervisor_process(own.workspace)
        assert supervisor is not None
        seen = psutil.Process(supervisor.pid)
        descriptors = {}
        for one in Path(f"/proc/{seen.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed since it was listed
                descriptors[int(one.name)] = os.readlink(one)
        pipe = os.readlink(f"/proc/self/fd/{writer}")
    assert own.status()["supervisor"]["pid"] == seen.pid
    assert (os.getsid(seen.pid), seen.cwd(), seen.terminal()) == (seen.pid, "/", None)
    assert process.MARK not in seen.environ()
    assert [descriptors[number] for number in range(3)] == [
        os.devnull,
        os.devnull,
        str(own.workspace.logs / "supervisor.stderr.log"),
    ]
    assert pipe not in descriptors.values()
    assert Path(descriptors[2]).read_text(encoding="utf-8") == ""


def test_a_ledger_that_cannot_be_read_is_an_error_and_leaves_no_server_behind(own: Lab) -> None:
    own.workspace.state.mkdir(exist_ok=True)
    own.workspace.ledger.write_text('{"seq": "one"}\n', encoding="utf-8")
    done = own.orch("up", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"orch: {own.workspace.ledger}"), done.stderr
    assert process.marked(own.workspace.mark()) == []
    assert ending.supervisor_process(own.workspace) is None


@pytest.mark.promise("sockets private")
def test_each_server_is_started_once_and_the_sockets_are_private_to_the_user(own: Lab) -> None:
    counting, pids = own.folder / "codex", own.folder / "pids"
    count = f'case "$*" in *app-server*) echo $$ >> {pids} ;; esac'  # a slow one is asked for its version, too
    counting.write_text(f'#!/bin/sh\n{count}\nexec {codex_binary()} "$@"\n', encoding="utf-8")
    counting.chmod(0o755)
    own.environ["ORCH_CODEX_BIN"] = str(counting)
    before = os.umask(0)
    try:
        seen = own.up()
    finally:
        os.umask(before)
    assert sorted(map(int, pids.read_text(encoding="utf-8").split())) == sorted(one["pid"] for one in seen["children"])
    folder = own.workspace.runtime_dir
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in (own.workspace.control_socket, *(Path(one["socket"]) for one in seen["children"])):
        assert stat.S_IMODE(path.resolve().stat().st_mode) == 0o600
    for path in (own.workspace.ledger, own.workspace.registry):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_logs_show_the_story_of_one_task(lab: Lab) -> None:
    lab.plan(task("T71", "backend", "run true", report("ok")) + task("T72", "mobile", report("ok")))
    lab.task("T71", "done")
    lab.task("T72", "done")
    lab.orch("note", "the lamp is blue")

    def events() -> list[str]:
        lines = [json.loads(line) for line in lab.orch("logs", "--task", "T71", "--json").stdout.splitlines()]
        found = [line["action"]["action"] if line["event"] == "intended" else line["event"] for line in lines]
        return list(dict.fromkeys(found))

    lab.until(lambda _: "task_done" in events())  # the logs are written a moment after the ledger
    # Codex reports the turn, then the message in it; the answer to our request comes at any time.
    story = ["start_turn", "tree_read", "tree_kept", "turn_began", "item_completed", "turn_ended"]
    story += ["look_for_leftovers", "leftovers_looked", "run_checks", "checks_finished", "task_done"]
    assert events() == story
    assert lab.runs("the lamp is blue")


@pytest.mark.promise("hangs found")
def test_a_server_that_hangs_during_a_request_of_ours_is_replaced_as_fast(lab: Lab) -> None:
    before = lab.child("mobile", "ready")
    os.kill(before["pid"], signal.SIGSTOP)
    lab.plan(
        task("T35", "mobile", report("after all")) + task("T36", "mobile", report("later"), fields=("after: T35",))
    )
    lab.until(lambda _: any(one["child"] == "mobile" for one in lab.ledger("server_stopped")), timeout=15)
    lab.until(lambda seen: seen["children"][1]["state"] == "ready" and seen["children"][1]["pid"] != before["pid"])
    assert lab.task("T36", "done")["summary"] == "later"
