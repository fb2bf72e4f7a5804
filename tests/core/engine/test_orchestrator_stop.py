"""`orch plan stop` ends the orchestrator's effort; to decline its question lets it rest."""

from __future__ import annotations

import json

import pytest

from supervisor.core.engine.asks.replies import settled
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.reconcile import decide
from supervisor.core.view.runs_md import render
from supervisor.core.view.status import status
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskState
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.status import OrchestratorInfo
from supervisor.domain.task import Due, Phase
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.orchestrator_scene import ORCHESTRATOR_CHILD, OrchestratorScene, raised, turns
from tests.core.engine.scene import BACKEND, MOBILE, T1, report

ASKS = json.dumps({"summary": "stuck", "ask": {"question": "Which?", "steps": "", "expected": ""}})


def shown(scene: OrchestratorScene) -> OrchestratorInfo:
    found = status(scene.world, scene.now, "/ws").orchestrator
    assert found is not None
    return found


def asking() -> OrchestratorScene:
    scene = OrchestratorScene().at_work()
    scene.ends("own-1", ASKS)
    return scene


def test_a_running_turn_is_interrupted_and_none_follows() -> None:
    scene = OrchestratorScene().at_work()
    (interrupt,) = scene.post(ev.PlanningStopped)
    assert isinstance(interrupt, act.InterruptTurn)
    assert (interrupt.turn, interrupt.why) == ("own-1", "`orch plan stop`")
    assert scene.own.phase is Phase.STOPPING
    assert turns(scene.ends("own-1", kind=TurnStatus.INTERRUPTED)) == []
    assert turns(scene.post(ev.Ticked, after=3600.0)) == []
    assert (shown(scene).state, shown(scene).busy) == ("stopped", False)
    assert "orch plan" in (shown(scene).why or "")
    assert "Orchestrator: stopped (`orch plan stop`" in render(scene.world, scene.now, "{{tasks}}", "/ws")


def test_a_turn_on_its_way_is_interrupted_once_it_is_known_to_run() -> None:
    scene = OrchestratorScene()
    scene.ask()
    scene.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", False)
    scene.post(ev.ThreadOpened, ORCHESTRATOR, 33, "own-thread", None, False, ())
    assert scene.own.phase is Phase.STARTING
    assert scene.post(ev.PlanningStopped) == ()
    assert [type(one) for one in scene.begins("own-1")] == [act.InterruptTurn]


def test_an_interrupt_that_fails_is_sent_again_a_moment_later() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.PlanningStopped)
    assert scene.post(ev.InterruptFailed, ORCHESTRATOR, ORCHESTRATOR, "own-1", "busy") == ()
    assert [type(one) for one in scene.tick()] == [act.InterruptTurn]


def test_a_turn_that_ends_by_itself_meanwhile_asks_nothing() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.PlanningStopped)
    assert raised(scene.ends("own-1", ASKS)) == []
    assert scene.world.open_asks == ()
    assert shown(scene).state == "stopped"
    assert turns(scene.ask("Something else."))[0].due is Due.BRIEF


def test_a_request_that_did_not_start_yet_is_dropped() -> None:
    scene = OrchestratorScene()
    scene.ask()
    scene.post(ev.PlanningStopped)
    scene.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", False)
    assert decide(scene.world, scene.now) == ()
    assert shown(scene).state == "stopped"


def test_its_question_is_withdrawn_with_the_reason() -> None:
    scene = asking()
    (ask,) = scene.world.open_asks
    assert session.under_way(scene.world) == (f"{ask.id} is withdrawn", "it hears nothing more of the tasks")
    (withdrawn,) = scene.post(ev.PlanningStopped)
    assert withdrawn == act.WithdrawAsk(ask.id, why="`orch plan stop`", external=False)
    assert scene.world.asks[ask.id].state is AskState.WITHDRAWN
    assert raised(scene.post(ev.Ticked, after=60.0)) == []


def test_the_tasks_go_on_and_their_news_starts_no_turn() -> None:
    scene = OrchestratorScene().planned()
    assert session.under_way(scene.world) == ("it hears nothing more of the tasks",)
    scene.post(ev.PlanningStopped)
    scene.running("T1")
    scene.ended("T1", text=report("blocked", learned=["the port is 8080"]))
    scene.checked("T1")
    scene.post(ev.LearningNoted, "human", "mind the firewall")
    assert turns(scene.post(ev.Ticked, after=60.0)) == []
    assert scene.world.orchestrator.news == ()
    assert scene.status("T1") == "blocked"


