"""A thread that cannot be opened for a lasting reason becomes an ask, and can be left for a new one."""

from __future__ import annotations

import pytest

from tests.e2e.lab import Lab, report, task


@pytest.mark.promise("threads that do not open")
def test_a_thread_whose_file_is_damaged_is_an_ask_and_the_task_goes_on_with_a_new_one() -> None:
    with Lab("backend") as lab:
        lab.set_limits(ready_seconds=5)
        lab.up()
        first = task("T1", "backend", report("one"))
        lab.plan(first)
        thread = lab.task("T1", "done")["thread"]
        lab.orch("down")
        (rollout,) = lab.home.glob(f"sessions/**/*{thread}.jsonl")
        rollout.write_text("", encoding="utf-8")
        lab.up()
        lab.plan(first + task("T2", "backend", report("two")))
        assert lab.orch("wait", "--timeout", "1m", check=False).returncode == 4
        (ask,) = lab.status()["asks"]
        assert "T2 needs cannot be opened" in ask["text"]
        assert "damaged" in ask["steps"]
        assert "`orch go T2 --fresh-thread`" in ask["steps"]
        assert [one["state"] for one in lab.status()["tasks"]] == ["done", "needs_human"]
        assert lab.orch("go", "T2", "--fresh-thread").stdout == "T2 goes on with a new thread\n"
        assert lab.task("T2", "done")["thread"] != thread
        assert lab.status()["asks"] == []
