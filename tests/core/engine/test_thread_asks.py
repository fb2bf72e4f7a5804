"""A thread that does not open is tried again, and becomes an ask once that has not helped for long enough."""

from __future__ import annotations

import pytest

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskState
from supervisor.domain.plan import ORCHESTRATOR
from tests.core.engine.orchestrator_scene import OrchestratorScene
from tests.core.engine.scene import T1, T2, Scene, kinds, only

REASON = "failed to start required MCP server `tools`"


def failing(tries: int, *, pause: float = 40.0, reason: str = REASON) -> tuple[Scene, list[act.RaiseAsk]]:
    """T1 needs the shared thread, which does not open: so many tries with pauses, and the asks that come of it."""
    scene, asked = Scene(T1, T2), []
    for number in range(tries):
        actions = scene.post(ev.Ticked, after=pause) if number else ()
        actions += scene.post(ev.ThreadFailed, "backend", None, None, False, reason, after=0.0)
        asked += [one for one in actions if isinstance(one, act.RaiseAsk)]
    return scene, asked


def test_a_moments_trouble_is_no_ask() -> None:
    assert failing(2)[1] == []
    assert failing(3, pause=8.0)[1] == []


def test_a_lasting_reason_is_one_ask_with_a_remedy_and_a_way_out() -> None:
    scene, (ask,) = failing(6)
    assert (ask.child, ask.task, ask.thread, ask.choices) == ("backend", "T1", ("backend", None), ("accept",))
    assert REASON in ask.text
    assert "Start the MCP server" in ask.steps
    assert "--fresh-thread" not in ask.steps  # a new one fails for the same reason
    assert (scene.status("T1"), scene.why("T1")) == ("needs_human", "its thread cannot be opened (`orch asks`)")


def test_a_thread_that_was_open_before_can_be_left_and_other_tasks_do_not_wait_for_it() -> None:
    scene = Scene(T1).done("T1")
    scene.plan(T1, T2)
    scene.exited("backend")
    scene.ready("backend", 12)
    asked = []
    for number in range(6):
        actions = scene.post(ev.Ticked, after=40.0) if number else ()
        actions += scene.post(
            ev.ThreadFailed, "backend", "backend-thread", None, False, "session is archived", after=0.0
        )
        asked += [one for one in actions if isinstance(one, act.RaiseAsk)]
    (ask,) = asked
    assert "`codex unarchive backend-thread`" in ask.steps
    assert "`orch go T2 --fresh-thread`" in ask.steps
    assert [scene.status(task) for task in ("T1", "T2")] == ["done", "needs_human"]


def test_the_ask_is_withdrawn_when_the_thread_opens() -> None:
    scene, _ = failing(6)
    scene.post(ev.Ticked, after=40.0)
    scene.opened("backend")
    assert [one.state for one in scene.world.asks.values()] == [AskState.WITHDRAWN]
    assert scene.status("T1") == "running"


def test_the_ask_is_withdrawn_when_nothing_needs_the_thread_any_more() -> None:
    scene, _ = failing(6)
    scene.plan()
    assert [one.state for one in scene.world.asks.values()] == [AskState.WITHDRAWN]


def test_accept_tries_at_once_and_decline_leaves_it_to_time() -> None:
    scene, _ = failing(6)
    assert act.OpenThread in kinds(scene.answer("A1", "accept"))
    scene, _ = failing(6)
    assert act.OpenThread not in kinds(scene.answer("A1", "decline"))


def test_a_fresh_thread_leaves_the_old_one_and_what_comes_of_it() -> None:
    scene = Scene(T1).running("T1")
    scene.exited("backend")
    scene.ready("backend", 12)
    assert scene.world.threads["backend", None].opening
    opened = [one for one in scene.post(ev.FreshThreadRequested, "T1") if isinstance(one, act.OpenThread)]
    assert [one.thread for one in opened] == [None]
    scene.opened("backend", thread="backend-thread")  # it opens after all, too late
    assert scene.world.threads["backend", None].id is None
    turn = only(scene.opened("backend", thread="another"))
    assert (turn.thread, T1.instructions in turn.text) == ("another", True)


def test_a_fresh_thread_for_a_task_without_a_thread_changes_nothing() -> None:
    scene = Scene(T1, T2)
    before = scene.world
    scene.post(ev.FreshThreadRequested, "T9")
    assert scene.world.threads == before.threads


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("session is archived", "archive"),
        ("failed to load configuration: url is not supported in `mcp_servers.orch`", "Codex's configuration"),
        ("config.toml:3: expected `=`", "orch doctor"),
        ("already has an active writer", "Close the other Codex"),
        ("cannot parse the rollout", "damaged"),
        ("a reason that nobody knows", "orch logs --child backend"),
    ],
)
def test_each_reason_has_its_remedy(reason: str, remedy: str) -> None:
    _, (ask,) = failing(6, reason=reason)
    assert remedy in ask.steps


def test_the_orchestrators_thread_is_asked_about_only_while_it_has_something_to_do() -> None:
    scene, asked = OrchestratorScene(), []
    scene.ask()
    scene.ready(ORCHESTRATOR, 33)
    for number in range(6):
        actions = scene.post(ev.Ticked, after=40.0) if number else ()
        actions += scene.post(ev.ThreadFailed, ORCHESTRATOR, None, None, False, REASON, after=0.0)
        asked += [one for one in actions if isinstance(one, act.RaiseAsk)]
    (ask,) = asked
    assert (ask.child, ask.task, ask.thread) == (ORCHESTRATOR, ORCHESTRATOR, (ORCHESTRATOR, None))
    assert REASON in ask.text
    assert [one.state for one in scene.world.asks.values()] == [AskState.OPEN]
    scene.post(ev.PlanningStopped)
    assert [one.state for one in scene.world.asks.values()] == [AskState.WITHDRAWN]
