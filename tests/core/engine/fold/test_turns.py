"""Threads and turns in the world, in whatever order the news come in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from supervisor.core.engine.fold.turns import RUNS_KEPT, TURNS_KEPT
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.report import Change, Outcome, Report
from supervisor.domain.task import ChangeList, KeptRun, Phase, Tries
from supervisor.domain.thread import Tokens, TurnSeen, TurnStatus
from tests.core.engine.scene import CHANGED, T1, T2, TREE, Scene, report


@pytest.mark.parametrize("first", [True, False])
def test_an_ended_turn_stays_ended_whatever_order_the_news_come_in(first: bool) -> None:
    began = TurnSeen("turn-1", TurnStatus.IN_PROGRESS, ("a",))
    ended = TurnSeen("turn-1", TurnStatus.COMPLETED, ("b",), "the end", input_tokens=10, output_tokens=2)
    merged = began.merged(ended) if first else ended.merged(began)

    assert (merged.status, merged.text, set(merged.messages)) == (TurnStatus.COMPLETED, "the end", {"a", "b"})
    assert (merged.input_tokens, merged.output_tokens) == (10, 2)


def test_a_turn_that_ended_before_its_start_was_reported_is_not_lost() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    seen = TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report(), None, 10, 2)
    scene.post(ev.TurnEnded, "backend", "backend-thread", seen)
    scene.post(ev.TurnBegan, "backend", "backend-thread", "turn-1", "orch-T1-1")

    state = scene.state("T1")
    assert (state.phase, state.turns, state.tokens.input) == (Phase.CHECKING, 1, 10)


def test_of_a_thread_the_latest_turns_are_kept() -> None:
    scene = Scene(T1).running("T1", turn="ours")
    scene.ended("T1")
    for number in range(TURNS_KEPT + 5):
        seen = TurnSeen(f"foreign-{number}", TurnStatus.COMPLETED)
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


def test_a_run_that_changes_nothing_loses_no_changed_file() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    scene.checked("T1")
    assert scene.state("T1").result.base is None  # the next turn reads the tree again: others may work in between

    (start,) = scene.plan(CHANGED)
    assert isinstance(start, act.StartTurn)
    assert (start.run, start.fresh) == (2, True)
    scene.began("T1", "turn-2")
    assert scene.state("T1").result.changed_files == ("a.py",)
    (check,) = scene.ended("T1", text=report(summary="there was nothing to change"))
    assert isinstance(check, act.RunChecks)
    assert (check.listed, check.start) == (ChangeList(("a.py",)), TREE)
    scene.post(ev.ChecksFinished, "backend", "T1", 2, (), (), check.listed)
    result = scene.state("T1").result
    assert (result.changed_files, result.change) == (("a.py",), "it is done")
    assert (result.report and result.report.summary) == "there was nothing to change"


def test_the_list_of_the_task_replaces_the_one_before_and_keeps_what_came_meanwhile() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    scene.checked("T1", exit_code=1)
    scene.began("T1", "turn-2")
    scene.ended("T1")
    scene.post(ev.LeftoverReported, "backend", "t", "turn-2", ("late.py",))
    listed = ChangeList(("z.py", "b.py"), more=7, open_ended=True, reverted=("a.py",))
    scene.post(ev.ChecksFinished, "backend", "T1", 1, (), ("z.py", "b.py"), listed)

    result = scene.state("T1").result
    assert (result.changed_files, result.more_files) == (("z.py", "b.py", "late.py"), 7)
    assert result.open_ended


def test_a_task_that_moves_leaves_its_changes_behind() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    scene.checked("T1")
    scene.plan(replace(T1, child="mobile"))
    scene.opened("mobile")

    state = scene.state("T1")
    assert (state.child, state.result.changed_files, state.start) == ("mobile", (), None)


def test_the_total_of_a_thread_counts_whatever_its_server_has_reported_twice() -> None:
    scene = Scene(T1).running("T1")
    for _ in "ab":  # Codex says it again when the thread is opened again
        scene.post(ev.TokensSpent, "backend", "backend-thread", "turn-1", 100, 10, Tokens(100, 10))
    seen = TurnSeen("turn-1", TurnStatus.COMPLETED, (), report(), None, 300, 30, Tokens(150, 15))
    scene.post(ev.TurnEnded, "backend", "backend-thread", seen)

    assert scene.state("T1").tokens == Tokens(150, 15)


@pytest.mark.parametrize("over", [True, False])
def test_the_tokens_of_a_turn_count_to_its_task_also_if_they_are_known_before_the_turn(over: bool) -> None:
    scene = Scene(T1)
    scene.opened("backend")
    where = ("backend", "backend-thread")
    scene.post(ev.TokensSpent, *where, "turn-1", 100, 10, Tokens(100, 10))
    scene.post(ev.TokensSpent, *where, "turn-1", 100, 10, Tokens(200, 20))
    if over:
        messages = ("orch-T1-1",)
        seen = TurnSeen("turn-1", TurnStatus.COMPLETED, messages, report(), None, 100, 10, Tokens(200, 20))
        scene.post(ev.TurnEnded, *where, seen)
    else:
        scene.began("T1", "turn-1")

    assert scene.state("T1").tokens == Tokens(200, 20)
    scene.post(ev.TokensSpent, *where, "turn-1", 50, 5, Tokens(250, 25))
    assert scene.state("T1").tokens == Tokens(250, 25)


def test_the_tokens_of_a_turn_of_another_window_count_to_no_task() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    for number in range(1, 40):
        total = Tokens(100 * number, 0)
        scene.post(ev.TokensSpent, "backend", "backend-thread", f"other-{number}", 100, 0, total)
    scene.began("T1", "turn-1")
    scene.post(ev.TokensSpent, "backend", "backend-thread", "turn-1", 7, 0, Tokens(3907, 0))

    assert scene.state("T1").tokens == Tokens(7, 0)
    assert len(scene.world.threads["backend", None].unclaimed) < 10


def test_what_a_killed_server_did_not_write_down_stays_counted_and_nothing_counts_twice() -> None:
    scene = Scene(T1).running("T1")
    where = ("backend", "backend-thread", "turn-1")
    scene.post(ev.TokensSpent, *where, 100, 10, Tokens(100, 10))
    scene.post(ev.TokensSpent, *where, 20, 2, Tokens(120, 12))
    scene.exited("backend")
    scene.ready("backend", 99)
    scene.post(ev.TokensSpent, *where, 100, 10, Tokens(100, 10))  # the second response is lost
    assert scene.state("T1").tokens == Tokens(120, 12)

    scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",)))
    scene.began("T1", "turn-2")
    scene.post(ev.TokensSpent, "backend", "backend-thread", "turn-2", 30, 3, Tokens(130, 13))
    assert scene.state("T1").tokens == Tokens(150, 15)


def test_what_codex_counts_to_an_earlier_turn_on_opening_a_thread_counts_to_the_task_whose_turn_runs() -> None:
    scene = Scene(T1).running("T1")
    cut, where = TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",)), ("backend", "backend-thread")
    scene.exited("backend")
    scene.ready("backend", 99)
    scene.opened("backend", cut)
    scene.began("T1", "turn-2")
    scene.post(ev.TokensSpent, *where, "turn-2", 100, 10, Tokens(100, 10))
    scene.post(ev.TokensSpent, *where, "turn-1", 50, 5, Tokens(150, 15))
    scene.opened("backend", cut, TurnSeen("turn-2", TurnStatus.IN_PROGRESS, ("orch-T1-2",)))
    scene.post(ev.TokensSpent, *where, "turn-2", 50, 5, Tokens(150, 15))

    assert scene.state("T1").tokens == Tokens(150, 15)


def test_a_thread_whose_whole_count_was_lost_goes_on_from_nothing() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.TokensSpent, "backend", "backend-thread", "turn-1", 100, 10, Tokens(100, 10))
    scene.exited("backend")
    scene.ready("backend", 99)
    scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",)))
    scene.began("T1", "turn-2")
    scene.post(ev.TokensSpent, "backend", "backend-thread", "turn-2", 110, 11, Tokens(110, 11))

    assert scene.state("T1").tokens == Tokens(210, 21)


def kept(scene: Scene, task: str, run: int, number: int, *, after: bool) -> None:
    left_out = (f"pipe {number}: no file",) if after else ()
    scene.post(ev.TreeKept, "backend", task, run, f"{number:040}", after, left_out)


def test_of_a_run_the_first_tree_before_it_and_the_last_one_after_it_are_kept() -> None:
    scene = Scene(T1).running("T1")
    kept(scene, "T1", 1, 1, after=False)
    kept(scene, "T1", 1, 1, after=False)  # its first turn was lost
    kept(scene, "T1", 1, 2, after=True)
    kept(scene, "T1", 1, 2, after=False)
    kept(scene, "T1", 1, 3, after=True)
    kept(scene, "T9", 1, 4, after=False)

    left_out = ("pipe 2: no file", "pipe 3: no file")
    assert scene.state("T1").kept == (KeptRun(1, "backend", f"{1:040}", f"{3:040}", left_out),)


def test_what_others_changed_between_two_turns_or_after_a_turn_without_an_end_is_not_the_tasks() -> None:
    scene = Scene(T1, T2).running("T1")
    kept(scene, "T1", 1, 1, after=False)
    kept(scene, "T2", 1, 2, after=False)
    kept(scene, "T2", 1, 3, after=True)
    kept(scene, "T1", 1, 3, after=False)
    kept(scene, "T1", 1, 4, after=True)
    kept(scene, "T1", 1, 5, after=False)

    assert [(one.before[-1], (one.after or "-")[-1]) for one in scene.state("T1").kept] == [
        ("1", "2"),
        ("3", "4"),
        ("5", "-"),
    ]
    assert [(one.before[-1], (one.after or "-")[-1]) for one in scene.state("T2").kept] == [("2", "3")]


def test_of_very_many_runs_the_oldest_are_joined() -> None:
    scene = Scene(T1).running("T1")
    for run in range(1, RUNS_KEPT + 6):
        scene.post(ev.TreeKept, "backend", "T1", run, f"{run:040}", False)
        scene.post(ev.TreeKept, "backend", "T1", run, f"{run + 100:040}", True)

    runs = scene.state("T1").kept
    assert (len(runs), runs[0].before, runs[0].after) == (RUNS_KEPT, f"{1:040}", f"{106:040}")
    assert [one.run for one in runs] == list(range(6, RUNS_KEPT + 6))
