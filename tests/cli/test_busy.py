"""A supervisor that runs and does not answer: busy as long as it makes progress, and never `down`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from supervisor.cli.steer import down
from supervisor.runtime.daemon import ending
from supervisor.runtime.presence import headway, roster
from supervisor.runtime.presence import lock as locks
from supervisor.runtime.presence.vital_signs import boot, vital_signs
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, status_json

Start = Callable[[str], subprocess.Popen[bytes]]
COMPUTES = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end: pass"
SLEEPS = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"


@pytest.fixture
def holder(workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a process that holds the lock and does something else than answer."""
    monkeypatch.setattr(headway, "HANGS_AFTER", 1.0)
    monkeypatch.setattr(ending, "TERM_GRACE", 0.2)
    monkeypatch.setattr(headway, "LISTENS_WITHIN", 2.0)
    with ExitStack() as stack:

        def start(program: str) -> subprocess.Popen[bytes]:
            held = locks.take(workspace)
            assert held is not None
            with held:
                words = [sys.executable, "-c", program]
                process = subprocess.Popen(words, stdout=subprocess.PIPE, pass_fds=(held.fileno(),))
                locks.sign(held, process.pid)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            return process

        yield start


def test_status_says_busy_and_shows_the_last_known_status(
    orch: Orch, holder: Start, standin: Callable[..., Standin]
) -> None:
    process = holder(SLEEPS)
    standin(hangs=True)
    code, out, err = orch("status", "--json")
    assert (code, json.loads(out)["supervisor"]["state"], json.loads(out)["supervisor"]["pid"]) == (
        0,
        "busy",
        process.pid,
    )
    assert err.startswith("orch: the supervisor is busy: no answer to `status` within 0.6 s")
    assert f"busy  process {process.pid}" in orch("status").out


@pytest.mark.parametrize("words", [("hold",), ("up",), ("asks",)])
def test_no_command_calls_a_busy_supervisor_down(
    words: tuple[str, ...],
    orch: Orch,
    holder: Start,
    standin: Callable[..., Standin],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("supervisor.runtime.calling.PATIENCE", 0.3)
    holder(COMPUTES.format(60))
    standin(hangs=True)
    code, _, err = orch(*words)
    assert (code, "is busy" in err, "orch down`, then" in err and "if it hangs" not in err) == (1, True, False)


def test_up_does_not_advise_to_end_a_supervisor_that_makes_progress(
    orch: Orch, holder: Start, standin: Callable[..., Standin]
) -> None:
    process = holder(COMPUTES.format(60))
    standin(hangs=True)
    code, _, err = orch("up")
    assert (code, err) == (
        1,
        f"orch: the supervisor (process {process.pid}) is busy (it computes): try again, or see `orch status`\n",
    )


def test_down_waits_for_a_busy_supervisor_and_says_why(
    orch: Orch, holder: Start, standin: Callable[..., Standin]
) -> None:
    process = holder(COMPUTES.format(4))
    standin(hangs=True)
    code, out, err = orch("down")
    assert (code, out, process.wait(1)) == (0, "everything has stopped\n", 0), "it ended by itself"
    assert f"the supervisor (process {process.pid}) is busy (it computes): waiting for it" in err


def test_down_asks_a_supervisor_that_was_busy_once_it_answers(
    workspace: WorkspacePaths, orch: Orch, holder: Start, standin: Callable[..., Standin]
) -> None:
    holder(COMPUTES.format(4))
    asked: list[Standin] = []
    real = down.busy_line

    def listens(*words: object) -> str:
        if not asked:
            asked.append(standin(status_json(), ends=True))
        return real(*words)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(down, "busy_line", listens)
        assert orch("down")[:2] == (0, "everything has stopped\n")
    assert asked[0].calls == [("down", {"now": False})]


def test_down_ends_a_supervisor_that_makes_no_progress(
    orch: Orch, holder: Start, standin: Callable[..., Standin]
) -> None:
    process = holder(SLEEPS)
    standin(hangs=True)
    code, out, err = orch("down")
    assert (code, out, process.wait(5)) == (0, "everything has stopped\n", -signal.SIGKILL)
    assert "makes no progress" in err


def test_down_now_does_not_wait_for_a_busy_supervisor(
    orch: Orch, holder: Start, standin: Callable[..., Standin]
) -> None:
    process = holder(COMPUTES.format(60))
    standin(hangs=True)
    began = time.monotonic()
    assert orch("down", "--now")[:2] == (0, "everything has stopped\n")
    assert process.wait(1) < 0
    assert time.monotonic() - began < 10


def test_a_supervisor_whose_lock_is_gone_is_no_reason_to_start_a_second_one(
    workspace: WorkspacePaths, orch: Orch, holder: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = holder(SLEEPS)
    on_roster(workspace, process.pid, monkeypatch)
    workspace.lock.unlink()
    assert roster.holder(workspace) == process.pid
    assert locks.take(workspace) is None
    code, _, err = orch("up")
    assert (code, f"the supervisor (process {process.pid}) does not answer" in err) == (1, True)


def test_ls_lists_all_that_run_from_anywhere(
    workspace: WorkspacePaths,
    orch: Orch,
    holder: Start,
    standin: Callable[..., Standin],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert orch("-C", "/", "ls") == (0, "", "nothing is up\n")
    process = holder(SLEEPS)
    on_roster(workspace, process.pid, monkeypatch)
    (busy,) = json.loads(orch("-C", "/", "ls", "--json").out)
    assert (busy["workspace"], busy["state"], busy["pid"]) == (str(workspace.root), "busy", process.pid)
    standin(status_json())
    (up,) = json.loads(orch("-C", "/", "ls", "--json").out)
    assert (up["state"], up["title"], up["version"]) == ("up", "A plan", "0.1.0")
    assert orch("-C", "/", "ls").out.splitlines()[1].split()[:3] == [str(workspace.root), "up", str(process.pid)]
    process.kill()
    process.wait()
    assert orch("-C", "/", "ls") == (0, "", "nothing is up\n")
    assert list(roster.entries()) == []


def on_roster(workspace: WorkspacePaths, pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another process on the roster, as it does itself."""
    signs = vital_signs(pid)
    assert signs is not None
    assert boot()
    with monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: pid)
        roster.enter(workspace, workspace.runtime_dir)
