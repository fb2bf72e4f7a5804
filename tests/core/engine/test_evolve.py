"""The fold: the world after an event. Late, stale and foreign events do not change it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.fold.turns import TURNS_KEPT
from supervisor.core.engine.lifecycle.servers import CRASH_BUDGET, CRASH_WINDOW, FIRST_DELAY, MAX_DELAY
from supervisor.core.engine.lifecycle.transitions import TASK_TRANSITIONS, TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import with_map
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer, RequestKey
from supervisor.domain.child import Child
from supervisor.domain.event import Event
from supervisor.domain.plan import Problem
from supervisor.domain.report import Change, Outcome, Report
from supervisor.domain.server import Server, ServerState
from supervisor.domain.task import Phase, Tries
from supervisor.domain.thread import TurnSeen, TurnStatus
from supervisor.domain.world import Learning, Stopping
from tests.core.engine.scene import BACKEND, MOBILE, NOON, T1, T2, TREE, Scene, plan_of, report

IN_PROGRESS, COMPLETED = TurnStatus.IN_PROGRESS, TurnStatus.COMPLETED


# ── events that change nothing ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "event",
    [
        ev.ServerExited(NOON, "backend", 99, "an older one ended", ""),
        ev.ServerReady(NOON, "backend", 99, "/run/s", "0.169.0", adopted=False),
        ev.ServerUnresponsive(NOON, "backend", 99, "no answer", 2),
        ev.ServerResponded(NOON, "backend", 99),
        ev.ServerExited(NOON, "nobody", 1, "it ended", ""),
        ev.ServerStopped(NOON, "nobody"),
        ev.ThreadOpened(NOON, "backend", 11, "backend-thread", None, False, ()),
        ev.ThreadOpened(NOON, "nobody", 11, "a-thread", None, False, ()),
        ev.ThreadFailed(NOON, "backend", "backend-thread", None, True, "no rollout found"),
        ev.TurnBegan(NOON, "backend", "backend-thread", "turn-1", "orch-T1-1"),
        ev.TurnBegan(NOON, "backend", "another-thread", "turn-9", None),
        ev.TurnEnded(NOON, "backend", "another-thread", TurnSeen("turn-1", COMPLETED)),
        ev.TurnRetried(NOON, "backend", "another-thread", "turn-9", "reconnecting"),
        ev.RequestResolved(NOON, RequestKey("backend", 11, "7")),
        ev.RequestDeclined(NOON, "backend", "item/unknown"),
        ev.AskAnswered(NOON, "A9", Answer("accept", "")),
        ev.RetryRequested(NOON, "T9"),
        ev.RestartRequested(NOON, "nobody"),
        ev.ChecksFinished(NOON, "backend", "T1", 1, (), ()),
        ev.ChecksLost(NOON, "backend", "T9", 1, "gone"),
        ev.Ticked(NOON),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_stale_or_foreign_event_gives_the_very_same_world(event: Event) -> None:
    world = Scene(T1).running("T1").world

    assert evolve(world, event) is world


@pytest.mark.parametrize(
    "event",
    [
        ev.TurnRefused(NOON, "mobile", "T1", "orch-T1-9", "draining"),
        ev.SteerArrived(NOON, "backend", "T1", "turn-1", "orch-T1-9"),
        ev.SteerMissed(NOON, "backend", "T1", "turn-1", "orch-T1-9", "no active turn"),
        ev.InterruptFailed(NOON, "backend", "T1", "turn-9", "no active turn"),
        ev.TreeRead(NOON, "backend", "T1", 9, replace(TREE, head="def")),
        ev.TreeRead(NOON, "backend", "T1", 1, replace(TREE, head="def")),
        ev.ChecksFinished(NOON, "backend", "T1", 9, (), ()),
        ev.RetryRequested(NOON, "T1"),
        ev.LearningNoted(NOON, "human", "known"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_late_event_of_an_older_try_changes_nothing(event: Event) -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.LearningNoted, "human", "known")

    assert evolve(scene.world, event) == scene.world


def test_an_answer_that_comes_twice_counts_once() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    scene.answer("A1", "accept")
    scene.answer("A1", "decline")

    assert scene.world.asks["A1"].answer == Answer("accept", "")


# ── the supervisor and the plan ──────────────────────────────────────────────────────────────────


def test_a_new_supervisor_takes_over_what_was_and_trusts_no_connection() -> None:
    before = Scene(T1).running("T1")
    before.asked("T1")
    world = evolve(before.world, ev.SupervisorStarted(before.now, 7, "1.1", (BACKEND, MOBILE), ("backend",), (1.0,)))

    assert (world.supervisor.pid, world.supervisor.version, world.supervisor.since, world.config.retry_seconds) == (
        7,
        "1.1",
        before.now,
        (1.0,),
    )
    assert [(one.state, one.wanted, one.pid) for one in world.servers.values()] == [
        (ServerState.STOPPED, True, None),
        (ServerState.STOPPED, False, None),
    ]
    assert [thread.open for thread in world.threads.values()] == [False]
    assert world.requests == {}
    assert world.tasks["T1"].phase is Phase.WORKING
    assert world.plan.current == plan_of(T1)


def test_children_come_and_go_with_the_config() -> None:
    other = Child("firmware", "/repos/firmware")
    scene = Scene()
    scene.start(MOBILE, other)

    assert list(scene.world.servers) == ["mobile", "firmware"]


def test_down_keeps_its_first_moment_however_often_it_is_asked_for() -> None:
    scene = Scene()
    scene.post(ev.DownRequested, False)
    first = scene.now
    scene.post(ev.DownRequested, True)

    assert scene.world.supervisor.stopping == Stopping(first, now=True)


def test_the_last_good_plan_stays_in_force() -> None:
    problems = (Problem(3, "no child `x`"),)
    scene = Scene(T1)
    scene.post(ev.PlanRejected, "digest", problems)
    assert (scene.world.plan.current, scene.world.plan.problems, scene.world.plan.missing) == (
        plan_of(T1),
        problems,
        None,
    )

    scene.post(ev.PlanMissing, "there is no plan.md")
    assert (scene.world.plan.current, scene.world.plan.problems) == (plan_of(T1), ())
    assert scene.world.plan.missing == "there is no plan.md"

    scene.plan(T2)
    assert scene.world.plan.revision == 2
    assert (scene.world.plan.problems, scene.world.plan.missing) == ((), None)


def test_a_task_that_comes_back_is_the_one_it_was() -> None:
    scene = Scene(T1).done("T1")
    scene.plan(T2)
    scene.plan(replace(T1, title="Answer"), T2)

    assert scene.status("T1") == "done"
    assert scene.state("T1").runs == 1


def test_a_new_title_shows_at_once() -> None:
    scene = Scene(T1)
    scene.plan(replace(T1, title="Answer soon"))

    assert scene.state("T1").title == "Answer soon"


def test_learnings_are_kept_once_each_with_their_source() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.LearningNoted, "human", "The URL expires.")
    scene.ended("T1", text=report(learned=["The URL expires.", "It is slow."]))

    assert scene.world.learnings == (
        Learning(scene.now - timedelta(seconds=1), "human", "The URL expires."),
        Learning(scene.now, "backend", "The URL expires."),
        Learning(scene.now, "backend", "It is slow."),
    )


# ── servers ──────────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_is_ready_is_known_by_its_process() -> None:
    scene = Scene()

    assert scene.world.servers["backend"] == Server(
        BACKEND,
        state=ServerState.READY,
        wanted=True,
        pid=11,
        socket="/run/s",
        codex="0.169.0",
        since=scene.now - timedelta(seconds=1),
    )


@pytest.mark.promise("restarts bounded")
def test_the_first_restart_is_at_once_and_then_the_pause_doubles() -> None:
    scene = Scene()
    pauses = []
    for number in range(CRASH_BUDGET - 1):
        scene.exited("backend", after=0.1)
        moment = scene.world.servers["backend"].not_before
        assert moment is not None
        pauses.append((moment - scene.now).total_seconds())
        if moment > scene.now:
            scene.tick()
        scene.ready("backend", pid=100 + number)

    assert pauses[0] == 0
    for number, pause in enumerate(pauses[1:]):
        assert FIRST_DELAY * 2**number <= pause <= min(FIRST_DELAY * 2**number * 1.26, MAX_DELAY)


@pytest.mark.promise("restarts bounded")
def test_deaths_of_long_ago_are_forgiven() -> None:
    scene = Scene()
    for number in range(3 * CRASH_BUDGET):
        if not scene.exited("backend", after=CRASH_WINDOW.total_seconds() / 2 + 1):
            scene.tick()
        scene.ready("backend", pid=100 + number)

    assert scene.world.servers["backend"].state is ServerState.READY
    assert scene.world.servers["backend"].restarts == 3 * CRASH_BUDGET


def test_a_human_who_wants_it_back_forgives_all_deaths() -> None:
    scene = Scene()
    scene.exited("backend", after=0.1)
    scene.ready("backend", pid=12)
    scene.post(ev.RestartRequested, "backend")

    assert scene.world.servers["backend"].crashes == ()


def test_a_hang_counts_as_a_death() -> None:
    scene = Scene()
    scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 1)
    scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 2)

    server = scene.world.servers["backend"]
    assert (server.state, server.restarts, server.crashes) == (ServerState.STOPPING, 1, (scene.now,))


@pytest.mark.parametrize("trigger", TaskTrigger)
def test_an_absent_row_is_a_bug_and_says_so(trigger: TaskTrigger) -> None:
    absent = next(phase for phase in Phase if phase not in TASK_TRANSITIONS[trigger])

    with pytest.raises(AssertionError, match=f"no row for '{trigger}' in state '{absent}'"):
        after_task(absent, trigger)


# ── threads and turns ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", [True, False])
def test_an_ended_turn_stays_ended_whatever_order_the_news_come_in(first: bool) -> None:
    began = TurnSeen("turn-1", IN_PROGRESS, ("a",))
    ended = TurnSeen("turn-1", COMPLETED, ("b",), "the end", input_tokens=10, output_tokens=2)
    merged = began.merged(ended) if first else ended.merged(began)

    assert (merged.status, merged.text, set(merged.messages)) == (COMPLETED, "the end", {"a", "b"})
    assert (merged.input_tokens, merged.output_tokens) == (10, 2)


def test_a_turn_that_ended_before_its_start_was_reported_is_not_lost() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    seen = TurnSeen("turn-1", COMPLETED, ("orch-T1-1",), report(), None, 10, 2)
    scene.post(ev.TurnEnded, "backend", "backend-thread", seen)
    scene.post(ev.TurnBegan, "backend", "backend-thread", "turn-1", "orch-T1-1")

    state = scene.state("T1")
    assert (state.phase, state.turns, state.tokens.input) == (Phase.CHECKING, 1, 10)


def test_of_a_thread_the_latest_turns_are_kept() -> None:
    scene = Scene(T1).running("T1", turn="ours")
    scene.ended("T1")
    for number in range(TURNS_KEPT + 5):
        seen = TurnSeen(f"foreign-{number}", COMPLETED)
        scene.post(ev.TurnEnded, "backend", "backend-thread", seen)

    turns = scene.world.threads["backend", None].turns
    assert len(turns) == TURNS_KEPT
    assert list(turns)[-1] == f"foreign-{TURNS_KEPT + 4}"


def test_the_note_of_a_turn_that_reconnects_is_gone_when_it_ends() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.TurnRetried, "backend", "backend-thread", "turn-1", "reconnecting")
    assert scene.why("T1") == "reconnecting"
    scene.ended("T1")

    assert scene.state("T1").note == ""


def test_an_interrupt_that_failed_leaves_the_turn_running_and_is_tried_again() -> None:
    scene = Scene(T1).running("T1")
    scene.plan(replace(T1, hold=True))
    assert scene.post(ev.InterruptFailed, "backend", "T1", "turn-1", "draining") == ()
    assert scene.state("T1").phase is Phase.WORKING

    assert [type(action) for action in scene.tick()] == [act.InterruptTurn]


def test_a_turn_that_never_arrived_leaves_no_trace_but_its_number() -> None:
    scene = Scene(T1)
    before = scene.state("T1")
    scene.opened("backend")
    scene.post(ev.TurnRefused, "backend", "T1", "orch-T1-1", "draining")

    assert scene.state("T1") == replace(
        before, sent=1, tries=Tries(refusals=1), not_before=scene.now + timedelta(seconds=1), note="draining"
    )


def test_what_a_turn_brought_is_kept() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1", text=report(changes=[{"path": "api.py", "what": "202"}]))
    scene.checked("T1")

    state = scene.state("T1")
    assert state.result.report == Report(Outcome.DONE, "it is done", (Change("api.py", "202"),))
    assert (state.result.changed_files, state.tokens.input, state.tokens.output) == (("a.py",), 10, 2)
    assert [(check.command, check.exit_code) for check in state.result.checks] == [("make test", 0)]


def test_the_files_changed_by_all_turns_of_a_run_are_kept() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    scene.checked("T1", exit_code=1)
    scene.began("T1", "turn-2")
    scene.ended("T1")
    scene.post(ev.ChecksFinished, "backend", "T1", 1, (), ("b.py",))

    assert scene.state("T1").result.changed_files == ("a.py", "b.py")


def test_the_world_is_the_fold_of_what_was_recorded() -> None:
    scene = Scene(T1, T2)
    scene.draws = False
    world, recorded, post = scene.world, list[Event](), scene.post

    def recording(*args: object, **fields: object) -> tuple[act.Action, ...]:
        actions = post(*args, **fields)  # type: ignore[arg-type]
        recorded.extend(scene.step.events)
        return actions

    scene.post = recording  # type: ignore[method-assign]
    scene.done("T1")
    scene.exited("backend")
    scene.ready("backend", pid=12)
    for event in recorded:
        world = evolve(world, event)

    assert world == scene.world


@pytest.mark.promise("no growth")
def test_what_is_known_does_not_grow_with_the_turns() -> None:
    scene, sizes = Scene(T1), {}
    for number in range(500):
        if number:
            scene.plan(replace(T1, instructions=f"Answer {number:03}."))
        scene.running("T1", f"turn-{number:03}")
        scene.asked("T1", str(number))
        scene.answer(f"A{number + 1}", "accept")
        scene.ended("T1", text=report(learned=[f"fact {number:03}"]))
        scene.checked("T1")
        scene.world = with_map(scene.world, digest="")
        sizes[number] = len(str(scene.world))

    assert scene.status("T1") == "done"
    assert [*scene.world.asks][-1] == "A500"
    assert sizes[499] < 1.02 * sizes[250]


def test_what_people_noted_outlasts_what_children_report() -> None:
    scene = Scene(T1)
    scene.post(ev.LearningNoted, "human", "the port is 7")
    for number in range(300):
        scene.post(ev.LearningNoted, "backend", f"fact {number}")
    texts = [one.text for one in scene.world.learnings]
    assert texts == ["the port is 7", *(f"fact {number}" for number in range(100, 300))]


def test_the_keys_of_old_notices_go_but_for_those_of_open_asks() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    for key in ("ask A1", *(f"paused {number}" for number in range(1100))):
        notice = act.Notify(key, "asks", "", "", "", None, None, None, why="")
        scene.world = evolve(scene.world, ev.Intended(scene.now, notice))
    assert [*scene.world.notified] == ["ask A1", *(f"paused {number}" for number in range(99, 1100))]


@pytest.mark.promise("restarts bounded")
def test_what_crashed_too_often_stays_given_up_over_a_restart_of_the_supervisor() -> None:
    scene = Scene(T1)
    for _ in range(CRASH_BUDGET - 1):
        scene.exited("backend", after=0.1)
        if scene.world.servers["backend"].not_before != scene.now:  # the first restart is at once
            scene.tick()
        scene.ready("backend")
    scene.start()  # another supervisor, within the same minute
    scene.ready("backend")
    scene.exited("backend")
    assert scene.world.servers["backend"].state is ServerState.FAILED
