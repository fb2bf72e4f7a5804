"""The bell and the title of `orch status --watch`, in a real terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from supervisor.cli.display.title import attention, title
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status
from tests import CHECKOUT
from tests.cli.scene import JsonDict, Standin, ask, status_json, task
from tests.cli.terminal import Terminal

PUSHED, POPPED = b"\x1b[22;2t", b"\x1b[23;2t"


def watching(workspace: WorkspacePaths, **environ: str) -> Terminal:
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    return Terminal(
        [sys.executable, "-m", "supervisor.cli.main", "status", "--watch"],
        cwd=workspace.root,
        environ={**plain, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color", **environ},
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (status_json(), "orch: no tasks"),
        (status_json(tasks=(task("T1", "done"), task("T2"), task("T3", "retired"))), "orch: 1/2 done"),
        (status_json(tasks=(task("T1", "done"),), asks=(ask("A1"), ask("A2"))), "orch: 2 asks, 1/1 done"),
        (
            status_json(tasks=(task("T1", "blocked"), task("T2", "failed")), asks=(ask("A1"),)),
            "orch: 1 ask, 2 blocked, 0/2 done",
        ),
    ],
)
def test_the_title_counts(seen: JsonDict, words: str) -> None:
    assert title(read_status(seen)) == words


def test_nothing_that_others_wrote_is_in_the_title() -> None:
    evil = "\x1b]2;evil\x07\n"
    seen = status_json(tasks=(task(evil, "blocked", title=evil),), asks=(ask(evil, text=evil),), title=evil)
    assert title(read_status(seen)) == "orch: 1 ask, 1 blocked, 0/1 done"


def test_asks_and_blocked_tasks_want_attention() -> None:
    seen = status_json(tasks=(task("T1", "blocked"), task("T2", "failed"), task("T3", "done")), asks=(ask("A1"),))
    assert attention(read_status(seen)) == {("ask", "A1"), ("task", "T1"), ("task", "T2")}


def test_the_bell_rings_for_what_is_new_and_the_title_is_given_back(
    workspace: WorkspacePaths, standin: Callable[..., Standin]
) -> None:
    standin(
        status_json(tasks=(task("T1", "running"),), asks=(ask("A0"),)),
        status_json(tasks=(task("T1", "running"),), asks=(ask("A0"), ask("A1"))),
        status_json(tasks=(task("T1", "blocked"),), asks=(ask("A1"),)),
        status_json(tasks=(task("T1", "done"),)),
        ends=True,
    )
    with watching(workspace) as terminal:
        assert terminal.end() == 3
    raw = terminal.raw
    titles = [part.split(b"\x07")[0] for part in raw.split(b"\x1b]2;")[1:]]
    assert titles == [
        b"orch: 1 ask, 0/1 done",
        b"orch: 2 asks, 0/1 done",
        b"orch: 1 ask, 1 blocked, 0/1 done",
        b"orch: 1/1 done",
        b"",
    ]
    bells = raw
    for one in titles:
        bells = bells.replace(b"\x1b]2;" + one + b"\x07", b"")
    assert bells.count(b"\x07") == 2
    assert [part.split(b"\x1b\\")[0] for part in raw.split(b"\x07\x1b]9;")[1:]] == titles[1:3]
    assert (raw.count(PUSHED), raw.count(POPPED)) == (1, 1)
    assert raw.index(PUSHED) < raw.index(b"\x1b]2;") < raw.index(POPPED)


def test_within_tmux_the_notice_is_passed_on_after_the_bell(
    workspace: WorkspacePaths, standin: Callable[..., Standin]
) -> None:
    standin(status_json(), status_json(asks=(ask("A1"),)), ends=True)
    with watching(workspace, TMUX="/tmp/tmux-0/default,1,0") as terminal:
        assert terminal.end() == 3
    assert b"\x07\x1bPtmux;\x1b\x1b]9;orch: 1 ask, no tasks\x1b\x1b\\\x1b\\" in terminal.raw


def test_plain_output_has_no_title_and_no_bell(workspace: WorkspacePaths, standin: Callable[..., Standin]) -> None:
    standin(status_json(), status_json(asks=(ask("A1"),)), ends=True)
    with watching(workspace, NO_COLOR="1") as terminal:
        assert terminal.end() == 3
    assert b"\x1b" not in terminal.raw
    assert b"\x07" not in terminal.raw
