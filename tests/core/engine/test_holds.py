"""`orch go` says what still keeps the plan, or the task, from going on."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from supervisor.core.engine.holds import SHOWN, still_held
from supervisor.domain import event as ev
from supervisor.domain.plan import Budget, Problem, Task
from supervisor.domain.server import Outage, ServerState
from supervisor.domain.thread import TurnStatus
from tests.core.engine.scene import H1, T1, T2, Scene, plan_of, report

T3 = Task("T3", "Show", "mobile", instructions="Show it.")


def still(scene: Scene, task: str | None = None) -> list[str]:
    return list(still_held(scene.world, scene.now, task))


def blocked(scene: Scene) -> Scene:
    """T1 is blocked."""
    scene.running("T1")
    scene.ended("T1", text=report("blocked"))
    scene.checked("T1")
    return scene


def ill(scene: Scene, child: str, state: ServerState, problem: str) -> None:
    server = replace(scene.world.servers[child], state=state, problem=problem)
    scene.world = replace(scene.world, servers={**scene.world.servers, child: server})


def test_a_plan_that_goes_on_is_held_by_nothing() -> None:
    scene = Scene(T1, T2, T3)
    assert still(scene) == []
    scene.post(ev.HoldSet)
    scene.post(ev.HoldLifted)
    assert still(scene) == []


def test_servers_that_get_ready_hold_nothing() -> None:
    assert still(Scene(T1, up=False)) == []


def test_the_hold_in_the_plan_is_not_that_of_the_command() -> None:
    scene = Scene()
    scene.plan(T1, hold=True)
    scene.post(ev.HoldLifted)
    assert still(scene) == ["nothing new starts, because plan.md says `hold: yes`: write `hold: no`"]


def test_tasks_that_the_plan_holds_are_named_together() -> None:
    scene = Scene(replace(T1, hold=True), T2, replace(T3, hold=True))
    assert still(scene) == ["plan.md holds T1, T3: take `hold: yes` out"]


def test_without_a_good_plan_the_reason_is_named() -> None:
    scene = Scene()
    assert still(scene) == ["nothing new starts, because there is no plan.md yet: write plan.md"]
    scene.post(ev.PlanRejected, "d", (Problem(7, "unknown child `backnd`"),))
    assert still(scene) == [
        "plan.md is rejected (line 7: unknown child `backnd`), and no plan is in force: see `orch plan check`"
    ]
    scene.plan(T1)
    scene.post(ev.PlanRejected, "d", (Problem(7, "unknown child `backnd`"),))
    assert still(scene) == [
        "plan.md is rejected (line 7: unknown child `backnd`), and revision 1 stays in force: see `orch plan check`"
    ]


def test_servers_count_only_if_they_have_something_to_do() -> None:
    scene = Scene(T1)
    ill(scene, "backend", ServerState.FAILED, "no codex")
    ill(scene, "mobile", ServerState.FAILED, "no codex")
    assert still(scene) == ["the server of backend is failed: no codex: fix that, then run `orch restart backend`"]


def test_a_problem_that_names_its_remedy_is_not_given_another() -> None:
    scene = Scene(T1)
    ill(scene, "backend", ServerState.FAILED, "/x does not exist: correct the path, then run `orch up backend`")
    (line,) = still(scene)
    assert line.endswith("does not exist: correct the path, then run `orch up backend`")


def test_a_server_that_comes_back_by_itself_needs_nothing() -> None:
    scene = Scene(T1)
    ill(scene, "backend", ServerState.BACKOFF, "it ended with code 9")
    assert still(scene) == ["the server of backend is backoff: it ended with code 9: it is started again by itself"]


def test_an_outage_that_began_since_is_named() -> None:
    scene = Scene(T1)
    until = scene.now + timedelta(minutes=5)
    scene.world = replace(scene.world, outages={"openai": Outage(scene.now, until, "no quota", "backend")})
    (line,) = still(scene)
    assert line.startswith("what uses openai is paused until 2026-03-01 12:")
    assert "no quota" in line


def test_a_budget_names_its_ask() -> None:
    scene = Scene()
    scene.post(ev.PlanAccepted, 1, "d", "an edit", replace(plan_of(T1), budget=Budget(5, None)))
    scene.running("T1")
    scene.post(ev.TokensSpent, "backend", "T1", "turn-1", 10, 0)
    scene.ended("T1", TurnStatus.INTERRUPTED)
    assert still(scene) == ["the budget of the plan is used up: answer A1"]


def test_blocked_tasks_and_asks_are_named_with_the_next_step() -> None:
    scene = blocked(Scene(T1, H1))
    assert still(scene) == [
        "T1 is blocked: the child says: it is blocked: `orch go T1` tries it again",
        "A1 waits on you: see `orch asks`",
    ]


def test_many_reasons_are_bounded() -> None:
    scene = Scene(*(replace(H1, id=f"H{number}") for number in range(40)))
    for ask in scene.world.open_asks:
        scene.answer(ask.id, "decline", "no")
    lines = still(scene)
    assert (len(lines), lines[-1]) == (SHOWN + 1, "and more: see `orch status`")


def test_a_task_that_is_tried_again_under_a_hold_says_so() -> None:
    scene = blocked(Scene(T1))
    scene.post(ev.HoldSet)
    scene.post(ev.RetryRequested, "T1")
    assert still(scene, "T1") == ["nothing new starts: `orch hold` (`orch go` lifts it)"]
    scene.post(ev.HoldLifted)
    assert still(scene, "T1") == []


def test_a_task_without_its_server_says_so() -> None:
    scene = blocked(Scene(T1))
    ill(scene, "backend", ServerState.FAILED, "no codex")
    scene.post(ev.RetryRequested, "T1")
    assert still(scene, "T1") == ["the server of backend is failed: no codex"]


def test_a_supervisor_that_stops_goes_on_with_the_next_one() -> None:
    scene = Scene(T1)
    scene.post(ev.DownRequested, False)
    assert still(scene) == ["the supervisor is stopping: `orch up` goes on"]


def test_an_edit_that_waits_for_go_is_named_with_what_it_would_do() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.PlanPostponed, "digest", "T1 removed", plan_of(), "it would stop 1 of 1 running tasks")
    assert still(scene) == [
        "plan.md waits for the human's `orch go`, because it would stop 1 of 1 running tasks",
    ]


def test_a_child_that_the_running_supervisor_does_not_know_needs_a_new_look_at_the_config() -> None:
    scene = Scene(replace(T1, child="firmware"))
    assert still(scene) == ["firmware is not in the config of the running supervisor: run `orch up`"]


def test_a_thread_that_does_not_open_and_a_turn_from_another_window_are_named() -> None:
    scene = Scene(T3).done("T3")
    scene.post(ev.TurnBegan, "mobile", "mobile-thread", "theirs", None)
    scene.plan(T1, T3, replace(T3, id="T4"))
    scene.post(ev.ThreadFailed, "backend", None, None, False, "session is archived")
    assert still(scene) == [
        "a turn from another window runs in mobile: `orch attach mobile` shows it",
        "the thread of backend cannot be opened: session is archived",
    ]
