"""The world keeps a plan as it was written. The ledger and its checkpoints hold it without secrets."""

from __future__ import annotations

import json
from pathlib import Path

from supervisor.cli.look.logs import readable
from supervisor.core.text.redact import GONE
from supervisor.domain.event import PlanAccepted
from supervisor.domain.plan import Plan
from supervisor.runtime.daemon.recorder import recorder_of
from supervisor.runtime.logs import Logs
from supervisor.runtime.plan.read import check
from supervisor.runtime.workspace import WorkspacePaths

TOKEN = "gh" + "p_" + "Zq3r" * 9
PLAN = f"""# Plan: Use a token
- hold: no

## Objective
Push with {TOKEN}.

## Working Plan
### T1 — Push
- child: api

Use {TOKEN}.
"""


def test_the_ledger_holds_no_secret_of_a_plan_and_the_world_holds_the_plan(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    workspace.state.mkdir()
    logs = Logs(workspace.logs, megabytes=1)
    plan = check(PLAN.encode(), ["api"])
    assert isinstance(plan, Plan)
    with recorder_of(workspace, logs) as recorder:
        accepted = PlanAccepted(recorder.clock.now(), 1, "digest", "first", plan)
        recorder.record(recorder.decide([accepted]))
        assert recorder.world.plan.current == plan
    logs.close()
    assert TOKEN not in workspace.ledger.read_text(encoding="utf-8")
    with recorder_of(workspace, logs) as recorder:
        again = recorder.world.plan.current
        assert again is not None
        assert again.objective == f"Push with {GONE}."
    assert TOKEN not in "".join(path.read_text(encoding="utf-8") for path in workspace.logs.glob("*.jsonl"))


def test_the_line_of_a_revision_says_in_words_what_it_does_and_what_may_be_wrong(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    workspace.state.mkdir()
    logs = Logs(workspace.logs, megabytes=1)
    plan = check(f"{PLAN}\n- timeout: raise it\n".encode(), ["api"])
    assert isinstance(plan, Plan)
    with recorder_of(workspace, logs) as recorder:
        recorder.record(recorder.decide([PlanAccepted(recorder.clock.now(), 1, "digest", "first", plan)]))
    logs.close()
    for path in (workspace.ledger, workspace.logs / "supervisor.jsonl"):
        line = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
        assert (line["event"], line["level"], line["does"]) == ("plan_accepted", "warning", "leaves waiting T1")
        assert [one["effect"] for one in line["picture"]] == ["waits"]
        assert [one.partition(":")[0] for one in line["warnings"]] == ["line 5", "line 11", "line 13"]
        shown = readable(line)
        assert 'does="leaves waiting T1"' in shown
        assert "raise it" in line["warnings"][-1]
        assert "picture=" not in shown
