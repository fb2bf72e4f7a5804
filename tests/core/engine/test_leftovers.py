"""Leftovers: what outlives its turn is waited for while it computes, then ended, before its task is verified."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.engine.leftovers import BUSY, MAX_ENDS
from supervisor.core.engine.reconcile import wakeup
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.task import Due, LeftoverLook
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import BROKEN, T1, T2, Scene, child_changed, kinds, only, removed


def ended(*tasks: object) -> Scene:
    """T1's turn has ended, and the first look at what it left is under way."""
    scene = Scene(*(tasks or (T1,))).running("T1")
    scene.leaves = True
    assert kinds(scene.ended("T1")) == [act.LookForLeftovers]
    return scene


def seen(
    scene: Scene, *commands: str, agents: tuple[str, ...] = (), cpu: float | None = 0.0, sign: datetime | None = None
) -> tuple[Action, ...]:
    """Post the result of a look, at the moment at which it was requested."""
    look = LeftoverLook(scene.now, commands, agents, sign, cpu)
    return scene.post(ev.LeftoversLooked, "backend", "T1", "turn-1", look, after=0.0)


def idle(scene: Scene) -> tuple[Action, ...]:
    """Answer looks with a command that does not compute, until something else than a look is decided."""
    actions: tuple[Action, ...] = seen(scene, "sleep 600")
    while not actions or kinds(actions) == [act.LookForLeftovers]:
        actions = seen(scene, "sleep 600") if actions else scene.tick()
    return actions


def test_a_turn_that_left_nothing_is_verified_at_once() -> None:
    scene = ended()
    assert kinds(seen(scene)) == [act.RunChecks]


def test_an_idle_command_is_ended_after_its_time_then_the_task_is_verified_and_its_result_says_so() -> None:
    scene = ended()
    before = scene.now

    (end,) = idle(scene)
    assert isinstance(end, act.EndLeftovers)
    assert "`sleep 600`" in end.why
    assert (scene.now - before).total_seconds() == 30
    assert (scene.status("T1"), scene.why("T1")) == ("running", "its turn ended and left running: `sleep 600`")
    assert kinds(scene.post(ev.LeftoversEnded, "backend", "T1", "turn-1", ("sleep 600",))) == [act.RunChecks]
    scene.checked("T1")
    assert scene.status("T1") == "done"
    assert scene.state("T1").result.left == ("sleep 600",)


def test_what_cannot_be_ended_is_tried_again_and_in_the_end_the_task_is_verified_all_the_same() -> None:
    scene = ended()
    for _ in range(MAX_ENDS - 1):
        assert kinds(idle(scene)) == [act.EndLeftovers]
        refused = scene.post(ev.LeftoversEnded, "backend", "T1", "turn-1", (), "it refuses")
        assert kinds(refused) == [act.LookForLeftovers]
    assert kinds(idle(scene)) == [act.EndLeftovers]
    assert kinds(scene.post(ev.LeftoversEnded, "backend", "T1", "turn-1", (), "it refuses")) == [act.RunChecks]


def test_a_command_that_computes_is_waited_for_and_ended_once_it_does_not() -> None:
    scene = ended()
    seen(scene, "make")
    for _ in range(50):
        assert kinds(scene.tick()) == [act.LookForLeftovers]
        assert seen(scene, "make", cpu=scene.now.timestamp()) == ()
    before = scene.now

    while kinds(actions := scene.tick()) == [act.LookForLeftovers]:
        if actions := seen(scene, "make", cpu=before.timestamp()):
            break
    assert kinds(actions) == [act.EndLeftovers]
    assert (scene.now - before).total_seconds() == 30


def test_a_sub_agent_that_works_is_waited_for_and_ended_once_it_gives_no_sign() -> None:
    scene = ended()
    seen(scene, agents=("Look at the tests.",))
    for _ in range(20):
        assert kinds(scene.tick()) == [act.LookForLeftovers]
        assert seen(scene, agents=("Look at the tests.",), sign=scene.now) == ()
    before = scene.now

    while not (actions := seen(scene, agents=("Look at the tests.",), sign=before)):
        scene.tick()
    assert kinds(actions) == [act.EndLeftovers]
    assert (scene.now - before).total_seconds() == 30


def test_the_timeout_of_the_task_bounds_what_computes() -> None:
    scene = ended(replace(T1, timeout=2))
    before = scene.now
    actions = seen(scene, "make", cpu=before.timestamp())
    while kinds(actions) in ([], [act.LookForLeftovers]):
        actions = seen(scene, "make", cpu=scene.now.timestamp()) if actions else scene.tick()

    assert kinds(actions) == [act.EndLeftovers]
    assert (scene.now - before).total_seconds() == 120


def test_a_sub_agent_that_waits_for_an_answer_has_all_its_time_afterwards_and_its_ask_names_the_task() -> None:
    scene = ended()
    seen(scene, agents=("Push it.",))
    request = replace(scene.request("T1"), thread="sub-thread", turn="sub-turn", root="turn-1")

    (ask,) = scene.post(ev.RequestReceived, request)
    assert isinstance(ask, act.RaiseAsk)
    assert (ask.child, ask.task) == ("backend", "T1")
    assert scene.status("T1") == "needs_human"
    assert wakeup(scene.world, scene.now) is None
    scene.answer("A1", "accept")
    scene.post(ev.RequestResolved, request.key, after=3600)
    before = scene.now
    assert scene.status("T1") == "running"

    while not (actions := seen(scene, agents=("Push it.",))):
        scene.tick()
    assert kinds(actions) == [act.EndLeftovers]
    assert (scene.now - before).total_seconds() == 30


