"""A disk that is slow: the supervisor answers meanwhile, and what comes in meanwhile is recorded together."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.shell.ledger import store
from tests.runtime.daemon.control.harness import LIMIT, Supervisor


def test_what_is_asked_while_the_disk_works_is_answered_and_what_is_told_is_recorded_with_one_more_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, goes, syncs, real = threading.Event(), threading.Event(), list[int](), os.fdatasync

    def slow(file: int) -> None:
        syncs.append(file)
        reached.set()
        assert goes.wait(LIMIT)
        real(file)

    with Supervisor(tmp_path, Child("api", "/api")) as supervisor, supervisor.client() as client:
        client.call("note", text="before")
        monkeypatch.setattr(store.os, "fdatasync", slow)
        told = ["first", "second", "third", "fourth"]
        supervisor.post(ev.LearningNoted(supervisor.loop.clock.now(), "api", told[0]))
        assert reached.wait(LIMIT)
        for text in told[1:]:
            supervisor.post(ev.LearningNoted(supervisor.loop.clock.now(), "api", text))
        assert client.call("ping") == {}
        assert [one.text for one in supervisor.loop.world.learnings] == ["before"]  # it counts once it is recorded
        goes.set()
        client.call("note", text="after")
        assert [one.text for one in supervisor.loop.world.learnings] == ["before", *told, "after"]
        assert len(syncs) <= 3  # the last one may have come after the others were taken
        texts = [one.text for one in supervisor.recorded() if isinstance(one, ev.LearningNoted)]
        assert texts == ["before", *told, "after"]