@pytest.mark.parametrize("when", ["never", "stopped"])
def test_without_an_effort_there_is_nothing_to_end(when: str) -> None:
    scene = OrchestratorScene() if when == "never" else OrchestratorScene().planned()
    scene.post(ev.PlanningStopped)
    before = scene.world
    assert session.under_way(before) == ()
    scene.post(ev.PlanningStopped)
    assert scene.world is before


def test_the_next_supervisor_starts_no_server_for_it_and_a_new_request_does() -> None:
    scene = OrchestratorScene().planned()
    scene.post(ev.PlanningStopped)
    scene.start(BACKEND, MOBILE, ORCHESTRATOR_CHILD)
    assert not scene.world.servers[ORCHESTRATOR].wanted
    assert shown(scene).state == "stopped"
    assert act.EnsureServer(ORCHESTRATOR, why="it should run, and is not known to") in scene.ask("Again.")
    assert shown(scene).busy


def test_a_turn_that_outlived_its_supervisor_is_interrupted_by_the_next() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.PlanningStopped)
    scene.start(BACKEND, MOBILE, ORCHESTRATOR_CHILD, running=(ORCHESTRATOR,))
    scene.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", True)
    runs = TurnSeen("own-1", TurnStatus.IN_PROGRESS, ("orch-orchestrator-1",))
    actions = scene.post(ev.ThreadOpened, ORCHESTRATOR, 33, "own-thread", None, False, (runs,))
    assert [type(one) for one in actions] == [act.InterruptTurn]


def test_a_new_request_begins_anew() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.PlanningStopped)
    scene.ends("own-1", kind=TurnStatus.INTERRUPTED)
    (turn,) = turns(scene.ask("Something else."))
    assert (turn.due, "Something else." in turn.text, "cut off" in turn.text) == (Due.BRIEF, True, False)
    scene.begins("own-2")
    scene.saves(T1)
    scene.ends("own-2")
    assert (shown(scene).state, shown(scene).planned) == ("idle", True)


# ── decline ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["", "never mind"])
def test_an_orchestrator_whose_question_is_declined_rests(text: str) -> None:
    scene = asking()
    (ask,) = scene.world.open_asks
    assert turns(scene.answer(ask.id, "decline", text)) == []
    assert turns(scene.post(ev.Ticked, after=3600.0)) == []
    assert raised(scene.post(ev.Ticked, after=3600.0)) == []
    found = shown(scene)
    assert (found.state, found.busy, found.planned, found.why) == (
        "resting",
        False,
        False,
        "you declined its question; `orch plan` asks it anew",
    )
    assert "Orchestrator: rests (you declined" in render(scene.world, scene.now, "{{tasks}}", "/ws")
    assert settled(ask, "decline") == (
        f'{ask.id} is declined: the orchestrator rests; `orch plan "PROBLEM"` asks it anew'
    )
    assert turns(scene.ask("Again."))[0].due is Due.BRIEF


def test_to_decline_its_call_for_help_lets_it_rest_too() -> None:
    scene = OrchestratorScene().at_work()
    for number in range(1, 5):
        scene.ends(f"own-{number}")
        actions = scene.tick()
        if number < 4:
            scene.begins(f"own-{number + 1}")
    (ask,) = raised(actions)
    scene.answer(ask.ask, "decline")
    for _ in range(3):
        actions = scene.post(ev.Ticked, after=600.0)
        assert (turns(actions), raised(actions)) == ([], [])


def test_with_a_plan_in_force_it_rests_until_there_is_news() -> None:
    scene = OrchestratorScene().planned()
    scene.post(ev.LearningNoted, "human", "mind the firewall")
    turns(scene.post(ev.Ticked, after=5.0))
    scene.begins("own-2")
    scene.ends("own-2", ASKS)
    (ask,) = scene.world.open_asks
    assert turns(scene.answer(ask.id, "decline")) == []
    assert turns(scene.post(ev.Ticked, after=60.0)) == []
    scene.post(ev.LearningNoted, "human", "and the proxy")
    (turn,) = turns(scene.post(ev.Ticked, after=5.0))
    assert turn.due is Due.NEWS


def test_a_plan_that_the_human_writes_afterwards_is_followed_with_news() -> None:
    scene = asking()
    scene.answer(scene.world.open_asks[0].id, "decline")
    scene.saves(T1, author="human")
    scene.post(ev.LearningNoted, "human", "mind the firewall")
    (turn,) = turns(scene.post(ev.Ticked, after=5.0))
    assert turn.due is Due.NEWS
