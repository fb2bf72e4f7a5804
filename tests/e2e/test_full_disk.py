"""A full disk under a supervisor at work: people are told the cause, and nothing counts that was not recorded."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long

TOLD_WITHIN = 5.0  # seconds: a command takes one, and the supervisor tries once a second

ENDED_WITHIN = 15.0  # seconds


@contextmanager
def full(lab: Lab) -> Iterator[None]:
    """Let no file of the supervisor grow beyond the ledger's present size."""
    pid = lab.status()["supervisor"]["pid"]
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (lab.workspace.ledger.stat().st_size, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.promise("full disk told")
def test_each_command_says_that_the_disk_is_full_and_works_once_there_is_room(lab: Lab) -> None:
    lab.plan(
        task("F1", "backend", report("one"))
        + "### H1 — Press the button\n- child: human\n- after: F1\n\nPress. **Expect:** a light.\n\n"
    )
    ask = lab.ask()
    with full(lab):
        for words in (["note", "learned"], ["hold"], ["answer", ask["id"], "accept"], ["go"]):
            began = time.monotonic()
            done = lab.orch(*words, check=False)
            assert (done.returncode, done.stdout) == (1, ""), (words, done)
            assert "cannot be written (File too large): make room on the disk" in done.stderr, done.stderr
            assert time.monotonic() - began < TOLD_WITHIN
        seen = lab.status()
        assert [one["id"] for one in seen["asks"]] == [ask["id"]]
        assert seen["plan"]["state"] == "in_force"
    assert lab.ledger("learning_noted", "hold_set", "hold_lifted", "ask_answered") == []
    lab.orch("answer", ask["id"], "accept")
    lab.task("H1", "done")
    assert [line["event"] for line in lab.ledger("learning_noted", "hold_set", "hold_lifted", "ask_answered")] == [
        "ask_answered"
    ]


@pytest.mark.promise("full disk told")
def test_orch_down_ends_everything_on_a_full_disk_too(lab: Lab) -> None:
    before = lab.status()["supervisor"]["pid"]
    with full(lab):
        began = time.monotonic()
        done = lab.orch("down")
        assert "cannot be written (File too large): stopping its process" in done.stderr
        assert time.monotonic() - began < ENDED_WITHIN
    assert lab.up()["supervisor"]["pid"] != before
