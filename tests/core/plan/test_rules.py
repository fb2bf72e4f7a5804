"""A rule right below text makes a heading of it in Markdown: text is not lost that way."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Problem
from tests.core.plan.pages import CHILDREN, problems


def plan_with(objective: str = "Fast.", contract: str = "202.", task: str = "Answer.", rest: str = "") -> str:
    return (
        f"# Plan: A\n\n## Objective\n\n{objective}\n\n## Contracts\n\n### C1 — Answer\n- between: backend, mobile\n\n"
        f"{contract}\n\n## Working Plan\n\n### T1 — One\n- child: backend\n- contracts: C1\n\n{task}\n{rest}"
    )


@pytest.mark.parametrize("rule", ["---", "===", "-", "--", "=", "----------------", "  ---", "=======", "--- "])
@pytest.mark.parametrize(("place", "line"), [("objective", 6), ("contract", 13), ("task", 21)])
def test_a_rule_right_below_text_is_refused_with_its_line(rule: str, place: str, line: int) -> None:
    text = plan_with(**{place: f"Do it at once.\n{rule}"})
    shown = rule.strip()
    assert problems(text)[0] == (
        line,
        f"`{shown}` right below text makes a heading of `Do it at once.`: leave an empty line above the `{shown}`, "
        "or write a heading as `## TITLE`",
    )


def test_a_rule_below_what_is_expected_is_refused() -> None:
    text = plan_with(rest="\n### H1 — Look\n- child: human\n\n1. Look.\n\n**Expect:** green\n---\n\n## Risks\n")
    assert [line for line, _ in problems(text)] == [28]


def test_a_title_far_down_is_not_the_title() -> None:
    assert problems("Some words\n===\n\n" + plan_with())[0][0] == 2


@pytest.mark.parametrize(
    "text",
    [
        plan_with().replace("# Plan: A", "Plan: A\n======="),
        plan_with().replace("## Working Plan", "Working Plan\n---").replace("## Objective", "Objective\n---------"),
        plan_with(rest="\nRisks\n---\nNone.\n"),
        plan_with(rest="\nBackground\n----------\nLong ago.\n"),
        plan_with(rest="\n## Notes\n\nAny text\n---\nmore\n===\n"),
        plan_with(objective="Fast.\n\n---", contract="202.\n\n***", task="Answer.\n\n---\n\nMore.\n***\nEnd."),
        plan_with(task="| a | b |\n|---|---|\n| 1 | 2 |"),
        plan_with(task="```\ntext\n---\n```"),
        plan_with(task="- item\n---\n- item\n\n> quote\n---"),
    ],
)
def test_titles_and_rules_of_their_own_are_accepted(text: str) -> None:
    plan = parse(text, CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.title, plan.tasks[0].id) == ("A", "T1")


def test_the_heading_that_ended_the_working_plan_is_named() -> None:
    text = plan_with(task="Answer.\n---", rest="\n### T2 — Two\n- child: mobile\n\nPoll.\n")
    assert problems(text)[1] == (
        23,
        "the task T2 has no effect here: the Working Plan was ended by the heading `Answer.` on line 20, "
        "which the line below it makes one: leave an empty line between them",
    )
    text = plan_with(rest="\n# Of an editor\n\n### T2 — Two\n- child: mobile\n\nPoll.\n")
    assert problems(text) == [
        (
            24,
            "the task T2 has no effect here: the Working Plan was ended by the heading `Of an editor` on line 22: "
            "move the task above it, or give that heading level 4 (`####`)",
        )
    ]


@pytest.mark.parametrize("gone", ["", "  ", "\n\n", "<!-- later\n\nmore -->", "---", "***\n\n___"])
def test_a_contract_and_a_task_without_text_are_refused(gone: str) -> None:
    assert problems(plan_with(contract=gone, task="Answer.")) == [
        (9, "C1 has no text: say below its fields what has to hold")
    ]
    [(_, message)] = problems(plan_with(task=gone))
    assert message == "T1 has no text: say below its fields what to do"


def test_an_expect_without_text_is_refused() -> None:
    rest = "\n### H1 — Look\n- child: human\n\n1. Look.\n\n**Expect:**\n\n## Risks\n"
    assert problems(plan_with(rest=rest)) == [
        (27, "`Expect:` has no text: write the exact result that has to come back")
    ]


@pytest.mark.parametrize("rest", ["# Design", "## Design of the answer", "## 1. Overview"])
def test_text_that_may_belong_to_the_last_task_is_a_warning(rest: str) -> None:
    plan = parse(plan_with(rest=f"\n{rest}\n\nPasted.\n"), CHILDREN)
    assert isinstance(plan, Plan), plan
    title = rest.strip("# ")
    assert plan.warnings == (
        Problem(
            22,
            f"the text of T1 ends at the heading `{title}`, and no child sees what is below: if it belongs to T1, give "
            "its headings level 4 (`####`)",
        ),
    )


@pytest.mark.parametrize(
    "rest",
    [
        "## Risks",
        "## Notes",
        "## Parallel Work",
        "## Technical Details",
        "## Post-Completion",
        "## Success Criteria\n\nIt works.\n\n## Log",
    ],
)
def test_a_usual_section_after_the_last_task_is_no_warning(rest: str) -> None:
    plan = parse(plan_with(rest=f"\n{rest}\n\nText.\n"), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert plan.warnings == ()
