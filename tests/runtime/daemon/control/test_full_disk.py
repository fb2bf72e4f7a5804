"""A disk that is full: whoever asks for something is told so at once, and it does not happen later."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.shell.ledger import store
from tests.runtime.daemon.control.harness import Supervisor, refused


class Disk:
    """The disk of the ledger, with or without room."""

    def __init__(self) -> None:
        self.full = False
        self.tries = 0
        self._real = os.pwrite

    def pwrite(self, *args: Any) -> int:
        if self.full:
            self.tries += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._real(*args)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    it = Disk()
    monkeypatch.setattr(store.os, "pwrite", it.pwrite)
    yield it
    it.full = False


REQUESTS: dict[str, dict[str, Any]] = {
    "note": {"text": "the id is a UUID"},
    "hold": {},
    "go": {"task": None},
    "up": {"children": ["api"]},
    "restart": {"child": "api"},
    "plan": {"problem": "make it work", "review": False, "yolo": False},
}


@pytest.mark.promise("full disk told")
def test_a_request_on_a_full_disk_is_refused_with_the_cause_and_does_not_happen_later(
    tmp_path: Path, disk: Disk
) -> None:
    with Supervisor(tmp_path, Child("api", "/api")) as supervisor, supervisor.client() as client:
        client.call("note", text="before")
        before = supervisor.recorded()
        disk.full = True
        for method, params in REQUESTS.items():
            assert refused(client, method, **params) == (
                f"nothing is recorded: the ledger {supervisor.workspace.ledger} cannot be written "
                "(No space left on device): make room on the disk, then again"
            ), method
        disk.full = False
        client.call("note", text="after")
        assert [*before, ev.LearningNoted(supervisor.recorded()[-1].at, "human", "after")] == supervisor.recorded()
        assert [one.text for one in supervisor.loop.world.learnings] == ["before", "after"]


@pytest.mark.promise("full disk told")
def test_a_request_while_the_supervisor_itself_waits_for_the_disk_is_refused_and_what_waits_is_recorded(
    tmp_path: Path, disk: Disk
) -> None:
    with Supervisor(tmp_path, Child("api", "/api")) as supervisor, supervisor.client() as client:
        client.call("ping")
        disk.full = True
        supervisor.post(ev.LearningNoted(supervisor.loop.clock.now(), "api", "learned"))
        assert "No space left" in refused(client, "hold")
        assert "No space left" in refused(client, "note", text="x")
        assert "No space left" in client.call("status")["supervisor"]["problem"]  # type: ignore[index, operator, call-overload]
        disk.full = False
        client.call("note", text="after")
        assert [one.text for one in supervisor.loop.world.learnings] == ["learned", "after"]
        assert not supervisor.loop.world.plan.hold
        assert client.call("status")["supervisor"]["problem"] is None  # type: ignore[index, call-overload]


def test_the_end_of_an_effort_on_a_full_disk_is_refused_too(tmp_path: Path, disk: Disk) -> None:
    with Supervisor(tmp_path, Child("api", "/api")) as supervisor, supervisor.client() as client:
        client.call("plan", problem="make it work", review=False, yolo=False)
        disk.full = True
        assert "make room on the disk" in refused(client, "plan_stop")
        disk.full = False
        assert client.call("plan_stop") == {"ended": ["it does nothing more"]}
