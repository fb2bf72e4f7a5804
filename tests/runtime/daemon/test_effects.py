"""Each action leads to the same events with the real effects and a real codex as with the simulated effects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TypeVar

import pytest
from msgspec.structs import replace

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer, AskKind
from supervisor.domain.task import Brief, ChangeList, Due, Tree
from supervisor.domain.thread import TurnStatus
from tests.e2e.lab import Lab, report
from tests.runtime.daemon.sides import CHILD, GATE, Pretended, Real, Side

HELD = Brief("k", f"Do it.\n\n```model\nwait {GATE}\n{report('did it')}\n```\n")
ASKS = Brief("k", f"Do it.\n\n```model\nwait {GATE}\nescalate touch ../asked\n{report('did it')}\n```\n")
UNPROMPTED = ev.TurnBegan | ev.TurnEnded | ev.RequestReceived | ev.RequestResolved | ev.ThreadSettingsChanged
FENCES = count(1000)
E = TypeVar("E", bound=ev.Event)


@pytest.fixture(params=["pretended", "real"])
def side(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    if request.param == "pretended":
        with Pretended() as pretended:
            yield pretended
        return
    with Lab() as lab, Real(lab, monkeypatch) as real:
        yield real


def until(side: Side, kind: type[E]) -> E:
    """Wait for the next event of this kind, and skip the events before it."""
    while not isinstance(event := side.event(), kind):
        pass
    return event


def answers(side: Side, action: act.Action) -> list[ev.Event]:
    """The events after an action until the next action begins, without those that a server sends by itself."""
    fence = act.RunChecks(CHILD, "fence", next(FENCES), (), None, "read-only", "w")
    side.carry_out(action)
    side.carry_out(fence)
    found = []
    while True:
        event = side.event()
        if isinstance(event, ev.ChecksFinished) and event.run == fence.run:
            return found
        if not isinstance(event, UNPROMPTED):
            found.append(event)


def kinds(events: list[ev.Event]) -> list[type[ev.Event]]:
    return [type(event) for event in events]


def ready(side: Side) -> ev.ServerReady:
    side.carry_out(act.EnsureServer(CHILD, "w"))
    return until(side, ev.ServerReady)


def opened(side: Side, thread: str | None = None) -> ev.ThreadOpened:
    side.carry_out(act.OpenThread(CHILD, thread, None, None, None, "workspace-write", "w"))
    return until(side, ev.ThreadOpened)


def start(thread: str, brief: Brief = HELD, *, fresh: bool = False, message: str = "orch-T1-1") -> act.StartTurn:
    where = (None, None, "workspace-write")
    return act.StartTurn(CHILD, "T1", 1, fresh, thread, message, Due.BRIEF, brief, brief.text, *where, "w")


def running(side: Side, brief: Brief = HELD) -> ev.TurnBegan:
    """Go on until a turn runs."""
    ready(side)
    side.carry_out(start(opened(side).thread, brief))
    return began(side)


def began(side: Side) -> ev.TurnBegan:
    """Wait until the server has begun the turn. Between accepting it and beginning it, there is no turn yet."""
    took, began = None, False
    while took is None or not began:
        event = until(side, ev.TurnBegan)
        began = began or event.message is None
        took = event if event.message else took
    return took


def ended(side: Side) -> ev.TurnEnded:
    side.let_turn_end()
    return until(side, ev.TurnEnded)


# ── servers ──────────────────────────────────────────────────────────────────────────────────────


def test_a_server_is_started_and_by_the_next_supervisor_adopted(side: Side) -> None:
    first = ready(side)
    side.begin_again()
    second = ready(side)

    assert (first.child, first.adopted, second.adopted) == (CHILD, False, True)
    assert first.pid == second.pid


def test_a_server_that_exits_before_it_answers_is_reported(side: Side) -> None:
    side.refuse_to_start()
    side.carry_out(act.EnsureServer(CHILD, "w"))

    failed = until(side, ev.ServerStartFailed)

    assert (failed.child, failed.fatal) == (CHILD, False)


@pytest.mark.parametrize("kill", [True, False])
def test_a_server_is_stopped_and_stopped_again(side: Side, kill: bool) -> None:
    ready(side)
    assert kinds(answers(side, act.StopServer(CHILD, kill, "w"))) == [ev.ServerStopped]
    assert kinds(answers(side, act.StopServer(CHILD, kill, "w"))) == [ev.ServerStopped]


def test_a_stop_ends_a_start_that_is_under_way(side: Side) -> None:
    side.begin_start()
    assert kinds(answers(side, act.StopServer(CHILD, True, "w"))) == [ev.ServerStopped]


def test_a_server_that_dies_is_reported_with_its_pid(side: Side) -> None:
    pid = ready(side).pid
    side.lose_server()
    assert until(side, ev.ServerExited).pid == pid


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_a_new_thread_is_open_and_empty(side: Side) -> None:
    pid = ready(side).pid
    thread = opened(side)

    assert thread.thread
    assert (thread.child, thread.pid, thread.task, thread.waiting, thread.turns) == (CHILD, pid, None, False, ())


def test_a_thread_that_is_opened_again_comes_with_its_turns(side: Side) -> None:
    turn = running(side)
    ended(side)
    side.begin_again()
    ready(side)

    (seen,) = opened(side, turn.thread).turns

    assert (seen.turn, seen.status, seen.messages) == (turn.turn, TurnStatus.COMPLETED, ("orch-T1-1",))


def test_a_thread_that_nobody_knows_is_gone(side: Side) -> None:
    ready(side)
    unknown = "01999999-9999-7999-8999-999999999999"

    (failed,) = answers(side, act.OpenThread(CHILD, unknown, "T1", None, None, "workspace-write", "w"))

    assert isinstance(failed, ev.ThreadFailed)
    assert (failed.thread, failed.task, failed.gone) == (unknown, "T1", True)


# ── turns ────────────────────────────────────────────────────────────────────────────────────────


def test_a_turn_begins_with_the_message_that_started_it_and_ends(side: Side) -> None:
    turn = running(side)
    over = ended(side)

    assert (turn.child, turn.message) == (CHILD, "orch-T1-1")
    assert (over.thread, over.seen.turn) == (turn.thread, turn.turn)
    assert (over.seen.status, over.seen.messages) == (TurnStatus.COMPLETED, ("orch-T1-1",))


def test_the_tree_is_read_before_the_first_turn_of_a_run(side: Side) -> None:
    ready(side)
    side.carry_out(start(opened(side).thread, fresh=True))

    read = until(side, ev.TreeRead)

    assert (read.child, read.task, read.run, read.tree.branch) == (CHILD, "T1", 1, "main")
    kept = until(side, ev.TreeKept)
    assert (kept.child, kept.task, kept.run, kept.after, kept.left_out) == (CHILD, "T1", 1, False, ())
    assert began(side).message == "orch-T1-1"


def test_changes_that_are_not_listed_are_listed_before_the_tree_is_read_again(side: Side) -> None:
    ready(side)
    lost = act.Unlisted("T0", Tree("1" * 40, "main", ()), None, ChangeList(("a.py",)))
    side.carry_out(replace(start(opened(side).thread, fresh=True), unlisted=(lost,)))

    listed = until(side, ev.ChangesListed)

    assert (listed.child, listed.task, listed.listed.files) == (CHILD, "T0", ("a.py",))
    assert until(side, ev.TreeRead).task == "T1"


def test_a_turn_on_a_thread_that_is_not_open_is_refused(side: Side) -> None:
    ready(side)

    kept, refused = answers(side, start("01999999-9999-7999-8999-999999999999"))

    assert isinstance(kept, ev.TreeKept)
    assert isinstance(refused, ev.TurnRefused)
    assert (refused.child, refused.task, refused.message) == (CHILD, "T1", "orch-T1-1")


def test_a_steer_arrives_in_the_turn_that_runs(side: Side) -> None:
    turn = running(side)
    steer = act.SteerTurn(CHILD, "T1", turn.thread, turn.turn, "orch-T1-2", HELD, "Go on.", "w")

    side.carry_out(steer)
    arrived = until(side, ev.SteerArrived)

    assert (arrived.task, arrived.turn, arrived.message) == ("T1", turn.turn, "orch-T1-2")
    assert ended(side).seen.messages == ("orch-T1-1", "orch-T1-2")


def test_a_steer_misses_a_turn_that_is_over(side: Side) -> None:
    turn = running(side)
    ended(side)
    steer = act.SteerTurn(CHILD, "T1", turn.thread, turn.turn, "orch-T1-2", HELD, "Go on.", "w")

    (missed,) = answers(side, steer)

    assert isinstance(missed, ev.SteerMissed)
    assert (missed.task, missed.turn, missed.message) == ("T1", turn.turn, "orch-T1-2")


def test_an_interrupt_is_answered_by_the_end_of_the_turn(side: Side) -> None:
    turn = running(side)
    side.carry_out(act.InterruptTurn(CHILD, "T1", turn.thread, turn.turn, False, "w"))

    over = until(side, ev.TurnEnded)

    assert (over.seen.turn, over.seen.status) == (turn.turn, TurnStatus.INTERRUPTED)


def test_an_interrupt_of_a_turn_that_is_over_fails(side: Side) -> None:
    turn = running(side)
    ended(side)

    (failed,) = answers(side, act.InterruptTurn(CHILD, "T1", turn.thread, turn.turn, False, "w"))

    assert isinstance(failed, ev.InterruptFailed)
    assert (failed.task, failed.turn) == ("T1", turn.turn)


def test_a_look_distinguishes_a_running_turn_from_one_that_is_over(side: Side) -> None:
    turn = running(side)
    look = act.LookAtTurn(CHILD, "T1", turn.thread, turn.turn, turn.at, "w")
    side.carry_out(look)
    at_work = until(side, ev.TurnLooked)
    ended(side)
    side.carry_out(look)
    over = until(side, ev.TurnLooked)

    assert [(one.task, one.turn, one.look.state) for one in (at_work, over)] == [
        ("T1", turn.turn, "active"),
        ("T1", turn.turn, "idle"),
    ]


@pytest.mark.parametrize("kind", [act.LookForLeftovers, act.EndLeftovers])
def test_a_turn_that_left_nothing_running_has_nothing_to_end(
    side: Side, kind: type[act.LookForLeftovers | act.EndLeftovers]
) -> None:
    turn = running(side)
    ended(side)
    side.carry_out(kind(CHILD, "T1", turn.thread, turn.turn, "w"))

    event = until(side, ev.LeftoversLooked if kind is act.LookForLeftovers else ev.LeftoversEnded)

    assert (event.child, event.task, event.turn) == (CHILD, "T1", turn.turn)
    assert (event.look.names if isinstance(event, ev.LeftoversLooked) else event.ended) == ()


# ── approvals ────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_resolves_the_request_and_the_turn_continues(side: Side) -> None:
    turn = running(side, ASKS)
    side.let_turn_ask()
    request = until(side, ev.RequestReceived).request
    assert (request.kind, request.thread, request.turn) == (AskKind.APPROVAL, turn.thread, turn.turn)
    answer = act.SendAnswer(CHILD, "A1", request.key, Answer("accept", ""), "w")
    side.carry_out(answer)

    assert until(side, ev.RequestResolved).key == request.key
    assert ended(side).seen.status is TurnStatus.COMPLETED
    assert answers(side, answer) == [], "the request is settled: nobody waits for the answer"


def test_a_pending_request_is_sent_again_over_the_next_connection(side: Side) -> None:
    turn = running(side, ASKS)
    side.let_turn_ask()
    request = until(side, ev.RequestReceived).request
    side.begin_again()
    ready(side)
    side.carry_out(act.OpenThread(CHILD, turn.thread, None, None, None, "workspace-write", "w"))
    found: set[object] = set()
    while len(found) < 2:
        match side.event():
            case ev.RequestReceived(request=again):
                found.add(again.key)
            case ev.ThreadOpened(waiting=waiting):
                found.add(waiting)

    assert found == {request.key, True}


# ── checks ───────────────────────────────────────────────────────────────────────────────────────


def test_checks_report_how_each_command_ended(side: Side) -> None:
    ready(side)
    side.carry_out(act.RunChecks(CHILD, "T1", 1, ("true", "true"), None, "workspace-write", "w"))

    done = until(side, ev.ChecksFinished)

    assert (done.child, done.task, done.run) == (CHILD, "T1", 1)
    assert [(check.command, check.exit_code) for check in done.checks] == [("true", 0), ("true", 0)]


# ── the provider, the map ────────────────────────────────────────────────────────────────────────


def test_limits_are_read_also_where_there_are_none(side: Side) -> None:
    ready(side)

    (read,) = answers(side, act.ReadLimits(CHILD, "scripted", "w"))

    assert isinstance(read, ev.LimitsRead)
    assert (read.child, read.provider, read.resets) == (CHILD, "scripted", None)


def test_a_survey_ends_with_another_map(side: Side) -> None:
    side.carry_out(act.SurveyRepos(((CHILD, None),), "", "w"))
    assert until(side, ev.MapDrawn).digest


# ── no connection ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "action",
    [
        act.OpenThread(CHILD, None, None, None, None, "workspace-write", "w"),
        start("t"),
        act.SteerTurn(CHILD, "T1", "t", "u", "orch-T1-2", HELD, "Go on.", "w"),
        act.InterruptTurn(CHILD, "T1", "t", "u", False, "w"),
        act.LookForLeftovers(CHILD, "T1", "t", "u", "w"),
        act.EndLeftovers(CHILD, "T1", "t", "u", "w"),
        act.ReadLimits(CHILD, "scripted", "w"),
    ],
    ids=lambda action: type(action).__name__,
)
def test_without_a_connection_an_action_has_no_event(side: Side, action: act.Action) -> None:
    """What happened is read from the thread once there is a connection again."""
    assert answers(side, action) == []


def test_without_a_connection_checks_are_lost_unless_there_are_none(side: Side) -> None:
    side.carry_out(act.RunChecks(CHILD, "T1", 1, ("true",), None, "workspace-write", "w"))
    assert until(side, ev.ChecksLost).run == 1
    side.carry_out(act.RunChecks(CHILD, "T1", 2, (), None, "workspace-write", "w"))
    assert until(side, ev.ChecksFinished).checks == ()


def test_actions_for_humans_have_no_event(side: Side) -> None:
    asked = act.RaiseAsk("A1", AskKind.QUESTION, CHILD, "T1", "Which?", "", "", (), None, None, "w")
    for action in (asked, act.WithdrawAsk("A1", "w"), act.Exit("w")):
        assert answers(side, action) == []
