"""A shell at the other end of a prefix: what is sent, what comes back, and how it ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from supervisor.errors import NotReady, StoreError
from supervisor.shell.prefix import conversation
from supervisor.shell.prefix.conversation import Conversation, PrefixOutput
from supervisor.shell.prefix.line import PrefixLine, open_line
from supervisor.shell.prefix.process import PrefixProcess

SHELL = ("env", "-C", "/", "--", "sh", "-s")
LIMIT = 30.0  # seconds: a bound that no load breaks


def talk(folder: Path, argv: tuple[str, ...] = SHELL) -> Conversation:
    return Conversation(argv, "@@end", mark="m", cwd=folder, errors=folder / "errors.log")


def opened(folder: Path, argv: tuple[str, ...], script: str, begun: Callable[[], None]) -> PrefixLine:
    return open_line(
        argv, script, "@@x", begun=begun, mark="m", cwd=folder, errors=folder / "errors.log", seconds=LIMIT
    )


def test_several_commands_are_told_to_one_shell(tmp_path: Path) -> None:
    with talk(tmp_path) as shell:
        assert shell.tell("x=1; printf 'one\\0two\\n@@end 0 ok\\n'\n", LIMIT) == PrefixOutput(
            b"one\0two", "@@end 0 ok", cut=False
        )
        assert shell.tell('printf "%s\\n" "$x" "$PWD"; echo @@end\n', LIMIT) == PrefixOutput(
            b"1\n/", "@@end", cut=False
        )
    assert shell.process.code == 0


def test_what_several_threads_tell_is_sent_ahead_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    def ask(shell: Conversation, number: int) -> bytes:
        if number % 4:
            return shell.tell(f"printf '{number}\\n@@end\\n'\n", LIMIT).out
        return shell.tell("printf '\\n@@end\\n'; head -c 5; printf '\\n@@end\\n'\n", LIMIT, given=b"%05d" % number).out

    os.mkfifo(tmp_path / "fifo")
    with talk(tmp_path) as shell, ThreadPoolExecutor(8) as pool:
        first = pool.submit(shell.tell, f"cat {tmp_path}/fifo; printf '\\n@@end\\n'\n", LIMIT)
        answers = [pool.submit(ask, shell, number) for number in range(1, 40)]
        (tmp_path / "fifo").write_bytes(b"first")
        assert first.result(LIMIT).out == b"first"
        assert [one.result(LIMIT) for one in answers] == [
            b"%d" % number if number % 4 else b"%05d" % number for number in range(1, 40)
        ]


def test_whoever_waits_behind_an_answer_that_never_comes_is_told_at_once(tmp_path: Path) -> None:
    with talk(tmp_path) as shell, ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(shell.tell, "exit 3\n", LIMIT) for _ in range(3)]
        assert [one.result(LIMIT) for one in answers] == [PrefixOutput(b"", "", cut=False)] * 3
    assert shell.process.code == 3


def test_a_shell_that_ends_before_its_line_has_no_last_line_and_its_code_and_words_are_known(tmp_path: Path) -> None:
    with talk(tmp_path) as shell:
        assert shell.tell("echo half; echo why >&2; exit 7\n", LIMIT) == PrefixOutput(b"half\n", "", cut=False)
        assert (shell.process.code, shell.process.said()) == (7, "why\n")
        assert shell.tell("echo more\n", LIMIT).last == ""


def test_an_answer_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "OUTPUT_LIMIT", 1000)
    with talk(tmp_path) as shell:
        found = shell.tell("yes\n", LIMIT)
    assert (found.out, found.last, found.cut) == (b"y\n" * 500, "", True)
    assert shell.process.code is not None


def test_a_shell_that_hangs_is_given_up_in_time_and_ended(tmp_path: Path) -> None:
    with talk(tmp_path) as shell:
        assert shell.tell("sleep 1000\n", 0.2) == PrefixOutput(b"", "", cut=False)
        assert shell.process.code is None
    assert shell.process.code is not None


def test_a_line_begins_only_with_leave_and_banners_do_no_harm(tmp_path: Path) -> None:
    events: list[str] = []
    script = 'echo welcome; echo @@x hello; read -r leave; echo banner; echo @@x "$leave"; cat\n'
    line = opened(tmp_path, SHELL, script, lambda: events.append("begun"))
    assert (line.last, events) == ("@@x go", ["begun"])
    stream = line.stream
    assert stream.getblocking() is False
    stream.setblocking(True)
    stream.sendall(b"ping")
    assert stream.recv(4) == b"ping"
    assert line.process.end(LIMIT) == 0


def test_a_login_that_is_refused_leaves_its_words(tmp_path: Path) -> None:
    refuses = ("sh", "-c", "echo 'Permission denied (publickey).' >&2; exit 255")
    line = opened(tmp_path, refuses, "echo @@x hello\n", lambda: pytest.fail("nothing begins"))
    assert line.last == ""
    assert line.process.wait(LIMIT)
    assert (line.process.code, line.process.said()) == (255, "Permission denied (publickey).\n")
    line.process.end()


def test_its_environment_asks_nobody_and_bears_our_mark(tmp_path: Path) -> None:
    with talk(tmp_path) as shell:
        told = shell.tell('echo "$SSH_ASKPASS_REQUIRE $GIT_TERMINAL_PROMPT"; echo @@end\n', LIMIT)
    assert told.out == b"never 0"


def test_a_program_that_is_not_there_and_a_log_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="cannot start /nowhere/ssh"):
        PrefixProcess(("/nowhere/ssh",), mark="m", cwd=tmp_path, errors=tmp_path / "errors.log")
    with pytest.raises(StoreError, match="cannot open"):
        PrefixProcess(SHELL, mark="m", cwd=tmp_path, errors=tmp_path / "none" / "errors.log")
