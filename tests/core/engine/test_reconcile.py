"""What is decided, and when: one event after the other, the actions compared by value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from supervisor.core.engine import prompts as words
from supervisor.core.engine.lifecycle.servers import CRASH_BUDGET
from supervisor.core.engine.lifecycle.tasks import MAX_FIXES, MAX_LOST, MAX_REFUSALS, MAX_RESUMES
from supervisor.core.engine.prompts import brief_of
from supervisor.core.engine.reconcile import STOP_PATIENCE, advance, decide, wakeup
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.ask import Answer, AskKind
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.task import Due
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from supervisor.domain.world import World
from tests.core.engine.scene import BACKEND, C1, MOBILE, T1, T2, TREE, Scene, plan_of, report
from tests.core.hostile import hostile

H1 = Task("H1", "Pair", HUMAN, instructions="Press it.", expect="A green light.")
CHANGED = replace(T1, instructions="Answer 202 with a Location.")
BUSY = Failure("serverOverloaded", 503, "busy")
BROKEN = Failure("internalServerError", 500, "oops")


def kinds(actions: tuple[Action, ...]) -> list[type[Action]]:
    return [type(action) for action in actions]


def only(actions: tuple[Action, ...], kind: type[act.StartTurn] = act.StartTurn) -> act.StartTurn:
    found = [action for action in actions if isinstance(action, kind)]
    assert len(found) == 1, actions
    return found[0]


# ── a task from its start to its end ─────────────────────────────────────────────────────────────


def test_servers_that_are_wanted_are_started_each_once() -> None:
    scene = Scene(up=False)

    assert scene.step.actions == (
        act.EnsureServer("backend", why="it is wanted and not known to run"),
        act.EnsureServer("mobile", why="it is wanted and not known to run"),
    )
    assert scene.tell(ev.UpRequested, ("backend", "mobile")) == ()


def test_a_task_that_may_start_has_its_thread_opened_first() -> None:
    scene = Scene(T1, up=False)

    assert scene.ready("backend") == (
        act.OpenThread("backend", None, None, None, None, "workspace-write", why="T1 needs it"),
    )


def test_a_turn_starts_with_the_brief_once_its_thread_is_open() -> None:
    scene = Scene(T1)
    brief = brief_of(T1, plan_of(T1))

    assert scene.opened("backend") == (
        act.StartTurn(
            child="backend",
            task="T1",
            run=1,
            fresh=True,
            thread="backend-thread",
            message="orch-T1-1",
            due=Due.BRIEF,
            brief=brief,
            text=words.opening(brief, [], []),
            model=None,
            effort=None,
            sandbox="workspace-write",
            why="nothing stands in its way",
        ),
    )


def test_the_settings_of_a_task_win_over_those_of_its_child() -> None:
    settings = Task("T3", "Poll", "mobile", thread="fresh", effort="high", sandbox="read-only")
    scene = Scene(settings)

    assert scene.step.actions == (
        act.OpenThread("mobile", None, "T3", "small", "high", "read-only", why="T3 needs it"),
    )
    started = only(scene.opened("mobile", task="T3"))
    assert (started.thread, started.model, started.effort, started.sandbox) == (
        "mobile-thread-T3",
        "small",
        "high",
        "read-only",
    )


def test_a_turn_that_ends_is_checked_and_then_the_task_is_done() -> None:
    scene = Scene(T1).running("T1")

    assert scene.ended("T1") == (
        act.RunChecks("backend", "T1", 1, ("make test",), TREE, "workspace-write", why="its turn ended"),
    )
    assert scene.checked("T1") == ()
    assert (scene.status("T1"), scene.why("T1")) == ("done", "verified")


def test_one_child_works_on_one_task_at_a_time_in_the_order_of_the_plan() -> None:
    scene = Scene(T1, T2)

    assert kinds(scene.opened("backend")) == [act.StartTurn]
    assert scene.why("T2") == "T1 works in backend"
    scene.running("T1")
    assert kinds(scene.ended("T1")) == [act.RunChecks]
    assert scene.why("T2") == "T1 works in backend"
    assert only(scene.checked("T1")).task == "T2"


def test_a_task_starts_when_what_it_waits_for_is_done_and_hears_of_it() -> None:
    second = Task("T2", "Poll", "mobile", after=("T1",))
    scene = Scene(T1, second).running("T1")
    scene.ended("T1", text=report(learned=["The URL expires."]))
    assert scene.why("T2") == "after T1"
    assert kinds(scene.checked("T1")) == [act.OpenThread]

    text = only(scene.opened("mobile")).text

    assert "> T1 (backend): it is done" in text
    assert "> backend: The URL expires." in text


def test_blocked_never_counts_as_done() -> None:
    scene = Scene(T1, Task("T2", "Poll", "mobile", after=("T1",))).running("T1")
    scene.ended("T1", text=report("blocked"))
    assert scene.checked("T1") == ()

    assert (scene.status("T1"), scene.why("T1")) == ("blocked", "the child says: it is blocked")
    assert (scene.status("T2"), scene.why("T2")) == ("waiting", "after T1 (blocked)")


# ── what a step records ──────────────────────────────────────────────────────────────────────────


def test_a_step_records_the_event_and_then_what_is_intended() -> None:
    scene = Scene(T1)
    scene.opened("backend")

    event, intended = scene.step.events
    assert isinstance(event, ev.ThreadOpened)
    assert intended == ev.Intended(scene.now, scene.step.actions[0])


def test_a_tick_and_a_turn_told_again_leave_no_trace() -> None:
    scene = Scene(T1).running("T1")
    scene.tell(ev.TurnBegan, "backend", "backend-thread", "turn-1", "orch-T1-1")
    assert scene.step.events == ()
    scene.tell(ev.Ticked)
    assert scene.step.events == ()


def test_deciding_again_gives_nothing_new() -> None:
    scene = Scene(T1, T2, H1)
    scene.opened("backend")

    assert decide(scene.world, scene.now) == ()


def test_an_empty_world_has_nothing_to_do() -> None:
    scene = Scene(up=False)

    assert advance(World(), ev.Ticked(scene.now)).actions == ()
    assert wakeup(World(), scene.now) is None


# ── the table "What an edit does" ────────────────────────────────────────────────────────────────

Edit = Callable[[Scene], tuple[Action, ...]]


def brief_changed(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(CHANGED)


def child_changed(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(replace(T1, child="mobile"))


def held(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(replace(T1, hold=True))


def removed(scene: Scene) -> tuple[Action, ...]:
    return scene.plan(T2)


def test_not_started_the_next_start_uses_the_new_brief() -> None:
    scene = Scene(replace(T1, hold=True))
    assert (scene.status("T1"), scene.why("T1")) == ("held", "the plan holds it")
    assert brief_changed(scene) != ()

    assert only(scene.opened("backend")).brief == brief_of(CHANGED, plan_of(CHANGED))


def test_not_started_and_given_to_another_child_it_starts_there() -> None:
    scene = Scene(replace(T1, hold=True))
    child_changed(scene)

    assert only(scene.opened("mobile")).child == "mobile"


def test_running_with_a_changed_brief_it_is_steered() -> None:
    scene = Scene(T1).running("T1")
    old, new = brief_of(T1, plan_of(T1)), brief_of(CHANGED, plan_of(CHANGED))

    assert brief_changed(scene) == (
        act.SteerTurn(
            child="backend",
            task="T1",
            thread="backend-thread",
            turn="turn-1",
            message="orch-T1-2",
            brief=new,
            text=words.redirect(old, new),
            why="revision 2 of the plan changed what it was told",
        ),
    )
    scene.tell(ev.SteerArrived, "backend", "T1", "turn-1", "orch-T1-2")
    assert kinds(scene.ended("T1")) == [act.RunChecks]
    assert scene.state("T1").brief.delivered == new


def test_a_changed_contract_steers_every_task_that_names_it() -> None:
    other = Task("T3", "Poll", "mobile", contracts=("C1",))
    scene = Scene(T1, other).running("T1").running("T3", "turn-2")

    actions = scene.plan(T1, other, contracts=(replace(C1, text="Answer 303."),))

    assert [(action.task, action.turn) for action in actions if isinstance(action, act.SteerTurn)] == [
        ("T1", "turn-1"),
        ("T3", "turn-2"),
    ]


def test_an_edit_without_a_change_of_meaning_redirects_nobody() -> None:
    scene = Scene(T1).running("T1")

    assert scene.plan(replace(T1, instructions="Answer  **202**.\n")) == ()


def test_a_steer_that_came_too_late_becomes_a_follow_up_turn() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    assert scene.ended("T1") == ()

    scene.tell(ev.SteerMissed, "backend", "T1", "turn-1", "orch-T1-2", "no active turn")
    follow_up = only(scene.tick())

    assert (follow_up.due, follow_up.run, follow_up.message) == (Due.REDIRECT, 1, "orch-T1-3")
    assert follow_up.brief == brief_of(CHANGED, plan_of(CHANGED))


def test_a_turn_that_will_not_be_steered_is_not_asked_at_once_again() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)

    assert scene.tell(ev.SteerMissed, "backend", "T1", "turn-1", "orch-T1-2", "activeTurnNotSteerable") == ()
    assert kinds(scene.tick()) == [act.SteerTurn]


def test_a_steer_that_shows_in_its_turn_has_arrived_even_if_the_turn_fails_before_the_answer_is_in() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    message = "orch-T1-2"
    scene.tell(ev.TurnBegan, "backend", "backend-thread", "turn-1", message)
    scene.ended("T1", TurnStatus.FAILED, failure=BROKEN)
    scene.tell(ev.SteerArrived, "backend", "T1", "turn-1", message)

    assert only(scene.tick()).due is Due.RETRY


@pytest.mark.parametrize("arrived", [True, False])
def test_a_steer_that_was_lost_on_its_way_is_looked_up_before_it_is_sent_again(arrived: bool) -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    scene.exited("backend")
    scene.ready("backend", adopted=True)
    messages = ("orch-T1-1", "orch-T1-2") if arrived else ("orch-T1-1",)

    actions = scene.opened("backend", TurnSeen("turn-1", TurnStatus.IN_PROGRESS, messages))

    assert kinds(actions) == ([] if arrived else [act.SteerTurn])


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (child_changed, "the plan gives it to mobile"),
        (held, "the plan holds it"),
        (removed, "the plan no longer has it"),
    ],
)
def test_running_and_not_wanted_there_any_more_it_is_interrupted(edit: Edit, why: str) -> None:
    scene = Scene(T1).running("T1")

    assert edit(scene)[0] == act.InterruptTurn("backend", "T1", "backend-thread", "turn-1", False, why=why)


def test_a_running_task_goes_on_at_its_new_child() -> None:
    scene = Scene(T1).running("T1")
    child_changed(scene)
    assert kinds(scene.ended("T1", TurnStatus.INTERRUPTED)) == [act.OpenThread]

    started = only(scene.opened("mobile"))

    assert (started.child, started.run, started.due) == ("mobile", 2, Due.BRIEF)


def test_a_held_task_goes_on_when_the_hold_is_lifted() -> None:
    scene = Scene(T1).running("T1")
    held(scene)
    assert scene.status("T1") == "held"
    assert scene.ended("T1", TurnStatus.INTERRUPTED) == ()

    again = only(scene.plan(T1))

    assert (again.due, again.run) == (Due.RESUME, 1)


def test_a_removed_task_is_retired_and_its_changes_stay() -> None:
    scene = Scene(T1).done("T1")
    removed(scene)

    assert scene.status("T1") == "retired"
    assert scene.why("T1") == "the plan no longer has it; its changes stay"


def test_done_with_a_changed_brief_it_is_reopened_with_the_difference() -> None:
    scene = Scene(T1).done("T1")

    again = only(brief_changed(scene))

    assert (again.due, again.run, again.thread) == (Due.REDIRECT, 2, "backend-thread")
    assert again.text == words.redirect(brief_of(T1, plan_of(T1)), brief_of(CHANGED, plan_of(CHANGED)))


def test_done_and_given_to_another_child_it_is_reopened_there() -> None:
    scene = Scene(T1).done("T1")
    child_changed(scene)

    assert only(scene.opened("mobile")).due is Due.BRIEF


def test_done_and_held_it_stays_done_after_the_hold() -> None:
    scene = Scene(T1).done("T1")

    assert held(scene) == ()
    assert scene.plan(T1) == ()
    assert scene.status("T1") == "done"


def asking() -> Scene:
    scene = Scene(T1).running("T1")
    scene.ended("T1", text=report("needs_human", ask={"question": "Which?", "steps": "Look.", "expected": "A name."}))
    scene.checked("T1")
    return scene


@pytest.mark.parametrize("edit", [brief_changed, child_changed, held, removed])
def test_waiting_on_an_ask_that_no_longer_applies_the_ask_is_withdrawn(edit: Edit) -> None:
    scene = asking()

    assert edit(scene)[0] == act.WithdrawAsk("A1", why="the plan changed")
    assert scene.world.open_asks == ()


def test_an_ask_that_applies_again_is_asked_again() -> None:
    scene = asking()
    held(scene)

    assert [action.text for action in scene.plan(T1) if isinstance(action, act.RaiseAsk)] == ["Which?"]


def test_a_broken_or_missing_plan_touches_no_running_work() -> None:
    scene = Scene(T1, T2).running("T1")

    assert scene.tell(ev.PlanRejected, "digest", ()) == ()
    assert scene.tell(ev.PlanMissing, "there is no plan.md") == ()
    assert kinds(scene.ended("T1")) == [act.RunChecks]
    assert scene.checked("T1") == ()
    assert scene.why("T2") == "nothing new starts: there is no plan.md"


def test_held_the_supervisor_starts_nothing_new_and_goes_on_with_what_runs() -> None:
    scene = Scene(T1, T2).running("T1")
    scene.tell(ev.HoldSet)
    scene.ended("T1")

    fix = only(scene.checked("T1", exit_code=1))
    assert (fix.task, fix.due) == ("T1", Due.FIX)
    scene.began("T1", "turn-2")
    scene.ended("T1")
    assert scene.checked("T1") == ()
    assert only(scene.tell(ev.HoldLifted)).task == "T2"


# ── what may go wrong with a turn ────────────────────────────────────────────────────────────────


def test_failing_checks_are_mended_twice_and_then_the_task_is_blocked() -> None:
    scene = Scene(T1).running("T1")
    for number in range(MAX_FIXES):
        scene.ended("T1")
        fix = only(scene.checked("T1", exit_code=1))
        assert (fix.due, fix.run, fix.fresh) == (Due.FIX, 1, False)
        assert "> the tail" in fix.text
        scene.began("T1", f"turn-{number + 2}")
    scene.ended("T1")

    assert scene.checked("T1", exit_code=1) == ()
    assert scene.status("T1") == "blocked"
    assert only(scene.tell(ev.RetryRequested, "T1")).run == 2


def test_checks_that_cannot_be_run_block_the_task_after_some_tries() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    for _ in range(MAX_LOST - 1):
        assert scene.tell(ev.ChecksLost, "backend", "T1", 1, "no sandbox") == ()
        assert kinds(scene.tick()) == [act.RunChecks]

    assert scene.tell(ev.ChecksLost, "backend", "T1", 1, "no sandbox") == ()
    assert scene.status("T1") == "blocked"
    assert wakeup(scene.world, scene.now) is None


def test_a_turn_that_the_server_refuses_is_tried_again_and_then_the_task_has_failed() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    for number in range(1, MAX_REFUSALS):
        scene.tell(ev.TurnRefused, "backend", "T1", f"orch-T1-{number}", "draining")
        assert kinds(scene.tick()) == [act.OpenThread]
        assert kinds(scene.opened("backend")) == [act.StartTurn]

    assert scene.tell(ev.TurnRefused, "backend", "T1", f"orch-T1-{MAX_REFUSALS}", "draining") == ()
    assert scene.status("T1") == "failed"
    assert wakeup(scene.world, scene.now) is None
    assert kinds(scene.tell(ev.RetryRequested, "T1")) == [act.OpenThread]


def test_a_failure_of_the_provider_is_tried_again_after_a_pause_and_then_the_task_has_failed() -> None:
    scene = Scene(T1).running("T1")
    for number, pause in enumerate((2.0, 4.0)):
        assert scene.ended("T1", TurnStatus.FAILED, failure=BROKEN) == ()
        before = scene.now
        assert only(scene.tick()).due is Due.RETRY
        assert (scene.now - before).total_seconds() == pause
        scene.began("T1", f"turn-{number + 2}")

    assert scene.ended("T1", TurnStatus.FAILED, failure=BROKEN) == ()
    assert scene.status("T1") == "failed"
    assert scene.why("T1").startswith("the provider failed 500: oops (3 tries)")


def test_a_failure_that_cannot_pass_by_itself_is_not_tried_again() -> None:
    scene = Scene(T1).running("T1")

    assert scene.ended("T1", TurnStatus.FAILED, failure=Failure("unauthorized", 401, "no")) == ()
    assert scene.status("T1") == "failed"


def test_a_turn_that_takes_too_long_is_interrupted_and_the_task_is_blocked() -> None:
    scene = Scene(replace(T1, timeout=1.0)).running("T1")

    assert scene.tick() == (act.InterruptTurn("backend", "T1", "backend-thread", "turn-1", True, why="its time is up"),)
    scene.ended("T1", TurnStatus.INTERRUPTED)
    assert scene.status("T1") == "blocked"


def test_the_time_that_a_turn_waits_on_a_human_does_not_count() -> None:
    scene = Scene(replace(T1, timeout=1.0)).running("T1")
    scene.asked("T1")
    assert wakeup(scene.world, scene.now) is None
    scene.tell(ev.Ticked, after=600)
    scene.tell(ev.RequestResolved, scene.request("T1").key)
    before = scene.now

    assert kinds(scene.tick()) == [act.InterruptTurn]
    assert 50 < (scene.now - before).total_seconds() < 60


def test_a_turn_interrupted_in_another_window_becomes_a_question() -> None:
    scene = Scene(T1).running("T1")

    assert kinds(scene.ended("T1", TurnStatus.INTERRUPTED)) == [act.RaiseAsk]
    again = only(scene.answer("A1", "accept"))
    assert (again.due, again.run) == (Due.ANSWER, 1)
    assert again.text.startswith(again.brief.text), "words that came just before the end may not have reached the child"


def test_a_turn_without_a_report_and_without_checks_becomes_a_question() -> None:
    scene = Scene(T2).running("T2")
    scene.ended("T2", text="I did it.")
    (asked,) = scene.checked("T2")

    assert isinstance(asked, act.RaiseAsk)
    assert "> I did it." in asked.text
    assert scene.answer("A1", "accept") == ()
    assert scene.status("T2") == "done"


def test_a_turn_without_a_report_is_done_if_the_checks_pass() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1", text="I did it.")
    scene.checked("T1")

    assert (scene.status("T1"), scene.why("T1")) == (
        "done",
        "its verify commands pass (it left no valid report)",
    )


# ── servers that die, hang or do not start ───────────────────────────────────────────────────────


def test_a_server_that_dies_is_started_again_and_its_turn_goes_on() -> None:
    scene = Scene(T1).running("T1")

    assert scene.exited("backend") == (act.EnsureServer("backend", why="it is gone: it ended with code 9"),)
    assert kinds(scene.ready("backend", pid=12)) == [act.OpenThread]
    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",))))
    assert (again.due, again.run) == (Due.RESUME, 1)


def test_a_turn_that_never_arrived_is_started_again_and_one_that_did_is_not() -> None:
    for arrived in (False, True):
        scene = Scene(T1)
        scene.opened("backend")
        scene.exited("backend")
        scene.ready("backend", adopted=True)
        seen = [TurnSeen("turn-1", TurnStatus.IN_PROGRESS, ("orch-T1-1",))] if arrived else []
        actions = scene.opened("backend", *seen)

        assert kinds(actions) == ([] if arrived else [act.StartTurn])
        assert scene.state("T1").turn_id == ("turn-1" if arrived else None)


def test_a_turn_that_ended_while_nobody_listened_is_not_started_again() -> None:
    scene = Scene(T1).running("T1")
    scene.start(running=("backend",))
    scene.ready("backend", adopted=True)

    actions = scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))

    assert kinds(actions) == [act.RunChecks]


def test_a_turn_that_left_no_trace_in_its_thread_is_cut_off() -> None:
    scene = Scene(T1).running("T1")
    scene.exited("backend")
    scene.ready("backend", pid=12)

    assert only(scene.opened("backend")).due is Due.RESUME


def test_a_turn_of_somebody_else_that_left_no_trace_holds_nothing_up() -> None:
    scene = Scene(T1)
    scene.opened("backend", TurnSeen("foreign", TurnStatus.IN_PROGRESS))
    scene.exited("backend")
    scene.ready("backend", pid=12)

    assert kinds(scene.opened("backend")) == [act.StartTurn]


def test_a_turn_that_is_cut_off_again_and_again_becomes_a_question() -> None:
    scene = Scene(T1).running("T1")
    for number in range(MAX_RESUMES):
        scene.exited("backend", after=100)
        scene.ready("backend", pid=100 + number)
        scene.opened("backend", TurnSeen(f"turn-{number + 1}", TurnStatus.INTERRUPTED))
        scene.began("T1", f"turn-{number + 2}")
    scene.exited("backend", after=100)
    scene.ready("backend", pid=200)

    assert kinds(scene.opened("backend", TurnSeen(f"turn-{MAX_RESUMES + 1}", TurnStatus.INTERRUPTED))) == [act.RaiseAsk]
    assert scene.status("T1") == "needs_human"


def test_a_server_that_does_not_answer_twice_is_replaced() -> None:
    scene = Scene()

    assert scene.tell(ev.ServerUnresponsive, "backend", 11, "no answer", 1) == ()
    assert scene.tell(ev.ServerResponded, "backend", 11) == ()
    scene.tell(ev.ServerUnresponsive, "backend", 11, "no answer", 1)
    assert scene.tell(ev.ServerUnresponsive, "backend", 11, "no answer", 2) == (
        act.StopServer("backend", kill=True, why="it does not answer: no answer"),
    )
    assert kinds(scene.tell(ev.ServerStopped, "backend")) == [act.EnsureServer]


def test_a_server_that_keeps_dying_is_given_up_and_the_human_is_asked() -> None:
    scene = Scene()
    for number in range(CRASH_BUDGET - 1):
        if not scene.exited("backend", after=0.1):
            assert kinds(scene.tick()) == [act.EnsureServer]
        scene.ready("backend", pid=100 + number)

    (asked,) = scene.exited("backend", after=0.1)

    assert isinstance(asked, act.RaiseAsk)
    assert (asked.kind, asked.child, asked.task) == (AskKind.QUESTION, "backend", None)
    assert "(5 times within 60 s)" in asked.text
    assert scene.answer("A1", "accept") == (act.EnsureServer("backend", why="it is wanted and not known to run"),)


def test_a_server_that_cannot_start_is_not_tried_again_before_a_human_did_something() -> None:
    scene = Scene(up=False)
    scene.ready("mobile")

    actions = scene.tell(ev.ServerStartFailed, "backend", "codex is not logged in", True, "")

    assert kinds(actions) == [act.RaiseAsk]
    assert wakeup(scene.world, scene.now) is None
    assert kinds(scene.tell(ev.RestartRequested, "backend")) == [act.EnsureServer, act.WithdrawAsk]


@pytest.mark.promise("deaths explained")
def test_a_restart_stops_a_server_and_starts_it_again() -> None:
    scene = Scene()

    assert scene.tell(ev.RestartRequested, "backend") == (act.StopServer("backend", kill=False, why="`orch restart`"),)
    assert kinds(scene.tell(ev.ServerStopped, "backend")) == [act.EnsureServer]


def test_a_moment_that_passes_between_a_decision_and_the_next_look_at_the_clock_still_counts() -> None:
    scene = Scene()
    scene.exited("backend", after=0.1)
    scene.ready("backend", pid=12)
    scene.exited("backend", after=0.1)
    due = scene.world.servers["backend"].not_before

    assert due is not None
    assert wakeup(scene.world, scene.now) == due
    assert wakeup(scene.world, due) is None


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_a_thread_that_cannot_be_opened_is_tried_again() -> None:
    scene = Scene(T1)
    assert scene.tell(ev.ThreadFailed, "backend", None, None, False, "overloaded") == ()
    assert scene.why("T1") == "the thread of backend cannot be opened: overloaded"

    assert kinds(scene.tick()) == [act.OpenThread]
    assert kinds(scene.opened("backend")) == [act.StartTurn]


def test_another_task_of_the_child_goes_ahead_while_a_thread_cannot_be_opened() -> None:
    fresh = replace(T2, thread="fresh")
    scene = Scene(T1, fresh)
    scene.tell(ev.ThreadFailed, "backend", None, None, False, "it has another writer")

    assert only(scene.opened("backend", task="T2")).task == "T2"


def test_done_tasks_stay_done_when_their_thread_is_gone() -> None:
    scene = Scene(T1).done("T1")
    scene.exited("backend")
    scene.plan(T1, T2)
    scene.ready("backend", pid=12)

    (reopened,) = scene.tell(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout found")

    assert reopened == act.OpenThread("backend", None, None, None, None, "workspace-write", why="T2 needs it")
    assert only(scene.opened("backend", thread="new")).task == "T2"
    assert scene.status("T1") == "done"


def test_an_answer_that_goes_to_a_new_thread_brings_the_whole_brief() -> None:
    scene = asking()
    scene.exited("backend")
    scene.answer("A1", "text", "Use B.")
    scene.ready("backend", pid=12)
    scene.tell(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout found")

    answered = only(scene.opened("backend", thread="new"))

    assert answered.due is Due.ANSWER
    assert answered.text.startswith(answered.brief.text)
    assert "Use B." in answered.text


def test_a_running_turn_goes_on_in_a_new_thread_when_its_own_is_gone() -> None:
    scene = Scene(T1).running("T1")
    scene.exited("backend")
    scene.ready("backend", pid=12)
    scene.tell(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout found")

    again = only(scene.opened("backend", thread="new"))

    assert (again.due, again.thread) == (Due.RESUME, "new")
    assert again.brief.text in again.text


@pytest.mark.parametrize("reverted", [True, False])
def test_a_redirect_whose_thread_is_gone_is_followed_by_another_turn_whatever_the_plan_says_by_then(
    reverted: bool,
) -> None:
    scene = Scene(T1).done("T1")
    brief_changed(scene)
    scene.exited("backend")
    scene.plan(T1 if reverted else CHANGED)
    scene.ready("backend", pid=12)
    assert kinds(scene.tell(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout")) == [act.OpenThread]

    again = only(scene.opened("backend", thread="new"))

    assert again.brief == brief_of(T1 if reverted else CHANGED, plan_of(T1))
    assert again.brief.text in again.text


def test_no_turn_starts_while_somebody_else_has_one_on_the_thread() -> None:
    scene = Scene(T1)

    assert scene.opened("backend", TurnSeen("foreign", TurnStatus.IN_PROGRESS)) == ()
    ended = TurnSeen("foreign", TurnStatus.COMPLETED)
    assert kinds(scene.tell(ev.TurnEnded, "backend", "backend-thread", ended)) == [act.StartTurn]


def test_the_tree_is_read_again_if_the_first_turn_of_a_run_got_lost() -> None:
    scene = Scene(T1)
    assert only(scene.opened("backend")).fresh
    scene.exited("backend")
    scene.ready("backend", pid=12)
    assert only(scene.opened("backend")).fresh
    scene.tell(ev.TreeRead, "backend", "T1", 1, TREE)
    scene.exited("backend", after=100)
    scene.ready("backend", pid=13)

    assert only(scene.opened("backend")).fresh, "the tree belongs to a run that never began"


def test_a_redirect_that_got_lost_and_is_not_due_any_more_starts_nothing() -> None:
    scene = Scene(T1).done("T1")
    assert only(brief_changed(scene)).due is Due.REDIRECT
    scene.exited("backend")
    scene.plan(T1)
    scene.ready("backend", adopted=True)

    assert scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report())) == ()
    assert (scene.status("T1"), scene.state("T1").runs) == ("done", 1)


def test_a_question_survives_a_redirect_that_got_lost_and_is_not_due_any_more() -> None:
    scene = asking()
    assert kinds(brief_changed(scene)) == [act.WithdrawAsk, act.StartTurn]
    scene.exited("backend")
    scene.plan(T1)
    scene.ready("backend", adopted=True)

    (asked,) = scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))

    assert isinstance(asked, act.RaiseAsk)
    assert asked.text == "Which?"


def test_a_task_that_moves_on_leaves_the_tree_to_the_next_one() -> None:
    scene = Scene(T1, T2, Task("T3", "Poll", "mobile"))
    scene.opened("mobile")
    scene.running("T3", "turn-3").running("T1")
    moved = replace(T1, child="mobile")
    scene.plan(moved, T2, Task("T3", "Poll", "mobile"))

    started = only(scene.ended("T1"))

    assert started.task == "T2"
    assert scene.why("T1") == "T3 works in mobile"


def test_a_steer_that_was_on_its_way_to_the_old_child_does_not_hold_up_the_new_one() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    scene.ended("T1")
    scene.exited("backend")
    scene.plan(replace(T1, child="mobile"))
    scene.opened("mobile")
    scene.running("T1", "turn-2")

    assert kinds(scene.ended("T1")) == [act.RunChecks]


# ── asks ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_humans_own_task_is_put_before_the_human() -> None:
    scene = Scene(H1)

    assert scene.world.open_asks[0].task == "H1"
    raised = next(action for action in Scene(up=False).plan(H1) if isinstance(action, act.RaiseAsk))
    assert raised == act.RaiseAsk(
        ask="A1",
        kind=AskKind.CHECKPOINT,
        child=HUMAN,
        task="H1",
        text="Pair",
        steps="Press it.",
        expect="A green light.",
        choices=("accept", "decline"),
        brief=brief_of(H1, plan_of(H1)),
        request=None,
        why="its turn in the plan has come",
    )
    scene.answer("A1", "accept", "It is green.")
    assert (scene.status("H1"), scene.state("H1").result.words) == ("done", "It is green.")


def test_a_declined_task_of_the_human_is_blocked() -> None:
    scene = Scene(H1)
    scene.answer("A1", "decline", "No device.")

    assert (scene.status("H1"), scene.why("H1")) == ("blocked", "declined by the human: No device.")
    assert kinds(scene.tell(ev.RetryRequested, "H1")) == [act.RaiseAsk]


def test_a_changed_task_of_the_human_is_asked_anew() -> None:
    scene = Scene(H1)

    assert kinds(scene.plan(replace(H1, instructions="Press it twice."))) == [act.WithdrawAsk, act.RaiseAsk]


def test_a_task_of_the_human_comes_back_after_a_hold() -> None:
    scene = Scene(H1)
    assert kinds(scene.plan(replace(H1, hold=True))) == [act.WithdrawAsk]

    assert kinds(scene.plan(H1)) == [act.RaiseAsk]
    scene.answer("A2", "accept")
    assert scene.status("H1") == "done"


def test_a_task_of_the_human_that_is_given_to_a_child_is_not_asked_any_more() -> None:
    scene = Scene(H1)
    scene.tell(ev.HoldSet)

    assert scene.plan(replace(H1, child="backend"))[0] == act.WithdrawAsk("A1", why="the plan changed")


def test_what_a_child_needs_is_asked_and_the_answer_goes_to_its_thread() -> None:
    scene = asking()

    assert [(ask.text, ask.steps, ask.expect) for ask in scene.world.open_asks] == [("Which?", "Look.", "A name.")]
    answered = only(scene.answer("A1", "text", "B."))
    assert (answered.due, answered.run) == (Due.ANSWER, 1)
    assert answered.text == words.answer("T1", "Which?", "B.")


def test_an_answer_that_a_redirect_overtakes_goes_with_it() -> None:
    scene = asking()
    scene.exited("backend")
    scene.answer("A1", "text", "Use B.")
    brief_changed(scene)
    scene.ready("backend", pid=12)

    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report())))

    assert again.due is Due.REDIRECT
    assert "> Which?" in again.text
    assert "Use B." in again.text


def test_an_answer_that_the_server_refused_for_good_goes_out_when_the_task_is_tried_again() -> None:
    scene = asking()
    assert only(scene.answer("A1", "text", "Use B.")).due is Due.ANSWER
    for number in range(2, MAX_REFUSALS + 1):
        scene.tell(ev.TurnRefused, "backend", "T1", f"orch-T1-{number}", "draining")
        scene.tick()
        scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))
    scene.tell(ev.TurnRefused, "backend", "T1", f"orch-T1-{MAX_REFUSALS + 1}", "draining")
    assert scene.status("T1") == "failed"
    scene.tell(ev.RetryRequested, "T1")

    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report())))

    assert again.due is Due.ANSWER
    assert "Use B." in again.text


def test_an_approval_is_asked_and_the_answer_goes_to_the_server() -> None:
    scene = Scene(T1).running("T1")
    (raised,) = scene.asked("T1")
    request = scene.request("T1")

    assert isinstance(raised, act.RaiseAsk)
    assert (raised.kind, raised.child, raised.task) == (AskKind.APPROVAL, "backend", "T1")
    assert (raised.text, raised.steps, raised.choices) == ("May it?", "`rm x`", ("accept", "decline"))
    assert scene.status("T1") == "needs_human"
    assert scene.answer("A1", "accept") == (
        act.SendAnswer("backend", "A1", request.key, Answer("accept", ""), why="the human answered"),
    )
    assert scene.answer("A1", "decline") == ()
    assert scene.tell(ev.RequestResolved, request.key) == ()
    assert scene.status("T1") == "running"


def test_an_approval_settled_elsewhere_is_closed_as_such() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")

    assert scene.tell(ev.RequestResolved, scene.request("T1").key) == (
        act.WithdrawAsk("A1", why="it was settled elsewhere: somebody answered in another window", elsewhere=True),
    )


def test_an_approval_of_a_turn_that_is_over_is_withdrawn() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")

    assert act.WithdrawAsk in kinds(scene.ended("T1"))


def test_a_server_that_is_heard_again_has_its_ask_back_under_the_same_name() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    assert act.WithdrawAsk in kinds(scene.start(running=("backend",)))
    scene.ready("backend", adopted=True)

    assert scene.tell(ev.RequestReceived, request) == ()
    assert [ask.id for ask in scene.world.open_asks] == ["A1"]


def test_an_answer_that_may_be_lost_is_given_again_over_the_next_connection_and_only_there() -> None:
    scene = Scene(T1, Task("T3", "Poll", "mobile")).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    scene.answer("A1", "accept")
    assert act.SendAnswer not in kinds(scene.opened("mobile")), "a thread of another child has nothing to do with it"
    assert scene.tell(ev.RequestReceived, request) == (), "asked again over the same connection, it is under way"

    scene.exited("backend")
    scene.ready("backend", adopted=True)

    assert kinds(scene.tell(ev.RequestReceived, request)) == [act.SendAnswer]


def test_an_answer_waits_until_a_server_that_would_not_stop_asks_again() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    scene.tell(ev.RestartRequested, "backend")
    scene.answer("A1", "accept")
    scene.tell(ev.ServerStopFailed, "backend", "it would not die")
    scene.answer("A2", "accept")

    assert act.SendAnswer not in kinds(scene.ready("backend", adopted=True)), "nobody asked over this connection yet"
    assert kinds(scene.tell(ev.RequestReceived, request)) == [act.SendAnswer]


# ── down ─────────────────────────────────────────────────────────────────────────────────────────


def test_down_interrupts_turns_then_stops_the_servers_then_ends() -> None:
    scene = Scene(T1, T2).running("T1")

    assert scene.tell(ev.DownRequested, False) == (
        act.InterruptTurn(
            "backend", "T1", "backend-thread", "turn-1", False, why="`orch down`: it goes on with the next `orch up`"
        ),
    )
    assert scene.ended("T1", TurnStatus.INTERRUPTED) == (
        act.StopServer("backend", kill=False, why="`orch down`"),
        act.StopServer("mobile", kill=False, why="`orch down`"),
    )
    assert scene.tell(ev.ServerStopped, "backend") == ()
    assert scene.tell(ev.ServerStopped, "mobile") == (act.Exit(why="`orch down`"),)
    assert scene.world.supervisor.exiting


def test_down_does_not_wait_for_long() -> None:
    scene = Scene(T1).running("T1")
    scene.tell(ev.DownRequested, False)
    before = scene.now

    assert kinds(scene.tick()) == [act.StopServer, act.StopServer]
    assert scene.now - before == STOP_PATIENCE


def test_down_now_does_not_wait_at_all() -> None:
    scene = Scene(T1).running("T1")

    assert kinds(scene.tell(ev.DownRequested, True)) == [act.InterruptTurn, act.StopServer, act.StopServer]


def test_an_interrupted_task_goes_on_with_the_next_up() -> None:
    scene = Scene(T1).running("T1")
    scene.tell(ev.DownRequested, False)
    scene.ended("T1", TurnStatus.INTERRUPTED)
    scene.start()
    scene.ready("backend", pid=12)

    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",))))

    assert (again.due, again.run) == (Due.RESUME, 1)


def test_down_ends_with_a_server_that_will_not_die_after_one_try() -> None:
    scene = Scene()
    scene.tell(ev.DownRequested, False)
    scene.tell(ev.ServerStopped, "backend")

    assert scene.tell(ev.ServerStopFailed, "mobile", "it would not die") == (act.Exit(why="`orch down`"),)


def test_down_stops_a_server_that_was_given_up_too_for_something_of_it_may_run() -> None:
    scene = Scene()
    for number in range(CRASH_BUDGET - 1):
        if not scene.exited("backend", after=0.1):
            scene.tick()
        scene.ready("backend", pid=100 + number)
    scene.exited("backend", after=0.1)
    assert str(scene.world.servers["backend"].state) == "failed"

    assert kinds(scene.tell(ev.DownRequested, False)) == [act.StopServer, act.StopServer, act.WithdrawAsk]


def test_a_server_that_dies_for_good_while_the_supervisor_waits_to_stop_it_is_still_stopped() -> None:
    scene = Scene(T1).running("T1")
    for number in range(CRASH_BUDGET - 1):
        if not scene.exited("mobile", after=0.1):
            scene.tick()
        scene.ready("mobile", pid=100 + number)
    scene.tell(ev.DownRequested, False)
    scene.exited("mobile", after=0.1)
    assert str(scene.world.servers["mobile"].state) == "failed"

    assert kinds(scene.ended("T1", TurnStatus.INTERRUPTED)) == [act.StopServer, act.StopServer]


def test_a_given_up_server_that_a_human_wants_back_during_down_is_stopped_and_not_left() -> None:
    scene = Scene(T1).running("T1")
    scene.tell(ev.ServerExited, "mobile", 22, "it is gone", "")
    scene.tell(ev.ServerStartFailed, "mobile", "codex is not logged in", True, "")
    scene.tell(ev.DownRequested, False)
    scene.answer("A1", "accept")

    assert act.StopServer("mobile", kill=False, why="`orch down`") in scene.ended("T1", TurnStatus.INTERRUPTED)


def test_up_calls_a_down_off() -> None:
    scene = Scene(T1).running("T1")
    scene.tell(ev.DownRequested, False)
    scene.tell(ev.UpRequested, ("backend", "mobile"))

    assert only(scene.ended("T1", TurnStatus.INTERRUPTED)).due is Due.RESUME


# ── another config ───────────────────────────────────────────────────────────────────────────────


def test_the_server_of_a_child_that_left_the_config_is_stopped_once_and_the_end_waits_for_that() -> None:
    scene = Scene()
    stop = act.StopServer("backend", kill=False, why="the config names it no more")
    assert scene.tell(ev.SupervisorStarted, 2, "1.0", (MOBILE,), ("backend", "mobile"), (2.0,)) == (
        stop,
        act.EnsureServer("mobile", why="it is wanted and not known to run"),
    )
    assert scene.step.events[1:] == tuple(ev.Intended(scene.now, action) for action in scene.step.actions)
    scene.ready("mobile", adopted=True)
    assert stop not in scene.tell(ev.UpRequested, ("mobile",))

    scene.tell(ev.DownRequested, False)
    assert scene.tell(ev.ServerStopped, "mobile") == ()
    assert kinds(scene.tell(ev.ServerStopped, "backend")) == [act.Exit]


def test_a_turn_of_a_child_that_left_the_config_is_given_up_once_the_plan_moves_its_task() -> None:
    scene = Scene(T1).running("T1")
    scene.start(MOBILE)
    scene.ready("mobile")
    assert scene.why("T1").startswith("backend is not in the config")

    child_changed(scene)

    assert only(scene.opened("mobile")).task == "T1"


def test_a_brief_that_may_have_reached_a_child_that_left_the_config_is_not_told_anew_when_it_is_back() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    scene.start(MOBILE)
    child_changed(scene)
    scene.plan(T1)
    scene.start(BACKEND, MOBILE)
    scene.ready("backend", pid=12)

    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",))))

    assert again.due is Due.RESUME
    assert again.brief.text in again.text, "it may as well not have reached it"


def test_a_turn_of_a_child_that_left_the_config_for_a_while_is_not_lost() -> None:
    scene = Scene(T1).running("T1")
    scene.start(MOBILE)
    scene.start(BACKEND, MOBILE)
    scene.ready("backend", pid=12)

    actions = scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))

    assert kinds(actions) == [act.RunChecks]


@pytest.mark.promise("quoted data")
@given(words=hostile)
@settings(max_examples=60, deadline=None)
def test_what_others_said_stays_quoted_data_in_the_brief_of_another(words: str) -> None:
    """Whatever a child reports: its lines are quoted ones, and the other headings stay as they are without them."""
    t3 = Task("T3", "Poll", "mobile", after=("T1",), instructions="Poll it.")
    texts = []
    for said in (words, "fine"):
        scene = Scene(T1, t3).running("T1")
        note = {"id": "C1", "status": "kept", "note": said}
        scene.ended("T1", text=report(summary=said, learned=[said], contracts=[note]))
        scene.checked("T1")
        (start,) = scene.opened("mobile")
        assert isinstance(start, act.StartTurn)
        texts.append(start.text)
    told, plain = ([line for line in text.split("\n") if not line.startswith(">")] for text in texts)
    if words.strip():
        assert told == plain


def test_a_plan_that_says_hold_starts_nothing_new() -> None:
    scene = Scene()
    scene.plan(T1, hold=True)
    assert (scene.status("T1"), scene.why("T1")) == ("waiting", "nothing new starts: plan.md says `hold: yes`")
    scene.plan(T1, hold=False)
    assert scene.why("T1") != "nothing new starts: plan.md says `hold: yes`"
