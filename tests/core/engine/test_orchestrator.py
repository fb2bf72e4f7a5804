"""The orchestrator: asked for a plan once, helped three times, then a human is asked. News comes in batches."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.engine.orchestrator.prompts import DIGEST, digest, parse_answer
from supervisor.core.engine.reconcile import decide
from supervisor.core.view.status import status
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskState
from supervisor.domain.link import Drift, Kind
from supervisor.domain.plan import ORCHESTRATOR, Problem
from supervisor.domain.report import Outcome, Question, Report
from supervisor.domain.task import Due, Phase
from supervisor.domain.thread import TurnSeen, TurnStatus
from supervisor.domain.world import News
from tests.core.engine.orchestrator_scene import ORCHESTRATOR_CHILD, OrchestratorScene, raised, turns
from tests.core.engine.scene import BACKEND, C1, MOBILE, NOON, T1, T2, plan_of, report

PROBLEMS = (Problem(7, "unknown child `backnd`"),)


def test_without_a_request_the_orchestrator_has_no_server_and_no_status() -> None:
    scene = OrchestratorScene()
    assert not scene.world.servers[ORCHESTRATOR].wanted
    shown = status(scene.world, scene.now, "/ws")
    assert shown.orchestrator is None
    assert [child.name for child in shown.children] == ["backend", "mobile"]


def test_a_request_starts_its_server_then_its_thread_then_its_turn() -> None:
    scene = OrchestratorScene()
    assert scene.ask() == (act.EnsureServer(ORCHESTRATOR, why="it should run, and is not known to"),)
    opened = scene.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", False)
    assert opened == (
        act.OpenThread(ORCHESTRATOR, None, None, "big", None, "read-only", why="the orchestrator needs it"),
    )
    (turn,) = turns(scene.post(ev.ThreadOpened, ORCHESTRATOR, 33, "own-thread", None, False, ()))
    assert (turn.task, turn.due, turn.message, turn.sandbox) == (
        ORCHESTRATOR,
        Due.BRIEF,
        "orch-orchestrator-1",
        "read-only",
    )
    assert "It times out." in turn.text
    assert scene.begins("own-1") == ()
    assert scene.own.phase is Phase.WORKING
    assert scene.world.orchestrator.planning is not None
    assert scene.world.orchestrator.planning.delivered


def test_only_an_orchestrator_that_is_configured_so_has_no_sandbox() -> None:
    scene = OrchestratorScene()
    scene.ask(yolo=True)
    (opened,) = scene.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", False)
    assert isinstance(opened, act.OpenThread)
    assert opened.sandbox == "danger-full-access"


def test_a_plan_under_review_is_held() -> None:
    scene = OrchestratorScene()
    scene.ask(review=True)
    assert scene.world.plan.hold


def test_a_written_plan_is_carried_out_and_the_orchestrator_rests() -> None:
    scene = OrchestratorScene().planned()
    assert scene.own.phase is Phase.DONE
    assert (scene.world.plan.author, scene.world.plan.hold) == (ORCHESTRATOR, False)
    assert status(scene.world, scene.now, "/ws").orchestrator.busy is False
    assert [one.task for one in scene.world.tasks.values()] == ["T1"]


def test_the_news_that_the_plan_was_saved_may_come_after_the_end_of_the_turn() -> None:
    scene = OrchestratorScene().at_work()
    assert scene.ends("own-1") == ()
    assert turns(scene.saves(T1)) == []
    assert scene.own.phase is Phase.DONE


def test_a_rejected_plan_goes_back_with_its_lines_three_times_and_then_to_the_human() -> None:
    scene = OrchestratorScene().at_work()
    for number in range(1, 5):
        scene.post(ev.PlanRejected, "d", PROBLEMS, ORCHESTRATOR)
        scene.ends(f"own-{number}")
        actions = scene.tick()
        if number == 4:
            break
        (turn,) = turns(actions)
        assert (turn.due, turn.message) == (Due.FIX, f"orch-orchestrator-{number + 1}")
        assert "> plan.md:7: unknown child `backnd`" in turn.text
        scene.begins(f"own-{number + 1}")
    (ask,) = raised(actions)
    assert (ask.child, ask.task) == (ORCHESTRATOR, ORCHESTRATOR)
    assert "plan.md:7" in ask.text
    assert status(scene.world, scene.now, "/ws").asks[0].task is None
    (turn,) = turns(scene.answer(ask.ask, "text", "The child is called backend."))
    assert (turn.due, "The child is called backend." in turn.text) == (Due.ANSWER, True)
    assert scene.world.orchestrator.planning is not None
    assert scene.world.orchestrator.planning.tries == 0


def test_a_plan_that_waits_for_go_is_a_plan_and_the_orchestrator_rests() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.PlanPostponed, "d", "T1 removed", plan_of(T2), "it would stop 1 of 1", ORCHESTRATOR)
    scene.ends("own-1")
    assert turns(scene.tick()) == []
    shown = status(scene.world, scene.now, "/ws")
    assert shown.orchestrator is not None
    assert (shown.plan.state, shown.orchestrator.busy, shown.orchestrator.planned) == ("waiting", False, False)


def test_a_plan_that_the_human_fixes_withdraws_the_question() -> None:
    scene = OrchestratorScene().at_work()
    for number in range(1, 5):
        scene.ends(f"own-{number}")
        actions = scene.tick()
        if number < 4:
            scene.begins(f"own-{number + 1}")
    (ask,) = raised(actions)
    scene.saves(T1, author="human")
    assert scene.world.asks[ask.ask].state is AskState.WITHDRAWN
    assert scene.own.phase is Phase.DONE


def test_the_orchestrator_does_not_fix_what_a_human_breaks() -> None:
    scene = OrchestratorScene().planned()
    scene.post(ev.PlanRejected, "d", PROBLEMS)
    assert turns(scene.post(ev.Ticked, after=60.0)) == []


def test_a_question_of_the_orchestrator_waits_on_the_human() -> None:
    scene = OrchestratorScene().at_work()
    text = json.dumps({"summary": "stuck", "ask": {"question": "Which?", "steps": "Look.", "expected": "A or B"}})
    (ask,) = raised(scene.ends("own-1", text))
    assert (ask.text, ask.steps, ask.expect) == ("Which?", "Look.", "A or B")
    (turn,) = turns(scene.answer(ask.ask, "text", "B"))
    assert "> Which?" in turn.text
    assert "\n\nB\n\n" in turn.text


def test_another_request_takes_the_place_of_a_question() -> None:
    scene = OrchestratorScene().at_work()
    text = json.dumps({"summary": "stuck", "ask": {"question": "Which?", "steps": "", "expected": ""}})
    (ask,) = raised(scene.ends("own-1", text))
    (turn,) = turns(scene.ask("Something else."))
    assert turn.due is Due.BRIEF
    assert scene.world.asks[ask.ask].state is AskState.WITHDRAWN


def test_a_question_that_a_newer_request_overtakes_is_not_asked() -> None:
    scene = OrchestratorScene().at_work()
    scene.ask("Something else.")
    text = json.dumps({"summary": "stuck", "ask": {"question": "Which?", "steps": "", "expected": ""}})
    actions = scene.ends("own-1", text)
    (turn,) = turns(actions)
    assert (turn.due, "Something else." in turn.text, raised(actions)) == (Due.BRIEF, True, [])
    assert decide(scene.world, scene.now) == ()


def test_news_is_sent_together_once_and_only_if_something_is_loud() -> None:
    scene = OrchestratorScene().planned()
    scene.saves(T1, T2, author="human")
    assert turns(scene.post(ev.Ticked, after=60.0)) == []
    scene.running("T1")
    scene.ended("T1", text=report("blocked", learned=["the port is 8080"], contracts=[changed()]))
    scene.checked("T1")
    scene.post(ev.LearningNoted, "human", "mind the firewall")
    (turn,) = turns(scene.post(ev.Ticked, after=5.0))
    assert turn.due is Due.NEWS
    for words in ("revision 2", "> the port is 8080", "contract C1", "T1 (backend) is blocked", "> mind the firewall"):
        assert words in turn.text
    scene.begins("own-2")
    assert scene.world.orchestrator.news == ()
    assert turns(scene.ends("own-2")) == []
    assert turns(scene.post(ev.Ticked, after=600.0)) == []


def test_a_fact_that_a_child_reports_again_is_no_news() -> None:
    scene = OrchestratorScene().planned()
    scene.running("T1")
    scene.ended("T1", text=report(learned=["the port is 8080"]))
    scene.checked("T1", 1)
    scene.began("T1", "turn-2")
    scene.ended("T1", text=report(learned=["the port is 8080", "and it is slow"]))
    learned = [one.text for one in scene.world.orchestrator.news if "learned" in one.text]
    assert ["8080" in one for one in learned] == [True, False]
    assert "> and it is slow" in learned[1]


def test_what_the_orchestrator_notes_itself_is_no_news_to_it() -> None:
    scene = OrchestratorScene().planned()
    scene.post(ev.LearningNoted, ORCHESTRATOR, "the id is a UUID")
    assert scene.world.orchestrator.news == ()
    assert [one.source for one in scene.world.learnings] == [ORCHESTRATOR]


def changed() -> dict[str, str]:
    return {"id": C1.id, "status": "changed", "note": "201 instead"}


def test_news_on_its_way_to_a_thread_that_is_gone_is_sent_on_the_next() -> None:
    scene = OrchestratorScene().planned()
    scene.post(ev.LearningNoted, "human", "mind the firewall")
    assert len(turns(scene.post(ev.Ticked, after=5.0))) == 1
    scene.post(ev.ServerExited, ORCHESTRATOR, 33, "it ended with code 9", "")
    scene.post(ev.ServerReady, ORCHESTRATOR, 44, "/run/o", "0.169.0", False)
    scene.post(ev.ThreadFailed, ORCHESTRATOR, "own-thread", None, True, "no rollout found")
    (turn,) = turns(scene.post(ev.ThreadOpened, ORCHESTRATOR, 44, "own-thread-2", None, False, ()))
    assert (turn.due, "> mind the firewall" in turn.text, "It times out." in turn.text) == (Due.NEWS, True, True)


def test_no_turn_is_spent_on_news_while_everything_is_held() -> None:
    scene = OrchestratorScene().planned()
    scene.post(ev.HoldSet)
    scene.post(ev.LearningNoted, "human", "mind the firewall")
    assert turns(scene.post(ev.Ticked, after=60.0)) == []
    (turn,) = turns(scene.post(ev.HoldLifted))
    assert turn.due is Due.NEWS


def test_a_drift_is_news() -> None:
    scene = OrchestratorScene().planned()
    drift = Drift("backend", Kind.ROUTE, "/v1/devices", "gone", ("mobile",), (), ())
    scene.post(ev.SharedChanged, "backend", "T1", drift)
    assert [one.loud for one in scene.world.orchestrator.news] == [True]


def test_a_cut_turn_is_resumed_with_what_it_was_for() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.SupervisorStarted, 2, "1.0", (BACKEND, MOBILE, ORCHESTRATOR_CHILD), (ORCHESTRATOR,), (2.0, 4.0))
    scene.post(ev.UpRequested, (BACKEND.name, MOBILE.name))
    scene.post(ev.ServerReady, ORCHESTRATOR, 44, "/run/o", "0.169.0", False)
    cut = TurnSeen("own-1", TurnStatus.INTERRUPTED, ("orch-orchestrator-1",))
    (turn,) = turns(scene.post(ev.ThreadOpened, ORCHESTRATOR, 44, "own-thread", None, False, (cut,)))
    assert turn.due is Due.RESUME
    assert "It times out." in turn.text


def test_a_turn_that_went_on_while_the_supervisor_was_dead_is_not_started_again() -> None:
    scene = OrchestratorScene().at_work()
    scene.post(ev.SupervisorStarted, 2, "1.0", (BACKEND, MOBILE, ORCHESTRATOR_CHILD), (ORCHESTRATOR,), (2.0, 4.0))
    scene.post(ev.UpRequested, (BACKEND.name, MOBILE.name))
    scene.post(ev.ServerReady, ORCHESTRATOR, 33, "/run/o", "0.169.0", True)
    runs = TurnSeen("own-1", TurnStatus.IN_PROGRESS, ("orch-orchestrator-1",))
    assert turns(scene.post(ev.ThreadOpened, ORCHESTRATOR, 33, "own-thread", None, False, (runs,))) == []
    assert scene.own.phase is Phase.WORKING


def test_down_interrupts_the_orchestrator_and_the_next_up_continues() -> None:
    scene = OrchestratorScene().at_work()
    actions = scene.post(ev.DownRequested, now=False)
    assert [type(one) for one in actions] == [act.InterruptTurn]
    assert scene.own.phase is Phase.STOPPING
    stopped = scene.ends("own-1", kind=TurnStatus.INTERRUPTED)
    assert {one.child for one in stopped if isinstance(one, act.StopServer)} == {"backend", "mobile", ORCHESTRATOR}
    assert (scene.own.phase, scene.own.due) == (Phase.IDLE, Due.RESUME)


def test_a_provider_that_fails_for_good_is_notified_and_go_tries_again() -> None:
    scene = OrchestratorScene().at_work()
    scene.ends("own-1", kind=TurnStatus.FAILED)
    while scene.own.phase is not Phase.FAILED:
        (turn,) = turns(scene.tick())
        scene.begins(turn.message)
        scene.ends(turn.message, kind=TurnStatus.FAILED)
    assert "orch go orchestrator" in scene.own.why
    (turn,) = turns(scene.post(ev.RetryRequested, ORCHESTRATOR))
    assert turn.due is Due.RESUME


def test_the_end_is_not_announced_while_the_orchestrator_may_still_add_to_it() -> None:
    scene = OrchestratorScene()
    scene.world = replace(scene.world, config=replace(scene.world.config, notices=("end",)))
    scene.planned().done("T1")
    assert len(scene.world.notified) == 1
    scene.saves(T1, T2)
    scene.running("T2", "turn-2")
    scene.ended("T2", text=report(learned=["the port is 8080"]))
    scene.checked("T2")
    assert len(scene.world.notified) == 1
    turns(scene.post(ev.Ticked, after=5.0))
    scene.begins("own-2")
    scene.ends("own-2")
    assert len(scene.world.notified) == 2


def test_deciding_twice_gives_nothing_the_second_time() -> None:
    scene = OrchestratorScene()
    scene.ask()
    assert decide(scene.world, scene.now) == ()
    scene.at_work()
    assert decide(scene.world, scene.now) == ()


@given(st.text())
def test_any_answer_is_read(text: str) -> None:
    assert parse_answer(text).outcome in (Outcome.DONE, Outcome.NEEDS_HUMAN)


def test_an_answer_is_read_by_value() -> None:
    asked = {"question": "Which?", "steps": "Look.", "expected": "A"}
    assert parse_answer(json.dumps({"summary": " x ", "ask": asked})) == Report(
        Outcome.NEEDS_HUMAN, "x", ask=Question("Which?", "Look.", "A")
    )
    assert parse_answer(json.dumps({"summary": "x", "ask": None})) == Report(Outcome.DONE, "x")
    assert parse_answer("plain words") == Report(Outcome.DONE, "plain words")


@given(st.lists(st.text(max_size=3_000), min_size=1, max_size=30))
def test_a_digest_stays_within_its_budget_and_says_what_it_leaves_out(texts: list[str]) -> None:
    news = [News(number, NOON, text, True) for number, text in enumerate(texts)]
    shown = digest(news, 3)
    assert len(shown) <= DIGEST + 600
    if sum(len(text) for text in texts) > DIGEST:
        assert "left out" in shown or len(texts) == 1
