"""Text in a place where it has no effect is reported, never ignored silently."""

from __future__ import annotations

import pytest

from supervisor.core.plan.parse import parse
from supervisor.domain.plan import Plan
from tests.core.plan.pages import CHILDREN, of, only_task, problems


def test_a_bullet_list_after_an_empty_line_is_instructions() -> None:
    assert only_task("- child: backend", "", "- Note: keep the API", "- then test").instructions == (
        "- Note: keep the API\n- then test"
    )


def test_a_misspelt_field_after_an_empty_line_is_not_lost() -> None:
    assert problems(of("### T1 — One", "- child: backend", "", "- afer: T1")) == [
        (7, "unknown field `afer`: did you mean `after`?")
    ]


def test_a_hold_where_it_does_not_count_is_not_lost() -> None:
    text = "# Plan: A\n\n## Notes\n\n- hold: yes\n\n## Working Plan\n- hold: yes\n"
    message = "`hold` has no effect here: move it to the list right below a heading"
    assert problems(text) == [(5, message), (8, message)]


def test_a_task_where_it_is_not_read_is_not_lost() -> None:
    text = of("## Notes", "### T1 — One", "- child: backend")
    ended = "the Working Plan was ended by the heading `Notes` on line 4"
    rule = f"{ended}: move the task above it"
    assert problems(text) == [(5, f"the task T1 has no effect here: {rule}")]


@pytest.mark.parametrize(
    "body",
    [("- after: T1",), ("- After: T1", "", "Look."), ("Look.", "", "**Expect:** It glows."), ("- child: human",)],
)
def test_a_checkpoint_outside_of_the_working_plan_is_not_lost(body: tuple[str, ...]) -> None:
    text = of("### T1 — One", "- child: backend", "", "Do it.", "", "## Human Checkpoints", "", "### H1 — Look", *body)
    [(line, message)] = problems(text)

    assert (line, "the task H1 has no effect here" in message) == (11, True), message
    assert ("with `- child: human` if it is for a person" in message) == ("- child: human" not in body)


@pytest.mark.parametrize("body", ["Nobody has to look.", "- After: lunch", "We expect: nothing.", "- After: T9"])
def test_prose_about_people_outside_of_the_working_plan_stays_prose(body: str) -> None:
    text = of(
        "### T1 — One", "- child: backend", "", "Do it.", "", "## Human Checkpoints", "", "### Who looks: Ada", body
    )

    assert isinstance(parse(text, CHILDREN), Plan)


@pytest.mark.parametrize(
    ("opener", "message"),
    [
        ("```python", "this code block is never closed: end it with a line ```"),
        ("<!-- a note", "`<!--` is never closed: end it with `-->`"),
        ("<pre>", "`<pre` is never closed: end it with `</pre>`"),
    ],
)
def test_what_would_swallow_the_rest_of_the_file_is_rejected(opener: str, message: str) -> None:
    text = of("### T1 — One", "- child: backend", "", opener, "", "### T2 — Two", "- child: mobile")
    assert problems(text) == [(7, message)]


def test_underlined_headings_keep_their_meaning() -> None:
    text = "Plan: Old style\n===\n- hold: yes\n\nWorking Plan\n---\n> quoted\n\n- listed\n"
    expected = Plan(title="Old style", hold=True, objective="", success="", contracts=(), tasks=())
    assert parse(text, CHILDREN) == expected
