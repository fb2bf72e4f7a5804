"""The live screen in a real terminal (tmux), before a stand-in for the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, status_json, task
from tests.cli.terminal import Terminal
from tests.tmux import Tmux

Watching = Callable[..., Tmux]
Standins = Callable[..., Standin]
ASK = ask("A1", kind="approval", child="backend", task="T1", text="run `rm -rf build`", answers=("accept", "decline"))
TASKS = tuple(task(f"T{at}", "running" if at == 1 else "waiting", doing="$ pytest -q") for at in range(1, 60))


def test_an_ask_is_answered_by_two_keys(standin: Standins, watching: Watching) -> None:
    supervisor = standin(status_json(tasks=TASKS, asks=(ASK,)), answers={"answer": {"text": "A1 is accepted"}})
    with watching() as tmux:
        tmux.until("waits on you: 1", "run `rm -rf build`", "$ pytest -q")
        tmux.press("y")
        tmux.until("A1 accept")
        tmux.type("fine, go")
        tmux.until("fine, go")
        assert supervisor.calls == []
        tmux.press("Enter")
        tmux.until("A1 is accepted")
        given = {"ask": "A1", "decision": "accept", "text": "fine, go", "for_session": False, "by": "screen"}
        assert supervisor.calls == [("answer", given)]
        tmux.press("q")
        assert tmux.end() == 0


def test_what_is_refused_is_said(standin: Standins, watching: Watching) -> None:
    refuses = {"answer": ("A1 is answered already (accepted on the page)", "see `orch asks`")}
    standin(status_json(tasks=TASKS, asks=(ASK,)), refuses=refuses)
    with watching() as tmux:
        tmux.until("waits on you: 1")
        tmux.press("n", "Enter")
        tmux.until("A1 is answered already (accepted on the page)")


def test_it_filters_opens_and_goes_back(standin: Standins, watching: Watching) -> None:
    standin(status_json(tasks=TASKS))
    with watching() as tmux:
        tmux.until("T1 ", "1 to ")
        tmux.press("/")
        tmux.type("T59")
        tmux.until("T59", "58 left out", without="T2 ")
        tmux.press("Enter", "Enter")
        tmux.until("Title of T59", " log ", "nothing happened to it yet")
        tmux.press("Tab")
        tmux.until("no revision of plan.md was accepted yet")
        tmux.press("d")
        tmux.until("it changed nothing")
        tmux.press("q", "g")
        tmux.until("graph", "Title of T1", "20/59")
        tmux.press("q", "?")
        tmux.until("look closer")
        tmux.press("q", "Escape")
        tmux.until("T58 ", "of 59")


def fits(screen: str, columns: int, lines: int) -> bool:
    """Whether the first row reaches to the right, and the last one is the lowest."""
    rows = screen.splitlines()
    return len(rows) == lines and len(rows[0]) == columns - 1 and "1 accept" in rows[-1] and "waits on you: 1" in screen


def test_it_fits_each_size_at_once(standin: Standins, watching: Watching) -> None:
    standin(status_json(tasks=TASKS, asks=(ASK,)))
    with watching(120, 40, COLUMNS="80", LINES="24") as tmux:  # as a shell may have them, which count for nothing here
        assert len(tmux.until("waits on you: 1", "Title of T1").splitlines()) == 40
        for columns, lines in ((80, 24), (40, 12), (200, 50), (80, 24)):
            tmux.resize(columns, lines)
            tmux.until_that(lambda screen: fits(screen, columns, lines), f"a screen of {columns}x{lines}")  # noqa: B023
        tmux.resize(12, 4)
        tmux.until("too small")
        tmux.resize(80, 24)
        screen = tmux.until("quit", "waits on you: 1").splitlines()
        assert "orch" in screen[0]
        assert "quit" in screen[23]


def test_hostile_text_has_no_power_over_the_screen(standin: Standins, watching: Watching) -> None:
    evil = "\x1b]2;evil\x07\x1b[2J[/] [T1] [@click=app.quit]x[/]\u202eabc"
    one = task("T1", "running", title=evil, doing=evil, summary=evil)
    standin(status_json(tasks=(one,), asks=(ask("A1", text=evil, steps=evil),), title=evil))
    with watching() as tmux:
        tmux.until("waits on you: 1", "[/] [T1] [@click=app.quit]x[/]abc", "quit")
        tmux.press("Enter")
        tmux.until("A1 waits on you", "[/] [T1]")
        tmux.press("q", "Down", "Enter")
        assert "evil" not in tmux.until("[/] [T1]", " log ")


def test_what_is_pasted_answers_nothing(standin: Standins, watching: Watching) -> None:
    supervisor = standin(status_json(tasks=TASKS, asks=(ASK,)))
    with watching() as tmux:
        tmux.until("waits on you: 1")
        tmux.paste("y\ny\n")
        tmux.press("?")
        tmux.until("look closer")
        assert supervisor.calls == []


def test_it_goes_on_while_the_supervisor_is_away(
    workspace: WorkspacePaths, standin: Standins, watching: Watching
) -> None:
    first = standin(status_json(tasks=TASKS))
    with watching() as tmux:
        tmux.until("T1 ", "revision 1")
        first.close()
        workspace.control_socket.unlink()
        tmux.until("no supervisor: `orch up` starts it")
        standin(status_json(tasks=(task("T77"),)))
        tmux.until("T77", "revision 1", without="no supervisor")
        tmux.press("q")
        assert tmux.end() == 0


def test_without_a_supervisor_it_shows_what_is_known(watching: Watching) -> None:
    with watching() as tmux:
        tmux.until("no supervisor", "no tasks yet")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_it_was(workspace: WorkspacePaths, standin: Standins, number: int) -> None:
    standin(status_json(tasks=TASKS))
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    with Terminal(
        [sys.executable, "-m", "supervisor.cli.main", "watch"],
        cwd=workspace.root,
        environ={**plain, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color"},
    ) as terminal:
        terminal.until("T1 ", timeout=90)
        os.kill(terminal.pid, number)
        assert terminal.end() == 0
    assert terminal.raw.count(b"\x1b[?1049h") == terminal.raw.count(b"\x1b[?1049l") == 1


def test_without_a_terminal_it_is_refused_with_words(orch: Orch) -> None:
    done = orch("watch")
    assert done.code == 2
    assert "needs a terminal" in done.err
    assert "orch status" in done.err


def test_on_a_dumb_terminal_it_is_refused_with_words(workspace: WorkspacePaths) -> None:
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "dumb"}
    with Terminal([sys.executable, "-m", "supervisor.cli.main", "watch"], cwd=workspace.root, environ=environ) as one:
        assert one.end() == 2
    assert "TERM is dumb" in one.screen


def test_without_textual_it_says_how_to_install_it(workspace: WorkspacePaths) -> None:
    hidden = (
        "import importlib.util as u, sys; f = u.find_spec\nu.find_spec = lambda n: f(n) if n != 'textual' else None"
    )
    program = f"{hidden}\nfrom supervisor.cli.main import run\nsys.exit(run(['watch']))"
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm"}
    with Terminal([sys.executable, "-c", program], cwd=workspace.root, environ=environ) as one:
        assert one.end() == 1
    assert "pip install" in one.screen
    assert "codex-crossrepo[watch]" in one.screen


def test_other_commands_do_not_load_textual() -> None:
    program = "import supervisor.cli.main, supervisor.cli.watch.watch, sys; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "False\n")


def test_a_window_that_was_open_meanwhile_leaves_the_screen_whole_in_another_size(
    standin: Standins, watching: Watching
) -> None:
    standin(status_json(tasks=TASKS, asks=(ASK,)))
    with watching(80, 24) as tmux:
        tmux.until("waits on you: 1", "Title of T2")
        tmux.press("Tab", "a")
        tmux.until("Enter goes back to `orch watch`")  # T1 has no thread
        tmux.resize(120, 40)
        tmux.press("Enter")
        screen = tmux.until_that(lambda screen: "quit" in (screen.splitlines() or [""])[-1], "a screen of 40 lines")
        assert len(screen.splitlines()) == 40
        assert len(screen.splitlines()[0]) > 100
