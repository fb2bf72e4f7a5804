"""`orch watch` on a real supervisor: an ask is answered by key, and the screen outlives the supervisor."""

from __future__ import annotations

import os
import signal
import sys

from tests import CHECKOUT
from tests.e2e.lab import Lab, report, task
from tests.tmux import Tmux


def test_an_ask_is_answered_by_key_and_the_screen_comes_back_with_the_supervisor() -> None:
    with Lab("backend") as lab:
        lab.up()
        two = "ask Which one? | this | that || And when? | now | later"
        lab.plan(task("T1", "backend", two, report("It is done.")))
        ask = lab.ask()
        command = [sys.executable, "-m", "supervisor.cli.main", "watch"]
        environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
        with Tmux(command, cwd=lab.workspace.root, environ=environ, columns=100, lines=28) as screen:
            screen.until("waits on you: 1", "Which one?", "2 that")
            screen.press("2")
            screen.until(f"{ask['id']} 2 of 2: And when?")
            screen.type("in May")
            screen.press("Enter")
            screen.until(f"{ask['id']} answer=that, answer2=in May? Enter sends it")
            screen.press("Enter")
            screen.until("1 of 1 done", "It is done.", without="waits on you")
            assert lab.task("T1", "done")["summary"] == "It is done."
            (line,) = lab.ledger("ask_answered")
            given = line["ask"], line["answer"]["text"], line["answer"]["by"]
            assert given == (ask["id"], "answer=that\nanswer2=in May", "screen")

            os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
            screen.until("no supervisor")
            lab.up()
            screen.until("1 of 1 done", without="no supervisor")
            screen.press("q")
            assert screen.end() == 0
