"""Budgets: when one is used up, everything that it covers pauses until the human decides."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.budgets import limit_of, used_of
from supervisor.core.engine.reconcile import wakeup
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskState
from supervisor.domain.plan import Budget, Task
from supervisor.domain.task import Due
from supervisor.domain.thread import TurnStatus
from tests.core.engine.scene import BACKEND, MOBILE, T1, T2, Scene, kinds, only

POLL = Task("T3", "Poll", "mobile", instructions="Poll.")
SMALL = replace(T1, budget=Budget(tokens=100))


def spent(scene: Scene, tokens: int, turn: str = "turn-1") -> tuple[act.Action, ...]:
    return scene.post(ev.TokensSpent, "backend", "backend-thread", turn, tokens - 1, 1)


def paused(scene: Scene) -> Scene:
    """Go on until T1's budget of 100 tokens is used up and its turn is over."""
    spent(scene, 120)
    scene.ended("T1", TurnStatus.INTERRUPTED)
    return scene


def test_a_turn_that_spends_the_last_of_its_budget_is_interrupted_and_the_human_is_asked() -> None:
    scene = Scene(SMALL).running("T1")

    assert spent(scene, 99) == ()
    interrupt, ask = spent(scene, 21)
    assert isinstance(interrupt, act.InterruptTurn)
    assert interrupt.why == "the budget of T1 is used up"
    assert isinstance(ask, act.RaiseAsk)
    assert ask.text == "The budget of T1 is used up: 120 tokens of 100 tokens. Paused: T1."
    assert (ask.child, ask.task, ask.budget) == ("backend", "T1", "task T1")
    scene.ended("T1", TurnStatus.INTERRUPTED)
    assert (scene.status("T1"), scene.why("T1")) == ("needs_human", "the budget of T1 is used up: answer A1")
    assert wakeup(scene.world, scene.now) is None


def test_accept_grants_the_same_again_from_what_is_spent_on() -> None:
    scene = paused(Scene(SMALL).running("T1"))

    assert only(scene.answer("A1", "accept")).text.startswith("Your last turn was cut off")
    assert limit_of(scene.world, "task T1") == Budget(221)


def test_an_amount_grants_that_much_and_words_that_are_none_leave_the_ask_open() -> None:
    scene = paused(Scene(SMALL).running("T1"))

    assert scene.answer("A1", "text", "as you like") == ()
    assert scene.world.asks["A1"].state is AskState.OPEN
    assert kinds(scene.answer("A1", "text", "+1k tokens")) == [act.StartTurn]
    assert limit_of(scene.world, "task T1") == Budget(1121)


def test_decline_blocks_and_trying_again_asks_again() -> None:
    scene = paused(Scene(SMALL).running("T1"))

    assert scene.answer("A1", "decline") == ()
    assert scene.status("T1") == "blocked"
    assert "`orch go T1` asks again" in scene.why("T1")
    assert kinds(scene.post(ev.RetryRequested, "T1")) == [act.RaiseAsk]
    assert kinds(scene.answer("A2", "accept")) == [act.StartTurn]


def test_decline_blocks_also_what_is_still_being_interrupted() -> None:
    scene = Scene(SMALL).running("T1")
    spent(scene, 120)

    assert scene.answer("A1", "decline") == ()
    assert scene.ended("T1", TurnStatus.INTERRUPTED) == ()
    assert scene.status("T1") == "blocked"
    assert kinds(scene.post(ev.RetryRequested, "T1")) == [act.RaiseAsk]
    assert only(scene.answer("A2", "accept")).due is Due.RESUME


def test_a_plan_that_gives_more_continues_by_itself() -> None:
    scene = paused(Scene(SMALL).running("T1"))

    assert kinds(scene.plan(replace(SMALL, budget=Budget(tokens=1000)))) == [act.WithdrawAsk, act.StartTurn]


def test_the_budget_of_the_plan_pauses_every_child_and_its_decline_blocks_what_has_not_begun_too() -> None:
    scene = Scene()
    scene.plan(T1, T2, POLL, budget=Budget(tokens=100))
    scene.running("T1")
    scene.opened("mobile")
    scene.began("T3", "turn-2")

    assert kinds(spent(scene, 120)) == [act.InterruptTurn, act.InterruptTurn, act.RaiseAsk]
    scene.ended("T1", TurnStatus.INTERRUPTED)
    scene.ended("T3", TurnStatus.INTERRUPTED)
    assert [scene.status(task) for task in ("T1", "T2", "T3")] == ["needs_human"] * 3
    scene.answer("A1", "decline")
    assert [scene.status(task) for task in ("T1", "T2", "T3")] == ["blocked"] * 3
    assert scene.world.tasks["T2"].runs == 0


