"""The requests that commands send to the supervisor, and what they print when it refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from supervisor.runtime.presence import headway
from supervisor.runtime.workspace import WorkspacePaths
from tests import CHECKOUT
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, status_json, task

SCENE = status_json(tasks=(task("T1", "blocked"),), asks=(ask("A1", task="T1"), ask("A2")))


def answer(ask: str, decision: str, text: str = "", *, for_session: bool = False) -> tuple[str, dict[str, Any]]:
    return "answer", {"ask": ask, "decision": decision, "text": text, "for_session": for_session}


def test_a_request_waits_for_a_supervisor_that_starts_and_is_sent_once(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Standin] = []

    def comes_up(workspace: WorkspacePaths, answers: Callable[[], bool]) -> bool:
        made.append(standin(status_json()))
        return True

    monkeypatch.setattr(headway, "comes_up", comes_up)
    assert orch("hold").code == 0
    assert made[0].calls == [("hold", {})]


@pytest.mark.parametrize(
    ("arguments", "call", "output"),
    [
        (("hold",), ("hold", {}), "held: nothing new starts, running work continues; `orch go` lifts the hold\n"),
        (("go",), ("go", {"task": None, "fresh_thread": False}), "the hold is lifted\n"),
        (("go", "T1"), ("go", {"task": "T1", "fresh_thread": False}), "T1 will be tried again\n"),
        (("restart", "mobile"), ("restart", {"child": "mobile"}), "mobile restarts; see `orch status`\n"),
        (("note", "the header", "is X"), ("note", {"text": "the header is X"}), "noted\n"),
        (("answer", "A1", "accept"), answer("A1", "accept"), "H1 is done\n"),
        (("answer", "A1", "Accept", "it", "beeps"), answer("A1", "accept", "it beeps"), "H1 is done\n"),
        (("answer", "A1", "decline", "it is red"), answer("A1", "decline", "it is red"), "H1 is done\n"),
        (("answer", "A1", "reply", "8080"), answer("A1", "text", "8080"), "H1 is done\n"),
        (("answer", "A1", "reply", "use", "port"), answer("A1", "text", "use port"), "H1 is done\n"),
        (("answer", "A1", "use port 8080"), answer("A1", "text", "use port 8080"), "H1 is done\n"),
        (
            ("answer", "A1", "accept", "--for-session"),
            answer("A1", "accept", for_session=True),
            "H1 is done, for the rest of the session\n",
        ),
    ],
)
def test_a_command_is_one_request(
    arguments: tuple[str, ...],
    call: tuple[str, dict[str, Any]],
    output: str,
    orch: Orch,
    standin: Callable[..., Standin],
) -> None:
    supervisor = standin(SCENE)
    assert orch(*arguments) == (0, output, "")
    assert supervisor.calls == [call]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("note", " "), "the note is empty: write what you learned: `orch note TEXT`"),
        (("answer", "A1", " "), "the answer is empty: `orch answer A1 reply TEXT`"),
        (("answer", "A1"), "the answer is empty: `orch answer A1 reply TEXT`"),
        (("answer", "accept"), "no ask is named: `orch asks` shows what waits on you: `orch answer ID accept`"),
        (("answer", "decline", "A1"), "no ask is named: `orch asks` shows what waits on you: `orch answer ID decline`"),
        (("answer", "A1", "reply"), "the answer is empty: `orch answer A1 reply TEXT`"),
        (
            ("answer", "A1", "declin"),
            "`declin` is no answer: did you mean `orch answer A1 decline`? "
            "for words of your own: `orch answer A1 reply declin`",
        ),
        (
            ("answer", "A1", "no"),
            "`no` is no answer: did you mean `orch answer A1 decline`? "
            "for words of your own: `orch answer A1 reply no`",
        ),
        (
            ("answer", "A1", "use", "port"),
            "`use port` is no answer: for words of your own: `orch answer A1 reply 'use port'`",
        ),
        (("answer",), "say what to answer: `orch asks` shows what waits on you: `orch answer ID accept`"),
        (
            ("answer", "A1", "decline", "--for-session"),
            "--for-session works only with `accept`: `orch answer A1 accept --for-session`",
        ),
    ],
)
def test_invalid_arguments_are_wrong_usage_and_never_sent(
    arguments: tuple[str, ...], complaint: str, orch: Orch, standin: Callable[..., Standin]
) -> None:
    supervisor = standin(SCENE)
    assert orch(*arguments) == (2, "", f"orch: {complaint}\n")
    assert supervisor.calls == []


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("yes",), "accept"),
        (("y",), "accept"),
        (("Ok!",), "accept"),
        (("done",), "accept"),
        (("yes", "it", "beeps"), "accept 'it beeps'"),
        (("no",), "decline"),
        (("nope", "red"), "decline red"),
        (("rejected",), "decline"),
        (("disallow",), "decline"),
        (("approved",), "accept"),
        (("declin",), "decline"),
        (("aceept",), "accept"),
        (("8080",), ""),
        (("repl", "8080"), ""),
    ],
)
def test_what_is_suggested_for_a_decision_is_what_it_takes(
    words: tuple[str, ...], meant: str, orch: Orch, standin: Callable[..., Standin]
) -> None:
    supervisor = standin(status_json(asks=(ask("A1", kind="checkpoint", answers=("accept", "decline")),)))
    hint = f"did you mean `orch answer A1 {meant}`? " if meant else ""
    takes = "it takes `orch answer A1 accept` or `orch answer A1 decline`"
    assert orch("answer", "A1", *words) == (2, "", f"orch: `{' '.join(words)}` is no answer: {hint}{takes}\n")
    assert supervisor.calls == []


@pytest.mark.parametrize("name", ["a1", "H1", "h1"])
def test_a_wrong_answer_to_a_task_is_told_what_its_ask_takes(
    name: str, orch: Orch, standin: Callable[..., Standin]
) -> None:
    standin(status_json(asks=(ask("A1", kind="checkpoint", task="H1", answers=("accept", "decline")),)))
    takes = "it takes `orch answer A1 accept` or `orch answer A1 decline`"
    assert orch("answer", name, "8080") == (2, "", f"orch: `8080` is no answer: {takes}\n")
    assert orch("answer", name) == (2, "", "orch: the answer is empty: `orch answer A1 accept` or `decline`\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [(("utc",), "UTC"), (("the", "viewer's", "own"), "the viewer's own"), (("utc, later",), "utc, later")],
)
def test_an_answer_that_the_ask_offers_is_taken_by_its_words(
    words: tuple[str, ...], text: str, orch: Orch, standin: Callable[..., Standin]
) -> None:
    one = ask("A1", answers=("UTC", "the viewer's own", "reply TEXT"))
    supervisor = standin(status_json(asks=(one,)), answers={"answer": {"text": "A1 is answered"}})
    assert orch("answer", "A1", *words) == (0, "A1 is answered\n", "")
    assert supervisor.calls == [answer("A1", "text", text)]
    assert r"""`orch answer A1 'UTC'`, or `orch answer A1 'the viewer'\''s own'`, or""" in orch("asks").out


def test_an_amount_for_a_budget_is_suggested_behind_accept(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(asks=(ask("A1", answers=("accept", "accept AMOUNT", "decline")),)))
    meant = "did you mean `orch answer A1 accept +100k`?"
    assert orch("answer", "A1", "+100k") == (2, "", f"orch: `+100k` is no answer: {meant}\n")


def test_without_a_supervisor_a_wrong_word_is_still_wrong_usage(workspace: WorkspacePaths, orch: Orch) -> None:
    words = "did you mean `orch answer A1 accept`? for words of your own: `orch answer A1 reply yes`"
    assert orch("answer", "A1", "yes") == (2, "", f"orch: `yes` is no answer: {words}\n")


def test_a_name_that_the_supervisor_does_not_know_is_wrong_usage(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(SCENE, refuses={"go": ("there is no task `T7`", "use `T1`", "usage")})
    assert orch("go", "T7") == (2, "", "orch: there is no task `T7`: use `T1`\n")


@pytest.mark.parametrize("arguments", [("answer", "A9", "accept"), ("go", "T1"), ("hold",), ("note", "x")])
def test_a_refusal_is_a_failure_with_the_supervisors_words(
    arguments: tuple[str, ...], orch: Orch, standin: Callable[..., Standin]
) -> None:
    standin(SCENE, refuses={arguments[0]: ("there is no\x1b[31m such thing", "see `orch asks`")})
    assert orch(*arguments) == (1, "", "orch: there is no such thing: see `orch asks`\n")


def test_going_on_without_a_good_plan_says_so(orch: Orch, standin: Callable[..., Standin]) -> None:
    still = ["nothing new starts, because plan.md says `hold: yes`: write `hold: no`", "T1 is\x1b[2J blocked: no\nport"]
    standin(status_json(), answers={"go": {"lifted": False, "still": still}})
    assert orch("go") == (
        0,
        "`orch hold` was not set\n",
        f"still: {still[0]}\nstill: T1 is blocked: no port\n",
    )


def test_the_asks_are_shown_with_how_to_answer(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(asks=(ask("A1", task="T1", text="Which port?\nOf the two."),)))
    assert orch("asks") == (
        0,
        "A1  question · T1  since 2026-11-23 10:00:00 UTC\n"
        "  Which port?\n"
        "  Of the two.\n"
        "  answer: `orch answer A1 reply TEXT`\n",
        "",
    )


def test_the_time_of_an_ask_is_that_of_the_person(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin(status_json(asks=(ask("A1", task="T1", text="Which port?"),)))
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XYZ-3")
        time.tzset()
        assert orch("asks").out.splitlines()[0] == "A1  question · T1  since 2026-11-23 13:00:00 XYZ"
    time.tzset()


def test_the_asks_as_json_are_an_array(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(SCENE)
    ran = orch("asks", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, SCENE["asks"])


def test_having_no_asks_is_reported_too(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json())
    assert orch("asks") == (0, "nothing waits on you\n", "")


def test_a_plan_that_waits_for_go_is_among_the_asks(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(state="waiting", why="it would stop 2 of 2"))
    assert orch("asks") == (0, "plan.md waits for `orch go`: it would stop 2 of 2\n", "")


def test_go_says_which_revision_it_lets_in_force(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(), answers={"go": {"lifted": False, "still": [], "released": 7}})
    assert orch("go") == (0, "plan.md is in force: revision 7\n", "")
    assert orch("asks", "--json") == (0, "[]\n", "")


def test_without_arguments_each_ask_is_shown_in_the_terminal_and_answered(
    workspace: WorkspacePaths, standin: Callable[..., Standin]
) -> None:
    supervisor = standin(SCENE)
    terminal, own = pty.openpty()
    command = [sys.executable, "-m", "supervisor.cli.main", "-C", str(workspace.root), "answer"]
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, stdin=own, stdout=own, stderr=own, env=environ) as process:
        os.close(own)
        os.write(terminal, b"declin\nreply port 8080\n\n")  # a slip, an answer, and an ask that is left open
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(terminal, 4096):
                shown += piece
        assert process.wait(30) == 0
    os.close(terminal)
    assert supervisor.calls == [answer("A1", "text", "port 8080")]
    assert b"did you mean `orch answer A1 decline`" in shown
    assert b"H1 is done" in shown
