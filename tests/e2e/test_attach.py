"""`orch attach` with Codex's own terminal UI: orch notices what a person does there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest

from supervisor.shell.connection import connect
from supervisor.wire.codex import params as codex
from tests import CHECKOUT
from tests.cli.terminal import Terminal
from tests.e2e.lab import Lab, report, task


@pytest.fixture(scope="module")
def standing() -> Iterator[Lab]:
    """A lab for `codex`'s window."""
    with Lab("backend") as made:
        # Without this, the window first asks the questions for new users.
        config = made.home / "config.toml"
        text = config.read_text(encoding="utf-8")
        config.write_text(f'{text}\n[notice.model_migrations]\n"gpt-5.5" = "gpt-6-sol"\n', encoding="utf-8")
        made.up()
        yield made


def attached(lab: Lab, *words: str) -> Terminal:
    environ = {key: value for key, value in lab.environ.items() if key != "NO_COLOR"}
    return Terminal(
        [sys.executable, "-m", "supervisor.cli.main", "attach", *words],
        cwd=lab.workspace.root,
        environ={**environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color"},
    )


def ready(terminal: Terminal) -> None:
    """Wait until the window accepts input."""
    terminal.until("Ask Codex to do anything")
    terminal.quiet()


def say(terminal: Terminal, text: str) -> None:
    """Type a text, and send it once it is shown. Together with Enter it would count as pasted."""
    terminal.type(text)
    terminal.until(text)
    terminal.quiet()
    terminal.type("\r")


def test_a_turn_of_somebody_else_is_noticed_and_ours_waits_until_it_ended(lab: Lab) -> None:
    lab.plan(task("T11", "backend", report("one")))
    lab.task("T11", "done")
    with attached(lab, "backend") as terminal:
        ready(terminal)
        text = "```model\nwait hold\nreport {}\n```"
        terminal.type(f"\x1b[200~hello from another window\n{text}\x1b[201~")
        terminal.until("hello from another window")
        terminal.quiet()
        terminal.type("\r")
        seen = lab.until(lambda seen: seen["children"][0]["problem"])
        problem = "a turn from another window runs in backend: `orch attach backend` shows it"
        assert seen["children"][0]["problem"] == problem
        lab.until(lambda _: lab.ledger("said_elsewhere"))
        (said,) = lab.ledger("said_elsewhere")
        assert (said["level"], said["child"], said["text"].split("\n")[0]) == (
            "warning",
            "backend",
            "hello from another window",
        )
        lab.plan(task("T11", "backend", report("one")) + task("T12", "backend", report("two")))
        waiting = lab.until(lambda seen: any(one["id"] == "T12" and one["why"] == problem for one in seen["tasks"]))
        assert [one["state"] for one in waiting["tasks"][:2]] == ["done", "waiting"]
        lab.model.gate("hold").open()
        assert lab.task("T12", "done")["turns"] == 1
        assert lab.status()["children"][0]["problem"] is None
        terminal.until("two")


def test_an_approval_that_is_given_in_the_window_closes_the_ask(lab: Lab) -> None:
    marker = lab.folder / "outside.txt"
    lab.plan(task("T21", "backend", f"escalate touch {marker}", report("went on")))
    ask = lab.ask()
    with attached(lab, "T21") as terminal:
        terminal.until("Yes, proceed", "Would you like to run")
        terminal.quiet()
        terminal.type("y")
        lab.task("T21", "done")
    assert marker.exists()
    (closed,) = lab.acts("withdraw_ask")
    assert (closed["ask"], closed["elsewhere"]) == (ask["id"], True)
    assert lab.acts("send_answer") == []
    late = lab.orch("answer", ask["id"], "accept", check=False)
    assert (late.returncode, "was settled in another window" in late.stderr) == (1, True)


def test_settings_that_somebody_else_changes_are_reported() -> None:
    """In a lab of its own, because the thread keeps its settings."""
    with Lab("backend") as lab:
        lab.up()
        lab.plan(task("T1", "backend", report("one")))
        lab.task("T1", "done")
        child = lab.status()["children"][0]

        async def change() -> None:
            connection = await connect(child["socket"], lambda _: None, 10)
            reading = asyncio.create_task(connection.read())
            await connection.request("initialize", codex.initialize("0"))
            await connection.notify("initialized")
            await connection.request("thread/resume", {"threadId": child["thread"], "excludeTurns": True})
            changed = {"threadId": child["thread"], "approvalPolicy": "never", "effort": "high"}
            await connection.request("thread/settings/update", changed)
            connection.close()
            await reading

        asyncio.run(change())
        lab.until(lambda _: lab.ledger("thread_settings_changed"))
        (event,) = lab.ledger("thread_settings_changed")
        assert (event["level"], event["child"]) == ("warning", "backend")
        assert sorted(event["changes"]) == [["approvals", "on-request", "never"], ["effort", "default", "high"]]
        lab.plan(task("T1", "backend", report("one")) + task("T2", "backend", report("two")))
        lab.task("T2", "done")
        assert len(lab.ledger("thread_settings_changed")) == 1


def test_attach_needs_a_terminal_and_can_print_its_command(lab: Lab) -> None:
    lab.plan(task("T41", "backend", report("one")))
    lab.task("T41", "done")
    child = lab.status()["children"][0]
    ran = lab.orch("attach", "backend", check=False)
    assert (ran.returncode, "this is not a terminal" in ran.stderr) == (1, True)
    printed = lab.orch("attach", "T41", "--print").stdout
    assert printed.endswith(f" resume {child['thread']} --remote unix://{child['socket']}\n")
    ran = lab.orch("attach", check=False)
    assert (ran.returncode, "orch plan" in ran.stderr) == (1, True)
