"""What runs as the person does is bounded in time and output, and what it leaves running holds up nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.shell.git.remote.run import OUTPUT_KEPT, run_as_person
from tests import CHECKOUT


def test_what_it_leaves_running_holds_up_nothing(tmp_path: Path) -> None:
    """As the master of an ssh connection does, which keeps the pipes open."""
    command = ["sh", "-c", "sleep 60 & echo $! > left; echo out; echo err >&2"]
    began = time.monotonic()

    answer = run_as_person(command, tmp_path, seconds=30, terminal=False)

    os.kill(int((tmp_path / "left").read_text(encoding="utf-8")), 9)
    assert (answer.code, answer.out, answer.err, answer.late) == (0, "out\n", "err\n", False)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("terminal", [False, True])
def test_one_that_takes_too_long_is_ended(tmp_path: Path, terminal: bool) -> None:
    answer = run_as_person(["sh", "-c", "echo $$ > pid; exec sleep 60"], tmp_path, seconds=0.3, terminal=terminal)

    assert answer.late
    assert answer.code < 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_us_ends_it_too(tmp_path: Path, number: signal.Signals) -> None:
    script = (
        "import sys; from pathlib import Path; from supervisor.shell.git.remote.run import run_as_person\n"
        "run_as_person(['sh', '-c', 'echo $$ > pid; exec sleep 60'], Path(sys.argv[1]),"
        " seconds=60, terminal=False)"
    )
    os.mkfifo(tmp_path / "pid")
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))  # waits for it

    process.send_signal(number)

    assert process.wait(30) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_endless_output_is_cut_at_its_end_and_errors_at_their_beginning(tmp_path: Path) -> None:
    script = "echo first; yes | head -c 3000000; yes n | head -c 3000000 >&2; echo last >&2"

    answer = run_as_person(["sh", "-c", script], tmp_path, seconds=60, terminal=False)

    assert (len(answer.out), len(answer.err)) == (OUTPUT_KEPT, OUTPUT_KEPT)
    assert (answer.out[:6], answer.err[-5:]) == ("first\n", "last\n")


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot run"):
        run_as_person(["/no/such/program"], tmp_path, seconds=1, terminal=False)
