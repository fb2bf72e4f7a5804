"""What ends a wait, for the whole plan and for one task."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.view.waiting import WaitOutcome, verdict
from supervisor.wire.status import read_status
from tests.cli.scene import JsonDict, ask, status_json, task

DONE, NEEDS_HUMAN, BLOCKED = WaitOutcome.DONE, WaitOutcome.NEEDS_HUMAN, WaitOutcome.BLOCKED
STATES = ("waiting", "running", "verifying", "needs_human", "done", "blocked", "failed", "held", "retired")


def outcome(scene: JsonDict, only: str | None = None) -> WaitOutcome | None:
    found = verdict(read_status(scene), only)
    return None if found is None else found.outcome


T1_DONE = task("T1", "done", summary="It answers 202.")
T1_BLOCKED = task("T1", "blocked", why="no access")
T2_AFTER = task("T2", after=["T1"])
T1_AFTER_T2 = task("T1", after=["T2"])
T3_AFTER_T2 = task("T3", after=["T2"])


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (status_json(tasks=(T1_DONE, task("T2", "retired"))), DONE),
        (status_json(tasks=(T1_DONE, task("T2", "running"))), None),
        (status_json(tasks=(T1_DONE, T2_AFTER)), None),
        (status_json(tasks=(T1_DONE, task("T2", "held"))), None),
        (status_json(tasks=(T1_BLOCKED,)), BLOCKED),
        (status_json(tasks=(task("T1", "failed"), T2_AFTER, T3_AFTER_T2)), BLOCKED),
        (status_json(tasks=(T1_BLOCKED, T2_AFTER, task("T4", "running"))), None),
        (status_json(tasks=(T1_BLOCKED, T2_AFTER, task("T4", "verifying"))), None),
        (status_json(tasks=(T1_BLOCKED, task("T4"))), None),
        (status_json(tasks=(T1_BLOCKED, task("T4", "held"), task("T5", after=["T4"]))), BLOCKED),
        (status_json(tasks=(T1_BLOCKED, task("T4")), state="held"), BLOCKED),
        (status_json(tasks=(task("T1"),), state="held"), None),
        (status_json(tasks=(task("T1", "running"),), asks=(ask("A1"),)), NEEDS_HUMAN),
        (status_json(tasks=(T1_BLOCKED,), asks=(ask("A1", task="T9"),)), NEEDS_HUMAN),
        (status_json(tasks=(task("T1", "running"),), state="waiting"), NEEDS_HUMAN),
        (status_json(), None),
        (status_json(state="missing"), None),
        (status_json(state="rejected", problems=[{"line": 1, "message": "m"}]), None),
    ],
)
def test_the_whole_plan_is_settled_when_nothing_can_go_on(scene: JsonDict, expected: WaitOutcome | None) -> None:
    assert outcome(scene) == expected


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (status_json(tasks=(T1_DONE, task("T2", "running"))), DONE),
        (status_json(tasks=(task("T1", "retired"), task("T2", "running"))), DONE),
        (status_json(tasks=(T1_BLOCKED, task("T2", "running"))), BLOCKED),
        (status_json(tasks=(task("T1", "running"), task("T2", "failed"))), None),
        (status_json(tasks=(task("T1", "running"),), state="waiting"), None),
        (status_json(tasks=(task("T1", "running"),), asks=(ask("A1", task="T2"),)), None),
        (status_json(tasks=(task("T1", "running"),), asks=(ask("A1", task="T1"),)), NEEDS_HUMAN),
        (status_json(tasks=(task("T1", "running"),), asks=(ask("A1", child="mobile"),)), NEEDS_HUMAN),
        (status_json(tasks=(T1_AFTER_T2, task("T2", "failed"), task("T3", "running"))), BLOCKED),
        (
            status_json(tasks=(T1_AFTER_T2, task("T2", "needs_human")), asks=(ask("A1", task="T2"),)),
            NEEDS_HUMAN,
        ),
    ],
)
def test_one_task_is_settled_by_itself_and_what_it_waits_for(scene: JsonDict, expected: WaitOutcome | None) -> None:
    assert outcome(scene, "T1") == expected


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=5), st.booleans())
def test_asks_come_first_and_nothing_is_settled_while_something_runs(states: list[str], asked: bool) -> None:
    tasks = tuple(task(f"T{n}", state) for n, state in enumerate(states))
    found = outcome(status_json(tasks=tasks, asks=(ask("A1"),) if asked else ()))
    if asked:
        assert found == NEEDS_HUMAN
    elif {"running", "verifying", "waiting", "needs_human"} & {*states}:
        assert found is None
    elif {"blocked", "failed"} & {*states}:
        assert found == BLOCKED
    else:
        assert found == (None if "held" in states else DONE)


def test_a_result_says_what_it_is_about() -> None:
    found = verdict(read_status(status_json(tasks=(T1_BLOCKED, T2_AFTER, task("T3", "done")))), "T2")
    assert found is not None
    assert [[one.id for one in part] for part in (found.tasks, found.blocked, found.asks)] == [["T2"], ["T1"], []]
    found = verdict(
        read_status(status_json(tasks=(task("T1"),), asks=(ask("A1", task="T1"), ask("A2", task="T9")))), "T1"
    )
    assert found is not None
    assert [one.id for one in found.asks] == ["A1"]
