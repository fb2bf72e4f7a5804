"""Each check after a fault story can fail. `scripts/faults` plays the stories."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from supervisor.demo.model import ScriptedModel
from supervisor.runtime.codex.registry import Registry
from supervisor.shell import process
from tests.faults import checks
from tests.faults.story import story_of
from tests.faults.world import Stage

pytestmark = pytest.mark.long


@pytest.mark.promise("ledger is truth")
def test_each_check_after_a_story_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    story = replace(story_of(1, ["alpha"], ["none"]), faults=())
    with Stage(["alpha"]) as stage:
        before = checks.Before(stage)
        stage.be_up()
        stage.save_plan(story)
        stage.settle(story, Random(1))

        def wrong(check: checks.Check) -> list[str]:
            return list(check(stage, story, before))

        assert [wrong(check) for check in checks.AFTER_A_STORY] == [[]] * len(checks.AFTER_A_STORY)

        monkeypatch.setattr(checks, "STILL", 0.0)
        done = stage.model.requests[-1]
        twice = replace(done, input=(*done.input, *done.input))
        seen = [*stage.model.requests, twice]
        with monkeypatch.context() as patch:
            patch.setattr(ScriptedModel, "requests", seen)
            assert "2 times at the model, 1 times by the ledger" in wrong(checks.delivered_once)[0]

        notes = stage.repos["alpha"] / "notes.txt"
        kept = notes.read_text(encoding="utf-8")
        notes.write_text("gone", encoding="utf-8")
        (stage.repos["alpha"] / story.jobs[0].file).unlink()
        assert len(wrong(checks.trees_whole)) == 2
        notes.write_text(kept, encoding="utf-8")

        _edit(stage.workspace.runs, lambda text: text + "\nnobody said this\n")
        assert wrong(checks.runs_is_rendered) == ["runs.md is not what the ledger says"]

        another = replace(story, jobs=(*story.jobs, replace(story.jobs[0], name="S1T99")))
        assert list(checks.settled(stage, another, before)) == ["S1T99 is not settled, and nothing is asked about it"]

        answer = {"decision": "accept", "text": "", "for_session": False}
        said = [{"event": "hold_set"}, *({"event": "ask_answered", "ask": "A7", "answer": answer},) * 2]
        stamp = {"seq": 10**6, "ts": "2026-01-01T00:00:00Z"}
        real = checks.recorded
        with monkeypatch.context() as patch:  # not in the file, because the supervisor may be writing to it
            patch.setattr(checks, "recorded", lambda stage: iter([*real(stage), *({**stamp, **one} for one in said)]))
            assert wrong(checks.ledger_is_the_world) == ["the ledger says otherwise of plan"]
            assert wrong(checks.answered_once) == ["A7 was answered 2 times"]

        server = Registry(stage.workspace.registry).alive()["alpha"].identity.pid
        second = subprocess.Popen(
            [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "app-server", "--listen"],
            env={**os.environ, process.MARK: stage.workspace.mark("alpha")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert second.stdout is not None
        second.stdout.readline()
        assert wrong(checks.one_server_each) == [f"alpha has 2 servers: {sorted((server, second.pid))}"]
        second.communicate()

        left = wrong(checks.nothing_left)
        assert [one.partition(":")[0] for one in left] == [
            "processes are left",
            "somebody holds the lock",
            "sockets are left",
        ]


def _edit(path: Path, change: object) -> None:
    assert callable(change)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
