"""Ids that differ only in case are one id to a person, and two to a program: they are refused."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Rejection
from tests.core.plan.pages import CHILDREN, of, problems


def task(entry_id: str) -> tuple[str, ...]:
    return f"### {entry_id} — One", "- child: backend", "", "Do it.", ""


@pytest.mark.parametrize(("one", "other"), [("T1", "t1"), ("mobile-App", "Mobile-app"), ("a", "A")])
def test_two_tasks_whose_ids_differ_only_in_case_are_refused_with_both_lines(one: str, other: str) -> None:
    why = f"the tasks {one} on line 4 and {other} on line 9 differ only in case: give one of them another id"
    assert problems(of(*task(one), *task(other))) == [(9, why)]


def test_two_contracts_are_refused_likewise() -> None:
    contracts = ("### C1 — One", "- between: backend, mobile", "", "It holds.", "")
    text = "\n".join(("# Plan: A", "## Contracts", *contracts, *(one.lower() for one in contracts), "## Working Plan"))
    why = "the contracts C1 on line 3 and c1 on line 8 differ only in case: give one of them another id"
    assert problems(text) == [(8, why)]


def test_a_task_and_a_contract_are_told_apart_by_their_section() -> None:
    text = "# Plan: A\n## Contracts\n### t1 — C\n- between: backend, mobile\n\nx\n## Working Plan\n" + "\n".join(
        task("T1")
    )
    assert isinstance(parse(text, CHILDREN), Plan)


def test_the_id_of_a_task_in_force_in_another_case_is_no_new_task() -> None:
    outcome = parse(of(*task("t1")), CHILDREN, ["T1"])
    assert isinstance(outcome, Rejection)
    assert [(one.line, one.message) for one in outcome.problems] == [
        (
            4,
            "T1 of the revision in force is written t1 here, which would be another task: "
            "write `T1`, or another id for new work",
        )
    ]
    assert isinstance(parse(of(*task("t1")), CHILDREN, ["t1"]), Plan)


def test_a_revision_in_force_that_has_both_can_be_reduced_to_one() -> None:
    assert isinstance(parse(of(*task("t1")), CHILDREN, ["T1", "t1"]), Plan)
