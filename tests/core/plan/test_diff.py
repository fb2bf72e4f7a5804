"""The difference between two plans names exactly what an edit changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from supervisor.core.plan.diff import Affected, Changes, describe, diff
from supervisor.domain.plan import Contract, Plan, Task

C1 = Contract("C1", "Registration", ("backend", "mobile"), "Answer 202.", 5)
C2 = Contract("C2", "Status", ("backend", "firmware"), "Answer JSON.", 9)
T1 = Task("T1", "Answer", "backend", contracts=("C1",), verify=("make a", "make b"), instructions="Do it.")
T2 = Task("T2", "Poll", "mobile", after=("T1",), contracts=("C1", "C2"))
T3 = Task("T3", "Blink", "firmware", after=("T1", "T2"))
PLAN = Plan("A plan", False, "Pair fast.", "It pairs.", (C1, C2), (T1, T2, T3))


def edited(*tasks: Task) -> Plan:
    """PLAN, with these tasks instead of those with the same id."""
    new = {task.id: task for task in tasks}
    return replace(PLAN, tasks=tuple(new.get(task.id, task) for task in PLAN.tasks))


def test_a_first_plan_adds_everything() -> None:
    assert diff(None, PLAN) == Changes(
        added=("T1", "T2", "T3"),
        contracts=("C1", "C2"),
        objective=True,
        affected=(Affected("C1", "added", ()), Affected("C2", "added", ())),
    )


def test_the_same_plan_changes_nothing() -> None:
    assert diff(PLAN, PLAN) == Changes()


@pytest.mark.parametrize(
    ("new", "changes", "line"),
    [
        (
            replace(PLAN, tasks=(T1, T2, replace(T3, id="T4"), T3)),
            Changes(added=("T4",)),
            "T4 added",
        ),
        (
            replace(PLAN, tasks=(T3,)),
            Changes(removed=("T1", "T2")),
            "T1, T2 removed",
        ),
        (
            edited(replace(T2, child="backend")),
            Changes(moved=("T2",)),
            "T2 moved to another child",
        ),
        (
            edited(replace(T3, child="backend", title="Beep"), replace(T1, instructions="Do it now.")),
            Changes(moved=("T3",), changed=("T1", "T3")),
            "T3 moved to another child; T1, T3 changed",
        ),
        (
            edited(replace(T1, hold=True)),
            Changes(held=("T1",)),
            "T1 held",
        ),
        (
            edited(replace(T3, after=("T1",)), replace(T1, effort="high")),
            Changes(rescheduled=("T1", "T3")),
            "T1, T3 scheduled differently",
        ),
        (
            replace(PLAN, hold=True),
            Changes(hold=True),
            "plan held",
        ),
        (
            replace(PLAN, contracts=(replace(C1, text="Answer 200."), C2)),
            Changes(changed=("T1", "T2"), contracts=("C1",), affected=(Affected("C1", "changed", ("T1", "T2")),)),
            "C1 changed (affects T1, T2)",
        ),
        (
            replace(edited(replace(T2, contracts=("C1",))), contracts=(C1,)),
            Changes(changed=("T2",), contracts=("C2",), affected=(Affected("C2", "removed", ("T2",)),)),
            "C2 removed (affects T2)",
        ),
        (
            replace(PLAN, contracts=(C1, C2, replace(C1, id="C3"))),
            Changes(contracts=("C3",), affected=(Affected("C3", "added", ()),)),
            "C3 added",
        ),
        (
            replace(PLAN, objective="Pair faster."),
            Changes(changed=("T1", "T2", "T3"), objective=True),
            "objective changed (affects T1, T2, T3)",
        ),
        (
            replace(PLAN, title="Another name", success="Other words."),
            Changes(),
            "nothing that matters changed",
        ),
        (
            edited(
                replace(T1, verify=("make b", "make a"), instructions="Do *it*.\n", line=3),
                replace(T2, contracts=("C2", "C1")),
                replace(T3, after=("T2", "T1")),
            ),
            Changes(),
            "nothing that matters changed",
        ),
    ],
)
def test_an_edit_is_described_for_what_it_is(new: Plan, changes: Changes, line: str) -> None:
    assert (diff(PLAN, new), describe(changes)) == (changes, line)


def test_a_released_task_and_a_released_plan_are_described() -> None:
    held = replace(edited(replace(T1, hold=True)), hold=True)
    changes = diff(held, PLAN)
    assert changes == Changes(released=("T1",), hold=False)
    assert describe(changes) == "plan released; T1 released"


def test_a_new_task_and_a_changed_contract_are_described_in_one_line() -> None:
    old = replace(PLAN, tasks=(T1, T2))
    new = replace(PLAN, contracts=(replace(C1, title="Login"), C2))
    assert describe(diff(old, new)) == "T3 added; C1 changed (affects T1, T2)"


@given(st.permutations(PLAN.tasks), st.permutations(PLAN.contracts))
def test_the_order_of_the_file_changes_nothing(tasks: list[Task], contracts: list[Contract]) -> None:
    assert diff(PLAN, replace(PLAN, tasks=tuple(tasks), contracts=tuple(contracts))) == Changes()