def test_a_request_of_a_sub_agent_names_the_task_while_its_turn_runs_and_stops_the_clock() -> None:
    scene = Scene(T1).running("T1")
    request = replace(scene.request("T1"), thread="sub-thread", turn="sub-turn", root="turn-1")

    (ask,) = scene.post(ev.RequestReceived, request)
    assert isinstance(ask, act.RaiseAsk)
    assert ask.task == "T1"
    assert scene.status("T1") == "needs_human"
    assert wakeup(scene.world, scene.now) is None


def test_late_changes_count_to_the_task_and_what_is_left_is_looked_at_again() -> None:
    scene = ended()
    seen(scene, "make")
    assert kinds(scene.post(ev.LeftoverReported, "backend", "th", "turn-1", ("late.txt",))) == [act.LookForLeftovers]
    assert kinds(seen(scene)) == [act.RunChecks]
    scene.checked("T1")
    assert scene.state("T1").result.changed_files == ("a.py", "late.txt")

    scene.post(ev.LeftoverReported, "backend", "th", "turn-1", ("later.txt",))
    assert scene.state("T1").result.changed_files == ("a.py", "late.txt", "later.txt")
    assert scene.status("T1") == "done"


def test_a_connection_that_is_lost_begins_the_looks_anew() -> None:
    scene = ended()
    scene.exited("backend")
    assert kinds(scene.ready("backend", pid=12)) == [act.LookForLeftovers]
    assert kinds(seen(scene)) == [act.RunChecks]


def test_what_ended_with_its_server_is_reported_and_what_an_adopted_server_runs_is_looked_at_in_its_time() -> None:
    scene = ended()
    seen(scene, "make")
    scene.exited("backend")
    assert scene.ready("backend", adopted=True) == ()
    assert scene.state("T1").result.left == ()
    assert kinds(scene.tick()) == [act.LookForLeftovers]
    scene.exited("backend")
    assert kinds(scene.tick()) == [act.EnsureServer]
    assert kinds(scene.ready("backend", pid=12)) == [act.LookForLeftovers]
    assert kinds(seen(scene)) == [act.RunChecks]
    assert scene.state("T1").result.left == ("make",)


def test_a_new_brief_starts_its_turn_at_once_and_what_was_left_is_looked_at_after_it() -> None:
    scene = ended()
    seen(scene, "make")
    only(scene.plan(replace(T1, instructions="Answer 202, and log it.")))
    assert seen(scene, "make") == (), "the look came too late"
    scene.began("T1", "turn-2")
    assert kinds(scene.ended("T1")) == [act.LookForLeftovers]


def test_after_a_new_brief_that_never_arrived_and_was_taken_back_what_was_left_is_looked_at_again() -> None:
    scene = ended()
    assert only(scene.plan(replace(T1, instructions="Answer 202, and log it."))).due is Due.REDIRECT
    assert seen(scene) == (), "the look came too late"
    scene.exited("backend")
    scene.plan(T1)
    assert kinds(scene.ready("backend", adopted=True)) == [act.OpenThread]
    assert kinds(scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED))) == [act.LookForLeftovers]
    assert kinds(seen(scene)) == [act.RunChecks]


def test_what_is_left_is_ended_at_once_if_the_task_is_not_verified_there() -> None:
    for edit in (removed, child_changed):
        scene = ended()
        seen(scene, "make")
        assert act.EndLeftovers in kinds(edit(scene))


def test_what_a_turn_that_failed_for_good_left_is_ended_before_another_task_starts() -> None:
    scene = Scene(T1).running("T1")
    for turn in ("turn-2", "turn-3"):
        assert scene.ended("T1", TurnStatus.FAILED, failure=BROKEN) == ()
        only(scene.tick())
        scene.began("T1", turn)
    scene.plan(T1, T2)

    assert kinds(scene.ended("T1", TurnStatus.FAILED, failure=BROKEN))[:2] == [act.EndLeftovers, act.StartTurn]
    assert scene.status("T1") == "failed"


@given(
    seconds=st.floats(0, 300),
    shares=st.lists(st.sampled_from([0.0, BUSY / 2, BUSY * 2, 1.0]), max_size=40),
)
def test_it_is_ended_exactly_when_it_has_not_computed_for_the_set_time(seconds: float, shares: list[float]) -> None:
    scene = Scene(T1)
    scene.world = replace(scene.world, config=replace(scene.world.config, leftover_seconds=seconds))
    scene.running("T1")
    scene.leaves = True
    scene.ended("T1")
    cpu, worked, looks = 0.0, scene.now, [scene.now]
    actions = seen(scene, "make", cpu=cpu)
    for share in shares:
        if actions:
            break
        assert kinds(scene.tick()) == [act.LookForLeftovers]
        cpu += share * (scene.now - looks[-1]).total_seconds()
        worked = scene.now if share >= BUSY else worked
        looks.append(scene.now)
        actions = seen(scene, "make", cpu=cpu)

    due = looks[-1] - worked >= timedelta(seconds=seconds)
    assert kinds(actions) == ([act.EndLeftovers] if due else [])
    assert all(after > before for before, after in pairwise(looks))
    assert looks[-1] - worked <= timedelta(seconds=seconds) or seconds == 0
