"""A rule right below text makes a heading of it in Markdown: text is not lost that way."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
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
    text = plan_with(rest="\n# Notes\n\n### T2 — Two\n- child: mobile\n\nPoll.\n")
    assert problems(text) == [
        (
            24,
            "the task T2 has no effect here: the Working Plan was ended by the heading `Notes` on line 22: "
            "move the task above it, or give that heading level 4 (`####`)",
        )
    ]
