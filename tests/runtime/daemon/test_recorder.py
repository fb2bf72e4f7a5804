"""The world keeps a plan as it was written. The ledger and its checkpoints hold it without secrets."""

from __future__ import annotations

import json
from pathlib import Path

from supervisor.cli.look.log_lines import words_of
from supervisor.cli.look.logs import readable
from supervisor.core.text.redact import GONE
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskKind, Request, RequestKey, Rule
from supervisor.domain.child import Child
from supervisor.domain.event import PlanAccepted
from supervisor.domain.plan import Plan
from supervisor.domain.thread import TurnSeen, TurnStatus
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


def test_a_turn_that_begins_and_ends_at_once_is_told_by_its_task_and_a_request_by_its_ask(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    workspace.state.mkdir()
    logs = Logs(workspace.logs, megabytes=1)
    plan = check(PLAN.replace(TOKEN, "a key").encode(), ["api"])
    assert isinstance(plan, Plan)
    rules = (Rule(1, "accept", command=("make",)),)
    with recorder_of(workspace, logs) as recorder:
        at = recorder.clock.now()

        def record(*events: ev.Event) -> tuple[act.Action, ...]:
            decided = recorder.decide(events)
            recorder.record(decided)
            return decided.actions

        record(
            ev.SupervisorStarted(at, 1, "0", (Child("api", "/api"),), (), (2.0,), rules),
            ev.UpRequested(at, ("api",)),
            ev.ServerReady(at, "api", 7, "/s", "0.169.0", False),
            ev.PlanAccepted(at, 1, "digest", "first", plan),
            ev.MapDrawn(at, "map", (), ()),
        )
        opened = record(ev.ThreadOpened(at, "api", 7, "thread", None, False, ()))
        (start,) = [action for action in opened if isinstance(action, act.StartTurn)]
        asked = [
            Request(RequestKey("api", 7, name), "item/commandExecution/requestApproval", "thread", "turn",
                    AskKind.APPROVAL, "May it?", "", ("accept", "decline"), command=command, folder="/api")
            for name, command in (("1", "make"), ("2", "git push"))
        ]  # fmt: skip
        record(
            ev.TurnBegan(at, "api", "thread", "turn", start.message),
            *(ev.RequestReceived(at, one) for one in asked),
            ev.TurnEnded(at, "api", "thread", TurnSeen("turn", TurnStatus.COMPLETED, (start.message,), "It is done.")),
        )
    logs.close()
    lines = [json.loads(line) for line in workspace.ledger.read_text(encoding="utf-8").splitlines()]
    told = {"turn_began", "request_received", "turn_ended"}
    assert [words_of(line) for line in lines if line["event"] in told] == [
        "T1 turn began",
        "T1 asks: $ make → rule 1: accept command `make`",
        "T1 asks (A1): $ git push",
        "T1 turn ended",
    ]
    assert [line["child"] for line in lines if line["event"] == "request_received"] == ["api", "api"]
