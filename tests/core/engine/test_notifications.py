"""What the human is told, and that nothing is told twice."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.ask import NOTICE_KINDS, NoticeKind
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.world import World
from tests.core.engine.scene import BACKEND, MOBILE, T1, T2, Scene, report

H1 = Task("H1", "Pair", HUMAN, instructions="Press it.", expect="A green light.")


def scene_of(*tasks: Task, on: tuple[NoticeKind, ...] = NOTICE_KINDS) -> Scene:
    scene = Scene()
    started(scene, on)
    scene.plan(*tasks)
    return scene


def started(scene: Scene, on: tuple[NoticeKind, ...] = NOTICE_KINDS) -> tuple[Action, ...]:
    actions = scene.tell(ev.SupervisorStarted, 1, "1.0", (BACKEND, MOBILE), ("backend", "mobile"), (2.0,), (), on)
    return (*actions, *scene.ready("backend", adopted=True), *scene.ready("mobile", adopted=True))


def told(actions: tuple[Action, ...]) -> list[str]:
    return [action.key.split(" 20")[0] for action in actions if isinstance(action, act.Notify)]


def blocked(scene: Scene) -> tuple[Action, ...]:
    scene.ended("T1", text=report("blocked"))
    return scene.checked("T1")


def test_an_ask_is_told_once_with_what_there_is_to_do() -> None:
    scene = scene_of(T1).running("T1")
    notice = next(one for one in scene.asked("T1") if isinstance(one, act.Notify))
    assert notice == act.Notify(
        key="ask A1",
        kind="asks",
        title="A1 (approval: backend T1) waits on you",
        text="May it?\n\n`rm x`\n\n"
        "`accept` lets it run once; `accept --for-session` also the next time; `decline` tells the child no.",
        next_step="orch answer A1 accept|decline",
        child="backend",
        task="T1",
        ask="A1",
        why="something waits on a human",
    )
    assert told(scene.tell(ev.Ticked)) == []


def test_an_ask_that_comes_back_is_not_told_again() -> None:
    scene = scene_of(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    started(scene)
    assert told(scene.opened("backend", waiting=True)) == []
    assert told(scene.tell(ev.RequestReceived, request)) == []


def test_blocked_work_is_told_and_told_again_when_it_is_blocked_again() -> None:
    scene = scene_of(T1, T2).running("T1")
    assert told(blocked(scene)) == ["blocked T1"]
    assert told(scene.tell(ev.RetryRequested, "T1")) == []
    scene.running("T2", "turn-2").ended("T2")
    scene.checked("T2")
    scene.running("T1", "turn-3")
    assert told(blocked(scene)) == ["blocked T1", "end"]


def test_the_end_is_told_when_all_is_settled_and_again_after_more_was_done() -> None:
    scene = scene_of(T1, T2).running("T1")
    scene.ended("T1")
    assert told(scene.checked("T1")) == []
    scene.running("T2", "turn-2").ended("T2")
    (end,) = (one for one in scene.checked("T2") if isinstance(one, act.Notify))
    assert (end.title, end.text) == ("all tasks are settled: 2 done", "T1 done: Answer\nT2 done: Log")
    assert told(scene.plan(T1, T2, H1)) == ["ask A1"]
    assert told(scene.answer("A1", "accept")) == ["end"]


def test_nothing_is_told_twice_over_a_restart() -> None:
    scene = scene_of(T1, H1).running("T1")
    blocked(scene)
    assert scene.world.notified
    assert told(started(scene)) == []


def test_a_world_that_is_folded_anew_remembers_what_was_told() -> None:
    scene = scene_of(H1)
    events = []
    world = World()
    for event in (*events, *scene.step.events):
        world = evolve(world, event)
    assert "ask A1" in world.notified


@pytest.mark.parametrize(
    ("on", "keys"), [((), []), (("asks",), ["ask A1"]), (("blocked",), ["blocked T1"]), (("end",), [])]
)
def test_only_what_is_wanted_is_told(on: tuple[NoticeKind, ...], keys: list[str]) -> None:
    scene = scene_of(T1, H1, on=on)
    found = told(scene.step.actions)
    scene.running("T1")
    assert [*found, *told(blocked(scene))] == keys


def test_who_asks_to_be_told_later_hears_of_what_is_still_so() -> None:
    scene = scene_of(T1, H1, on=()).running("T1")
    blocked(scene)
    assert sorted(told(started(scene))) == ["ask A1", "blocked T1"]


def test_failed_work_is_told_as_such() -> None:
    scene = scene_of(replace(T1, verify=())).running("T1")
    scene.world = replace(scene.world, config=replace(scene.world.config, retry_seconds=()))
    from supervisor.domain.thread import Failure, TurnStatus

    actions = scene.ended("T1", TurnStatus.FAILED, failure=Failure("unauthorized", 401, "no"))
    assert told(actions) == ["failed T1", "end"]
