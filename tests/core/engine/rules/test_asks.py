"""Asks: what a human is asked, and where the answer goes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.engine import prompts as words
from supervisor.core.engine.lifecycle.turns import MAX_REFUSALS
from supervisor.core.engine.prompts import brief_of
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer, AskKind
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.task import Due
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import (
    H1,
    T1,
    Scene,
    asking,
    brief_changed,
    kinds,
    only,
    plan_of,
    report,
)


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
    assert kinds(scene.post(ev.RetryRequested, "H1")) == [act.RaiseAsk]


def test_a_changed_task_of_the_human_is_asked_again() -> None:
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
    scene.post(ev.HoldSet)

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
        scene.post(ev.TurnRefused, "backend", "T1", f"orch-T1-{number}", "draining")
        scene.tick()
        scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))
    scene.post(ev.TurnRefused, "backend", "T1", f"orch-T1-{MAX_REFUSALS + 1}", "draining")
    assert scene.status("T1") == "failed"
    scene.post(ev.RetryRequested, "T1")

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
    assert scene.post(ev.RequestResolved, request.key) == ()
    assert scene.status("T1") == "running"


def test_an_approval_settled_in_another_window_is_closed_as_such() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")

    assert scene.post(ev.RequestResolved, scene.request("T1").key) == (
        act.WithdrawAsk("A1", why="somebody answered in another window", external=True),
    )


def test_an_approval_of_a_turn_that_is_over_is_withdrawn() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")

    assert act.WithdrawAsk in kinds(scene.ended("T1"))


def test_a_server_that_reconnects_has_its_ask_back_under_the_same_name() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    assert act.WithdrawAsk in kinds(scene.start(running=("backend",)))
    scene.ready("backend", adopted=True)

    assert scene.post(ev.RequestReceived, request) == ()
    assert [ask.id for ask in scene.world.open_asks] == ["A1"]


def test_an_answer_that_may_be_lost_is_given_again_over_the_next_connection_and_only_there() -> None:
    scene = Scene(T1, Task("T3", "Poll", "mobile")).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    scene.answer("A1", "accept")
    assert act.SendAnswer not in kinds(scene.opened("mobile")), "a thread of another child has nothing to do with it"
    assert scene.post(ev.RequestReceived, request) == (), "asked again over the same connection, it is under way"

    scene.exited("backend")
    scene.ready("backend", adopted=True)

    assert kinds(scene.post(ev.RequestReceived, request)) == [act.SendAnswer]


def test_an_answer_waits_until_a_server_that_would_not_stop_asks_again() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    scene.post(ev.RestartRequested, "backend")
    scene.answer("A1", "accept")
    scene.post(ev.ServerStopFailed, "backend", "it would not die")
    scene.answer("A2", "accept")

    assert act.SendAnswer not in kinds(scene.ready("backend", adopted=True)), "nobody asked over this connection yet"
    assert kinds(scene.post(ev.RequestReceived, request)) == [act.SendAnswer]


@pytest.mark.promise("nobody answers for the person")
@pytest.mark.parametrize("before", ["accepted", "open"])
def test_an_answer_is_never_taken_for_a_request_of_another_server_with_the_same_pid(before: str) -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    request = scene.request("T1")
    if before == "accepted":
        scene.answer("A1", "accept")
    scene.exited("backend")
    scene.ready("backend", pid=request.key.pid)

    taken = kinds(scene.post(ev.RequestReceived, replace(request, command="another command")))

    assert act.SendAnswer not in taken
    assert [ask.id for ask in scene.world.open_asks if ask.request == request.key] == ["A2"]
