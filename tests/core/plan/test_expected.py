"""The result that a task for a human expects is found, or the line that looks like it is told."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Problem
from tests.core.plan.pages import CHILDREN, of

FIRST = ("### H1 — Pair", "- child: human", "", "Hold the button.", "")


@pytest.mark.parametrize(
    "mark", ["**Expect:**", "**Expect**:", "**expect :**", "Expect:", "- Expect:", "* **EXPECT:**", "Then **Expect:**"]
)
def test_the_mark_is_read(mark: str) -> None:
    plan = parse(of(*FIRST, f"{mark} it beeps"), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.tasks[0].expect, plan.warnings) == ("it beeps", ())


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("**Expected:** it beeps", "**Expected:**"),
        ("**Expected**: it beeps", "**Expected**:"),
        ("**Expected result:** it beeps", "**Expected result:**"),
        ("Expected: it beeps", "Expected:"),
        ("Expected outcome: it beeps", "Expected outcome:"),
        ("- Expected: it beeps", "- Expected:"),
        ("- [ ] Expect: it beeps", "- [ ] Expect:"),
        ("2. **Expect:** it beeps", ""),
        ("2. Expect: it beeps", "2. Expect:"),
        ("> Expect: it beeps", "> Expect:"),
        ("#### Expect", "#### Expect"),
        ("#### Expected", "#### Expected"),
        ("##### Expectation", "##### Expectation"),
        ("#### **Expect**", "#### **Expect**"),
        ("#### Expect: it beeps", "#### Expect:"),
        ("**Expect**", "**Expect**"),
        ("__Expect:__ it beeps", "__Expect:__"),
        ("*Expect:* it beeps", "*Expect:*"),
        ("_Expect_: it beeps", "_Expect_:"),
        ("`Expect:` it beeps", "`Expect:`"),
        ("**Expect** — it beeps", "**Expect** —"),
        ("Expect - it beeps", "Expect -"),
        ("**Expect\uff1a** it beeps", "**Expect:**"),
        ("Expect\uff1a it beeps", "Expect:"),
        ("\u200bExpect: it beeps", "Expect:"),
        ("<b>Expect:</b> it beeps", "<b>Expect:"),
    ],
)
def test_a_line_that_is_nearly_the_mark_is_a_warning_with_the_right_form(line: str, shown: str) -> None:
    plan = parse(of(*FIRST, line), CHILDREN)
    assert isinstance(plan, Plan), plan
    told = Problem(
        9,
        f"`{shown}` is read as a part of the steps of H1: if the result that it expects begins here, "
        "write `**Expect:**`",
    )
    assert plan.warnings == ((told,) if shown else ())
    assert plan.tasks[0].expect == ("" if shown else "it beeps")


def test_a_mark_that_html_swallows_is_a_warning_with_the_cause() -> None:
    plan = parse(of(*FIRST, "<div>", "**Expect:** it beeps", "</div>"), CHILDREN)
    assert isinstance(plan, Plan), plan
    why = "because HTML above swallows it: leave an empty line above it"
    assert plan.warnings == (Problem(10, f"`**Expect:**` is read as a part of the steps of H1, {why}"),)


@pytest.mark.parametrize(
    "line",
    [
        "Expect it to beep.",
        "Expected by Friday, if all is well.",
        "An expected result: none",
        "    Expected: it beeps",
        "**Expect** the unexpected.",
        "Unexpected: nothing",
        "#### Where it is expected",
    ],
)
def test_other_text_is_no_mark(line: str) -> None:
    plan = parse(of(*FIRST, line), CHILDREN)
    assert isinstance(plan, Plan), plan
    assert (plan.tasks[0].expect, plan.warnings) == ("", ())


def test_below_the_mark_and_in_the_task_of_a_child_any_word_is_text() -> None:
    for lines in (
        (*FIRST, "**Expect:** the log says", "", "**Expected:** 3"),
        ("### T1 — One", "- child: mobile", "", "Print it.", "", "**Expected:** 3"),
    ):
        plan = parse(of(*lines), CHILDREN)
        assert isinstance(plan, Plan), plan
        assert plan.warnings == ()
