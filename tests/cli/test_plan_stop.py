"""`orch plan stop` says what it ended, and `orch plan "PROBLEM"` elsewhere ends with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from supervisor import api
from supervisor.cli.plan import write
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, orchestrator_json, status_json

NEXT = 'plan.md and its tasks go on (`orch hold` holds them); `orch plan "PROBLEM"` begins anew\n'


def test_it_says_what_it_ended(orch: Orch, standin: Callable[..., Standin]) -> None:
    clauses = ["its running turn is being interrupted", "A1 is withdrawn"]
    supervisor = standin(status_json(), answers={"plan_stop": {"ended": clauses}})
    assert orch("plan", "stop") == (
        0,
        "the orchestrator's effort is ended: its running turn is being interrupted, A1 is withdrawn\n",
        NEXT,
    )
    assert supervisor.calls == [("plan_stop", {})]


def test_with_nothing_to_end_it_is_done(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(), answers={"plan_stop": {"ended": []}})
    assert orch("plan", "stop") == (0, "there is nothing to end: the orchestrator is not at work on a plan\n", "")


def test_without_a_supervisor_it_exits_with_3(orch: Orch) -> None:
    assert orch("plan", "stop") == (3, "", "orch: the supervisor is not up: run `orch up`\n")


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (orchestrator_json("stopped", planned=False, why="it was stopped"), "orch: there is no plan: it was stopped\n"),
        (orchestrator_json("stopped", why="it was stopped"), "orch: it was stopped; revision 1 is in force\n"),
        (orchestrator_json("resting", planned=False, why="you declined"), "orch: there is no plan: you declined\n"),
    ],
)
def test_who_waits_for_a_plan_hears_that_there_will_be_none(
    last: dict[str, object],
    says: str,
    orch: Orch,
    workspace: WorkspacePaths,
    standin: Callable[..., Standin],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write, "bring_up", lambda *_: 0)
    standin(
        status_json(orchestrator=orchestrator_json("idle", planned=False, busy=True)),
        status_json(orchestrator=orchestrator_json("working", planned=False, busy=True)),
        status_json(orchestrator=last),
    )
    code, out, err = orch("plan", "make it work")
    assert (code, out) == (1, "")
    assert err.endswith(says)


def test_a_program_stops_it_too(workspace: WorkspacePaths, standin: Callable[..., Standin]) -> None:
    standin(status_json(), answers={"plan_stop": {"ended": ["it does nothing more"]}})
    assert api.Workspace(workspace.root).stop_planning() == ("it does nothing more",)


def test_who_waits_for_a_plan_hears_that_it_waits_for_go(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "bring_up", lambda *_: 0)
    idle = orchestrator_json("idle", planned=False, busy=False)
    standin(
        status_json(orchestrator=orchestrator_json("working", planned=False, busy=True), state="waiting"),
        status_json(orchestrator=idle, state="waiting", why="it would stop 2 of 2"),
    )
    code, _, err = orch("plan", "make it work")
    assert (code, err.splitlines()[-1]) == (4, "orch: plan.md waits for `orch go`: it would stop 2 of 2")