def test_what_is_done_stays_done_when_the_budget_is_used_up() -> None:
    scene = Scene(SMALL).running("T1")
    scene.post(ev.TokensSpent, "backend", "backend-thread", "turn-1", 98, 1)

    scene.ended("T1")
    assert scene.checked("T1") == ()
    assert scene.status("T1") == "done"
    assert used_of(scene.world, "task T1", scene.now).tokens == 100


def test_the_budget_of_a_child_counts_all_its_tasks_and_no_other_childs() -> None:
    scene = Scene(up=False)
    scene.start(replace(BACKEND, budget=Budget(tokens=20)), MOBILE)
    scene.ready("backend")
    scene.ready("mobile")
    scene.plan(T1, T2, POLL)
    scene.running("T1")
    spent(scene, 15)
    scene.ended("T1")
    scene.checked("T1")
    scene.began("T2", "turn-2")

    interrupt, ask = spent(scene, 10, "turn-2")
    assert isinstance(interrupt, act.InterruptTurn)
    assert interrupt.task == "T2"
    assert isinstance(ask, act.RaiseAsk)
    assert (ask.child, ask.task, ask.budget) == ("backend", None, "child backend")
    assert kinds(scene.opened("mobile")) == [act.StartTurn]


def test_minutes_are_those_in_which_turns_run_and_not_those_that_wait_on_the_human() -> None:
    scene = Scene(replace(T1, budget=Budget(minutes=5.0))).running("T1")
    scene.post(ev.Ticked, after=60)
    scene.asked("T1")
    scene.post(ev.Ticked, after=3600)
    assert round(used_of(scene.world, "task T1", scene.now).minutes or 0) == 1
    scene.answer("A1", "accept")
    scene.post(ev.RequestResolved, scene.world.asks["A1"].request, after=0)

    assert kinds(scene.tick()) == [act.InterruptTurn, act.RaiseAsk]
    assert 4.9 < (used_of(scene.world, "task T1", scene.now).minutes or 0) < 5.1


def test_minutes_that_are_used_up_while_nobody_can_be_interrupted_wake_nobody_again_and_again() -> None:
    scene = Scene(replace(T1, budget=Budget(minutes=5.0))).running("T1")
    scene.exited("backend")
    scene.ready("backend", 12)
    scene.post(ev.ThreadFailed, "backend", "backend-thread", None, False, "already has an active writer", after=600)

    assert {type(one) for one in scene.tick()} <= {act.OpenThread, act.RaiseAsk}
    assert wakeup(scene.world, scene.now) is None


def test_the_time_in_which_no_server_ran_is_no_time_of_a_turn() -> None:
    scene = Scene(replace(T1, budget=Budget(minutes=5.0))).running("T1")
    last = scene.now
    scene.now += timedelta(hours=9)
    scene.post(ev.SupervisorStarted, 2, "1", (BACKEND, MOBILE), (), (), last=last)

    assert (used_of(scene.world, "task T1", scene.now).minutes or 0) < 0.1


def test_the_budget_of_the_config_is_for_tasks_that_plan_md_gives_none() -> None:
    scene = Scene(up=False)
    scene.post(ev.SupervisorStarted, 1, "1", (BACKEND, MOBILE), (), (), task_budget=Budget(7), plan_budget=Budget(70))
    scene.plan(SMALL, T2)

    assert [limit_of(scene.world, name) for name in ("task T1", "task T2", "plan")] == [
        Budget(100),
        Budget(7),
        Budget(70),
    ]


def test_tokens_of_a_turn_whose_end_nobody_saw_are_counted() -> None:
    scene = Scene(T1).running("T1")
    spent(scene, 50)
    scene.post(ev.ThreadFailed, "backend", "backend-thread", None, True, "gone")
    scene.exited("backend")
    scene.ready("backend", 12)
    scene.opened("backend")
    scene.ended("T1", TurnStatus.INTERRUPTED) if scene.state("T1").turn else None

    assert used_of(scene.world, "task T1", scene.now).tokens in (50, 62)
