"""The world keeps a plan as it was written. The ledger and its checkpoints hold it without secrets."""

from __future__ import annotations

from pathlib import Path

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
