"""The heading of a task behind other text on its line, or written with entities, is told."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan, Rejection
from tests.core.plan.among_tasks import FIELDS, LINE, among_tasks, only_problem
from tests.core.plan.pages import CHILDREN

WHY = "looks like the heading of a task but is none: it stands behind other text"


@pytest.mark.parametrize(
    "line",
    [
        "x### T2: App",
        "Answer soon.### T2 — App",
        "Answer soon.###T2 — App",
        "- Answer soon.## T2 — App",
        "`make`### **T2** — App",
        "\u3002### T2 — App",
        "word### T2 — App ###",
    ],
)
def test_a_heading_that_touches_the_text_before_it_is_a_problem(line: str) -> None:
    number, message = only_problem(line, "", "Poll.", "")
    assert number == LINE
    assert WHY in message or "stands before its `#`" in message
    assert "write `### T2 — App` " in message


def test_a_heading_behind_a_space_is_a_problem_above_the_fields_of_a_task() -> None:
    right = "write `### T2 — App` on a line of its own"
    assert only_problem("Answer soon. ### T2 — App", *FIELDS) == (LINE, f"`### T2 — App` {WHY}: {right}")
    assert isinstance(parse(among_tasks("See ### T2 — App there.", ""), CHILDREN), Plan)


@pytest.mark.parametrize("line", ["See ### T2 — App", "x### T2: App", "> Answer soon. ## T2 - App"])
def test_a_task_in_force_that_stands_there_only_is_a_problem(line: str) -> None:
    assert isinstance(parse(among_tasks(line, ""), CHILDREN, ["T1", "T2", "T3"]), Rejection)


def test_two_headings_on_one_line_are_a_problem() -> None:
    assert WHY in only_problem("### T4 — Web ### T2 — App", *FIELDS)[1]
    assert WHY in only_problem("#### Where to look ### T2 — App", "", "There.", "")[1]


@pytest.mark.parametrize(
    "line",
    [
        "&#35;## T2: App",
        "&#35;&#35;&#35; T2: App",
        "&num;&num;&num; T2: App",
        "&#x23;## T2: App",
        "###&nbsp;T2: App",
        "&nbsp;### T2: App",
        "&#8203;### T2: App",
        "&#42;&#42;T2: App&#42;&#42;",
        "**T2 &mdash; App**",
    ],
)
def test_a_heading_with_entities_is_a_problem(line: str) -> None:
    number, message = only_problem(line, *FIELDS)
    assert (number, "looks like the heading of a task but is none" in message) == (LINE, True)
    assert "write `### T2 — App" in message


@pytest.mark.parametrize(
    "line",
    [
        "<h3><strong>T2 — App</strong></h3>",
        "<h3 id='t2'><a name='x'><b>T2 — App</b></a></h3>",
        "**Task T2: App**",
        "__task T2 — App__",
        "==T2 — App==",
        "h3. T2 — App",
        "Task T2: App",
    ],
)
def test_a_task_in_force_below_the_heading_of_another_editor_is_a_problem(line: str) -> None:
    assert isinstance(parse(among_tasks(line, "", "Poll.", ""), CHILDREN, ["T1", "T2", "T3"]), Rejection)


@pytest.mark.parametrize(
    "line",
    [
        "    #!/bin/sh\n    # T3: build",
        "==important: yes==",
        "h3. Notes",
        "**Task 3: later**",
        "`x### T2: App` is no heading.",
        "Write ``x ### T2: App`` here.",
        "```\nx### T2: App\n```",
        "    x### T2: App",
        "<!-- x### T2: App -->",
        "See https://example.org/a##T2 and C## code.",
        "Use F### T2 now.",
        "Say &#35;42 and R&amp;D: done.",
        "#### The answer to #3: none",
        "a ## b: c",
        "x\\### T2: App",
    ],
)
def test_other_text_with_such_marks_is_text(line: str) -> None:
    plan = parse(among_tasks(*line.split("\n"), ""), CHILDREN, ["T1", "T3"])
    assert isinstance(plan, Plan), plan
    assert [task.id for task in plan.tasks] == ["T1", "T3"]
