"""Notices: what the human is notified of, and that nothing is notified twice."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.ask import NOTICE_KINDS, AskKind, NoticeKind
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
    actions = scene.post(ev.SupervisorStarted, 1, "1.0", (BACKEND, MOBILE), ("backend", "mobile"), (2.0,), (), on)
    return (*actions, *scene.ready("backend", adopted=True), *scene.ready("mobile", adopted=True))


def notified(actions: tuple[Action, ...]) -> list[str]:
    return [action.key.split(" 20")[0] for action in actions if isinstance(action, act.Notify)]


def blocked(scene: Scene) -> tuple[Action, ...]:
    scene.ended("T1", text=report("blocked"))
    return scene.checked("T1")


def test_an_ask_is_notified_once_with_what_there_is_to_do() -> None:
    scene = scene_of(T1).running("T1")
    notice = next(one for one in scene.asked("T1") if isinstance(one, act.Notify))
    assert notice == act.Notify(
        key="ask A1",
        kind="asks",
        title="A1 (approval: backend T1) waits on you",
        text="May it?\n\n`rm x`\n\n"
        "`accept` allows it once, `accept --for-session` the next times, too; `decline` refuses it.",
        next_step="orch answer A1 accept|decline",
        child="backend",
        task="T1",
        ask="A1",
        why="something waits on a human",
    )
    assert notified(scene.post(ev.Ticked)) == []


def test_answers_that_are_too_long_for_a_notice_are_left_to_orch_asks() -> None:
    scene = scene_of(T1).running("T1")
    asked = replace(scene.request("T1"), kind=AskKind.QUESTION, choices=("a" * 120, "b" * 120))
    (notice,) = (one for one in scene.post(ev.RequestReceived, asked) if isinstance(one, act.Notify))
    assert (notice.key, notice.next_step) == ("ask A1", "orch asks")


def test_an_ask_that_comes_back_is_not_notified_again() -> None:
    scene = scene_of(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    started(scene)
    assert notified(scene.opened("backend", waiting=True)) == []
    assert notified(scene.post(ev.RequestReceived, request)) == []


def test_blocked_work_is_notified_each_time_it_is_blocked() -> None:
    scene = scene_of(T1, T2).running("T1")
    assert notified(blocked(scene)) == ["blocked T1"]
    assert notified(scene.post(ev.RetryRequested, "T1")) == []
    scene.running("T2", "turn-2").ended("T2")
    scene.checked("T2")
    scene.running("T1", "turn-3")
    assert notified(blocked(scene)) == ["blocked T1", "end"]


def test_the_end_is_notified_when_all_is_settled_and_again_after_more_work() -> None:
    scene = scene_of(T1, T2).running("T1")
    scene.ended("T1")
    assert notified(scene.checked("T1")) == []
    scene.running("T2", "turn-2").ended("T2")
    (end,) = (one for one in scene.checked("T2") if isinstance(one, act.Notify))
    assert (end.title, end.text) == ("all tasks are settled: 2 done", "T1 done: Answer\nT2 done: Log")
    assert notified(scene.plan(T1, T2, H1)) == ["ask A1"]
    assert notified(scene.answer("A1", "accept")) == ["end"]


def test_nothing_is_notified_twice_over_a_restart() -> None:
    scene = scene_of(T1, H1).running("T1")
    blocked(scene)
    assert scene.world.notified
    assert notified(started(scene)) == []


def test_a_world_that_is_folded_again_remembers_its_notices() -> None:
    scene = scene_of(H1)
    events = []
    world = World()
    for event in (*events, *scene.step.events):
        world = evolve(world, event)
    assert "ask A1" in world.notified


@pytest.mark.parametrize(
    ("on", "keys"), [((), []), (("asks",), ["ask A1"]), (("blocked",), ["blocked T1"]), (("end",), [])]
)
def test_only_the_wanted_kinds_are_notified(on: tuple[NoticeKind, ...], keys: list[str]) -> None:
    scene = scene_of(T1, H1, on=on)
    found = notified(scene.step.actions)
    scene.running("T1")
    assert [*found, *notified(blocked(scene))] == keys


def test_notifications_that_are_switched_on_later_cover_what_is_still_open() -> None:
    scene = scene_of(T1, H1, on=()).running("T1")
    blocked(scene)
    assert sorted(notified(started(scene))) == ["ask A1", "blocked T1"]


def test_failed_work_is_notified_as_such() -> None:
    scene = scene_of(replace(T1, verify=())).running("T1")
    scene.world = replace(scene.world, config=replace(scene.world.config, retry_seconds=()))
    from supervisor.domain.thread import Failure, TurnStatus

    actions = scene.ended("T1", TurnStatus.FAILED, failure=Failure("unauthorized", 401, "no"))
    assert notified(actions) == ["failed T1", "end"]
